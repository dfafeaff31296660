"""From the parts of a run, whatever they learn from, to an experiment in its folder: written, or gone on with."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from isogloss.common.distributed import ALONE, Communicator, device, processes
from isogloss.common.randomness import derive
from isogloss.diagnostics.opened import OpenedProbe
from isogloss.gradients.rows import GradientRows
from isogloss.gradients.table import SparseTable, sparse_table
from isogloss.models.open import Loaded
from isogloss.protocols import Batch, DataSource, Probe, Progress, Sampler, Unfreezing, Weighting
from isogloss.recipe.build.optimizer import build_optimizer, build_walk
from isogloss.recipe.build.run import build_autocast, build_recorder
from isogloss.recipe.build.site import Site
from isogloss.recipe.build.unfreezing import Moments, build_unfreezing, freeze, rates
from isogloss.recipe.spec.pretraining import Pretraining
from isogloss.recipe.spec.recipe import Recipe
from isogloss.run.budget import Budget
from isogloss.run.experiment import Experiment
from isogloss.run.folder import RunFolder
from isogloss.run.ledger import Ledger, Timed, counted
from isogloss.run.memory import Demand
from isogloss.run.scoring import ResultRows, Scoring
from isogloss.run.selection import Selection
from isogloss.start.announce import adapter_notes, layer_rate_notes, precision_notes, schedule_notes, trainable
from isogloss.start.learnable import rate_notes
from isogloss.start.opening import open_folder
from isogloss.step.fun import Fun
from isogloss.step.loop import Training
from isogloss.step.unfreezing import Staged

Batches = Callable[[int | None], Callable[[int], Sequence[Batch]]]
"""From a batch size (None: the run's) to training batches by their number, each as its micro-batches."""


@dataclass(frozen=True)
class Opened:
    """A model that has taken its place in a run.

    Attributes:
        loaded: The model.
        site: The run.
        unfreezing: What may move; None: everything.
        groups: The groups of parameters that it names.
        table: The table of sub-words, where its gradient can be kept by rows.
        ledger: Where what the run costs is noted.
    """

    loaded: Loaded
    site: Site
    unfreezing: Unfreezing | None
    groups: Mapping[Hashable, Sequence[nn.Parameter]]
    table: SparseTable | None
    ledger: Ledger


@dataclass(frozen=True)
class Plan:
    """Everything in which runs differ that learn from labels or from text.

    Attributes:
        recipe: The recipe with nothing left open.
        folder: Where the run is kept.
        opened: The model in its place.
        sources: Data sources by name.
        sampler: Which of them a step sees.
        scoring: Measures the model.
        selection: Chooses the weights that the run ends with.
        progress: The counter of the run, which ``scoring`` may read.
        epoch: Says how many times the data have been seen so far.
        fingerprint: What a resume must find unchanged.
        weighting: How the gradients of a step's sources meet; None: they are added up.
        rows: Where those gradients are kept until they meet.
        max_grad_element: What each element of the gradient is clipped to, in the place of its norm; None: its norm is.
        probes: Those who look, by name.
        card: Makes the card of the final model from its scores; None: it has none.
        files: Write what lies in the folder before the fingerprint does, each a file.
    """

    recipe: Recipe | Pretraining
    folder: RunFolder
    opened: Opened
    sources: Mapping[str, DataSource]
    sampler: Sampler
    scoring: Scoring
    selection: Selection
    progress: Progress
    epoch: Callable[[], float]
    fingerprint: Mapping[str, Any]
    weighting: Weighting | None = None
    rows: GradientRows | None = None
    max_grad_element: float | None = None
    probes: Mapping[str, Probe] = field(default_factory=dict)
    card: Callable[[ResultRows], str] | None = None
    files: Sequence[Callable[[], None]] = ()


def open_site(
    recipe: Recipe | Pretraining,
    loaded: Loaded,
    budget: Budget,
    sizes: Mapping[str, int],
    pass_length: int | None = None,
    batches: Batches | None = None,
) -> Opened:
    """Put a model into its place: what never moves is closed.

    Args:
        recipe: The recipe with nothing left open.
        loaded: The model.
        budget: The numbers of the run.
        sizes: Training pieces by source.
        pass_length: Steps in a pass of the sampler, if it goes by passes shorter than all sources.
        batches: Training batches for schedules that look at the model.
    """
    ranks = processes()
    walk = build_walk(recipe.optimizer, len(sizes), pass_length)
    apart = walk is not None and walk.apart
    seed = recipe.seeds[0]
    group: Communicator = ALONE if apart else ranks
    autocast, ledger = build_autocast(recipe, device()), Ledger(ranks)
    epoch = max(1, math.ceil(sum(sizes.values()) / budget.batch_size))
    moments = None if batches is None else Moments(budget.steps, epoch, seed, batches, autocast, ranks, ledger.aside)
    unfreezing, groups = build_unfreezing(recipe.unfreezing, loaded.model, moments, loaded.fresh)
    site = Site(
        model=loaded.model,
        fresh=loaded.fresh,
        moving=freeze(loaded.model, unfreezing, groups),
        sizes=sizes,
        seed=derive(seed, "worker", ranks.rank) if apart else seed,
        ranks=ranks,
        group=group,
        autocast=autocast,
        budget=budget,
        walk=walk,
        rates=rates(recipe.unfreezing, loaded.model, recipe.layer_decay if isinstance(recipe, Recipe) else 1.0),
    )
    return Opened(loaded, site, unfreezing, groups, sparse_table(loaded.model), ledger)


def _events(unfreezing: Unfreezing | None) -> list[Probe]:
    """Notes what a schedule opens."""
    return [OpenedProbe(unfreezing)] if isinstance(unfreezing, Staged | Fun) else []


def _demand(recipe: Recipe | Pretraining, site: Site) -> Demand:
    """What a step holds in memory at once; in pre-training, in the stage with the longest rows."""
    apart = site.walk is not None and site.walk.apart
    length, batch_size = (
        (recipe.max_length, site.budget.batch_size)
        if isinstance(recipe, Recipe)
        else max((stage.length, stage.batch_size) for stage in recipe.stages)
    )
    return Demand(batch_size, 1 if apart else site.ranks.world_size, site.budget.accumulation, length)


def assemble(plan: Plan, notes: Sequence[str], *, resuming: bool) -> Experiment:
    """The experiment of a plan, its folder opened; what the user should know is printed.

    Args:
        plan: The parts.
        notes: What the user should know before the first step.
        resuming: Whether the folder holds the run already.
    """
    opened, site, recipe = plan.opened, plan.opened.site, plan.recipe
    optimizer, schedule = build_optimizer(recipe.optimizer, recipe, site)
    ledger = opened.ledger
    training = Training(
        model=site.model,
        sources=counted(plan.sources, ledger),
        sampler=plan.sampler,
        optimizer=optimizer,
        schedule=schedule,
        seed=site.seed,
        group=site.group,
        weighting=plan.weighting,
        table=opened.table,
        rows=plan.rows,
        max_grad_norm=recipe.max_grad_norm if plan.max_grad_element is None else None,
        max_grad_element=plan.max_grad_element,
        unfreezing=opened.unfreezing,
        parameter_groups=opened.groups,
        autocast=site.autocast,
        probes=[*_events(opened.unfreezing), *(Timed(probe, name, ledger) for name, probe in plan.probes.items())],
        progress=plan.progress,
    )
    experiment = Experiment(
        budget=site.budget,
        folder=plan.folder,
        loaded=opened.loaded,
        training=training,
        selection=plan.selection,
        selected_by=recipe.selection,
        scoring=plan.scoring,
        recorder=build_recorder(site.budget, "sentences" if isinstance(recipe, Recipe) else "rows"),
        ranks=site.ranks,
        epoch=plan.epoch,
        ledger=ledger,
        demand=_demand(recipe, site),
        card=plan.card,
    )
    said = [
        *notes,
        *trainable(site, opened.groups),
        *layer_rate_notes(site, recipe.learning_rate),
        *adapter_notes(site),
    ]
    said += schedule_notes(opened.unfreezing, site.budget.steps)
    said += rate_notes(recipe, site.budget.steps)
    said += precision_notes(recipe.precision, device())
    said += open_folder(experiment, recipe, plan.fingerprint, plan.files, resuming=resuming)
    if site.ranks.rank == 0:
        print(plan.folder.path, *said, sep="\n", file=sys.stderr)
    return experiment
