"""The runs of recipes, made where they are not there yet: several at once, and gone on with where they broke off."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from isogloss.calls.candidates import Candidate
from isogloss.calls.jobs import Asked, log_of, train_side_by_side
from isogloss.calls.planned import runs_of, training_languages
from isogloss.common.errors import IsoglossError
from isogloss.common.locking import locked
from isogloss.common.progress import progress
from isogloss.common.writing import write_text
from isogloss.recipe.loading import load_yaml
from isogloss.recipe.resolve import as_yaml
from isogloss.recipe.spec.recipe import Recipe
from isogloss.run.folder import RunFolder, differences

RECIPE = "recipe.yaml"
"""The recipe that the runs of a folder are made by."""

BETWEEN_LOOKS = 1.0
"""Seconds from one look at the runs to the next."""

_FREE = ("seed", "name", "label", "report_to", "save_total_limit")
"""Keys that may change between two calls: they do not change what a run learns."""

_STEP = re.compile(rb"step ([\d,]+) of ([\d,]+)")
_TAIL = 4096
"""Bytes at the end of a log among which the last step stands."""


def made(candidates: Sequence[Candidate], root: Path, *, seeds: Sequence[int], jobs: int) -> dict[str, Candidate]:
    """Make the runs of recipes that are not there yet, each in a process of its own.

    A run is in ``root/FOLDER/seed-N``, what it says in a ``.log`` beside it. A finished run is kept as it is, and one
    that broke off is gone on with. What a folder's runs are made by is written to ``root/FOLDER/recipe.yaml``.

    Args:
        candidates: The recipes.
        root: The folder of all.
        seeds: The seeds of each.
        jobs: How many runs are made at a time.

    Returns:
        By run folder the recipe that it is of.

    Raises:
        IsoglossError: A folder holds runs of another recipe, runs have failed, or another process is at work there.
    """
    with locked(root):
        for candidate in candidates:
            _require_own(root / candidate.folder, candidate)
        asked = [(run, candidate) for candidate in candidates for run in _asked(candidate, root, seeds)]
        for candidate in candidates:
            write_text(root / candidate.folder / RECIPE, as_yaml(_timeless(candidate)))
        left = [run for run, _ in asked if not RunFolder(run.path).is_finished()]
        there = len(asked) - len(left)
        if there:
            print(f"{root}: {there} of {len(asked)} runs are there already", file=sys.stderr, flush=True)
        if left:
            with watched(left):
                train_side_by_side(left, jobs=jobs, told=_quiet, again="go on with the same command")
    return {str(run.path): candidate for run, candidate in asked}


@contextmanager
def watched(runs: Sequence[Asked]) -> Iterator[None]:
    """Inside, a line on standard error says how far all runs are together."""
    before = done = sum(map(_share, runs))
    ended = Event()
    with progress(len(runs) - before, f"{len(runs)} run{'s' if len(runs) > 1 else ''}") as add:

        def look() -> None:
            nonlocal done
            while not ended.wait(BETWEEN_LOOKS):
                now = sum(map(_share, runs))
                if now > done:
                    add(now - done)
                    done = now

        watcher = Thread(target=look, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()


def _share(run: Asked) -> float:
    """How much of a run is done, by the last step in its log."""
    if RunFolder(run.path).model.is_dir():
        return 1.0
    log = log_of(run.path)
    if not log.exists():
        return 0.0
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL))
        found = _STEP.findall(file.read())
    step, steps = (int(number.replace(b",", b"")) for number in found[-1]) if found else (0, 1)
    return step / max(steps, 1)


def _asked(candidate: Candidate, root: Path, seeds: Sequence[int]) -> list[Asked]:
    languages = training_languages(candidate.recipe)
    return [
        Asked(recipe, path, True, False, languages)
        for seed in seeds
        for path, recipe in runs_of(
            candidate.recipe.model_copy(update={"seed": seed}), root / candidate.folder / f"seed-{seed}"
        )
    ]


def _require_own(folder: Path, candidate: Candidate) -> None:
    """Stop if a folder holds runs of another recipe."""
    path = folder / RECIPE
    if not path.exists():
        if folder.is_dir() and any(folder.iterdir()):
            raise IsoglossError(
                f"{folder} holds something that `isogloss compare` has not made (no {RECIPE} in it); --into names "
                "another folder"
            )
        return
    stored = load_yaml(path.read_text(encoding="utf-8"))
    if not isinstance(stored, Mapping):
        raise IsoglossError(f"{path}: a recipe is a mapping of keys, found {type(stored).__name__}")
    now = _timeless(candidate).model_dump(mode="json")
    # A key that only one of them has is of another version of isogloss.
    common = [key for key in stored.keys() & now.keys() if key not in _FREE]
    changed = differences({key: stored[key] for key in common}, {key: now[key] for key in common})
    if changed:
        raise IsoglossError(
            f"{folder} holds runs of another recipe than {candidate.name!r}: {'; '.join(changed)}; --into names "
            "another folder, or remove this one"
        )


def _timeless(candidate: Candidate) -> Recipe:
    """The recipe without its seed, which each run has of its own."""
    return candidate.recipe.model_copy(update={"seed": 0})


def _quiet(_: str) -> None:
    """Nothing is said of single runs, where a line speaks for all."""
