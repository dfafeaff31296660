"""Random labelled texts, under names of columns that a user must name or need not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as some

from tests.support.odd_text import LABELS, texts

OURS = ("text", "pair", "label", "id")


USUAL: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "sentence1"),
    "pair": ("hypothesis", "sentence2"),
    "label": ("label", "gold_label"),
    "id": ("id", "idx"),
}


@dataclass(frozen=True)
class Records:
    """Labelled texts.

    Attributes:
        columns: The file's name of each of ours that it has, in the order of the file, and of others.
        rows: Values by our names and those of others; a label may be None.
        predicted: New labels.
        usual: Whether all names are usual ones.
    """

    columns: dict[str, str]
    rows: list[dict[str, str | None]]
    predicted: list[str]
    usual: bool

    def examples(self, lines: Sequence[int]) -> list[tuple[Any, ...]]:
        return [
            (row.get("id") or str(number), row["text"], row.get("pair"), row.get("label"), line)
            for number, (row, line) in enumerate(zip(self.rows, lines, strict=True), start=1)
        ]

    def named(self) -> dict[str, str] | None:
        """What a user says of the columns; None: nothing."""
        return None if self.usual else {ours: name for ours, name in self.columns.items() if ours in OURS}

    def numbered(self) -> dict[str, int]:
        """The same where there is no header."""
        return {ours: at for at, ours in enumerate(self.columns) if ours in OURS}

    def named_again(self) -> dict[str, str] | None:
        """What a user says of the columns when labels have been added."""
        named = self.named()
        return None if named is None else {"label": "label", **named}


@some.composite
def records(draw: some.DrawFn, without: str) -> Records:
    usual = draw(some.booleans())
    held = ["text", *draw(some.lists(some.sampled_from(["pair", "label", "id", "other"]), unique=True))]
    columns = {
        ours: draw(some.sampled_from(USUAL[ours])) if usual and ours in OURS else f"{ours}\u0301 ü"
        for ours in draw(some.permutations(held))
    }
    rows = list[dict[str, str | None]]()
    for number in range(1, draw(some.integers(1, 4)) + 1):
        values: dict[str, str | None] = {ours: draw(texts(without)) for ours in columns}
        if "label" in values:
            values["label"] = draw(some.one_of(some.none(), LABELS, LABELS))
        if "id" in values:
            values["id"] = f"{number}{draw(texts(without, 2))}"
        rows.append(values)
    return Records(columns, rows, [draw(LABELS) for _ in rows], usual)
