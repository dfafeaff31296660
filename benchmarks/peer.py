"""The peer: `transformers.Trainer` with the same model, data, precision and collation."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_pt_utils import get_length_grouped_indices

from benchmarks.timing import Measurement
from benchmarks.workload import SEED, Workload
from isogloss.common.randomness import generator
from isogloss.protocols import Feature
from isogloss.recipe.build.optimizer import build_optimizer
from isogloss.recipe.build.sampling import MIXED
from isogloss.streams.bucketed import BucketedStream
from isogloss.tasks.task import IGNORED

Order = Callable[[Sequence[Feature], int], list[Feature]]
"""The sentences of a round, given in the order of our batches, as this arm sees them; and the number of the round."""


def as_ours(features: Sequence[Feature], number: int) -> list[Feature]:
    """The very batches of our stream, in its order."""
    return list(features)


def at_random(features: Sequence[Feature], number: int) -> list[Feature]:
    """The same sentences in random order: the Trainer's default."""
    return [features[index] for index in generator(SEED, "peer", number).permutation(len(features))]


class ByLength:
    """The same sentences as the Trainer's ``group_by_length`` orders them: similar lengths in a batch.

    Args:
        batch_size: Sentences per batch.
    """

    def __init__(self, batch_size: int) -> None:
        self.batch_size = batch_size

    def __call__(self, features: Sequence[Feature], number: int) -> list[Feature]:
        """The order."""
        random = torch.Generator().manual_seed(number)
        lengths = [len(feature) for feature in features]
        # A round is one of the Trainer's mega-batches, which hold 50 batches each by default.
        order = get_length_grouped_indices(lengths, self.batch_size, len(features) // self.batch_size, random)  # type: ignore[no-untyped-call]
        return [features[index] for index in order]


class Peer:
    """An arm that trains with `transformers.Trainer`; every round trains on with the same weights.

    Args:
        workload: Data and model.
        precision: ``fp32`` or ``bf16``.
        order: How it sees the sentences of a round; they are those of our mixed batches.
        width: Sub-words that every sentence is padded to beforehand; None: to the longest of its batch, when collated.
        own_optimizer: Whether it makes the optimizer that it makes by default, instead of being given ours.
    """

    def __init__(
        self,
        workload: Workload,
        precision: str,
        order: Order,
        *,
        width: int | None = None,
        own_optimizer: bool = False,
    ) -> None:
        recipe = workload.recipe("multitask", precision)
        self.workload, self.size, self.order, self.width = workload, workload.size, order, width
        self.features = workload.everything()
        self.model = workload.new_model()
        site = workload.site(recipe, self.model)
        stream = workload.sources(recipe, site)[MIXED].stream
        assert isinstance(stream, BucketedStream)
        self.stream = stream
        ours = build_optimizer(recipe.optimizer, recipe, site)[0]
        self.optimizer = None if own_optimizer else ours
        self.arguments: dict[str, Any] = {
            "per_device_train_batch_size": self.size.batch_size,
            "learning_rate": recipe.learning_rate,
            "weight_decay": recipe.weight_decay,
            "max_grad_norm": recipe.max_grad_norm,
            "lr_scheduler_type": "constant",
            "bf16": precision == "bf16",
            "use_cpu": True,
            "train_sampling_strategy": "sequential",
            "dataloader_pin_memory": False,
            "remove_unused_columns": False,
            "logging_strategy": "no",
            "eval_strategy": "no",
            "save_strategy": "no",
            "report_to": "none",
            "disable_tqdm": True,
            "seed": SEED,
        }

    def __call__(self, number: int) -> Measurement:
        """The round of that number."""
        batch_size, warm_steps, steps = self.size.batch_size, self.size.warm_steps, self.size.timed_steps(number)
        warm, timed = self._sentences(number)
        clock = _Clock(warm_steps, warm_steps + steps)
        with tempfile.TemporaryDirectory() as folder:
            trainer = Trainer(
                model=self.model,
                args=TrainingArguments(output_dir=folder, max_steps=warm_steps + steps, **self.arguments),
                # One batch more than it is timed for: it always fetches one ahead.
                train_dataset=[*warm, *timed, *warm],
                data_collator=self._collate,
                optimizers=(self.optimizer, None),  # type: ignore[arg-type]
                callbacks=[clock],
            )
            trainer.remove_callback(PrinterCallback)
            trainer.train()
            # The model stays wrapped for bf16: accelerate marks it and, unwrapped, would train it in fp32 from then on.
        batches = [timed[start : start + batch_size] for start in range(0, len(timed), batch_size)]
        cells = sum(batch_size * max(map(len, batch)) for batch in batches)
        subwords = sum(sum(feature.inputs["attention_mask"]) for feature in timed)
        return Measurement(clock.seconds(), steps, len(timed), cells, subwords)

    def _sentences(self, number: int) -> tuple[list[Feature], list[Feature]]:
        """The sentences of our batches of that round: of the steps before the clock starts, and of the timed ones."""
        first = (number + 1) * self.size.steps
        before = [self.stream.indices(k) for k in range(first - self.size.warm_steps, first)]
        within = [self.stream.indices(k) for k in range(first, first + self.size.timed_steps(number))]
        warm = [self.features[index] for index in np.concatenate(before)]
        timed = self.order([self.features[index] for index in np.concatenate(within)], number)
        return self._padded(warm), self._padded(timed)

    def _padded(self, features: Sequence[Feature]) -> list[Feature]:
        padding = int(self.workload.tokenizer.pad_token_id)
        return [_padded(feature, self.width, padding) for feature in features]

    def _collate(self, features: Sequence[Feature]) -> dict[str, Tensor]:
        batch = self.workload.task.collate(features, self.workload.tokenizer)
        assert batch.labels is not None
        return {**batch.inputs, "labels": batch.labels}


class _Clock(TrainerCallback):
    """Notes the time after two steps of the Trainer.

    Args:
        first: The step at whose end the clock starts.
        last: The step at whose end it stops.
    """

    def __init__(self, first: int, last: int) -> None:
        self.first, self.last = first, last
        self.ticks: dict[int, float] = {}

    def on_step_end(self, args: TrainingArguments, state: Any, control: Any, **others: object) -> None:  # noqa: ANN401 - transformers' own
        """Note the time."""
        if state.global_step in (self.first, self.last):
            self.ticks[state.global_step] = time.perf_counter()

    def seconds(self) -> float:
        """Time between the two."""
        return self.ticks[self.last] - self.ticks[self.first]


def _padded(feature: Feature, width: int | None, padding: int) -> Feature:
    """The feature padded to ``width`` sub-words, as a data set that was tokenised with a fixed length holds it."""
    if width is None:
        return feature
    missing = width - len(feature)
    values = {"input_ids": padding}
    inputs = {name: [*row, *[values.get(name, 0)] * missing] for name, row in feature.inputs.items()}
    assert not isinstance(feature.labels, int | None)
    return replace(feature, inputs=inputs, labels=[*feature.labels, *[IGNORED] * missing])
