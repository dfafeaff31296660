"""Losses and sentences per language since the last log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from isogloss.common.distributed import Communicator

_Waiting = tuple[str, Sequence[str], Tensor, Tensor]
_Totals = dict[tuple[str, str], tuple[float, float]]


class Meter:
    """Adds up losses and items per term and language, and counts sentences: the mix that training really saw.

    It is read before every checkpoint, so it is empty there and no checkpoint has to hold it; only where a run is
    stopped between two of them, what it holds is kept.
    """

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []
        self._totals: _Totals = {}
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
        self._add_up()
        rows = group.gather([(self._totals, self._sentences)])
        self._totals, self._sentences = {}, Counter()
        totals: _Totals = {}
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

    def loss(self) -> float:
        """The mean loss per item since the last reading, of this process alone; NaN if nothing was noted."""
        self._add_up()
        return _mean_of_terms(self._totals) if self._totals else float("nan")

    def held(self, group: Communicator) -> list[dict[str, Any]]:
        """What was noted since the last reading, of each process, in a form that `hold` takes and JSON can hold."""
        self._add_up()
        sums = [[*key, *values] for key, values in self._totals.items()]
        return group.gather([{"sums": sums, "sentences": dict(self._sentences)}])

    def hold(self, held: Sequence[Mapping[str, Any]], group: Communicator) -> None:
        """Go on from what was held: each process from its own, or the first from all, where there are more or fewer."""
        own = [held[group.rank]] if len(held) == group.world_size else held if group.rank == 0 else ()
        for part in own:
            self._sentences.update(part["sentences"])
            for term, language, loss, items in part["sums"]:
                before = self._totals.get((term, language), (0.0, 0.0))
                self._totals[term, language] = (before[0] + loss, before[1] + items)

    def _add_up(self) -> None:
        """Let what waits be summed losses and items by term and language."""
        for term, languages, sums, counts in self._waiting:
            for language, loss, items in zip(languages, sums.tolist(), counts.tolist(), strict=True):
                before = self._totals.get((term, language), (0.0, 0.0))
                self._totals[term, language] = (before[0] + loss, before[1] + items)
        self._waiting = []


def _mean_of_terms(totals: _Totals) -> float:
    mean = 0.0
    for term in sorted({term for term, _ in totals}):
        losses, items = zip(*(entry for key, entry in totals.items() if key[0] == term), strict=True)
        mean += sum(losses) / sum(items) if sum(items) else float("nan")
    return mean
