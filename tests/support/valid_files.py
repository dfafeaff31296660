"""Random valid files of every format, written here and not by the package, with what must be read from them."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as some

from isogloss.data.plain import Lines
from tests.support.odd_text import LABELS, texts
from tests.support.valid.file import IN_LINES, LAYOUTS, Valid
from tests.support.valid.objects import choice_jsonl, jsonl, squad
from tests.support.valid.parquet import parquet
from tests.support.valid.sentences import conll, conllu
from tests.support.valid.tables import csv, tsv


@some.composite
def lines(draw: some.DrawFn) -> Valid:
    found = draw(some.lists(some.one_of(some.just(""), some.just(" \u3000"), texts(IN_LINES)), max_size=4))
    found.append(draw(texts(IN_LINES)))
    held = [number for number, line in enumerate(found, start=1) if line.strip()]
    labels = [draw(LABELS) for _ in held]
    new = dict(zip(held, labels, strict=True))
    layout = draw(LAYOUTS)
    return Valid(
        Lines(),
        layout.name("a.txt"),
        layout.stored(found),
        [(str(number), found[number - 1].strip(), None, None, number) for number in held],
        labels,
        layout.stored([new.get(number, line) for number, line in enumerate(found, start=1)]),
    )


KINDS: dict[str, Callable[[], some.SearchStrategy[Valid]]] = {
    "conllu": conllu,
    "conll": conll,
    "tsv": tsv,
    "csv": csv,
    "jsonl": jsonl,
    "choice_jsonl": choice_jsonl,
    "squad": squad,
    "parquet": parquet,
    "lines": lines,
}
