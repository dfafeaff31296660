"""A table under a title, with what there is to know below it: in a terminal, in Markdown and in LaTeX."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill

from tabulate import tabulate

from isogloss.common.markup import one_line
from isogloss.reports.escaping import markdown

WIDTH = 120
"""Characters of a line of text in a terminal."""


@dataclass(frozen=True)
class Section:
    """A part of what is told.

    Attributes:
        title: Its title.
        headers: What stands above the columns.
        body: The cells, row by row; none: there is no table.
        notes: Sentences below the table.
    """

    title: str
    headers: tuple[str, ...] = ()
    body: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()


def as_text(sections: Sequence[Section]) -> str:
    """For a terminal; without a final line break."""
    parts = []
    for section in sections:
        notes = [fill(one_line(note), WIDTH, break_long_words=False, break_on_hyphens=False) for note in section.notes]
        title = one_line(section.title)
        parts.append("\n".join([title, "=" * len(title), *_table(section, "simple", one_line), *notes]))
    return "\n\n".join(parts)


def as_markdown(sections: Sequence[Section]) -> str:
    """Markdown with a heading for each section; without a final line break."""
    parts = []
    for section in sections:
        table = _table(section, "github", markdown)
        notes = [f"- {markdown(note)}" for note in section.notes]
        parts.append("\n\n".join([f"## {markdown(section.title)}", *table, *(["\n".join(notes)] if notes else [])]))
    return "\n\n".join(parts)


def as_latex(sections: Sequence[Section]) -> str:
    """A ``tabular`` with the rules of booktabs for each section; title and notes stand above it in comments."""
    parts = []
    for section in sections:
        comments = [f"% {one_line(text)}" for text in (section.title, *section.notes)]
        parts.append("\n".join([*comments, *_table(section, "latex_booktabs", one_line)]))  # tabulate escapes the rest
    return "\n\n".join(parts)


WRITERS: Mapping[str, Callable[[Sequence[Section]], str]] = {
    "text": as_text,
    "markdown": as_markdown,
    "latex": as_latex,
}
"""How sections can be written, by name."""


def _table(section: Section, form: str, escaped: Callable[[str], str]) -> list[str]:
    """The table, if there is one."""
    if not section.body:
        return []
    body = [[escaped(cell) for cell in row] for row in section.body]
    headers = [escaped(header) for header in section.headers]
    return [tabulate(body, headers, tablefmt=form, disable_numparse=True)]
