"""How far something long has come: a bar on a terminal, elsewhere a line twice a minute."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from tqdm import tqdm

BETWEEN_LINES = 30.0
"""Seconds from one line to the next, at least, where there is no terminal to draw a bar on."""


@contextmanager
def progress(total: float, title: str) -> Iterator[Callable[[float], None]]:
    """Show on standard error how much is done and how long the rest will take.

    Args:
        total: How much there is to do; nothing is shown for nothing.
        title: What is done.

    Yields:
        A function that is told how much more has been done.
    """
    begin = last = time.perf_counter()
    done, on_terminal = 0.0, sys.stderr.isatty()

    def add(amount: float) -> None:
        nonlocal done, last
        done, now = done + amount, time.perf_counter()
        bar.update(amount)
        if not on_terminal and now - last >= BETWEEN_LINES:
            left = timedelta(seconds=round((now - begin) / done * (total - done)))
            print(f"{title}: {done / total:.0%}, {left} left", file=sys.stderr, flush=True)
            last = now

    form = title + " {percentage:3.0f} % |{bar:12}| {remaining} left"
    with tqdm(total=total, disable=not on_terminal or not total, dynamic_ncols=True, bar_format=form) as bar:
        yield add
