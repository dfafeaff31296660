"""Whether an exported model computes what the run's model does, on sentences of the run's own data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import torch
from tabulate import tabulate
from torch import nn

from isogloss.calls.finished import as_shown, build_evaluator
from isogloss.common.errors import IsoglossError
from isogloss.common.scripts import codes_of, dominant_scripts
from isogloss.data.corpus import Cell
from isogloss.data.problems import Problems
from isogloss.examples import Example
from isogloss.models.holding import evaluating
from isogloss.models.open import Loaded
from isogloss.objectives.supervised import outputs
from isogloss.protocols import Batch
from isogloss.recipe.build.data import build_collections
from isogloss.recipe.names import TASKS
from isogloss.recipe.spec.recipe import Recipe
from isogloss.run.evaluation import Evaluator, Mode, Shown
from isogloss.run.predicted import text_of
from isogloss.start.corpus import load_corpus
from isogloss.store.cache import cache_of_environment
from isogloss.tasks.task import Task

TOLERANCE = 1e-4
"""How far a logit may lie from that of the run's model: what other orders of adding in float32 leave room for."""

LOOKED_AT = 8
"""Examples of each language whose logits are compared; all languages, so all scripts, are among them."""


@dataclass(frozen=True)
class Sample:
    """Examples of the run's data, and what makes batches and scores of them.

    Attributes:
        evaluator: That of the run, in float32.
        cells: What a model is shown of each data set and language.
    """

    evaluator: Evaluator
    cells: Mapping[Cell, Shown]

    @property
    def scripts(self) -> tuple[str, ...]:
        """Codes of the scripts that at least one example is mostly written in."""
        found: dict[str, None] = {}
        for shown in self.cells.values():
            for example in shown.examples:
                text = text_of(example)
                letters = dominant_scripts(text if isinstance(text, str) else " ".join(text))
                found |= {name: None for name, _ in letters.most_common(1)}
        return tuple(sorted(codes_of(found)))

    def batches(self) -> list[tuple[Cell, Batch]]:
        """The first examples of each language, as a batch each."""
        task, tokenizer = self.evaluator.task, self.evaluator.tokenizer
        return [
            (cell, task.collate([shown.features[at] for at in range(min(LOOKED_AT, len(shown.features)))], tokenizer))
            for cell, shown in self.cells.items()
        ]

    def two(self) -> Batch:
        """A batch of two examples: what has the size 1 is no dimension of a graph that may have another size."""
        features = next(iter(self.cells.values())).features
        return self.evaluator.task.collate([features[0], features[len(features) - 1]], self.evaluator.tokenizer)


def sample_of(
    recipe: Recipe, task: Task, loaded: Loaded, mode: Mode, *, split: str, number: int, language: str | None
) -> Sample:
    """Examples of the data that a run was measured on.

    Args:
        recipe: Its recipe.
        task: Its task.
        loaded: Its model.
        mode: How the model is set up for a language.
        split: dev or test.
        number: Examples of each data set and language, evenly spaced.
        language: The only language; None: all that the run was measured on.

    Raises:
        IsoglossError: There are no such data.
    """
    _, collections = build_collections(recipe.data)
    corpus = load_corpus(
        collections,
        lambda _: task.labels,
        TASKS[task.name].complaint,
        train_languages=(),
        evaluate_languages=recipe.evaluate_languages if language is None else (language,),
        asked_by="evaluate_languages" if language is None else "language",
        splits=(split,),
        limit=number,
        cache=cache_of_environment(),
    )
    problems = Problems()  # they were told when the run began
    evaluator = replace(build_evaluator(recipe, task, loaded, mode), autocast=nullcontext)
    cells: dict[Cell, Sequence[Example]] = {cell: corpus.evaluation[cell] for cell in corpus.cells(split)}
    shown = {cell: as_shown(evaluator, own, None, problems) for cell, own in cells.items() if len(own)}
    if not shown:
        places = ", ".join(entry.path for entry in recipe.data)
        raise IsoglossError(
            f"split: no {split} data of {language or 'any language'} in {places} to check the export on"
        )
    return Sample(evaluator, shown)


@torch.no_grad()
def check_logits(own: nn.Module, other: nn.Module, sample: Sample) -> str:
    """Stop unless two models give the same logits for a sample, up to `TOLERANCE`; else say how near they are.

    Raises:
        IsoglossError: They do not; the message says in which language.
    """
    worst, number = 0.0, 0
    with evaluating(own), evaluating(other):
        for cell, batch in sample.batches():
            with sample.evaluator.mode.around(cell, own):
                expected = outputs(own, batch)
            found = outputs(other, batch)
            known = expected.isfinite()  # places without an answer have none
            apart = (expected - found)[known].abs().max().item() if found.isfinite().equal(known) else float("inf")
            if not apart <= TOLERANCE:
                raise IsoglossError(
                    f"the exported model computes something else: in {cell.language} a logit lies {apart:.2g} from "
                    f"that of the run's model, at most {TOLERANCE:g} is allowed; nothing was written. Please report it"
                )
            worst, number = max(worst, apart), number + len(batch)
    languages = sorted({cell.language for cell in sample.cells})
    return (
        f"largest difference of a logit from the run's model: {worst:.1e} (allowed: {TOLERANCE:g}), in {number} "
        f"examples of {', '.join(languages)}; scripts: {', '.join(sample.scripts)}"
    )


def loss_table(whole: nn.Module, cut: nn.Module, sample: Sample) -> str:
    """What 8 bits cost, language by language: the primary metric before and after, and how many answers are others.

    Returns:
        Markdown.
    """
    body: list[list[Any]] = []
    evaluator = sample.evaluator
    metric = evaluator.task.metrics[0]
    for cell, shown in sample.cells.items():
        with evaluator.mode.around(cell, whole):
            before = evaluator.predict(whole, shown).predictions
        after = evaluator.predict(cut, shown).predictions
        one, other = (100 * evaluator.score(shown.examples, said)[metric] for said in (before, after))
        changed = sum(left != right for left, right in zip(before, after, strict=True))
        body.append([cell.data, cell.language, len(shown.examples), one, other, one - other, changed])
    mean = [sum(row[at] for row in body) / len(body) for at in (3, 4, 5)]
    body.append(["mean", "", "", *mean, ""])
    headers = ["data", "language", "examples", f"{metric} %", "in 8 bits %", "loss", "answers changed"]
    return tabulate(body, headers, tablefmt="github", floatfmt=".1f")
