"""Recipes side by side: their runs are made where they are missing, and what they say is settled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from isogloss.calls.arguments import as_overrides
from isogloss.calls.candidates import Candidate, candidates_of, require_alike
from isogloss.calls.chosen import Chosen, chosen_rows, is_alone
from isogloss.calls.planned import RecipeLike, is_made
from isogloss.calls.predicted import counted
from isogloss.calls.required import require_files
from isogloss.calls.scored import metric_of, results_of, run_folders
from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.writing import read_json, write_text
from isogloss.recipe.sweep import LONGEST
from isogloss.reports.cells import Scoring
from isogloss.reports.comparison import MIXABLE, Comparison, compare_rows
from isogloss.reports.comparison_formats import ENDINGS
from isogloss.reports.differences import FEWEST_SEEDS
from isogloss.reports.negative_transfer import Transfer, negative_transfer
from isogloss.reports.pareto import Priced, priced
from isogloss.reports.resampling import resample
from isogloss.reports.section import WRITERS
from isogloss.reports.settled import Settled, settle
from isogloss.reports.settled_records import as_csv, as_json
from isogloss.reports.settled_sections import Outcome, sections_of
from isogloss.run.folder import RunFolder

Row = Mapping[str, Any]

TEXT = "text"
SPLITS = ("dev", "test")

_RECORDS: Mapping[str, Callable[[Outcome], str]] = {"csv": as_csv, "json": as_json}


def compare_recipes(
    recipes: Sequence[RecipeLike],
    *,
    seeds: int | None = None,
    into: str | Path | None = None,
    jobs: int = 1,
    overrides: Iterable[str] = (),
    scale: str | None = None,
    limit: int | None = None,
    baseline: str | None = None,
    split: str | None = None,
    metric: str | None = None,
    allow_mixed: Sequence[str] = (),
    view: str = "original",
    format: str | None = None,
    output: str | Path | None = None,
) -> str:
    """What `isogloss.compare` does with recipes; see there for the arguments.

    Returns:
        What is told, in the format asked for.

    Raises:
        IsoglossError: As `isogloss.compare`.
    """
    form = format or (_form_of(Path(output)) if output is not None else TEXT)
    if form not in (*WRITERS, *_RECORDS):
        raise IsoglossError(f"format: {form!r} is unknown{nearest(form, [*WRITERS, *_RECORDS])}")
    if seeds is not None and seeds < 1:
        raise IsoglossError(f"seeds: at least 1, found {seeds}")
    candidates = candidates_of(recipes, overrides=as_overrides(overrides, limit, None), scale=scale)
    first = _baseline(candidates, baseline)
    _check_asked(candidates[0], split, metric, allow_mixed)
    require_alike(candidates, allow_mixed)
    asked = tuple(range(seeds)) if seeds is not None else _seeds(candidates)
    root = Path(into) if into is not None else Path("runs") / _folder(candidates, scale)
    for candidate in candidates:
        if not all(is_made(candidate.recipe, root / candidate.folder, seed) for seed in asked):
            require_files(candidate.recipe)
    from isogloss.calls.made import made  # with torch behind it

    runs = made(candidates, root, seeds=asked, jobs=jobs)
    shown = split or ("test" if all(one.recipe.test for one in candidates) else "dev")
    found = _settled(runs, first, split=shown, metric=metric, allow_mixed=allow_mixed, view=view)
    text = WRITERS[form](sections_of(found)) if form in WRITERS else _RECORDS[form](found)
    if output is not None:
        write_text(Path(output), f"{text}\n")
    return text


def _check_asked(one: Candidate, split: str | None, metric: str | None, allow_mixed: Sequence[str]) -> None:
    """Stop, before anything is trained, if there is no such split, metric or part of the protocol."""
    if split is not None and split not in SPLITS:
        raise IsoglossError(f"split: {split!r} is unknown{nearest(split, SPLITS)}")
    metric_of([{"task": one.recipe.data[0].task}], metric)
    for name in allow_mixed:
        if name not in MIXABLE:
            raise IsoglossError(f"allow_mixed: {name!r} is unknown{nearest(name, MIXABLE)}")


def _form_of(output: Path) -> str:
    """The format that the ending of a file stands for; a name without one is rather that of a folder."""
    known = {**ENDINGS, ".txt": TEXT}
    if output.suffix not in known:
        raise IsoglossError(
            f"output: {str(output)!r} ends in none of {', '.join(known)}; --format names a format, and --into the "
            "folder of the runs"
        )
    return known[output.suffix]


def _baseline(candidates: Sequence[Candidate], asked: str | None) -> Candidate:
    """What the others are compared with: what is asked for, or the first that trains one model for all languages."""
    able = {one.name: one for one in candidates if not one.is_single}
    alone = [one.name for one in candidates if one.is_single]
    if len(alone) > 1:
        raise IsoglossError(
            f"recipes: {alone[0]!r} and {alone[1]!r} both train a model for each language alone, and the others are "
            "held beside one of them; name one"
        )
    if not able:
        raise IsoglossError(
            "recipes: each trains a model for each language alone, so there is nothing to compare with them; name one "
            "that trains on all"
        )
    if asked is not None and asked not in able:
        raise IsoglossError(f"baseline: no recipe that trains one model is called {asked!r}{nearest(asked, able)}")
    return able[asked] if asked is not None else next(iter(able.values()))


def _seeds(candidates: Sequence[Candidate]) -> tuple[int, ...]:
    """Those of the recipes, where they name several; else the fewest that allow a verdict."""
    named = dict.fromkeys(one.recipe.seeds for one in candidates if len(one.recipe.seeds) > 1)
    if len(named) > 1:
        listed = " and ".join(str(list(own)) for own in named)
        raise IsoglossError(f"seeds: the recipes name others, {listed}, and runs are paired by seed; --seeds N for all")
    return next(iter(named), tuple(range(FEWEST_SEEDS)))


def _folder(candidates: Sequence[Candidate], scale: str | None) -> str:
    names = "-".join(["compare", *(one.folder for one in candidates), *([] if scale is None else [scale])])
    return names.encode()[:LONGEST].decode(errors="ignore")


def _settled(
    runs: Mapping[str, Candidate],
    first: Candidate,
    *,
    split: str,
    metric: str | None,
    allow_mixed: Sequence[str],
    view: str,
) -> Outcome:
    """What finished runs come to."""
    folders = run_folders(list(runs))
    found = results_of(folders)
    names = {run: candidate.name for run, candidate in runs.items()}
    chosen = chosen_rows(folders, found, split=split, metric=metric, view=view, names=names, allow_mixed=allow_mixed)
    counts = counted(chosen.latest)
    redrawn = resample(counts)
    several = [row for row in chosen.latest if not runs[row["run"]].is_single]
    several = _in_order(several, first, runs)
    if not several or runs[several[0]["run"]] is not first:
        raise IsoglossError(
            f"{first.name!r}, which the others are compared with, has no final {split} score of view {view}"
        )
    rows = chosen.shown(several)
    comparison = compare_rows(rows, str(rows[0]["method"]), mixed=allow_mixed, redrawn=redrawn)
    lines = settle(comparison, rows, counted=counts, redrawn=redrawn)
    transfers: Sequence[Transfer] = ()
    if any(candidate.is_single for candidate in runs.values()):
        transfers = _transfers(chosen, redrawn)
    prices, notes = _prices(comparison, lines, several, chosen)
    left = [note.removeprefix("- ") for note in chosen.notes]
    return Outcome(comparison, lines, transfers, prices, (*comparison.notes, *notes, *left))


def _transfers(chosen: Chosen, redrawn: Mapping[Scoring, np.ndarray]) -> list[Transfer]:
    """Negative transfer in each mode of language adapters in which models of one language were scored, too."""
    alone = {row.get("at_test") for row in chosen.latest if is_alone(row)}
    found: dict[tuple[str, str, str], Transfer] = {}
    for mode in chosen.modes or (None,):
        if alone & {mode, None}:
            transfers = negative_transfer(chosen.trained(mode), redrawn=redrawn)
            # Methods without language adapters are in every mode, and each time the same.
            found |= {(one.data, one.language, one.method): one for one in transfers}
    return list(found.values())


def _in_order(rows: Sequence[Row], first: Candidate, runs: Mapping[str, Candidate]) -> list[Row]:
    """The rows in the order of the recipes, those of the baseline before all others."""
    order = {first.name: 0}
    for candidate in runs.values():
        order.setdefault(candidate.name, len(order))
    return sorted(rows, key=lambda row: order[runs[row["run"]].name])


def _prices(
    comparison: Comparison, lines: Sequence[Settled], rows: Sequence[Row], chosen: Chosen
) -> tuple[list[Priced], list[str]]:
    """Quality beside cost, by the mean of all languages, and what is not known of it."""
    whole = [one for one in lines if one.line.label == "mean"][-1]  # of all data sets, where there are several
    scores = {name: level.mean for name, level in whole.levels.items() if level is not None}
    own: dict[str, dict[str, None]] = {}
    for row, shown in zip(rows, chosen.shown(rows), strict=True):
        own.setdefault(shown["method"], {})[row["run"]] = None
    files = {method: [RunFolder(Path(run)).cost for run in runs] for method, runs in own.items()}
    missing = [str(file.parent) for paths in files.values() for file in paths if not file.exists()]
    costs = {method: [read_json(file) for file in paths if file.exists()] for method, paths in files.items()}
    return priced(scores, costs), [f"No cost.json in {', '.join(missing)}."] if missing else []
