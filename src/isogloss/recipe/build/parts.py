"""From a resolved recipe to built objects: the only place where a name becomes an object."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from importlib.util import find_spec
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainerState

from isogloss.common.distributed import ALONE, Communicator
from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import derive
from isogloss.objectives.l2_sp import L2SP
from isogloss.objectives.supervised import Supervised
from isogloss.protocols import DataSource, Feature, Objective, Sampler, Unfreezing
from isogloss.recipe.build.data import spacing
from isogloss.recipe.build.optimizer import inner_steps, require_pretrained, walks_apart
from isogloss.recipe.names import NamedTask
from isogloss.recipe.spec import recipe as schema
from isogloss.recipe.spec.pretraining import Pretraining
from isogloss.run.folder import RunFolder
from isogloss.run.recording import Recorder
from isogloss.run.selection import Best, Last, RunningAverage, Selection
from isogloss.run.trackers import WANDB_MISSING, WANDB_NO_KEY, TensorBoard, Tracker, WeightsAndBiases, has_account
from isogloss.step import sampling
from isogloss.step.unfreezing import Always
from isogloss.streams.bucketed import BucketedStream, Examples
from isogloss.tasks.task import Task

MIXED = "all"
"""Name of the one source of mixed batches."""


def with_defaults(recipe: schema.Recipe, task: NamedTask, train_sizes: Sequence[int]) -> schema.Recipe:
    """The recipe with all filled in that depends on the data and their task.

    That is the spacing, the batch size, the steps and the intervals that follow.
    """
    batch_size = recipe.batch_size or task.batch_size
    per_step = batch_size * (len(train_sizes) if isinstance(recipe.sampling, schema.Joint) else 1)
    steps = recipe.steps or max(1, math.ceil((recipe.epochs or 0) * sum(train_sizes) / per_step))
    evaluation_steps = recipe.evaluation_steps or max(1, steps // 10)
    return recipe.model_copy(
        update={
            "batch_size": batch_size,
            "spacing": spacing(recipe, task),
            "steps": steps,
            "epochs": None,
            "evaluation_steps": evaluation_steps,
            "logging_steps": recipe.logging_steps or max(1, steps // 100),
            "save_steps": recipe.save_steps or evaluation_steps,
        }
    )


def walk_seed(recipe: schema.Recipe | Pretraining, seed: int, ranks: Communicator) -> int:
    """Seed of sampling, batches and dropout: the run's own, or a worker's where each walks apart."""
    return derive(seed, "worker", ranks.rank) if walks_apart(recipe) else seed


def build_sampler(recipe: schema.Recipe, sizes: Mapping[str, int], seed: int) -> Sampler:
    """The answer to: which data does this step see?"""
    names = tuple(sizes)
    match recipe.sampling:
        case schema.Mixed():
            return sampling.Joint((MIXED,))
        case schema.Joint():
            return sampling.Joint(names)
        case schema.Temperature(temperature=temperature):
            return sampling.Temperature(names, tuple(sizes.values()), temperature, seed)
        case schema.RoundRobin():
            return sampling.RoundRobin(names)
        case schema.Permuted(length=length):
            return sampling.Permuted(names, length, seed)
        case schema.Blocks(length=length):
            lookahead = recipe.optimizer.lookahead
            if length is None and lookahead is None:
                raise IsoglossError("sampling.length: needed for kind blocks where the optimizer has no lookahead")
            return sampling.Blocks(sampling.RoundRobin(names), length or inner_steps(recipe, len(names)))


def build_sources(
    recipe: schema.Recipe,
    features: Mapping[str, Sequence[Feature]],
    task: Task,
    tokenizer: PreTrainedTokenizerBase,
    seed: int,
    group: Communicator,
    objective: Objective | None = None,
) -> dict[str, DataSource]:
    """One source per language, or one over all of them for mixed batches; the objective is `Supervised` by default."""
    mixed = isinstance(recipe.sampling, schema.Mixed)
    groups = {MIXED: list(features.values())} if mixed else {language: [own] for language, own in features.items()}
    temperature = recipe.sampling.temperature if isinstance(recipe.sampling, schema.Mixed) else 1.0
    sources = {}
    for name, parts in groups.items():
        stream = BucketedStream(
            parts,
            Examples([len(part) for part in parts], temperature=temperature, seed=seed, name=name),
            batch_size=recipe.batch_size or 1,
            collate=partial(task.collate, tokenizer=tokenizer),
            rank=group.rank,
            world_size=group.world_size,
            accumulation=recipe.gradient_accumulation_steps,
        )
        sources[name] = DataSource(name, stream, objective or Supervised())
    return sources


def build_objective(recipe: schema.Recipe, model: nn.Module, fresh: frozenset[str]) -> Objective:
    """The answer to: what is the loss? ``fresh`` names the parameters that no checkpoint filled."""
    strength = recipe.objective.l2_sp
    if strength is None:
        return Supervised()
    require_pretrained(model, fresh, "objective.l2_sp")
    return L2SP(Supervised(), model, strength=strength, free=fresh)


def build_unfreezing(
    recipe: schema.Recipe | Pretraining, model: PreTrainedModel
) -> tuple[Unfreezing | None, dict[Hashable, list[nn.Parameter]]]:
    """The answer to: what may move? And the groups of parameters that it names."""
    if isinstance(recipe.unfreezing, schema.Everything):
        return None, {}
    embeddings = list(model.get_input_embeddings().parameters())
    known = set(map(id, embeddings))
    others = [parameter for parameter in model.parameters() if id(parameter) not in known]
    return Always(frozenset({"others"})), {"embeddings": embeddings, "others": others}


def build_selection(recipe: schema.Recipe) -> Selection:
    """Which weights the run ends with."""
    match recipe.selection:
        case "last":
            return Last()
        case "average":
            return RunningAverage(math.ceil(recipe.average_from * (recipe.steps or 0)))
        case _:
            return Best()


def build_recorder(recipe: schema.Recipe | Pretraining, batch_size: int | None = None) -> Recorder:
    """The history of a run with nothing left open."""
    return Recorder(
        TrainerState(
            max_steps=recipe.steps or 0,
            logging_steps=recipe.logging_steps or 1,
            eval_steps=recipe.evaluation_steps or 1,
            save_steps=recipe.save_steps or 1,
            train_batch_size=batch_size,
        )
    )


def require_tracker(recipe: schema.Recipe | Pretraining) -> None:
    """Stop, on every process and before anything is written, where a tracker's package is missing.

    Raises:
        IsoglossError: wandb is asked for and not installed, or knows no account to send to.
    """
    if recipe.report_to != "wandb":
        return
    if find_spec("wandb") is None:
        raise IsoglossError(WANDB_MISSING)
    if not has_account():
        raise IsoglossError(WANDB_NO_KEY)


def build_tracker(recipe: schema.Recipe | Pretraining, folder: RunFolder, step: int) -> Tracker | None:
    """Where the history goes besides; ``step`` is the one that the run goes on from."""
    match recipe.report_to:
        case "tensorboard":
            return TensorBoard(folder.events, step)
        case "wandb":
            return WeightsAndBiases(folder.path, recipe.model_dump(mode="json"))
        case _:
            return None


def build_autocast(
    recipe: schema.Recipe | Pretraining, device: torch.device
) -> Callable[[], AbstractContextManager[Any]]:
    """The context of a forward pass."""
    if recipe.precision == "bf16":
        return partial(torch.autocast, device.type, dtype=torch.bfloat16)
    return nullcontext


def group_of(recipe: schema.Recipe | Pretraining, ranks: Communicator) -> Communicator:
    """The processes that share every batch: all, or each alone."""
    return ALONE if walks_apart(recipe) else ranks
