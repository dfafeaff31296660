"""An interrupt, or SIGTERM, asks a run to stop: it ends after its step with a checkpoint, and can be gone on with."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any, NoReturn

import torch

from isogloss.common.distributed import Communicator, device

SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""Ctrl-C, and what schedulers of clusters send before they end a process."""

SAME_WISH = 1.0
"""Seconds within which more signals are the same wish: a terminal sends one to a launcher and to what it launched, and
the launcher passes its own on."""

STDERR = 2
"""The file descriptor of standard error."""

_SAID = b"\nstopping after this step, with a checkpoint; once more ends at once\n"


class Stop:
    """The wish to stop, and whether all processes of a run know of it.

    Args:
        ranks: The processes.
    """

    def __init__(self, ranks: Communicator) -> None:
        self._ranks = ranks
        self._asked: signal.Signals | None = None
        self._when = 0.0

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Inside, the first signal is noted, and one that comes later does what it did before."""
        with _handled(lambda former: partial(self._note, former)):
            yield

    def agreed(self) -> signal.Signals | None:
        """The signal that some process has got, on all of them; to be called by all after the same step."""
        if self._ranks.world_size == 1:
            return self._asked
        votes = torch.tensor([float(self._asked == number) for number in SIGNALS], device=device())
        self._ranks.sum([votes])
        return next((number for number, votes in zip(SIGNALS, votes.tolist(), strict=True) if votes), None)

    def _note(self, former: Any, number: int, frame: FrameType | None) -> None:  # noqa: ANN401 - what getsignal gives
        now = time.monotonic()
        if self._asked is None:
            self._asked, self._when = signal.Signals(number), now
            if self._ranks.rank == 0:
                os.write(STDERR, _SAID)  # not print, which the signal may have interrupted
        elif now - self._when > SAME_WISH:
            if callable(former):
                former(number, frame)
            end(signal.Signals(number))


def end(number: signal.Signals) -> NoReturn:
    """End as the signal would have it, the exit status being 128 and its number.

    Raises:
        KeyboardInterrupt: For SIGINT.
        SystemExit: For others.
    """
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)


@contextmanager
def passing_on(pass_on: Callable[[signal.Signals], None]) -> Iterator[Callable[[], signal.Signals | None]]:
    """Inside, signals are given to a function, and end nothing here: those who get them end, and are waited for.

    Args:
        pass_on: Takes each.

    Yields:
        A function that says which came first, if any.
    """
    got: list[signal.Signals] = []

    def take(number: int, frame: FrameType | None) -> None:
        got.append(signal.Signals(number))
        pass_on(got[-1])

    with _handled(lambda _: take):
        yield lambda: got[0] if got else None


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """What this thread starts inside holds SIGINT back: one that comes early waits for `let_interrupts_in`."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def let_interrupts_in() -> None:
    """From here on SIGINT raises KeyboardInterrupt, but once: a terminal sends one, and so does the parent."""

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where it is ignored (nohup)
        signal.signal(signal.SIGINT, interrupt)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@contextmanager
def _handled(handler: Callable[[Any], Callable[[int, FrameType | None], None]]) -> Iterator[None]:
    """Inside, signals go to handlers, each made from the former one.

    Outside the main thread, which alone may ask for signals, nothing changes; nor for a signal that is ignored (nohup).
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    known = {number: signal.getsignal(number) for number in SIGNALS}
    former = {number: own for number, own in known.items() if own not in (signal.SIG_IGN, None)}
    for number, own in former.items():
        signal.signal(number, handler(own))
    try:
        yield
    finally:
        for number, own in former.items():
            signal.signal(number, own)
