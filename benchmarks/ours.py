"""Our side: `isogloss.step.loop.train_until` over the objects that a recipe builds."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from benchmarks.timing import Measurement
from benchmarks.workload import SEED, Size, Workload
from isogloss.common.distributed import ALONE
from isogloss.protocols import Batch, Progress, Stream
from isogloss.recipe.build.optimizer import build_optimizer
from isogloss.recipe.build.sampling import build_sampler
from isogloss.recipe.spec.recipe import Recipe
from isogloss.start.assemble import Opened
from isogloss.step.loop import Training, train_until


class Counted:
    """A stream that counts what it gives, and what stands beside it.

    Args:
        stream: The stream.
    """

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.sentences = self.cells = self.subwords = 0

    def __call__(self, k: int) -> list[Batch]:
        """The stream's micro-batches."""
        batches = self.stream(k)
        for texts in [half for batch in batches for half in (batch, batch.beside) if half is not None]:
            self.sentences += len(texts)
            self.cells += texts.inputs["input_ids"].numel()
            self.subwords += int(texts.inputs["attention_mask"].sum())
        return batches

    def counts(self) -> tuple[int, int, int]:
        """Sentences, sub-words with padding, sub-words without."""
        return self.sentences, self.cells, self.subwords


def new_training(workload: Workload, recipe: Recipe) -> tuple[Training, Opened]:
    """A run of the recipe before its first step, and what it was made from."""
    opened = workload.opened(recipe, workload.new_model())
    optimizer, schedule = build_optimizer(recipe.optimizer, recipe, opened.site)
    training = Training(
        model=opened.site.model,
        sources=workload.sources(recipe, opened.site),
        sampler=build_sampler(recipe.sampling, opened.site),
        optimizer=optimizer,
        schedule=schedule,
        seed=SEED,
        table=opened.table,
        unfreezing=opened.unfreezing,
        parameter_groups=opened.groups,
        max_grad_norm=recipe.max_grad_norm,
        autocast=opened.site.autocast,
    )
    return training, opened


class Rounds:
    """An arm that goes on with a run.

    Args:
        training: The run.
        size: How many steps a round has.
        clock: What the time is read from, in seconds.
    """

    def __init__(self, training: Training, size: Size, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock, self.size = clock, size
        self.streams = {name: Counted(source.stream) for name, source in training.sources.items()}
        counted = {name: replace(training.sources[name], stream=stream) for name, stream in self.streams.items()}
        self.training = replace(training, sources=counted)

    def __call__(self, number: int) -> Measurement:
        """The round of that number: its batches depend on the number alone."""
        # Round 0 warms up with batches before those of round 1, so the first batch is never negative.
        first = (number + 1) * self.size.steps
        begin, end = first - self.size.warm_steps, first + self.size.timed_steps(number)
        sampler, training = self.training.sampler, self.training
        training.progress = Progress(begin, Counter(name for step in range(begin) for name in sampler(step)))
        ticks: list[tuple[float, tuple[int, ...]]] = []

        def after_step(rows: list[dict[str, Any]]) -> None:
            if training.progress.step == end:
                training.meter.read(ALONE)  # once per round, as a run does when it logs
            if training.progress.step in (first, end):
                ticks.append((self.clock(), self._counts()))

        train_until(training, end, after_step)
        (start, before), (stop, after) = ticks
        return Measurement(stop - start, end - first, *(new - old for new, old in zip(after, before, strict=True)))

    def _counts(self) -> tuple[int, ...]:
        return tuple(map(sum, zip(*(stream.counts() for stream in self.streams.values()), strict=True)))


class Ours(Rounds):
    """An arm that trains by a recipe's method.

    Args:
        workload: Data and model.
        method: Name of the method.
        precision: ``fp32`` or ``bf16``.
        clock: What the time is read from, in seconds.
        answers: Recipe keys that differ from the method's own.
    """

    def __init__(
        self,
        workload: Workload,
        method: str,
        precision: str,
        clock: Callable[[], float] = time.perf_counter,
        **answers: object,
    ) -> None:
        recipe = workload.recipe(method, precision, **answers)
        super().__init__(new_training(workload, recipe)[0], workload.size, clock)
