"""The JSON of data files, read strictly: a key that stands twice in an object is an error, not its last value."""

from __future__ import annotations

import json
import re
from typing import Any

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[{}:\[\]]', re.DOTALL)


class NotJson(Exception):
    """What is wrong with a text, and where.

    Attributes:
        line: Line in the text, from 1; None where it is not known.
    """

    def __init__(self, line: int | None, message: str) -> None:
        super().__init__(message)
        self.line = line


def parse(text: str) -> Any:  # noqa: ANN401 - any JSON
    """The value that the text stands for.

    Raises:
        NotJson: The text is not JSON, or an object in it has a key twice.

    Example:
        >>> parse('{"label": 1, "label": 2}')
        Traceback (most recent call last):
        isogloss.data.json_text.NotJson: key 'label' stands twice in one object, at columns 2 and 14
    """
    try:
        return _DECODER.decode(text)
    except _Repeated:
        raise _repetition(text) from None
    except json.JSONDecodeError as error:
        raise NotJson(error.lineno, f"not JSON: {error.msg.removesuffix(' at')} at column {error.colno}") from None
    except (ValueError, RecursionError) as error:
        raise NotJson(None, f"not JSON: {error}") from None


class _Repeated(Exception):
    """An object has a key twice; the decoder does not say where."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Repeated
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_unique)


def _repetition(text: str) -> NotJson:
    """Where a key stands for the second time; everything before that place is sound, since the decoder went past it."""
    keys: list[dict[str, int]] = [{}]
    last = _PIECE.match('""')
    for piece in _PIECE.finditer(text):
        if piece[0] in "{[":
            keys.append({})
        elif piece[0] in "}]":
            keys.pop()
        elif piece[0] == ":" and last is not None:
            key = json.loads(last[0], strict=False)
            if key in keys[-1]:
                return _named(key, keys[-1][key], last.start(), text)
            keys[-1][key] = last.start()
        else:
            last = piece
    return NotJson(None, "a key stands twice in one object")


def _named(key: str, first: int, second: int, text: str) -> NotJson:
    (line, column), (other_line, other_column) = (
        (text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)) for place in (second, first)
    )
    if line == other_line:
        return NotJson(line, f"key {key!r} stands twice in one object, at columns {other_column} and {column}")
    return NotJson(line, f"key {key!r} stands twice in one object, first in line {other_line}")
