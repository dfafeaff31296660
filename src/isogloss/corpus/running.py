"""The stages of a build run by datatrove, on this machine or on a cluster.

datatrove knows which tasks of a stage have ended (a file each) and leaves them out when it is started again. A task of
ours is a function of its number that writes a folder whole or not at all, so a build that was killed goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from datatrove.executor import LocalPipelineExecutor
from loguru import logger

# It tells of every task on standard error; what a build has to say, it says itself.
logger.disable("datatrove")

Task = Callable[[int], None]


@dataclass(frozen=True)
class Stage:
    """A stage.

    Attributes:
        name: Its name, that of its folder of logs.
        tasks: How many tasks it has.
        task: What the task of a number does.
    """

    name: str
    tasks: int
    task: Task

    def __call__(self, data: object, rank: int, world_size: int) -> None:
        """Do a task, as datatrove calls it."""
        self.task(rank)

    def __repr__(self) -> str:
        return self.name


class Runner(Protocol):
    """Runs stages one after another."""

    def __call__(self, stages: list[Stage], logs: Path) -> bool:
        """Whether all have ended: on a cluster they are only handed over."""


@dataclass(frozen=True)
class OnThisMachine:
    """Processes of this machine.

    Attributes:
        workers: How many tasks at a time; 1: in this process.
        said: Called with the name of a stage before it begins.
    """

    workers: int = 1
    said: Callable[[Stage], None] = lambda stage: None

    def __call__(self, stages: list[Stage], logs: Path) -> bool:
        """Run all stages."""
        for stage in stages:
            if stage.tasks:
                self.said(stage)
                workers = min(self.workers, stage.tasks)
                LocalPipelineExecutor([stage], stage.tasks, workers, str(logs / stage.name)).run()
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
