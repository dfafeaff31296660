"""What finished runs were trained with otherwise than their arm says, so that a figure says nothing of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from isogloss.calls.reproducing.papers import Arm, Before
from isogloss.calls.reproducing.scores import arm_folder
from isogloss.common.errors import IsoglossError
from isogloss.recipe.presets import METHODS
from isogloss.recipe.resolve import resolve, resolve_pretraining
from isogloss.run.folder import RunFolder, differences

SCORED = "test=true"
"""What changes in the recipe of every arm: test data are scored, which figures are of."""

FREE = frozenset(
    (
        *("seed", "name", "label", "report_to", "logging_steps", "save_steps", "save_total_limit"),
        *("evaluation_batch_size", "evaluation_sample"),
    )
)
"""Keys that change nothing of what is learned and scored at the end, but for rounding."""

IN_PARTS = "gradient_accumulation_steps"
"""Of an arm free as well; not of pre-training, where texts are compared within their part of a batch."""

FILLED = frozenset(("spacing", "batch_size", "steps", "evaluation_steps", "inner_steps"))
"""Keys that a run fills in where its recipe leaves them open."""

ASKED = ".asked.yaml"
"""The recipe that the runs of an arm were begun with, nothing filled in, in the folder of the arm."""

MOST_NAMED = 3
"""How many keys are named."""


def changed(root: Path, name: str, arm_name: str, arm: Arm, scale: str) -> str:
    """In which keys the finished runs of an arm are not what the arm says; empty: in none.

    Looked at are the recipe that the arm's runs were begun with, and that of each run that has ended, without what it
    has filled in: steps in place of epochs are known from the former alone, which runs of an earlier version lack. Only
    keys count that both have, since runs of another version may lack some.

    Args:
        root: Folder of all reproductions.
        name: ``PAPER/SETTING``.
        arm_name: Name of the arm.
        arm: The arm.
        scale: Its scale.
    """
    free, folder = {*FREE, IN_PARTS}, arm_folder(root, name, scale, arm_name)
    expected = resolve(arm.recipe, overrides=[*arm.changes(scale), SCORED], scale=scale)
    if arm.pretraining is not None:
        free.add("model")  # which is looked at by itself
    if METHODS[expected.method].one_run_per_language or expected.leave_one_out:
        free.add("train_languages")
    wanted, found = expected.model_dump(mode="json"), list[str]()
    try:
        if (folder / ASKED).exists():
            found += _unlike(wanted, resolve(folder / ASKED).model_dump(mode="json"), free)
        for path in sorted(folder.glob(f"**/{RunFolder(Path()).recipe.name}")):
            if RunFolder(path.parent).is_finished():
                found += _unlike(*_said(wanted, resolve(path).model_dump(mode="json")), free)
        if arm.pretraining is not None:
            recipe = RunFolder(encoder_folder(root / name.split("/")[0], arm.pretraining, scale)).recipe
            before = resolve_pretraining(arm.pretraining.recipe, overrides=arm.pretraining.set, scale=scale)
            own = resolve_pretraining(recipe).model_dump(mode="json") if recipe.exists() else {}
            found += [f"pretraining.{one}" for one in _unlike(*_said(before.model_dump(mode="json"), own), FREE)]
    except IsoglossError as error:
        return f"the recipe of the run cannot be read ({error})"
    told = list(dict.fromkeys(found))
    more = [f"{len(told) - MOST_NAMED} more"] if len(told) > MOST_NAMED else []
    return f"the run has other settings ({'; '.join([*told[:MOST_NAMED], *more])})" if told else ""


def encoder_folder(root: Path, before: Before, scale: str) -> Path:
    """Where the encoder is that an arm starts from, made once for all settings of its paper."""
    kinds = "-".join(re.findall(r"kind: (\w+)", " ".join(before.set)))
    return root / "pretraining" / scale / (kinds or before.recipe)


def _unlike(wanted: Mapping[str, Any], own: Mapping[str, Any], free: Collection[str]) -> list[str]:
    common = [key for key in wanted if key in own and key not in free]
    form = "{key}: the arm says {before}, the run has {after}"
    return differences({key: wanted[key] for key in common}, {key: own[key] for key in common}, form=form)


def _said(wanted: Mapping[str, Any], own: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both without what a run fills in for ``wanted``: open keys, shares of all steps, and steps in place of epochs."""
    said, found = dict[str, Any](), dict[str, Any]()
    for key, value in wanted.items():
        is_open = value is None or (isinstance(value, float) and 0 < value < 1)
        if key not in own or (key in FILLED and is_open) or (key == "epochs" and own[key] is None):
            continue
        said[key], found[key] = value, own[key]
        if isinstance(value, Mapping) and isinstance(found[key], Mapping):
            said[key], found[key] = _said(value, {**dict.fromkeys(value), **found[key]})
    return said, found
