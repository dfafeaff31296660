"""What runs are called where they stand side by side: by method, by label, or by the keys in which they differ."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.writing import read_json
from isogloss.recipe.loading import load_yaml
from isogloss.recipe.presets import METHODS
from isogloss.recipe.spec.recipe import Recipe
from isogloss.recipe.values import as_text
from isogloss.run.beginnings import beginnings, renewed_of
from isogloss.run.folder import RunFolder

Row = Mapping[str, Any]
Keys = dict[str, Any]

RUN = "run"
"""The key that calls every run by its folder."""

BY_ITSELF = ("method", "label", RUN)
"""Keys whose value says enough without them."""

NO_SETTINGS = frozenset(
    (
        *("name", "label", "sweep", "method", "seed", "train_languages", "evaluate_languages", "partition", "data"),
        *("probes", "test", "evaluation_steps", "evaluation_batch_size", "logging_steps", "save_steps"),
        *("save_total_limit", "report_to"),
    )
)
"""Keys in which runs of one name may differ: they say which run it is, or what is done beside the training. That data
and languages are the same is looked at by itself."""


def names_of(methods: Mapping[str, str], by: Sequence[str]) -> dict[str, str]:
    """What each run is called.

    Args:
        methods: The method of each run folder.
        by: Keys of recipes, or ``run``, whose values tell runs apart; none: their label or method, and where runs
            that would share a name differ in one key besides, that too.

    Raises:
        IsoglossError: No recipe has a key of that name, or runs of one name differ in several.
    """
    keys = {run: _keys(run, method) for run, method in methods.items()}
    if by:
        return _by(keys, by)
    names = {run: str(own["label"]) for run, own in keys.items()}
    apart = _apart(keys, names)
    if len(apart) > 1:
        listed = "; ".join(f"{key} ({' and '.join(sorted(values))})" for key, values in sorted(apart.items()))
        raise IsoglossError(
            f"runs that are called alike differ in more than one key: {listed}; --by KEY names those that matter "
            "(--by run: each run by itself), or give the recipes a label"
        )
    if not apart:
        return names
    found = _by(keys, list(apart))
    return found if len(set(names.values())) == 1 else {run: f"{names[run]} {found[run]}" for run in methods}


def require_same_files(runs: Sequence[str]) -> None:
    """Stop if a data file has other content in another run.

    Raises:
        IsoglossError: A file has, which the message names.
    """
    found: dict[str, tuple[str, str]] = {}
    for run in runs:
        path = RunFolder(Path(run)).fingerprint
        files = read_json(path).get("data", {}) if path.exists() else {}
        for file, digest in files.items():
            other, first = found.setdefault(file, (digest, run))
            if other != digest:
                raise IsoglossError(
                    f"runs are compared on the same data, but {file} was another file when {run} was trained than for "
                    f"{first}; train one of them anew, or allow 'data' to be mixed"
                )


def of_two_encoders(runs: Sequence[str]) -> list[str]:
    """A line of Markdown for each shipped encoder of some runs where others began with what had its name before."""
    began = {run: [str(one["source"]) for one in beginnings(RunFolder(Path(run)))] for run in runs}
    before = {run: renewed_of(RunFolder(Path(run))) for run in runs}
    found = []
    for name, said in {name: said for own in before.values() for name, said in own.items()}.items():
        earlier = [run for run in runs if name in before[run]]
        if any(name in began[run] for run in runs if run not in earlier):
            found.append(f"- Not one encoder: {said}. The former one: {', '.join(earlier)}.")
    return found


def _keys(run: str, method: str) -> Keys:
    """The recipe of a run, as far as it is there; an encoder whose name another has now is called what it was."""
    folder = RunFolder(Path(run))
    own = dict(load_yaml(folder.recipe.read_text(encoding="utf-8"))) if folder.recipe.exists() else {}
    if own.get("model") in list(renewed_of(folder)):
        own["model"] = f"former {own['model']}"
    return {**own, "method": method, "label": own.get("label") or method}


def _by(keys: Mapping[str, Keys], by: Sequence[str]) -> dict[str, str]:
    root = os.path.commonpath([Path(run).absolute().parent for run in keys])
    found = {}
    told = [part for key in by for part in _told_by(keys, key)]
    for run, own in keys.items():
        values = {key: os.path.relpath(run, root) if key == RUN else _at(own, key) for key in told}
        parts = (as_text(value) if key in BY_ITSELF else f"{key}={as_text(value)}" for key, value in values.items())
        found[run] = ", ".join(parts)
    return found


def _told_by(keys: Mapping[str, Keys], key: str) -> list[str]:
    """The key and, where parts of one kind read alike, the keys in which they differ."""
    firsts: dict[str, Any] = {}
    found = [key]
    for own in keys.values() if key != RUN else ():
        value = _at(own, key)
        first = firsts.setdefault(as_text(value), value)
        if isinstance(first, Mapping) and isinstance(value, Mapping):
            found += sorted(part for part, _, _ in _unequal(first, value, f"{key}."))
    return list(dict.fromkeys(found))


def _at(keys: Keys, key: str) -> Any:  # noqa: ANN401 - any YAML
    """The value at a dotted key; None where the part that it belongs to is not there, but never an unknown key."""
    if key.split(".")[0] not in Recipe.model_fields:
        raise IsoglossError(f"by: no recipe has the key {key!r}{nearest(key, [*Recipe.model_fields, RUN])}")
    value: Any = keys
    for part in key.split("."):
        if isinstance(value, list):
            value = value[int(part)] if part.isdigit() and int(part) < len(value) else None
        else:
            value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _apart(keys: Mapping[str, Keys], names: Mapping[str, str]) -> dict[str, set[str]]:
    """The keys in which runs of one name and the same training languages differ, with their values."""
    firsts: dict[tuple[str, str], Keys] = {}
    found: dict[str, set[str]] = {}
    for run, own in keys.items():
        first = firsts.setdefault((names[run], str(own.get("train_languages"))), own)
        for key, one, other in _unequal(first, own):
            if key.split(".")[0] not in NO_SETTINGS:
                found.setdefault(key, set()).update((as_text(one), as_text(other)))
    return found


def _unequal(first: Mapping[str, Any], other: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where two mappings differ; keys that only one of them has are of another version, or of another kind."""
    for key in first.keys() & other.keys():
        one, two = first[key], other[key]
        if isinstance(one, dict) and isinstance(two, dict) and one.get("kind") == two.get("kind"):
            yield from _unequal(one, two, f"{above}{key}.")
        elif one != two:
            yield f"{above}{key}", one, two


def row_name(row: Row, name: str) -> str:
    """The name of a row: that of its run, and what of it the row is of.

    Models of one language each, parted data and interpolations are methods of their own in a comparison.
    """
    parts = [name]
    if METHODS[row["method"]].one_run_per_language:
        parts.append("+".join(row["train_languages"]))
    return " ".join([*parts, *variant(row)])


def variant(row: Row) -> list[str]:
    """What tells rows of one method apart: parted data, and the share of the way from the pre-trained weights."""
    parts = [f"({row['partition']})"] if row.get("partition") else []
    return [*parts, *([] if row.get("interpolation") is None else [f"e={row['interpolation']:g}"])]
