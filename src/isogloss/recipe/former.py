"""Keys of recipes that have changed their names: what they said is said in the new ones, with a hint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import yaml

Raw = dict[str, Any]

PRETRAINED_SOURCES = ({"kind": "mlm", "share": 0.5}, {"kind": "tlm", "share": 0.5})
"""What recipes of `isogloss pretrain` that said nothing learned from text."""


def modern(raw: Mapping[str, Any], changes: Mapping[str, Callable[[Raw], Raw]]) -> tuple[Raw, list[str]]:
    """A recipe in today's keys.

    Args:
        raw: The recipe as it is written.
        changes: By former key, with a dot inside a part, what makes today's keys of a recipe that has it.

    Returns:
        The recipe, and a line for each former key that it had.

    Example:
        >>> recipe, hints = modern({"objective": {"l2_sp": 0.1}}, TRAINING)
        >>> recipe
        {'penalties': [{'kind': 'l2_sp', 'strength': 0.1}]}
        >>> hints
        ['objective.l2_sp is now written penalties: [{kind: l2_sp, strength: 0.1}]']
    """
    found, hints = dict(raw), []
    for key, change in changes.items():
        part, _, inner = key.rpartition(".")
        holder = found.get(part) if part else found
        if not isinstance(holder, Mapping) or inner not in holder:
            continue
        new = change(dict(found))
        said = {name: value for name, value in new.items() if found.get(name) != value and name not in (key, part)}
        written = yaml.safe_dump(said, default_flow_style=True, sort_keys=False, width=1000).strip()[1:-1]
        hints.append(f"{key} is now written {written}" if said else f"{key} is no longer needed")
        found = new
    return found, hints


def _l2_sp(raw: Raw) -> Raw:
    objective = dict(raw["objective"])
    strength = objective.pop("l2_sp")
    kept = {key: value for key, value in raw.items() if key != "objective"}
    if objective:
        kept["objective"] = objective
    # An explicit null takes away the penalty of a preset or a base.
    return {**kept, "penalties": [] if strength is None else [{"kind": "l2_sp", "strength": strength}]}


def _translation_share(raw: Raw) -> Raw:
    share = raw.pop("translation_share")
    if not isinstance(share, int | float):
        return {**raw, "sources": [{"kind": "tlm", "share": share}]}  # which says what is wrong with it
    # What a base says of its sources stays, as it did where it was said of both.
    known = {source.get("kind"): source for source in _sources(raw) if isinstance(source, Mapping)}
    other = next(iter(known.values()), {})
    shares = {"mlm": round(1 - share, 6), "tlm": share}
    return {
        **raw,
        "sources": [{**known.get(kind, other), "kind": kind, "share": own} for kind, own in shares.items() if own],
    }


def _of_all_sources(key: str) -> Callable[[Raw], Raw]:
    def change(raw: Raw) -> Raw:
        value = raw.pop(key)
        return {
            **raw,
            "sources": [{**own, key: value} if isinstance(own, Mapping) else own for own in _sources(raw)],
        }

    return change


def _sources(raw: Raw) -> list[Any]:
    """The sources of a recipe, which nobody has checked yet."""
    sources = raw.get("sources", PRETRAINED_SOURCES)
    return list(sources) if isinstance(sources, list | tuple) else [sources]


TRAINING: dict[str, Callable[[Raw], Raw]] = {"objective.l2_sp": _l2_sp}
"""Former keys of `isogloss train`."""

PRETRAINING: dict[str, Callable[[Raw], Raw]] = {
    "translation_share": _translation_share,
    "temperature": _of_all_sources("temperature"),
    "masking": _of_all_sources("masking"),
}
"""Former keys of `isogloss pretrain`."""
