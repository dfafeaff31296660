"""What stands for a forked process where a command was started: passes its streams, signals and exit status on.

Started by the script that `tests.support.forking` writes, as ``fork_client.py SOCKET EXECUTABLE WORD ...``.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys


def main(path: str, executable: str, *words: str) -> None:
    """Have the server run ``EXECUTABLE WORDS`` on the streams of this process, and end as it does."""
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM])
        request = {
            "executable": executable,
            "words": words,
            "folder": os.getcwd(),
            "environment": dict(os.environ),
            "blocked": [*map(int, blocked)],
        }
        encoded = json.dumps(request).encode() + b"\n"
        sent = socket.send_fds(server, [encoded], range(3))
        server.sendall(encoded[sent:])
        answers = server.makefile("r")
        program = int(answers.readline())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, frame: os.kill(program, number))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT, signal.SIGTERM])
        code = int(answers.readline())
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
