"""The stages of a build run by datatrove, on this machine or on a cluster.

datatrove knows which tasks of a stage have ended (a file each) and leaves them out when it is started again. A task of
ours is a function of its number that writes a folder whole or not at all, so a build that was killed goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from isogloss.common.errors import IsoglossError
from isogloss.common.writing import write_text
from isogloss.dumps.here import Here
from isogloss.dumps.stages import Stage


class Runner(Protocol):
    """Runs stages one after another."""

    def __call__(self, stages: list[Stage], logs: Path) -> bool:
        """Whether all have ended: Slurm only takes them over."""


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
class OnSlurm:
    """Jobs of Slurm, which wait for one another; nobody waits for them here.

    Attributes:
        executor: datatrove's executor.
        settings: What it takes beside pipeline and tasks: time, partition, memory and so on.
    """

    executor: Callable[..., Any]
    settings: Mapping[str, Any]

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
        return False


@dataclass(frozen=True)
class OnRay:
    """Tasks of Ray, stage by stage.

    Attributes:
        executor: datatrove's executor, which passes over a task that fails, and waits without end for what needs it.
        settings: What it takes beside pipeline and tasks: workers, memory and so on.
        say: Called with each stage before it begins.
    """

    executor: Callable[..., Any]
    settings: Mapping[str, Any]
    say: Callable[[Stage], None]

    def __call__(self, stages: list[Stage], logs: Path) -> bool:
        """Run all stages.

        Raises:
            IsoglossError: A task has failed, or its worker was lost.
        """
        for stage in stages:
            if not stage.tasks:
                continue
            self.say(stage)
            errors, log = logs / stage.name / "errors", str(logs / stage.name)
            executor = self.executor([Heard(stage, errors)], tasks=stage.tasks, logging_dir=log, **self.settings)
            executor.run()
            left = executor.get_incomplete_ranks(skip_completed=True)
            told = sorted(errors.glob("*.txt"))
            if told:
                raise IsoglossError(told[0].read_text(encoding="utf-8"))
            if left:
                raise IsoglossError(
                    f"{stage}: {len(left)} of {stage.tasks} tasks have not ended, and none says why: Ray has lost "
                    "their workers (was their memory enough?); the same command goes on with them"
                )
        return True


@dataclass(frozen=True)
class Heard:
    """A stage whose tasks leave word of why they failed.

    Attributes:
        stage: The stage.
        errors: Folder of a file for each task that failed.
    """

    stage: Stage
    errors: Path

    def __call__(self, data: object, rank: int, world_size: int) -> None:
        """Do a task, as datatrove calls it."""
        path = self.errors / f"{rank:05d}.txt"
        path.unlink(missing_ok=True)
        try:
            self.stage(data, rank, world_size)
        except Exception as error:
            write_text(path, str(error) if isinstance(error, IsoglossError) else f"{type(error).__name__}: {error}")
            raise

    def __repr__(self) -> str:
        return repr(self.stage)
