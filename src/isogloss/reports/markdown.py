"""Tables in Markdown, in which text of the user stays in its cell."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tabulate import tabulate

_BAR = re.compile(r"(?<!\\)((?:\\\\)*)\|")
"""A bar that no backslash escapes."""


def markdown_table(body: Sequence[Sequence[str]], headers: Sequence[str], align: Sequence[str] | None = None) -> str:
    r"""A table whose cells may hold any text.

    Args:
        body: The cells, row by row.
        headers: What stands above each column.
        align: left or right for each column; default: left.

    Example:
        >>> print(markdown_table([["x", "1"]], ["a|b", "n"]))
        | a\|b   | n   |
        |--------|-----|
        | x      | 1   |
    """
    rows = [[_cell(text) for text in row] for row in body]
    return tabulate(rows, [_cell(text) for text in headers], tablefmt="github", disable_numparse=True, colalign=align)


def _cell(text: str) -> str:
    """Bars would end the cell, unless they are escaped already, and line breaks the row."""
    return _BAR.sub(r"\1\|", " ".join(text.splitlines()))
