"""The one error that is the user's to mend."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MOST_LISTED = 20
"""How many valid names are listed beside a near one; more would bury it."""

CLOSE = 0.5
"""Similarity of a near name, from 0 to 1, as `difflib` has it."""

CODE = 2
"""Letters of a code of a language: two of them that share a letter (de, en) are not near."""


class IsoglossError(Exception):
    """Bad input or a failed write: the message says where, which rule, what was found and what would be valid.

    The command line prints the message without a traceback and exits with status 2.
    """


def near(name: str, valid: Iterable[str]) -> list[str]:
    """At most three valid names that are near one that is not, the nearest first; case alone makes no distance.

    Example:
        >>> near("tset", ["dev", "test"]), near("ID", ["id", "in", "text"])
        (['test'], ['id'])
    """
    names = sorted(valid)
    same = [match for match in names if match.casefold() == name.casefold()]
    close = difflib.get_close_matches(name, names, n=3, cutoff=CLOSE)
    return [*same, *(match for match in close if match not in same and max(len(match), len(name)) > CODE)][:3]


def nearest(name: str, valid: Iterable[str]) -> str:
    """The hint ``; did you mean 'x'? (valid: ...)`` for a name that is not valid.

    Args:
        name: The name found.
        valid: All names that would have been accepted; they are listed unless one is near and they are many.

    Example:
        >>> nearest("tset", ["dev", "test"])
        "; did you mean 'test'? (valid: dev, test)"
    """
    names = sorted(valid)
    close = near(name, names)
    hint = "; did you mean " + " or ".join(repr(match) for match in close) + "?" if close else ""
    if close and len(names) > MOST_LISTED:
        return hint
    return f"{hint} (valid: {', '.join(names) or 'none'})"
