"""From the probes of a recipe to objects: those who look at a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import torch

from isogloss.common.distributed import Communicator, device
from isogloss.common.errors import IsoglossError
from isogloss.data.problems import Problems
from isogloss.data.texts import Texts, read_texts
from isogloss.diagnostics.forgetting import load_start
from isogloss.diagnostics.probes import ConflictsProbe, Every, FlatnessProbe, ObservedConflicts
from isogloss.diagnostics.probes_of_text import ForgettingProbe, RepresentationsProbe
from isogloss.gradients import Observed
from isogloss.models.encoder import Loaded
from isogloss.models.parts import whole_and_parts
from isogloss.objectives.supervised import Supervised
from isogloss.protocols import Batch, DataSource, Feature, Probe
from isogloss.recipe.build.parts import build_autocast
from isogloss.recipe.build.text import build_masking, build_text_set, framed
from isogloss.recipe.spec import probes as probes_schema
from isogloss.recipe.spec.recipe import Recipe
from isogloss.streams.bucketed import WINDOW, BucketedStream, Examples
from isogloss.streams.masked import masked_batches
from isogloss.tasks.task import Task

Collate = Callable[[Sequence[Feature]], Batch]


def build_probes(
    recipe: Recipe,
    features: Mapping[str, Sequence[Feature]],
    task: Task,
    batch_size: int,
    loaded: Loaded,
    observed: Observed | None,
    ranks: Communicator,
    problems: Problems,
) -> tuple[dict[str, Probe], dict[str, str]]:
    """The answer to: what happened?

    Args:
        recipe: The recipe, with nothing left open.
        features: Training features by language.
        task: The task.
        batch_size: Examples of a batch that is looked at, where the probe does not say.
        loaded: The model that the run starts with.
        observed: The weighting, if the run has one: its gradients can be looked at for nothing.
        ranks: The processes of the run.
        problems: Takes what is wrong with files of text.

    Returns:
        The probes by name, and the SHA-256 of the files that they read.

    Raises:
        IsoglossError: Text that cannot be read or is not parallel where it must be, or a model without what a probe
            needs.
    """
    autocast = build_autocast(recipe, device())
    # A run must not meet its end in a probe whose passes are larger than its own.
    at_once = math.ceil((recipe.batch_size or 1) / (recipe.gradient_accumulation_steps * ranks.world_size))
    fixed = partial(fixed_sources, features, partial(task.collate, tokenizer=loaded.tokenizer), at_once=at_once)
    probes: dict[str, Probe] = {}
    files: dict[str, str] = {}
    read = read_probe_texts(recipe, problems)
    for number, asked in enumerate(recipe.probes):
        every = Every(asked.every or recipe.save_steps or 1, recipe.steps or 1)
        match asked:
            case probes_schema.Conflicts():
                sources, numbers = fixed(asked.batch_size or batch_size, asked.batches, even=True)
                groups: Any = partial(whole_and_parts, per_layer=asked.per_layer)
                checkpoints = Every(recipe.save_steps or 1, recipe.steps or 1)
                if observed is not None:
                    probes["observed_conflicts"], every = ObservedConflicts(observed.last, every), checkpoints
                probes[asked.kind] = ConflictsProbe(groups, sources, numbers, every, checkpoints, autocast, ranks)
            case probes_schema.Flatness():
                sources, numbers = fixed(asked.batch_size or batch_size, asked.batches, even=False)
                probes[asked.kind] = FlatnessProbe(sources, numbers, asked.radii, asked.draws, every, autocast, ranks)
            case probes_schema.Forgetting():
                texts = read[number]
                files |= texts.files
                probes[asked.kind] = _forgetting(recipe, asked, texts, loaded, every, autocast, ranks)
            case probes_schema.Representations():
                texts = read[number]
                files |= texts.files
                parallel = parallel_texts(texts, f"probes.{number}.text")
                probes[asked.kind] = RepresentationsProbe(
                    loaded.tokenizer, parallel, recipe.max_length, recipe.evaluation_batch_size, every, ranks
                )
    return probes, files


def fixed_sources(
    features: Mapping[str, Sequence[Feature]],
    collate: Collate,
    batch_size: int,
    wanted: int,
    *,
    at_once: int,
    even: bool,
) -> tuple[dict[str, DataSource], dict[str, int]]:
    """One source per language whose first batches are the same for all runs on the same data, and how many to take.

    No example comes twice in them. A language with less than two batches of examples has smaller ones.

    Args:
        features: Training features by language.
        collate: Makes a padded batch from features.
        batch_size: Examples of a batch.
        wanted: Batches to take, if there are so many.
        at_once: Examples that may go through the model at once.
        even: Whether the number must be even (or 1), so that there are halves.
    """
    sources, numbers = {}, {}
    for language, own in features.items():
        size = max(1, min(batch_size, len(own) // 2))
        stream = BucketedStream(
            [own],
            Examples([len(own)], seed=0, name=language),
            batch_size=size,
            collate=collate,
            accumulation=math.ceil(size / at_once),
        )
        sources[language] = DataSource(language, stream, Supervised())
        whole = len(own) // size
        # Batches of a window are shuffled, so only windows within the first epoch are free of repetition.
        found = min(wanted, whole // min(whole, WINDOW) * min(whole, WINDOW))
        numbers[language] = found - found % 2 if even and found > 1 else found
    return sources, numbers


def read_probe_texts(recipe: Recipe, problems: Problems) -> dict[int, Texts]:
    """The text that probes look at, by the probe's place in the recipe.

    Args:
        recipe: The recipe.
        problems: Takes what is wrong with files of text.

    Raises:
        IsoglossError: Text that cannot be read or is not parallel where it must be.
    """
    found = {}
    for number, asked in enumerate(recipe.probes):
        if isinstance(asked, probes_schema.Forgetting | probes_schema.Representations):
            where = f"probes.{number}.text"
            sets = [build_text_set(entry, f"{where}.{place}") for place, entry in enumerate(asked.text)]
            found[number] = read_texts(
                sets, languages=None, excluded=frozenset(), held_out=0, limit=asked.limit, problems=problems
            )
            if isinstance(asked, probes_schema.Representations):
                parallel_texts(found[number], where)
    return found


def parallel_texts(texts: Texts, where: str) -> dict[str, list[str]]:
    """The sentences that all languages have, in the same order.

    Raises:
        IsoglossError: There are fewer than two languages, or than two such sentences.
    """
    languages = list(texts.sentences)
    common = [unit for unit in texts.units if len(unit) == len(languages)]
    if len(languages) < 2 or len(common) < 2:
        raise IsoglossError(
            f"{where}: needs parallel text (with `parallel`) of at least two languages and two sentences that all of "
            f"them have; found {len(common)} such sentences in {', '.join(languages)}"
        )
    return {language: [texts.sentences[language][unit[language]] for unit in common] for language in languages}


def _forgetting(
    recipe: Recipe,
    asked: probes_schema.Forgetting,
    texts: Texts,
    loaded: Loaded,
    every: Every,
    autocast: Callable[[], AbstractContextManager[Any]],
    ranks: Communicator,
) -> ForgettingProbe:
    if not isinstance(recipe.model, str) or recipe.random_weights:
        raise IsoglossError("probes: forgetting needs a pre-trained model, but this one starts from random weights")
    start = load_start(recipe.model, trust_remote_code=recipe.trust_remote_code)
    masking = build_masking(loaded.tokenizer, asked.masking)
    batches = {
        language: masked_batches(
            framed(sentences, loaded.tokenizer, recipe.max_length), language, masking, recipe.evaluation_batch_size
        )
        for language, sentences in texts.sentences.items()
    }
    torch.nn.Module.to(start, device())
    return ForgettingProbe(start, batches, every, autocast, ranks)
