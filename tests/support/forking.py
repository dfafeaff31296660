"""Many processes for the price of one: imports take seconds, so a process that has done them forks the others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SERVER = """
import importlib, json, os, runpy, sys, traceback

for name in sys.argv[1:]:
    importlib.import_module(name)
for line in sys.stdin:
    command = json.loads(line)
    child = os.fork()
    if child == 0:
        os.environ.clear()
        os.environ.update(command["environment"])
        os.chdir(command["folder"])
        for number, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(command[name], os.O_WRONLY), number)
        module, *sys.argv[1:] = command["words"]
        sys.modules.pop(module, None)  # it is run anew, as `python -m` does
        code = 0
        try:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        except SystemExit as end:
            code = end.code or 0
        except BaseException:
            traceback.print_exc()
            code = 1
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""

Run = Callable[..., subprocess.CompletedProcess[Any]]
run_alone: Run = subprocess.run


@contextmanager
def forking(*modules: str) -> Iterator[Run]:
    """A `subprocess.run` that gives ``[sys.executable, "-m", ...]`` processes that have ``modules`` already.

    Args:
        modules: What the processes have in common, imported once.
    """
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, *modules], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin and server.stdout
        requests, answers = server.stdin, server.stdout

        def run(command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[Any]:
            if list(command[:2]) != [sys.executable, "-m"]:
                return run_alone(command, **options)
            with tempfile.NamedTemporaryFile("r") as out, tempfile.NamedTemporaryFile("r") as err:
                request = {
                    "words": command[2:],
                    "folder": str(options.get("cwd") or Path.cwd()),
                    "environment": dict(options.get("env") or os.environ),
                    "out": out.name,
                    "err": err.name,
                }
                print(json.dumps(request), file=requests, flush=True)
                done = subprocess.CompletedProcess(command, int(answers.readline()), out.read(), err.read())
            if options.get("check"):
                done.check_returncode()
            return done

        yield run
        requests.close()
