"""Does training on several languages harm one of them? Each against the model that was trained on it alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from isogloss.common.errors import IsoglossError, nearest
from isogloss.reports import differences
from isogloss.reports.cells import Scoring, is_of_sources, told_apart
from isogloss.reports.differences import MISSING, Difference, difference
from isogloss.reports.markdown import markdown_table
from isogloss.reports.protocol import BADGE, told
from isogloss.reports.values import draws_of, require_equal, require_same_sentences, values_of

Row = Mapping[str, Any]
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Transfer:
    """What a method gives a language beside what it learns alone.

    Attributes:
        data: Data set.
        language: The language t; of questions about contexts in another one ``t on u``.
        method: The method.
        difference: score(method, t) − score(single t, t), as fractions, paired over seeds; None without a common seed.
    """

    data: str
    language: str
    method: str
    difference: Difference | None

    @property
    def alarm(self) -> bool:
        """Whether the transfer is negative: the whole interval over seeds and sentences lies below zero.

        Where predictions are missing, the t-interval over seeds decides. Never with fewer than three seeds.
        """
        return self.difference is not None and self.difference.verdict == -1


def negative_transfer(
    rows: Sequence[Row],
    *,
    single: str = "single",
    confidence: float = 0.95,
    redrawn: Mapping[Scoring, np.ndarray] | None = None,
) -> list[Transfer]:
    """score(method, t) − score(single t, t) of every method and every language t that it was trained on.

    ``single t`` is the model trained on t alone; a language that no such model was trained on is left out. A pair is
    two runs with the same seed.

    Args:
        rows: Result rows of one metric and protocol: those of the methods, and those of ``single``.
        single: Method of the models of one language each.
        confidence: Confidence of the intervals, in (0, 1); 0.95 by the custom of the field.
        redrawn: The values of rows on test sets drawn anew, see `isogloss.reports.tables.comparison_table`.

    Returns:
        By data set, language and method.

    Raises:
        IsoglossError: There are no rows, none of ``single``, none of a method to compare with it, several protocols, or
            two values for one method, seed, data set and language.

    Reference:
        Wang et al., *On Negative Interference in Multilingual Models*, EMNLP 2020 (the comparison with models of one
        language).
    """
    require_equal(rows, [*BADGE, "split", "metric"], "methods are compared on equal terms")
    of_sources = [row for row in rows if is_of_sources(row, row["train_languages"])]
    require_same_sentences(of_sources)
    values = values_of([told_apart(row) for row in of_sources], "data", "language", "method", "seed")
    draws = draws_of(of_sources, redrawn or {}, "data", "language", "method", "seed")
    methods = list(dict.fromkeys(method for _, _, method, _ in values))
    if single not in methods:
        raise IsoglossError(f"negative transfer needs runs of method {single!r}{nearest(single, methods)}")
    if len(methods) < 2:
        raise IsoglossError(f"negative transfer needs runs of a method beside {single!r}, found none")
    found = []
    for data, language in sorted({key[:2] for key in values if key[2] == single}):
        alone = _by_seed(values, data, language, single)
        for method in methods:
            scores = _by_seed(values, data, language, method)
            if method == single or not scores:
                continue
            drawn = (_by_seed(draws, data, language, method), _by_seed(draws, data, language, single))
            found.append(Transfer(data, language, method, difference(scores, alone, drawn, confidence)))
    return found


def negative_transfer_table(
    rows: Sequence[Row],
    *,
    single: str = "single",
    confidence: float = 0.95,
    redrawn: Mapping[Scoring, np.ndarray] | None = None,
) -> str:
    """`negative_transfer` as Markdown without a final line break: a line per language, two columns per method.

    Below it, per method how many languages have a mean difference below zero, and which raise the alarm.
    """
    found = negative_transfer(rows, single=single, confidence=confidence, redrawn=redrawn)
    methods = list(dict.fromkeys(transfer.method for transfer in found))
    cells = {(transfer.data, transfer.language, transfer.method): transfer for transfer in found}
    body = []
    for data, language in dict.fromkeys((transfer.data, transfer.language) for transfer in found):
        line = [data, language]
        for method in methods:
            transfer = cells.get((data, language, method))
            line += [MISSING] * 2 if transfer is None else differences.cells(transfer.difference, alarm=True)
        body.append(line)
    headers = ["data", "language", *(header for method in methods for header in differences.headers(method, single))]
    table = markdown_table(body, headers)
    of_sources = [row for row in rows if is_of_sources(row, row["train_languages"])]
    meaning = differences.legend(of_sources, redrawn or {}, confidence)
    legend = (
        f"metric: {rows[0]['metric']}; {told(rows)}. {meaning} ALARM: the whole interval that decides is below zero."
    )
    notes = []
    for method in methods:
        own = [transfer for transfer in found if transfer.method == method and transfer.difference is not None]
        below = sum(transfer.difference is not None and transfer.difference.over_seeds.mean < 0 for transfer in own)
        alarms = [f"{transfer.data} {transfer.language}" for transfer in own if transfer.alarm]
        said = f"alarm in {', '.join(alarms)}" if alarms else "no alarm"
        notes.append(f"- `{method}`: below zero in {below} of {len(own)}; {said}.")
    return "\n".join([table, "", legend, "", *notes])


def _by_seed(values: Mapping[tuple[Any, ...], Value], data: str, language: str, method: str) -> dict[int, Value]:
    return {seed: value for (*place, seed), value in values.items() if place == [data, language, method]}
