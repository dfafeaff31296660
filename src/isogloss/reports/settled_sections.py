"""A comparison that settles what it can, as sections: scores, differences, verdicts, transfer, gaps, cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from isogloss.reports import differences
from isogloss.reports.comparison import Comparison
from isogloss.reports.differences import MISSING
from isogloss.reports.floors import LEGEND, mark
from isogloss.reports.negative_transfer import Transfer
from isogloss.reports.page.groups import gaps
from isogloss.reports.pareto import Priced
from isogloss.reports.resampling import DRAWS
from isogloss.reports.section import Section
from isogloss.reports.settled import Settled
from isogloss.reports.statistics import Interval
from isogloss.reports.verdicts import OUTCOMES, ends, verdicts


@dataclass(frozen=True)
class Outcome:
    """All that is told of methods.

    Attributes:
        comparison: Methods side by side, the baseline first.
        lines: What each line comes to.
        transfers: What methods give each language beside what it learns alone; empty without models of one language.
        prices: Quality beside cost.
        notes: What else there is to know.
    """

    comparison: Comparison
    lines: Sequence[Settled]
    transfers: Sequence[Transfer] = ()
    prices: Sequence[Priced] = ()
    notes: Sequence[str] = ()

    @property
    def others(self) -> tuple[str, ...]:
        """The methods but the baseline."""
        return self.comparison.methods[1:]


def sections_of(found: Outcome) -> list[Section]:
    """What is told, part by part."""
    parts = [_scores(found), *(_differences(found, method) for method in found.others)]
    if found.others:
        parts.append(_verdicts(found))
    if found.transfers:
        parts.append(_transfers(found))
    gap = _gaps(found.comparison)
    parts += [gap] if gap.body else []
    parts += [_prices(found)] if found.prices else []
    return parts + ([Section("Notes", notes=tuple(found.notes))] if found.notes else [])


def _scores(found: Outcome) -> Section:
    methods, lines = found.comparison.methods, found.lines
    has_floor = any(one.line.floor is not None for one in lines)
    body = []
    for one in lines:
        floor = [MISSING if one.line.floor is None else f"{100 * one.line.floor:.1f}"] if has_floor else []
        levels = [_level(one.levels[method], one.line.floor) for method in methods]
        body.append((*_place(found, one), *floor, *levels))
    notes = (
        "Mean over seeds [95 % interval of other seeds and other sentences].",
        found.comparison.legend.partition(" Scores: ")[0],
        *([LEGEND] if has_floor else []),
    )
    return Section("Scores", (*_headers(found), *(["floor"] if has_floor else []), *methods), tuple(body), notes)


def _differences(found: Outcome, method: str) -> Section:
    baseline = found.comparison.methods[0]
    body = []
    for one in found.lines:
        own = one.judged[method]
        cells = [MISSING] * 6
        if own is not None:
            points = f"{100 * own.interval.mean:+z.1f}"
            cells = [
                f"{points} {ends(own.interval)}".strip() if own.interval.n >= differences.FEWEST_SEEDS else points,
                str(own.interval.n),
                *map(_p, (own.p, own.corrected, own.swaps, own.signs)),
            ]
        body.append((*_place(found, one), *cells, OUTCOMES[None if own is None else own.verdict]))
    headers = (*_headers(found), "difference", "seeds", "p", "Holm", "swaps", "signs", "verdict")
    return Section(f"{method} − {baseline}", headers, tuple(body))


def _verdicts(found: Outcome) -> Section:
    baseline = found.comparison.methods[0]
    notes = [sentence for method in found.others for sentence in verdicts(found.lines, method, baseline)]
    meaning = (
        "Differences in points, paired by seed and sentence [95 % interval of other seeds and other sentences, which "
        "decides]; p: of that interval; Holm: p corrected over the languages of a method, which decides on languages, "
        f"while each mean stands by itself, and nothing is corrected for the number of methods; swaps: a check, p of "
        f"{DRAWS:,} random swaps of what both methods said of a sentence, which takes the seeds for all there are; "
        "signs: p of all signs of the differences by seed, which takes the sentences for all there are and is at least "
        f"2 / 2ⁿ. Fewer than {differences.FEWEST_SEEDS} seeds give no verdict."
    )
    return Section("Verdict", notes=(*notes, meaning))


def _transfers(found: Outcome) -> Section:
    methods = list(dict.fromkeys(transfer.method for transfer in found.transfers))
    cells = {(one.data, one.language, one.method): one for one in found.transfers}
    body = []
    for data, language in dict.fromkeys((one.data, one.language) for one in found.transfers):
        row = [data, language]
        for method in methods:
            one = cells.get((data, language, method))
            row += [MISSING] * 2 if one is None else differences.cells(one.difference, alarm=True)
        body.append(tuple(row))
    headers = ["data", "language"]
    for method in methods:
        headers += differences.headers(method, "alone")
    alarms = [f"{one.method} in {one.data} {one.language}" for one in found.transfers if one.alarm]
    notes = (
        "Each language that was trained on, against the model of method single trained on it alone. Negative transfer: "
        f"{', '.join(alarms) or 'none found'} (ALARM: the whole interval that decides is below zero).",
    )
    return Section("Negative transfer", tuple(headers), tuple(body), notes)


def _gaps(comparison: Comparison) -> Section:
    rows: dict[tuple[str, str, str], dict[str, str]] = {}
    for one in gaps(comparison):
        cells = rows.setdefault((one["by"], one["group"], ", ".join(one["languages"])), {})
        cells[one["method"]] = f"{one['mean']:z.1f} ({one['low']:z.1f} to {one['high']:z.1f})"
    methods = comparison.methods
    body = tuple((*place, *(cells.get(method, MISSING) for method in methods)) for place, cells in rows.items())
    notes = (
        "Points by which the unseen languages of a group lie below the mean of the sources: mean over seeds "
        "(smallest to largest). Less is better.",
    )
    return Section("Transfer gap by script and family", ("by", "group", "languages", *methods), body, notes)


def _prices(found: Outcome) -> Section:
    body = tuple(
        (
            one.method,
            f"{100 * one.score:.1f}",
            f"{one.seconds:,.1f}",
            f"{one.memory / 2**30:.2f}",
            f"{one.flops / 1e12:,.3g}",
            _yes(one.best_for_time),
            _yes(one.best_for_memory),
        )
        for one in found.prices
    )
    headers = ("method", f"{found.comparison.metric} %", "training s", "peak GiB", "TFLOP", "best for time")
    notes = (
        "Means over the runs of a method. Best for time, for memory: in the Pareto set, no other method scores at "
        "least as high at no higher cost; means are taken as they are, so a lead of nothing but chance counts. Peak: "
        "memory of the GPU, or of the whole process where not all runs used one. TFLOP: an estimate, per sub-word "
        "(with padding) 2 for each parameter outside tables of embeddings, and 4 more where it is trained. Runs side "
        "by side share the cores: with --jobs 1 times are those of a run alone.",
    )
    return Section("Cost beside quality", (*headers, "best for memory"), body, notes)


def _headers(found: Outcome) -> tuple[str, ...]:
    return ("data", "language") if _several(found) else ("language",)


def _place(found: Outcome, one: Settled) -> tuple[str, ...]:
    label = f"{one.line.label} (source)" if one.line.source else one.line.label
    return (one.line.data, label) if _several(found) else (label,)


def _several(found: Outcome) -> bool:
    return len({one.line.data for one in found.lines}) > 1


def _level(level: Interval | None, floor: float | None) -> str:
    if level is None:
        return MISSING
    text = f"{100 * level.mean:.1f}"
    if level.low is not None and level.high is not None:
        text += f" [{100 * level.low:.1f}, {100 * level.high:.1f}]"
    return text + mark(level.mean, floor)


def _p(value: float | None) -> str:
    return MISSING if value is None else f"{value:.3f}" if value >= 0.001 else "<0.001"


def _yes(flag: bool) -> str:
    return "yes" if flag else ""
