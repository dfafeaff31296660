"""Run by `tests.support.forking`: a Python that has imported modules, and is forked for every command line it is given.

    python -m tests.support.fork_server SOCKET MODULE ...

It ends when its standard input does.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
from types import ModuleType
from typing import Any


def attended(connection: socket.socket) -> dict[str, Any]:
    """Fork twice: one process comes back with what to do; the other waits for it, and says how it has ended."""
    request, descriptors, _, _ = socket.recv_fds(connection, 1 << 20, 3)
    while not request.endswith(b"\n"):
        request += connection.recv(1 << 20)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    program = os.fork()
    if program == 0:
        connection.close()
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
            os.close(descriptor)
        told: dict[str, Any] = json.loads(request)
        return told
    for descriptor in (*range(3), *descriptors):
        os.close(descriptor)  # what reads from the program waits for nobody else
    connection.sendall(b"%d\n" % program)
    while (ended := os.waitpid(program, os.WNOHANG)) == (0, 0):
        # Whoever asked for the program says nothing more; if they are killed, so is the program.
        if select.select([connection], [], [], 0.01)[0]:
            os.kill(program, signal.SIGKILL)
            os._exit(0)
    connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(ended[1]))
    os._exit(0)


def run(executable: str, words: list[str], folder: str, environment: dict[str, str], blocked: list[int]) -> None:
    """Do what ``EXECUTABLE WORDS`` does in a folder and an environment, with signals blocked."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    sys.executable = executable
    if words[0] == "-u":
        words = words[1:]
    kind, name = words[:2]
    sys.argv[:] = [kind, *words[2:]]
    if kind == "-m":
        sys.path[0] = folder
        found = sys.modules.get(name)
        # It is run anew, as `python -m` does; a package has a module for that.
        sys.modules.pop(f"{name}.__main__" if hasattr(found, "__path__") else name, None)
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    elif kind == "-c":
        sys.path[0] = ""
        main = sys.modules["__main__"] = ModuleType("__main__")
        exec(compile(name, "<string>", "exec"), main.__dict__)
    else:
        raise NotImplementedError(words)


def main(path: str, *modules: str) -> None:
    """Serve until standard input ends; forked processes come out of here with what they have been told, and do it."""
    for module in modules:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()  # else the first collection in each process would touch, and so copy, all that there is
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for what waits for a program
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        print(flush=True)
        while listener in select.select([listener, sys.stdin], [], [])[0]:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                told = attended(connection)
                break
            connection.close()
        else:
            return
    run(**told)


if __name__ == "__main__":
    main(*sys.argv[1:])
