"""datatrove's executor for one machine, without what survives a killed build.

datatrove's own `LocalPipelineExecutor` starts processes that live on when it is killed: its manager keeps the lock of
the folder, and its workers keep writing beside those of the next try. Here tasks run in this process, or in workers
that end with it.
"""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from datatrove.executor.base import DistributedEnvVars, PipelineExecutor

from isogloss.dumps.stages import Stage

_LOOKS_EVERY = 0.5
"""Seconds until a worker sees that its parent has died."""


class Here(PipelineExecutor):  # type: ignore[misc]  # untyped; to be subclassed is what it is for
    """Runs the tasks of a stage that have not ended.

    Args:
        stage: The stage.
        logs: Where datatrove notes which tasks have ended.
        workers: How many tasks at a time; 1: in this process.
    """

    def __init__(self, stage: Stage, logs: str, workers: int) -> None:
        super().__init__([stage], logs)
        self.tasks, self.workers = stage.tasks, workers

    @property
    def world_size(self) -> int:
        """The number of tasks."""
        return self.tasks

    def get_distributed_env(self, node_rank: int = -1) -> DistributedEnvVars:
        """What datatrove puts into the environment of a task."""
        names = ("cpus_per_task", "mem_per_cpu", "gpus_on_node")
        unknown = {f"datatrove_{name}": "-1" for name in names}
        return DistributedEnvVars(datatrove_node_ips="localhost", datatrove_executor="LOCAL", **unknown)

    def run(self) -> None:
        """Run them; the error of a task ends it, and no further task begins."""
        ranks = [rank for rank in range(self.tasks) if not self.is_rank_completed(rank)]
        workers = min(self.workers, len(ranks))
        if workers <= 1:
            for rank in ranks:
                self._run_for_rank(rank)
            return
        # Not forked: a fork would hold the lock of the folder, and the threads of torch do not survive one.
        with ProcessPoolExecutor(workers, get_context("spawn"), _end_with, (os.getpid(),)) as pool:
            for _ in pool.map(_run, [self] * len(ranks), ranks):
                pass


def _run(executor: Here, rank: int) -> None:
    executor._run_for_rank(rank)


def _end_with(parent: int) -> None:
    """End this process when its parent does, however that ends."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOKS_EVERY)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
