"""Many processes for the price of one: imports take seconds, so a process that has done them forks the others."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.launching import ENVIRONMENT


@contextmanager
def forking(*modules: str) -> Iterator[str]:
    """A Python that has ``modules`` already; take it for `sys.executable` in ``[python, "-m" or "-c", ...]``.

    Its processes are real ones, with an id, streams, signals, a folder, variables and an exit status of their own. They
    differ from others by all that happens before and at the imports: they have the hash seed of their server, and
    variables that are read by an import are those of the server.

    Args:
        modules: What the processes have in common, imported once.
    """
    with tempfile.TemporaryDirectory() as folder:
        path, executable = Path(folder, "socket"), Path(folder, "python")
        client = (sys.executable, "-I", "-S", str(Path(__file__).with_name("fork_client.py")), str(path))
        executable.write_text(f'#!/bin/sh\nexec {shlex.join(client)} "$0" "$@"\n', encoding="utf-8")
        executable.chmod(0o755)
        with subprocess.Popen(
            [sys.executable, "-m", "tests.support.fork_server", path, *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **ENVIRONMENT},
        ) as server:
            assert server.stdin and server.stdout
            assert server.stdout.readline() == b"\n", "the server has not started"
            yield str(executable)
            server.stdin.close()
