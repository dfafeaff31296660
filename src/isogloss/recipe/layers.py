"""Layers of raw recipe keys, each on top of those below it: later wins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isogloss.common.errors import IsoglossError


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``over`` on top of ``base``, key by key; a mapping of another ``kind`` replaces the whole one below it."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        if (
            isinstance(below, Mapping)
            and isinstance(value, Mapping)
            and value.get("kind", below.get("kind")) == below.get("kind")
        ):
            value = merge(below, value)
        merged[key] = value
    return merged


def put(node: Any, keys: list[str], value: Any, said: str) -> Any:  # noqa: ANN401 - raw YAML
    """The node with a value at the place that the keys lead to; a number steps into a list.

    Args:
        node: Nested values.
        keys: The keys, from the outermost one.
        value: The value.
        said: What asks for it, for messages.

    Raises:
        IsoglossError: The keys lead through a value that holds none, or past the end of a list.
    """
    if not keys:
        return value
    key, *rest = keys
    if isinstance(node, list):
        if not key.isdigit() or int(key) >= len(node):
            raise IsoglossError(f"{said}: {key!r} is no place in a list of {len(node)}")
        return [put(entry, rest, value, said) if place == int(key) else entry for place, entry in enumerate(node)]
    if node is not None and not isinstance(node, dict):
        raise IsoglossError(f"{said}: {key!r} cannot be set inside the value {node!r}")
    changed = dict(node or {})
    if rest:
        changed[key] = put(changed.get(key), rest, value, said)
        return changed
    return merge(changed, {key: value})


def beneath(raw: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """What of ``raw`` a layer leaves: no other budget, and no sweep over a key that the layer sets.

    Example:
        >>> beneath({"epochs": 3, "sweep": {"learning_rate": [0.1, 0.2], "dropout": [0, 1]}}, {"learning_rate": 0.5})
        {'epochs': 3, 'sweep': {'dropout': [0, 1]}}
    """
    left = without_other_budget(raw, over)
    sweep = left.get("sweep")
    if isinstance(sweep, Mapping):
        # Steps and epochs are one wish.
        swept = {path: without_other_budget({path: values}, over) for path, values in sweep.items()}
        left["sweep"] = {path: sweep[path] for path, own in swept.items() if own and not _sets(over, str(path))}
    return left


def without_other_budget(raw: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """A layer that gives steps takes the place of epochs below it, and the other way round."""
    replaced = {"steps": "epochs", "epochs": "steps"}
    return {key: value for key, value in raw.items() if replaced.get(key) not in over}


def _sets(layer: Any, path: str) -> bool:  # noqa: ANN401 - raw YAML
    """Whether a layer has a value at a dotted path, or one that leaves no room for the path, such as null."""
    for key in path.split("."):
        if isinstance(layer, list):
            layer = dict(zip(map(str, range(len(layer))), layer, strict=True))
        if not isinstance(layer, Mapping):
            return True
        if key not in layer:
            return False
        layer = layer[key]
    return True
