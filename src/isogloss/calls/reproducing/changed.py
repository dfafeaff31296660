"""What finished runs were trained with otherwise than their arm says, so that a figure says nothing of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from isogloss.calls.reproducing.papers import Arm, Before
from isogloss.calls.reproducing.scores import arm_folder
from isogloss.recipe.presets import METHODS
from isogloss.recipe.resolve import resolve, resolve_pretraining
from isogloss.run.folder import RunFolder, differences

SCORED = "test=true"
"""What changes in the recipe of every arm: test data are scored, which figures are of."""

FREE = frozenset(
    (
        *("seed", "name", "label", "report_to", "logging_steps", "save_steps", "save_total_limit"),
        *("evaluation_batch_size", "evaluation_sample", "gradient_accumulation_steps"),
    )
)
"""Keys that change nothing of what is learned and scored at the end, but for rounding."""

FILLED = frozenset(("spacing", "batch_size", "steps", "evaluation_steps", "inner_steps"))
"""Keys that a run fills in where its recipe leaves them open."""

MOST_NAMED = 3
"""How many keys are named."""


def changed(root: Path, name: str, arm_name: str, arm: Arm, scale: str) -> str:
    """In which keys the finished runs of an arm are not what the arm says; empty: in none.

    Only keys are looked at that both have: a run of another version of isogloss may lack some. Nor is what a run fills
    in where the arm leaves it open, which includes the steps of an arm that says epochs: they follow from its data.

    Args:
        root: Folder of all reproductions.
        name: ``PAPER/SETTING``.
        arm_name: Name of the arm.
        arm: The arm.
        scale: Its scale.
    """
    free, pretrained = set(FREE), arm.pretraining is not None
    expected = resolve(arm.recipe, overrides=[*arm.changes(scale), SCORED], scale=scale)
    if pretrained:
        free.add("model")  # which is looked at by itself
    if METHODS[expected.method].one_run_per_language or expected.leave_one_out:
        free.add("train_languages")
    wanted = expected.model_dump(mode="json")
    found = list[str]()
    for path in sorted(arm_folder(root, name, scale, arm_name).glob(f"**/{RunFolder(Path()).recipe.name}")):
        found += _unlike(wanted, resolve(path).model_dump(mode="json"), free)
    if arm.pretraining is not None:
        recipe = RunFolder(encoder_folder(root / name.split("/")[0], arm.pretraining, scale)).recipe
        before = resolve_pretraining(arm.pretraining.recipe, overrides=arm.pretraining.set, scale=scale)
        own = resolve_pretraining(recipe).model_dump(mode="json") if recipe.exists() else {}
        found += [f"pretraining.{one}" for one in _unlike(before.model_dump(mode="json"), own, FREE)]
    told = list(dict.fromkeys(found))
    more = [f"{len(told) - MOST_NAMED} more"] if len(told) > MOST_NAMED else []
    return f"the run has other settings ({'; '.join([*told[:MOST_NAMED], *more])})" if told else ""


def encoder_folder(root: Path, before: Before, scale: str) -> Path:
    """Where the encoder is that an arm starts from, made once for all settings of its paper."""
    kinds = "-".join(re.findall(r"kind: (\w+)", " ".join(before.set)))
    return root / "pretraining" / scale / (kinds or before.recipe)


def _unlike(wanted: Mapping[str, Any], own: Mapping[str, Any], free: set[str] | frozenset[str]) -> Iterator[str]:
    common = (wanted.keys() & own.keys()) - free
    yield from differences(*_said({key: wanted[key] for key in common}, {key: own[key] for key in common}))


def _said(wanted: Mapping[str, Any], own: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both without what a run fills in for ``wanted``: open keys, shares of all steps, and steps in place of epochs."""
    said, found = dict[str, Any](), dict[str, Any]()
    for key, value in wanted.items():
        is_open = value is None or (isinstance(value, float) and 0 < value < 1)
        if (key in FILLED and is_open) or (key == "epochs" and own[key] is None):
            continue
        said[key], found[key] = value, own.get(key)
        if isinstance(value, Mapping) and isinstance(found[key], Mapping):
            said[key], found[key] = _said(value, {**dict.fromkeys(value), **found[key]})
    return said, found
