"""One process at a time in a folder: a lock file that says who is at work.

The file is locked with ``flock``, which the system gives back when its owner ends, however it ends; so a process that
was killed blocks nobody, and a number that the system has given to another process since deceives nobody. What stands
in the file is there to be told, and for file systems that cannot lock between machines: the owner on another machine
is taken to be alive.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isogloss.common.errors import IsoglossError
from isogloss.common.writing import writing

if TYPE_CHECKING:  # torch is behind it, and who works alone in a folder may need none
    from isogloss.common.distributed import Communicator

NAME = ".lock"


@contextmanager
def locked(folder: Path, group: Communicator | None = None) -> Iterator[None]:
    """Keep other processes out of a folder; it is made if it is not there, and removed again if it stays empty.

    Rank 0 of the group owns the lock, all of its processes may work in the folder. A lock whose owner has died is taken
    over, which is said. While it is held, SIGTERM ends the process as an interrupt does: the lock is given back.

    Args:
        folder: The folder.
        group: The processes that work together; None: this one alone.

    Raises:
        IsoglossError: Another process is at work there, or the lock cannot be written; on all processes of the group.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp()) / "run"
        >>> with locked(folder):
        ...     [path.name for path in folder.iterdir()]
        ['.lock']
        >>> folder.exists()
        False
    """
    with ExitStack() as stack:
        refusal = None
        if group is None or group.rank == 0:
            try:
                stack.enter_context(_held(folder))
            except IsoglossError as error:
                refusal = str(error)
        refusal = refusal if group is None else group.gather([refusal])[0]
        if refusal is not None:
            raise IsoglossError(refusal)
        yield


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    path = folder / NAME
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    with writing(folder):
        descriptor = _take(path)
    try:
        with _ended_by_sigterm():
            yield
    finally:
        with suppress(OSError):
            if _is_at(path, descriptor):  # not after a user has deleted ours, and another process has made its own
                path.unlink()
        os.close(descriptor)
        with suppress(OSError):
            for place in made:
                place.rmdir()


def _take(path: Path) -> int:
    """The descriptor of the lock file, locked and with our name in it."""
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, is_new = _open(path)
        except FileNotFoundError:
            continue  # the owner before has just removed the file, or its folder
        except FileExistsError:  # of the folder, which may have been removed since it was found
            if path.parent.exists() and not path.parent.is_dir():
                raise
            continue
        try:
            is_locked = _lock(descriptor)
            owner = _read(descriptor)
            if is_locked is False:
                raise IsoglossError(f"{path.parent} is in use by {_told(owner)}; wait for its end, or stop it")
            if is_locked and not _is_at(path, descriptor):
                os.close(descriptor)
                continue
            if not is_new and (is_locked is None or owner.get("host", platform.node()) != platform.node()):
                raise IsoglossError(
                    f"{path.parent} is in use by {_told(owner)}; whether that is still at work cannot be seen from "
                    f"here. If it is not, delete {path} and start again"
                )
            if owner:
                print(f"{path.parent}: taken over from {_told(owner)}, which has died", file=sys.stderr)
            _write(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor


def _open(path: Path) -> tuple[int, bool]:
    """The descriptor of the lock file, and whether it was made."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666), True
    except FileExistsError:
        return os.open(path, os.O_RDWR), False


def _lock(descriptor: int) -> bool | None:
    """Whether the lock is ours now; None where the file system has no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether the open file is still the one of that name."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _read(descriptor: int) -> dict[str, Any]:
    """What the owner said of itself; nothing if it has not come to that, or has been cut short."""
    try:
        found = json.loads(os.pread(descriptor, 2**16, 0))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _write(descriptor: int) -> None:
    now = datetime.now(UTC).astimezone().isoformat(sep=" ", timespec="seconds")
    owner = {"pid": os.getpid(), "host": platform.node(), "started": now, "command": shlex.join(sys.argv)[:1000]}
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(owner).encode(), 0)


def _told(owner: dict[str, Any]) -> str:
    if not owner:
        return "another process"
    return "process {pid} on {host}, started {started} ({command})".format(
        **{name: owner.get(name, "?") for name in ("pid", "host", "started", "command")}
    )


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Inside, SIGTERM raises SystemExit, unless somebody else handles it."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
