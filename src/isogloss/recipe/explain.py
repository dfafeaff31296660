"""What is wrong with a recipe, in the words of YAML and of its keys."""

from __future__ import annotations

import re
import typing
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from isogloss.common.errors import nearest
from isogloss.data.columns import ours_of
from isogloss.recipe.overrides import blamed
from isogloss.recipe.spec.data import Columns
from isogloss.recipe.spec.recipe import Recipe

SAID = {
    "tuple_type": "must be a list",
    "model_type": "must be a mapping of keys to values",
    "model_attributes_type": "must be a mapping of keys to values",
}
"""What pydantic says in the words of Python, in those of YAML."""


_ALTERNATIVE = re.compile(r"constrained-\w+|(literal|tuple|list|dict)\[.*\]|int|float|str|bool")
"""What pydantic puts into a place for each type that a value may have."""


def explain(error: ValidationError, origin: str, spec: type[BaseModel] = Recipe, overrides: Sequence[str] = ()) -> str:
    """What is wrong with a ``spec``, a line each, with the nearest valid names.

    Args:
        error: What pydantic found.
        origin: Where the values come from, which each line begins with.
        spec: What they should be.
        overrides: Changes of the values; what is wrong with one of them begins with it, and not with ``origin``.
    """
    lines = list[tuple[str, str]]()
    rules: dict[tuple[str, str], list[str]] = {}
    hints: dict[tuple[str, str], list[str]] = {}
    for problem in error.errors():
        where = ".".join(str(part) for part in _as_written(_without_own_key(problem["loc"]), spec))
        if problem["type"] == "extra_forbidden":
            key, keys = str(problem["loc"][-1]), _keys_at(problem["loc"][:-1], spec)
            inside = [] if len(problem["loc"]) > 1 else _inside(where, spec)
            near = f" (it stands inside another: {', '.join(inside)})" if inside else nearest(key, keys)
            lines.append((where, f"unknown key {where!r}{_column(key, problem['input'], keys)}{near}"))
        elif problem["type"] == "union_tag_invalid":
            found, expected = problem["ctx"]["tag"], problem["ctx"]["expected_tags"].replace("'", "").split(", ")
            lines.append((f"{where}.kind", f"{where}.kind: no kind {found!r}{nearest(str(found), expected)}"))
        elif problem["type"] == "union_tag_not_found":
            kinds = ", ".join(_kinds(_specs_at(problem["loc"], spec)))
            lines.append((where, f"{where}.kind: is missing (valid: {kinds}), found {problem['input']!r}"))
        elif problem["type"] == "missing":
            lines.append((where, f"{where}: is missing"))
        else:
            message = SAID.get(problem["type"], problem["msg"].removeprefix("Value error, "))
            rules.setdefault((where, repr(problem["input"])), []).append(message)
            hints.setdefault((where, repr(problem["input"])), []).append(_hint(problem))
    for (where, found), (first, *others) in rules.items():
        # What holds for one of several types that a value may have is not what was meant.
        hint = "" if len({*hints[where, found]}) > 1 else hints[where, found][0]
        others = [other.removeprefix("Input should be ").removeprefix("must be ") for other in others]
        said = ", or ".join([first, *others])
        # A rule about several keys says itself what it found in one of them.
        told = "" if re.search("[,;] found ", said) else f", found {found}"
        lines.append((where, f"{where}: {said}{told}{hint}" if where else said))
    return "\n".join(f"{blamed(where, origin, overrides)}: {line}" for where, line in lines)


def _without_own_key(location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """A place without what pydantic adds where a key itself is not valid: the key, and that it is one."""
    return location[:-2] if location[-1:] == ("[key]",) else location


def _column(key: str, name: object, keys: list[str]) -> str:
    """That a column is called otherwise here, where it has one of its usual names in files."""
    ours = ours_of(key) if set(Columns.model_fields) == set(keys) else None
    return "" if ours is None else f": {key} is `{ours}`, so write {ours}: {name}"


def _hint(problem: ErrorDetails) -> str:
    """How to write what was probably meant."""
    found = problem["input"]
    if isinstance(found, bool) and problem["type"] == "string_type":
        return f'; in quotes it is text: "{str(found).lower()}"'
    if isinstance(found, str) and (problem["type"] == "tuple_type" or "," in found):
        return f"; a list is written [{found}]"
    return ""


def _as_written(location: tuple[int | str, ...], spec: type[BaseModel]) -> list[int | str]:
    """A place without the kinds and types that pydantic puts into it, where a user has written none."""
    return [part for depth, part in enumerate(location) if not _is_added(part, location[:depth], spec)]


def _is_added(part: int | str, before: tuple[int | str, ...], spec: type[BaseModel]) -> bool:
    added = part in _kinds(_specs_at(before, spec)) or bool(before and _ALTERNATIVE.fullmatch(str(part)))
    return added and isinstance(part, str) and part not in _keys_at(before, spec)


def _kinds(specs: list[type[BaseModel]]) -> list[Any]:
    return [spec.model_fields["kind"].default for spec in specs if "kind" in spec.model_fields]


def _keys_at(location: tuple[int | str, ...], spec: type[BaseModel]) -> list[str]:
    """The keys that a spec has at a place."""
    return [key for found in _specs_at(location, spec) for key in found.model_fields]


def _inside(key: str, spec: type[BaseModel]) -> list[str]:
    """Where a spec has a key in one of its parts."""
    found = [
        f"{name}.{key}"
        for name, field in spec.model_fields.items()
        for part in _specs_in(field.annotation)
        if key in part.model_fields
    ]
    return list(dict.fromkeys(found))


def _specs_at(location: tuple[int | str, ...], spec: type[BaseModel]) -> list[type[BaseModel]]:
    """The specs that may stand at a place; inside a union pydantic names the spec, or its kind."""
    specs = [spec]
    for part in location:
        below = [
            found
            for spec in specs
            if part in spec.model_fields
            for found in _specs_in(spec.model_fields[str(part)].annotation)
        ]
        chosen = [spec for spec in specs if part == spec.__name__ or part in _kinds([spec])]
        specs = below or chosen or specs
    return specs


def _specs_in(annotation: Any) -> list[type[BaseModel]]:  # noqa: ANN401 - any type annotation
    """The specs that a value of this type can hold."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [spec for argument in typing.get_args(annotation) for spec in _specs_in(argument)]
