"""Losses per language since the last log."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from isogloss.distributed import Communicator


class Meter:
    """Adds up losses and items per term and language.

    It is read before every checkpoint, so it is empty there and no checkpoint has to hold it.
    """

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str], list[float]] = {}
        self._waiting: list[tuple[str, Sequence[str], Tensor, Tensor]] = []
        self.sentences = 0

    def add(self, term: str, languages: Sequence[str], sums: Tensor, counts: Tensor) -> None:
        """Note the summed losses ``[b]`` and numbers of items ``[b]`` of a batch."""
        # Read only when asked for: reading a tensor waits for the accelerator.
        self._waiting.append((term, languages, sums, counts))
        self.sentences += len(languages)

    def read(self, group: Communicator) -> dict[str, float]:
        """Mean loss per item since the last reading, over all processes, and start anew.

        Returns:
            ``loss`` over all languages (terms added up) and ``loss/<language>``.
        """
        self._settle()
        rows = group.gather([self._sums])
        self._sums = {}
        self.sentences = 0
        total: dict[tuple[str, str], list[float]] = {}
        for row in rows:
            for key, (loss, items) in row.items():
                entry = total.setdefault(key, [0.0, 0.0])
                entry[0] += loss
                entry[1] += items
        languages = sorted({language for _, language in total})
        terms = sorted({term for term, _ in total})
        means = {"loss": sum(_mean([total[key] for key in total if key[0] == term]) for term in terms)}
        for language in languages:
            present = [total[term, language] for term in terms if (term, language) in total]
            means[f"loss/{language}"] = sum(_mean([entry]) for entry in present)
        return means

    def _settle(self) -> None:
        for term, languages, sums, counts in self._waiting:
            pairs = torch.stack([sums.double(), counts.double()]).tolist()
            for language, loss, items in zip(languages, *pairs, strict=True):
                entry = self._sums.setdefault((term, language), [0.0, 0.0])
                entry[0] += loss
                entry[1] += items
        self._waiting.clear()


def _mean(entries: Sequence[Sequence[float]]) -> float:
    items = sum(entry[1] for entry in entries)
    return sum(entry[0] for entry in entries) / items if items else float("nan")
