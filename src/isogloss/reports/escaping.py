"""Texts of the user's data where Markdown or LaTeX would take them for markup; HTML is escaped by its template."""

from __future__ import annotations

import re

from isogloss.common.markup import one_line

_MARKUP = re.compile(r"[\\|<>*`\[\]$~&]|(?<!\w)_|_(?!\w)")
"""What means something anywhere in a line of Markdown, and the underscores that are not within a word."""


def markdown(text: str) -> str:
    r"""The text as Markdown shows it.

    Example:
        >>> print(markdown("learning_rate"), markdown("a|b <i>"), markdown("_x_"))
        learning_rate a\|b \<i\> \_x\_
    """
    return _MARKUP.sub(lambda found: f"\\{found.group()}", one_line(text))


def code(text: str) -> str:
    """The text as a span of code in Markdown, in which nothing else means anything.

    Example:
        >>> print(code("joint"), code("a`b"))
        `joint` `` a`b ``
    """
    whole = one_line(text)
    longest = max(map(len, re.findall("`+", whole)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {whole} {fence}" if longest else f"`{whole}`"
