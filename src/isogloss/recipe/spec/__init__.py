"""What a user can write in a recipe: typed keys, defaults and meanings, a file per part of a run."""
