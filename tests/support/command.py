"""The command line, run in this process."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Result:
    status: int
    out: str
    err: str


Command = Callable[..., Result]


def require_error(result: Result, *patterns: str) -> None:
    """One message with all the detail, and nothing else."""
    assert result.status == 2, result
    assert result.err.startswith("error: "), result.err
    assert len(re.findall("^error: ", result.err, flags=re.MULTILINE)) == 1, result.err
    assert "Traceback" not in result.err
    for pattern in patterns:
        assert re.search(pattern, result.err), f"{pattern!r} is not in {result.err!r}"


def tail(result: Result) -> Result:
    """The result from the error message on, after what was announced before training."""
    return Result(result.status, result.out, result.err[result.err.find("error: ") :])
