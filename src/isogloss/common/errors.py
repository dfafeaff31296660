"""The one error that is the user's to mend."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class IsoglossError(Exception):
    """Bad input or a failed write: the message says where, which rule, what was found and what would be valid.

    The command line prints the message without a traceback and exits with status 2.
    """


def nearest(name: str, valid: Iterable[str]) -> str:
    """The hint ``; did you mean 'x'? (valid: ...)`` for a name that is not valid.

    Args:
        name: The name found.
        valid: All names that would have been accepted.
    """
    names = sorted(valid)
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    hint = "; did you mean " + " or ".join(repr(match) for match in close) + "?" if close else ""
    return f"{hint} (valid: {', '.join(names) or 'none'})"
