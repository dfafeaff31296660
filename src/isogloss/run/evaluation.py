"""Scores on a grid of data sets, languages and splits, as rows of one long table.

Evaluation remembers nothing and chooses nothing: it returns rows and predictions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from isogloss.common.distributed import Communicator
from isogloss.data.corpus import Cell
from isogloss.data.problems import Problems
from isogloss.examples import Example, Prediction
from isogloss.models.holding import evaluating
from isogloss.objectives.side_by_side import predicted
from isogloss.protocols import Feature
from isogloss.run.folder import RunFolder
from isogloss.run.memory import enough_memory
from isogloss.run.predicted import Predicted, prediction_rows
from isogloss.store.features import lengths
from isogloss.tasks.encoding import Encoding
from isogloss.tasks.task import Task

COLUMNS = (
    "run", "method", "task", "data", "train_languages", "language", "context_language", "split", "view", "translated",
    "spacing", "metric", "value", "floor", "n", "seed", "step", "selection", "few_shot", "partition", "interpolation",
    "test_touches", "at_test", "adapters",
)  # fmt: skip
"""The flat schema of results.jsonl; null where a column does not apply."""

LONGER = 1.25
"""How many times as long as the shortest the longest feature of a batch may be: at most a fifth is padding then."""


Around = Callable[[Cell, nn.Module], AbstractContextManager[Any]]
"""A context in which a model is set up for a cell."""


def as_it_is(cell: Cell, model: nn.Module) -> AbstractContextManager[None]:
    """The model needs no setting up, whatever the cell."""
    return nullcontext()


def without_adapters(cell: Cell) -> str | None:
    """The model has no language adapters."""
    return None


@dataclass(frozen=True)
class Mode:
    """How a model is set up for the cells that it is scored on.

    Attributes:
        at_test: What rows call it: ``swap``, languages go through their own adapters; ``keep``, through that of the
            source language; None: the model has no adapters of languages.
        around: Makes a context for a cell in which the model is set up for it, and which puts it back.
        adapters: Says of a cell through which adapter its texts go, ``swap`` or ``keep``: under ``swap`` a language
            without an adapter is kept at the source's. None: there are none.
    """

    at_test: str | None = None
    around: Around = as_it_is
    adapters: Callable[[Cell], str | None] = without_adapters


PLAIN = Mode()
"""The mode of a model that needs no setting up."""


class Shown(NamedTuple):
    """What a model is shown of a cell.

    Attributes:
        examples: The examples, with their gold labels, which it is not shown.
        features: The features that `Evaluator.encode` has made of them.
        beside: What stands beside each feature, where texts go through the model in pairs; None: they go alone.
    """

    examples: Sequence[Example]
    features: Sequence[Feature]
    beside: Sequence[Feature] | None = None


@dataclass(frozen=True)
class Evaluator:
    """Predicts with a model and scores what it predicts.

    Attributes:
        task: The task.
        tokenizer: The model's fast tokenizer.
        max_length: Sub-words per piece.
        batch_size: Pieces per forward pass.
        autocast: Makes the context of a forward pass.
        group: Processes that share the work; all of them get all predictions.
        mode: How the model is set up for a cell.
    """

    task: Task
    tokenizer: Any
    max_length: int
    batch_size: int
    autocast: Callable[[], AbstractContextManager[Any]]
    group: Communicator
    mode: Mode = PLAIN

    def encode(self, examples: Sequence[Example], problems: Problems) -> Sequence[Feature]:
        """The features that `predict` takes; gold labels are not looked at. Overlong examples go to ``problems``."""
        return Encoding(self.task, self.tokenizer, self.max_length).encode(examples, problems, labelled=False)

    @torch.no_grad()
    def predict(self, model: nn.Module, shown: Shown, *, probabilities: bool = True) -> Predicted:
        """What is predicted for each example, in order, from their features. The model's mode is left as it was.

        Args:
            model: The model.
            shown: The examples.
            probabilities: Whether to say too how probable it is, which costs time where there are many labels.
        """
        examples, features, beside = shown
        batches = alike(lengths(features), self.batch_size)
        device = next(model.parameters()).device
        decoded: list[tuple[int, Any, Any]] = []
        with evaluating(model), enough_memory("evaluation", self._advice):
            for indices in batches[self.group.rank :: self.group.world_size]:
                chosen = [features[index] for index in indices]
                batch = self.task.collate(chosen, self.tokenizer)
                if beside is not None:
                    batch = replace(batch, beside=self.task.collate([beside[i] for i in indices], self.tokenizer))
                with self.autocast():
                    logits = predicted(model, batch.to(device)).cpu()
                weighed = self.task.distributions(logits, chosen) if probabilities else [None] * len(chosen)
                decoded.extend(zip(indices, self.task.decode(logits, chosen), weighed, strict=True))
        in_order = sorted(self.group.gather(decoded), key=lambda found: found[0])
        predictions = self.task.assemble(examples, features, [found for _, found, _ in in_order])
        probable = [found for *_, found in in_order]
        return Predicted(predictions, self.task.shares(examples, features, probable) if probabilities else [])

    def _advice(self) -> str:
        return (
            f"{self.batch_size} pieces of text of up to {self.max_length} sub-words go through the model at a time; a "
            "smaller evaluation_batch_size gives the same scores up to rounding, also with --resume"
        )

    def score(self, examples: Sequence[Example], predictions: Sequence[Prediction]) -> dict[str, float]:
        """The task's metrics, fractions in [0, 1]."""
        golds = [target for example in examples if (target := self.task.gold(example)) is not None]
        return self.task.score(golds, predictions, examples[0].language if examples else "und")

    def floor(self, examples: Sequence[Example]) -> dict[str, float]:
        """The task's metrics if the most frequent gold label were always answered; none where answers are no labels."""
        labelled = [example for example in examples if example.labels]
        counts = Counter(label for example in labelled for label in example.labels or ())
        if not counts:
            return {}
        constant = counts.most_common(1)[0][0]
        whole = [self.task.gold(example) for example in labelled]
        answers = [constant if isinstance(gold, str) else (constant,) * len(gold or ()) for gold in whole]
        return self.score(labelled, answers)


def alike(sizes: Sequence[int] | np.ndarray, most: int) -> list[list[int]]:
    """Batches of features of about the same length, the shortest first, so that little of them is padding.

    Args:
        sizes: Length of each of the features.
        most: Features in a batch, at most; fewer where the next one is longer than `LONGER` times the batch's shortest.

    Returns:
        The places of the features of each batch.

    Example:
        >>> alike([8, 40, 9, 41, 9], most=2)
        [[0, 2], [4], [1, 3]]
    """
    batches: list[list[int]] = []
    for place in np.argsort(sizes, kind="stable").tolist():
        if not batches or len(batches[-1]) == most or sizes[place] > LONGER * sizes[batches[-1][0]]:
            batches.append([])
        batches[-1].append(place)
    return batches


def score_cells(
    evaluator: Evaluator,
    model: nn.Module,
    cells: Mapping[Cell, Shown],
    folder: RunFolder,
    columns: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """Evaluate on cells of the grid and keep rows and per-example predictions in the run folder.

    Args:
        evaluator: Predicts and scores.
        model: The model.
        cells: The cells to evaluate on, with what the model is shown of them.
        folder: The run's folder; each scoring of a test split is counted there.
        columns: Values of the other columns of the rows, ``step`` and ``selection`` among them. On the way
            (``selection`` null) nobody asks for probabilities and floors, and there are none.

    Returns:
        The rows, on every process.
    """
    rows: list[dict[str, Any]] = []
    is_final = columns["selection"] is not None
    columns = {**columns, "task": evaluator.task.name, "at_test": evaluator.mode.at_test}
    for cell, shown in cells.items():
        examples = shown.examples
        with evaluator.mode.around(cell, model):
            found = evaluator.predict(model, shown, probabilities=is_final)
        shared = {**columns, "adapters": evaluator.mode.adapters(cell)}
        if evaluator.group.rank == 0:
            if cell.split == "test":
                shared["test_touches"] = folder.touch_test(cell)
            folder.write_predictions(cell, columns, prediction_rows(evaluator.task, examples, found))
        floors = evaluator.floor(examples) if is_final else {}
        scores = evaluator.score(examples, found.predictions)
        rows += result_rows(scores, cell, len(examples), floors=floors, **shared)
    if evaluator.group.rank == 0:
        folder.add_results(rows)
    evaluator.group.wait()
    return rows


def result_rows(
    scores: Mapping[str, float],
    cell: Cell,
    n: int,
    *,
    floors: Mapping[str, float] | None = None,
    **columns: Any,  # noqa: ANN401
) -> list[dict[str, Any]]:
    """One row per metric, with every column of the schema.

    Args:
        scores: Value per metric.
        cell: What was evaluated.
        n: Number of examples.
        floors: What a constant answer would score, per metric.
        columns: Values of other columns; the rest is null.
    """
    shared = {
        "data": cell.data,
        "language": cell.question_language or cell.language,
        "context_language": cell.language if cell.question_language else None,
        "split": cell.split,
        "n": n,
        "view": "original",
        **columns,
    }
    unknown = set(shared) - set(COLUMNS)
    assert not unknown, unknown
    rows = [
        {**shared, "metric": metric, "value": value, "floor": (floors or {}).get(metric)}
        for metric, value in scores.items()
    ]
    return [{name: row.get(name) for name in COLUMNS} for row in rows]
