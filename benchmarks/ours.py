"""Our side: `isogloss.step.loop.train_until` over the objects that a recipe builds."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from benchmarks.timing import Measurement
from benchmarks.workload import SEED, Workload
from isogloss.common.distributed import ALONE
from isogloss.protocols import Batch, DataSource, Progress, Stream
from isogloss.recipe.build.optimizer import build_optimizer
from isogloss.recipe.build.sampling import build_sampler
from isogloss.step.loop import Training, train_until


class Counted:
    """A stream that counts what it gives.

    Args:
        stream: The stream.
    """

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.sentences = self.cells = self.subwords = 0

    def __call__(self, k: int) -> list[Batch]:
        """The stream's micro-batches."""
        batches = self.stream(k)
        for batch in batches:
            self.sentences += len(batch)
            self.cells += batch.inputs["input_ids"].numel()
            self.subwords += int(batch.inputs["attention_mask"].sum())
        return batches

    def counts(self) -> tuple[int, int, int]:
        """Sentences, sub-words with padding, sub-words without."""
        return self.sentences, self.cells, self.subwords


class Ours:
    """An arm that trains by a recipe's method.

    Args:
        workload: Data and model.
        method: Name of the method.
        precision: ``fp32`` or ``bf16``.
        answers: Recipe keys that differ from the method's own.
    """

    def __init__(self, workload: Workload, method: str, precision: str, **answers: object) -> None:
        recipe = workload.recipe(method, precision, **answers)
        self.size, model = workload.size, workload.new_model()
        site = workload.site(recipe, model)
        sources = workload.sources(recipe, site)
        self.streams = {name: Counted(source.stream) for name, source in sources.items()}
        optimizer, schedule = build_optimizer(recipe.optimizer, recipe, site)
        self.training = Training(
            model=model,
            sources={name: DataSource(name, self.streams[name], source.objective) for name, source in sources.items()},
            sampler=build_sampler(recipe.sampling, site),
            optimizer=optimizer,
            schedule=schedule,
            seed=SEED,
            max_grad_norm=recipe.max_grad_norm,
            autocast=site.autocast,
        )

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
                ticks.append((time.perf_counter(), self._counts()))

        train_until(training, end, after_step)
        (start, before), (stop, after) = ticks
        return Measurement(stop - start, end - first, *(new - old for new, old in zip(after, before, strict=True)))

    def _counts(self) -> tuple[int, ...]:
        return tuple(map(sum, zip(*(stream.counts() for stream in self.streams.values()), strict=True)))
