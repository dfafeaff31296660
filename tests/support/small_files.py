"""Small files of every format as text, and the lines that are said of them."""

from __future__ import annotations

import re
from pathlib import Path


def rows(*labels: str, separator: str = "\t", head: str = "text{}label") -> str:
    """A table of texts that are all different."""
    found = [head.format(separator), *(f"text {number}{separator}{label}" for number, label in enumerate(labels))]
    return "\n".join(found) + "\n"


def objects(*labels: str) -> str:
    """JSON lines, the labels as JSON."""
    return "".join(f'{{"text": "text {number}", "label": {label}}}\n' for number, label in enumerate(labels))


def choices(*labels: str) -> str:
    told = '{{"premise": "text {}", "question": "cause", "choice1": "a", "choice2": "b", "label": {}}}\n'
    return "".join(told.format(number, label) for number, label in enumerate(labels))


BLANK = "\t_"


def words(*forms: str, tag: str = "X") -> str:
    return "".join(f"{place}\t{form}\t_\t{tag}{BLANK * 6}\n" for place, form in enumerate(forms, start=1)) + "\n"


def questions(*names: str, answers: str = "[]", last: str = "") -> str:
    given = [answers] * (len(names) - bool(last)) + [last] * bool(last)
    pairs = enumerate(zip(names, given, strict=True))
    asked = ", ".join(f'{{"id": "{name}", "question": "q {at}", "answers": {found}}}' for at, (name, found) in pairs)
    return f'{{"data": [{{"paragraphs": [{{"context": "a b", "qas": [{asked}]}}]}}]}}\n'


def matched(found: list[str], expected: list[str], path: Path) -> None:
    assert len(found) == len(expected), found
    for problem, pattern in zip(found, expected, strict=True):
        at = str(path) if pattern.startswith(":") else f"{path}:"
        assert problem.startswith(at), problem
        place, severity, message = re.split(r"(: (?:error|warning): )", pattern, maxsplit=1)
        message = message if "\\" in message or ".*" in message else re.escape(message)
        assert re.match(re.escape(place + severity) + message, problem.removeprefix(at)), problem
