"""Whether this installation and machine can do the work, and what to change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from isogloss.calls.health.finding import Finding, guarded


def doctor(*, self_test: bool = True, say: Callable[[Finding], None] | None = None) -> list[Finding]:
    """Look at versions, precisions, threads, memory, disk, caches and the hub, and make a small run with a resume.

    Whatever cannot be looked at is a finding, so that the others are told all the same. Nothing is changed, and nothing
    written but to a temporary folder and the cache.

    Args:
        self_test: Whether to make the run, which takes about 20 seconds.
        say: Takes each finding as soon as it is there; None: nothing does.

    Returns:
        The findings; what must be mended has the state ``broken``.

    Example:
        >>> found = doctor(self_test=False)
        >>> found[0].what
        'python'
    """
    found = []
    checks = {"versions": _versions, "machine": _machine, "hub": _hub, **({"self-test": _trial} if self_test else {})}
    for what, check in checks.items():
        for finding in guarded(what, check):
            found.append(finding)
            if say is not None:
                say(finding)
    return found


# Each imports what it looks with only when it looks: a package that is broken must not keep the others from being told.


def _versions() -> Iterator[Finding]:
    from isogloss.calls.health import versions

    yield from guarded("python", versions.python)
    yield from guarded("packages", versions.packages)


def _machine() -> Iterator[Finding]:
    from isogloss.calls.health import machine

    for check in (
        machine.processor,
        machine.threads,
        machine.accelerators,
        machine.memory,
        machine.disk,
        machine.caches,
    ):
        yield from guarded(check.__name__, check)


def _hub() -> Iterable[Finding]:
    from isogloss.calls.health.hub import hub

    return hub()


def _trial() -> Iterable[Finding]:
    from isogloss.calls.health.trial import trial

    return trial()
