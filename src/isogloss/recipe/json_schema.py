"""A JSON schema of recipes, by which editors complete and check them."""

from __future__ import annotations

from typing import Any

from isogloss.recipe.names import FORMATS, TASKS, TEXT_FORMATS
from isogloss.recipe.presets import METHODS
from isogloss.recipe.spec.pretraining import Pretraining
from isogloss.recipe.spec.recipe import Recipe

Schema = dict[str, Any]


def training_schema() -> Schema:
    """JSON schema (draft 2020-12) of the files that `isogloss train` takes: keys, types, ranges, defaults, meanings.

    It says no more than a file can break by itself: no key is required, since a base may have it, and what depends on
    data is checked by `isogloss data validate`.
    """
    schema = Recipe.model_json_schema()
    schema["properties"]["method"]["enum"] = list(METHODS)
    entry = schema["$defs"]["DataEntry"]["properties"]
    entry["task"]["enum"], entry["format"]["enum"] = list(TASKS), list(FORMATS)
    names = entry["splits"]["anyOf"][0]["propertyNames"]["enum"]
    listed = {"items": {"enum": names, "type": "string"}, "type": "array"}
    entry["splits"]["anyOf"] = [listed, {"enum": names, "type": "string"}, *entry["splits"]["anyOf"]]
    for key in ("probes", "penalties", "text", "sources"):
        _one_or_several(schema["properties"], key)
    for probe in ("Forgetting", "Representations"):
        _one_or_several(schema["$defs"][probe]["properties"], "text")
    return _of_files(schema, "data")


def pretraining_schema() -> Schema:
    """The same for the files that `isogloss pretrain` takes."""
    schema = Pretraining.model_json_schema()
    schema["$defs"]["TextEntry"]["properties"]["format"]["enum"] = list(TEXT_FORMATS)
    _one_or_several(schema["properties"], "sources")
    return _of_files(schema, "text")


def _one_or_several(properties: Schema, name: str) -> None:
    """Where a list is expected, a single entry will do."""
    listed = properties[name]
    kept = {key: listed.pop(key) for key in ("default", "description") if key in listed}
    properties[name] = {"anyOf": [listed, listed["items"]], "title": name.title(), **kept}


def _of_files(schema: Schema, entries: str) -> Schema:
    """Files have what a resolved recipe has not: a base, scales, and one entry where there may be a list."""
    properties = schema["properties"]
    _one_or_several(properties, entries)
    del schema["required"]
    keys = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    # In a scale, as in a recipe on a base, a mapping may hold only the keys that change, and so fit several kinds.
    for definition in schema["$defs"].values():
        definition.pop("required", None)
    for value in properties.values():
        if "oneOf" in value:
            value["anyOf"] = value.pop("oneOf")
            value.pop("discriminator", None)
    properties["base"] = {"type": "string", "description": "recipe that this one changes: a path or a shipped name"}
    properties["scales"] = {
        "type": "object",
        "description": "names and the keys that each changes, chosen by --scale",
        "additionalProperties": {"anyOf": [keys, {"type": "null"}]},
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
