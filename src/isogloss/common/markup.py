"""Text of the user's data in Markdown: shown as it is, whatever it holds."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~$^=])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_MARK = re.compile(r"\n<!-- as written by isogloss: [0-9a-f]{64} -->\n")


def one_line(text: str) -> str:
    r"""The text in one line, without control characters or those that turn the direction of what follows.

    Example:
        >>> one_line("a\n---\tb\x00")
        'a --- b'
    """
    spaced = " ".join(text.split())
    return "".join(letter for letter in spaced if unicodedata.category(letter) not in ("Cc", "Cf", "Cs"))


def as_markdown(text: str) -> str:
    r"""The text as Markdown shows it: no markup, HTML, link or line break in it has an effect.

    Example:
        >>> as_markdown("a|b <i>*c*</i> https://x.org")
        'a\\|b &lt;i&gt;\\*c\\*&lt;/i&gt; https&#58;//x.org'
    """
    escaped = "".join(_ENTITIES.get(letter, letter) for letter in one_line(text))
    escaped = _SPECIAL.sub(r"\\\1", escaped)
    # Bare addresses become links by themselves.
    return escaped.replace("://", "&#58;//").replace("www.", "www&#46;").replace("@", "&#64;")


def signed(text: str) -> str:
    """The text and, in a comment after it, what tells whether somebody has changed it since."""
    return f"{text}\n<!-- as written by isogloss: {hashlib.sha256(text.encode()).hexdigest()} -->\n"


def is_as_written(text: str) -> bool:
    """Whether a text is as `signed` gave it.

    Example:
        >>> is_as_written(signed("a")), is_as_written("b" + signed("a")), is_as_written("a")
        (True, False, False)
    """
    found = [mark.start() for mark in _MARK.finditer(text)]
    return bool(found) and signed(text[: found[-1]]) == text


def as_written_from(text: str, heading: str) -> str:
    """The part of a text from the last place of a heading on that is as `signed` gave it; empty where there is none.

    Example:
        >>> as_written_from(f"My words. {signed('## A')}My words.", "## A") == signed("## A")
        True
        >>> as_written_from(signed("## A").replace("A", "A, B"), "## A")
        ''
    """
    start = text.rfind(heading)
    found = _MARK.search(text, start) if start >= 0 else None
    part = text[start : found.end()] if found is not None else ""
    return part if is_as_written(part) else ""
