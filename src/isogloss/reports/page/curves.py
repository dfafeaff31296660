"""Learning curves: the training loss, and dev scores on the way, of runs and of languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from isogloss.reports.page.numbers import binned, mean_curve, short, thinned
from isogloss.reports.page.run import SeenRun, by_method

POINTS = 80
"""Points of a curve of a run."""
POINTS_OF_LANGUAGE = 40
"""Points of a curve of a language, of which there are many more."""

ALL = "all languages"
LOSS = "training loss"
_LOSS = "loss/"

Curve = dict[int, float]


def curves(runs: Iterable[SeenRun], metric: str) -> list[dict[str, Any]]:
    """Curves as the page draws them.

    Of all languages together there is one for each run; of a single language, the mean over the runs of a method at
    the steps that all of them have.

    Args:
        runs: The runs.
        metric: The metric of dev scores.

    Returns:
        For each curve ``what`` is drawn, ``language``, ``method``, ``seed`` (None: a mean over seeds), ``steps`` and
        ``values``.
    """
    found = []
    for method, own in by_method(runs).items():
        seen = [(run, _losses(run), _dev(run, metric)) for run in own]
        for run, losses, dev in seen:
            shared = {"method": method, "seed": run.seed, "language": ALL}
            found.append({"what": LOSS, **shared, **_drawn(binned(losses.get(ALL, {}), POINTS))})
            found.append({"what": f"dev {metric}", **shared, **_drawn(_points(dev.get(ALL, {}), POINTS))})
        for what, kinds in ((LOSS, [losses for _, losses, _ in seen]), (f"dev {metric}", [dev for *_, dev in seen])):
            for language, curve in _of_languages(kinds).items():
                points = binned(curve, POINTS_OF_LANGUAGE) if what == LOSS else _points(curve, POINTS_OF_LANGUAGE)
                found.append({"what": what, "method": method, "seed": None, "language": language, **_drawn(points)})
    return [curve for curve in found if curve["steps"]]


def _losses(run: SeenRun) -> dict[str, Curve]:
    """By language, and of all together, the logged losses."""
    found: dict[str, Curve] = {}
    for entry in run.history:
        for name, value in entry.items():
            if name == "loss" or name.startswith(_LOSS):
                found.setdefault(ALL if name == "loss" else name.removeprefix(_LOSS), {})[entry["step"]] = value
    return found


def _dev(run: SeenRun, metric: str) -> dict[str, Curve]:
    """By language, and as the mean of all of them, the dev scores on the way; several data sets count alike."""
    seen: dict[int, dict[str, list[float]]] = {}
    for row in run.results:
        on_the_way = row["selection"] is None and row["split"] == "dev" and row["metric"] == metric
        if on_the_way and row["view"] == "original" and row["step"] is not None:
            seen.setdefault(row["step"], {}).setdefault(row["language"], []).append(row["value"])
    found: dict[str, Curve] = {}
    for step, languages in sorted(seen.items()):
        for language, values in languages.items():
            found.setdefault(language, {})[step] = fmean(values)
        found.setdefault(ALL, {})[step] = fmean(fmean(values) for values in languages.values())
    return found


def _of_languages(runs: Sequence[Mapping[str, Curve]]) -> dict[str, Curve]:
    languages = sorted({language for run in runs for language in run} - {ALL})
    return {language: mean_curve([run[language] for run in runs if language in run]) for language in languages}


def _points(curve: Curve, number: int) -> Curve:
    return {step: curve[step] for step in thinned(sorted(curve), number)}


def _drawn(curve: Curve) -> dict[str, Any]:
    return {"steps": list(curve), "values": [short(value) for value in curve.values()]}
