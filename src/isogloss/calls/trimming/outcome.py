"""What became of a model whose table of sub-words was cut, as a value and as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tabulate import tabulate

from isogloss.calls.trimming.checks import LOOKED_AT, InLanguage
from isogloss.common.languages import writes_spaces


@dataclass(frozen=True)
class Trimmed:
    """A model that was cut.

    Attributes:
        model: What was cut.
        output: The folder that was written.
        counted: Which texts were counted.
        sub_words: Sub-words of the table, before and after.
        megabytes: Weights and tokenizer on the disk in 10⁶ bytes, before and after.
        languages: What the texts of each language are cut into.
        checked: Texts to whose sub-words the model was seen to give the states that it gave them before, bit for bit.
    """

    model: str
    output: Path
    counted: str
    sub_words: tuple[int, int]
    megabytes: tuple[float, float]
    languages: Sequence[InLanguage]
    checked: int

    def table(self) -> str:
        """One row per language, as plain text."""
        return tabulate(self._body(), self._headers(), disable_numparse=True, colalign=["left", *["right"] * 6])

    def told(self) -> str:
        """What is printed: the table, what it rests on, and what was saved."""
        alone = [own.language for own in self.languages if not writes_spaces(own.language)]
        characters = f" Words of {', '.join(alone)}: characters." if alone else ""
        more = [own.language for own in self.languages if own.unknown[1] > own.unknown[0]]
        unknown = (
            f"\nwarning: more is unknown than before in {', '.join(more)}: an earlier cut has left characters without "
            "a sub-word of their own"
            if more
            else ""
        )
        before, after = self.megabytes
        return (
            f"{self.table()}\n\nCounted: {self.counted}.{characters}\n"
            f"{self.output}: {self.sub_words[1]:,} of {self.sub_words[0]:,} sub-words, {after:.1f} of {before:.1f} MB, "
            f"{before - after:.1f} MB saved\n"
            f"Checked: the model gives the sub-words of {self.checked} texts, at most {LOOKED_AT} of each language, "
            f"the states that it gave them before, bit for bit{unknown}"
        )

    def section(self) -> str:
        """What a card says of it."""
        body = tabulate(
            self._body(), self._headers(), tablefmt="github", disable_numparse=True, colalign=["left", *["right"] * 6]
        )
        return (
            f"Cut by `isogloss trim` from {self.sub_words[0]:,} to {self.sub_words[1]:,} sub-words, for "
            f"texts in {', '.join(own.language for own in self.languages)}. Texts whose sub-words all stay give the "
            "same outputs; others fall into smaller ones, so scores from before the cut need not hold. Before and "
            f"after, in the texts that were counted:\n\n{body}\n"
        )

    def as_json(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {**asdict(self), "output": str(self.output)}

    def _headers(self) -> list[str]:
        return ["language", "texts", "pieces per word", "after", "unknown %", "after", "texts cut as before %"]

    def _body(self) -> list[list[str]]:
        return [
            [
                own.language,
                f"{own.texts:,}",
                *(f"{value:.2f}" for value in own.pieces),
                *(f"{100 * value:.2f}" for value in own.unknown),
                f"{100 * own.same:.1f}",
            ]
            for own in self.languages
        ]
