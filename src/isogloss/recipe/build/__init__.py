"""From what a recipe says of a part to the object, a file per part under the same name as its spec."""
