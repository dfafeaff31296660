"""A stage of a build: tasks that may run at the same time, each a function of its number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from loguru import logger

# datatrove tells of every task on standard error; what a build has to say, it says itself.
logger.disable("datatrove")


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
    task: Callable[[int], None]

    def __call__(self, data: object, rank: int, world_size: int) -> None:
        """Do a task, as datatrove calls it."""
        self.task(rank)

    def __repr__(self) -> str:
        return self.name
