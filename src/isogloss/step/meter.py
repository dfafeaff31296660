"""Losses and sentences per language since the last log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from torch import Tensor

from isogloss.common.distributed import Communicator

_Waiting = tuple[str, Sequence[str], Tensor, Tensor]


class Meter:
    """Adds up losses and items per term and language, and counts sentences: the mix that training really saw.

    It is read before every checkpoint, so it is empty there and no checkpoint has to hold it.
    """

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []
        self._sentences: Counter[str] = Counter()

    def add(self, languages: Sequence[str], sums: Mapping[str, Tensor], counts: Mapping[str, Tensor]) -> None:
        """Note per term the summed losses ``[b]`` and numbers of items ``[b]`` of a batch of b sentences."""
        # Tensors are read only when asked for: reading one waits for the accelerator.
        self._waiting += [(term, languages, sums[term].detach(), counts[term]) for term in sums]
        self._sentences.update(languages)

    def read(self, group: Communicator) -> dict[str, float]:
        """What was noted since the last reading, over all processes; start anew.

        Returns:
            ``loss``, the mean loss per item (terms added up); ``loss/<language>`` and ``sentences/<language>``; and
            ``term/<name>``, the mean of each term alone. (Terms have a namespace of their own: ``kl`` is a divergence,
            and Kalaallisut.)
        """
        own = _add_up(self._waiting)
        rows = group.gather([(own, self._sentences)])
        self._waiting, self._sentences = [], Counter()
        totals: dict[tuple[str, str], tuple[float, float]] = {}
        sentences: Counter[str] = Counter()
        for sums, seen in rows:
            sentences.update(seen)
            for key, (loss, items) in sums.items():
                before = totals.get(key, (0.0, 0.0))
                totals[key] = (before[0] + loss, before[1] + items)
        read = {"loss": _mean_of_terms(totals)}
        for term in sorted({term for term, _ in totals}):
            read[f"term/{term}"] = _mean_of_terms({key: entry for key, entry in totals.items() if key[0] == term})
        for language in sorted(sentences):
            of_language = {key: entry for key, entry in totals.items() if key[1] == language}
            read[f"loss/{language}"] = _mean_of_terms(of_language)
            read[f"sentences/{language}"] = sentences[language]
        return read


def _add_up(waiting: Sequence[_Waiting]) -> dict[tuple[str, str], tuple[float, float]]:
    """Summed losses and items by term and language."""
    totals: dict[tuple[str, str], tuple[float, float]] = {}
    for term, languages, sums, counts in waiting:
        for language, loss, items in zip(languages, sums.tolist(), counts.tolist(), strict=True):
            before = totals.get((term, language), (0.0, 0.0))
            totals[term, language] = (before[0] + loss, before[1] + items)
    return totals


def _mean_of_terms(totals: Mapping[tuple[str, str], tuple[float, float]]) -> float:
    mean = 0.0
    for term in sorted({term for term, _ in totals}):
        losses, items = zip(*(entry for key, entry in totals.items() if key[0] == term), strict=True)
        mean += sum(losses) / sum(items) if sum(items) else float("nan")
    return mean
