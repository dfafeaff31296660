"""Runs of a paper's setting, and their scores beside what the paper states."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from isogloss.calls.reproducing.changed import changed
from isogloss.calls.reproducing.checks import Check, checks_of
from isogloss.calls.reproducing.papers import SCALES, setting_of
from isogloss.calls.reproducing.scores import Scores, arm_folder, found_scores, recorded_scores
from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.several import several


def reproduce(
    name: str,
    *,
    scale: str = "smoke",
    output: str | Path = "runs/reproduce",
    arms: str | Sequence[str] = (),
    seeds: int = 1,
    overrides: str | Iterable[str] = (),
    jobs: int = 1,
    check: bool = False,
) -> list[Check]:
    """Train the arms of a paper's setting, and hold their scores beside the paper's figures, or those that we recorded.

    Runs that have ended are passed over, and others gone on with, so the same call can be made again after a stop.

    Args:
        name: ``PAPER/SETTING``, such as ``fun/mnli``; `isogloss reproduce` lists them.
        scale: smoke (seconds an arm, random weights), small (minutes, the encoder that comes with the package) or paper
            (the paper's encoder and data, for a GPU).
        output: Folder of all reproductions; runs are in ``PAPER/SETTING/SCALE/ARM`` below it.
        arms: Arms to train; none: all.
        seeds: Number of seeds, 0 … seeds − 1, at least 1.
        overrides: Keys of the recipes of all arms to change, ``"a.b=c"`` each; ``"pretraining.a.b=c"`` changes what
            encoders of arms are pre-trained by, where some are (XLM-K). Not with ``check``.
        jobs: Runs of an arm that are trained side by side.
        check: Train nothing, and look at the runs that have ended alone.

    Returns:
        A check for each figure and each score: at scale paper against what is stated, else against what we recorded.
        Runs whose recipe is not that of their arm, because of ``overrides``, say, are compared with neither.

    Raises:
        IsoglossError: An unknown name, scale, arm or key, data that are not there (the message says what fetches
            them), or, with ``check``, overrides, or no run that has ended.
    """
    paper, setting = setting_of(name)
    if scale not in SCALES:
        raise IsoglossError(f"scale: no scale {scale!r}{nearest(scale, SCALES)}")
    if seeds < 1:
        raise IsoglossError(f"seeds: at least 1, found {seeds}")
    arms = several(arms)
    for arm in arms:
        if arm not in setting.arms:
            raise IsoglossError(f"arm: {name} has no arm {arm!r}{nearest(arm, setting.arms)}")
    chosen = [arm for arm in setting.arms if not arms or arm in arms]
    changes = several(overrides)
    if check and changes:
        raise IsoglossError(
            f"set: {changes[0]}: with --check nothing is trained, so there is nothing to change; leave it out (runs "
            "that were trained with other settings are not compared, and their lines say in what they differ)"
        )
    if not check:
        # Here, since who only looks needs none of the code that trains.
        from isogloss.calls.reproducing.runs import run_arms

        run_arms(Path(output), name, setting, scale, chosen, overrides=changes, seeds=seeds, jobs=jobs)
    ours: Scores = {}
    for arm in chosen:
        ours |= found_scores(arm_folder(Path(output), name, scale, arm), arm, setting.metric, setting.scored_as)
    if not ours:
        folder, first = Path(output) / name / scale, f"isogloss reproduce {name} --scale {scale}"
        raise IsoglossError(f"{name}: no run that has ended in {folder}; first {first}")
    recorded = recorded_scores(f"{name.split('/')[0]}/{setting.like}" if setting.like else name, scale)
    unlike = {arm: changed(Path(output), name, arm, setting.arms[arm], scale) for arm in chosen}
    return checks_of(paper, setting, scale, ours, recorded, unlike)
