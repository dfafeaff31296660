"""The stages of a build run by datatrove, on this machine or on a cluster.

datatrove knows which tasks of a stage have ended (a file each) and leaves them out when it is started again. A task of
ours is a function of its number that writes a folder whole or not at all, so a build that was killed goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from isogloss.dumps.here import Here
from isogloss.dumps.stages import Stage


class Runner(Protocol):
    """Runs stages one after another."""

    def __call__(self, stages: list[Stage], logs: Path) -> bool:
        """Whether all have ended: on a cluster they are only handed over."""


@dataclass(frozen=True)
class OnThisMachine:
    """Processes of this machine.

    Attributes:
        workers: How many tasks at a time; 1: in this process.
        say: Called with each stage before it begins.
    """

    workers: int
    say: Callable[[Stage], None]

    def __call__(self, stages: list[Stage], logs: Path) -> bool:
        """Run all stages."""
        for stage in stages:
            if stage.tasks:
                self.say(stage)
                Here(stage, str(logs / stage.name), self.workers).run()
        return True


@dataclass(frozen=True)
class OnCluster:
    """Tasks of a cluster: Slurm's jobs, or Ray's.

    Attributes:
        executor: datatrove's executor of the cluster.
        settings: What it takes beside pipeline and tasks: time, partition, memory and so on.
        ends: Whether its ``run`` returns only when the stage has ended, as Ray's does; Slurm's hands over.
    """

    executor: Callable[..., Any]
    settings: Mapping[str, Any]
    ends: bool

    def __call__(self, stages: list[Stage], logs: Path) -> bool:
        """Hand over all stages, each to begin when the one before has ended."""
        last = None
        for stage in stages:
            if stage.tasks:
                last = self.executor(
                    [stage], tasks=stage.tasks, logging_dir=str(logs / stage.name), depends=last, **self.settings
                )
        if last is not None:
            last.run()
        return self.ends
