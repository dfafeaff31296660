"""Random valid tables of labelled texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import strategies as some

from isogloss.data import Table
from isogloss.data.delimiters import COMMA, TAB, Quoted, Unquoted
from tests.support.valid.file import IN_LINES, LAYOUTS, Valid, unlabelled
from tests.support.valid.records import records


@some.composite
def tsv(draw: some.DrawFn) -> Valid:
    separator = draw(some.sampled_from(["\t", "\t", ";"]))
    found = draw(records(IN_LINES + separator))
    layout, positions = draw(LAYOUTS), draw(some.booleans())

    def line(row: Mapping[str, str | None]) -> str:
        return separator.join(row[ours] or "" for ours in found.columns)

    def with_label(row: dict[str, str | None], label: str) -> str:
        return line({**row, "label": label}) if "label" in row else separator.join([line(row), label])

    head = [] if positions else [separator.join(found.columns.values())]
    new = [with_label(row, label) for row, label in zip(found.rows, found.predicted, strict=True)]
    new_head = [line_ if "label" in found.columns else f"{line_}{separator}label" for line_ in head]
    delimiter = TAB if separator == "\t" else Unquoted(separator)
    again = {"label": len(found.columns), **found.numbered()} if positions else found.named_again()
    examples = found.examples([number + len(head) for number in range(1, len(found.rows) + 1)])
    return Valid(
        Table(delimiter, found.numbered() if positions else found.named()),
        layout.name("a.tsv"),
        layout.stored([*head, *map(line, found.rows)]),
        examples,
        found.predicted,
        layout.stored([*new_head, *new]),
        unlabelled([example[3] for example in examples]) if "label" in found.columns else [],
        Table(delimiter, again),
    )


@some.composite
def csv(draw: some.DrawFn) -> Valid:
    separator = draw(some.sampled_from([",", ";", "|"]))
    found = draw(records("\0\r"))
    layout, positions = draw(LAYOUTS), draw(some.booleans())

    def quoted(value: str, always: bool) -> str:
        needed = always or any(mark in value for mark in f'{separator}"\n')
        return '"' + value.replace('"', '""') + '"' if needed else value

    always = [[draw(some.booleans()) for _ in found.columns] for _ in found.rows]

    def line(row: Mapping[str, str | None], always: Sequence[bool]) -> str:
        return separator.join(quoted(row[ours] or "", yes) for ours, yes in zip(found.columns, always, strict=True))

    old = [line(row, yes) for row, yes in zip(found.rows, always, strict=True)]
    new = [
        line({**row, "label": label}, yes) if "label" in row else f"{line(row, yes)}{separator}{label}"
        for row, yes, label in zip(found.rows, always, found.predicted, strict=True)
    ]
    head = [] if positions else [separator.join(quoted(name, False) for name in found.columns.values())]
    new_head = [line_ if "label" in found.columns else f"{line_}{separator}label" for line_ in head]
    delimiter = COMMA if separator == "," else Quoted(separator)
    again = {"label": len(found.columns), **found.numbered()} if positions else found.named_again()
    starts = [1 + "\n".join([*head, *old[:at], ""]).count("\n") for at in range(len(old))]
    examples = found.examples(starts)
    return Valid(
        Table(delimiter, found.numbered() if positions else found.named()),
        layout.name("a.csv"),
        layout.stored([*head, *old]),
        examples,
        found.predicted,
        layout.stored([*new_head, *new]),
        unlabelled([example[3] for example in examples]) if "label" in found.columns else [],
        Table(delimiter, again),
    )
