"""From a user's recipe to the plain run that is looked at, and what it is looked at with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from isogloss.calls.advising.texts import texts_of
from isogloss.examples import Example
from isogloss.protocols import Batch, DataSource
from isogloss.recipe.build.probes import fixed_sources
from isogloss.recipe.build.text import build_masking, framed
from isogloss.recipe.spec.objective import Supervised
from isogloss.recipe.spec.optimizer import AdamW
from isogloss.recipe.spec.recipe import Recipe
from isogloss.recipe.spec.sampling import Mixed
from isogloss.recipe.spec.unfreezing import AllButEmbeddings, Everything
from isogloss.run.folder import RunFolder
from isogloss.start.assemble import assemble
from isogloss.start.learned import Learned
from isogloss.start.prepare import budget_of, filled, plan_of
from isogloss.step.loop import Training
from isogloss.streams.masked import masked_batches

EXAMPLES = 512
"""Examples that are read per language and split, at most."""

WARM_UP = 10
MASKED_TEXTS = 16
MASKED_SHARE = 0.15
BATCH_SIZE = 16
"""Examples of a batch that gradients are looked at with, at most."""


def plain(recipe: Recipe, steps: int) -> Recipe:
    """The recipe as multi-task training, on the first examples of each file: data, model and what may move stay."""
    kept = isinstance(recipe.unfreezing, Everything | AllButEmbeddings)
    return recipe.model_copy(
        update={
            "method": "multitask",
            "seed": recipe.seeds[0],
            "sweep": None,
            "sampling": Mixed(),
            "objective": Supervised(),
            "penalties": (),
            "weighting": None,
            "optimizer": AdamW(),
            "unfreezing": recipe.unfreezing if kept else Everything(),
            "partition": None,
            "sources": (),
            "probes": (),
            "few_shot": None,
            "translate_train": False,
            "leave_one_out": False,
            "steps": steps,
            "epochs": None,
            "schedule": "constant",
            "warmup_steps": WARM_UP,
            "evaluation_steps": steps,
            "save_steps": steps,
            "logging_steps": steps,
            "selection": "last",
            "patience": None,
            "test": True,
            "limit": min(recipe.limit or EXAMPLES, EXAMPLES),
            "report_to": "none",
        }
    )


def training_of(recipe: Recipe, learned: Learned, folder: Path) -> Training:
    """The parts of the plain run, its model at its start."""
    budget = budget_of(recipe, learned.named, [len(own) for own in learned.features.values()])
    whole = filled(recipe, budget, learned.named, len(learned.features))
    return assemble(plan_of(whole, RunFolder(folder), learned, budget), [], resuming=False).training


def sources_of(learned: Learned, batch_size: int, wanted: int) -> tuple[dict[str, DataSource], int]:
    """Each training language with batches that have no example twice, and how many of these the smallest one has."""
    smallest = min(len(own) for own in learned.features.values())
    size = max(1, min(batch_size, BATCH_SIZE, smallest // wanted or 1))
    collate = partial(learned.task.collate, tokenizer=learned.loaded.tokenizer)
    sources, numbers = fixed_sources(learned.features, collate, size, wanted, at_once=size, even=False)
    return sources, min(numbers.values())


def masked_of(learned: Learned, texts: Mapping[str, Sequence[Example]], max_length: int) -> dict[str, list[Batch]]:
    """Some masked texts of each language; none where the tokenizer has no mask."""
    tokenizer = learned.loaded.tokenizer
    if tokenizer.mask_token_id is None:
        return {}
    masking = build_masking(tokenizer, MASKED_SHARE)
    found = {}
    for language, examples in texts.items():
        lines = [part for example in examples[:MASKED_TEXTS] for part in texts_of(example)]
        found[language] = masked_batches(framed(lines, tokenizer, max_length), language, masking, MASKED_TEXTS)
    return found
