"""From a recipe of `isogloss train`, of one seed, to an experiment that can be run."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from isogloss.common.distributed import processes
from isogloss.common.errors import IsoglossError
from isogloss.diagnostics.forgetting import load_start
from isogloss.gradients.observed import Observed
from isogloss.models.extensions import MaskedHead
from isogloss.protocols import Feature, Progress
from isogloss.recipe.build.adapters import modes_of, without_own
from isogloss.recipe.build.budget import build_budget, steps_of
from isogloss.recipe.build.class_weights import as_tensor
from isogloss.recipe.build.mixing import max_grad_element
from isogloss.recipe.build.model import with_masked_head
from isogloss.recipe.build.objective import (
    build_objective,
    build_second,
    files_of,
)
from isogloss.recipe.build.optimizer import with_loops
from isogloss.recipe.build.probes import Collate, Seen, build_probes
from isogloss.recipe.build.run import build_selection
from isogloss.recipe.build.sampling import batches_per_step, beside, build_sampler, build_sources, pass_length
from isogloss.recipe.build.second import Beside, Second
from isogloss.recipe.build.site import Site
from isogloss.recipe.build.task import spacing
from isogloss.recipe.build.weighting import build_rows, build_weighting
from isogloss.recipe.encoder_defaults import encoder_notes
from isogloss.recipe.names import NamedTask
from isogloss.recipe.resolve import resolve
from isogloss.recipe.spec.recipe import Recipe
from isogloss.recipe.spec.sampling import Joint
from isogloss.run.budget import Budget
from isogloss.run.clearing import require_usable
from isogloss.run.evaluation import Evaluator
from isogloss.run.experiment import Experiment
from isogloss.run.folder import RunFolder
from isogloss.run.scoring import TaskScoring
from isogloss.start import parted
from isogloss.start.announce import announcements, loop_notes
from isogloss.start.assemble import Plan, assemble, open_site
from isogloss.start.card import card
from isogloss.start.learned import Learned, read_learned
from isogloss.start.opening import left_open, require_same_recipe
from isogloss.start.reading import digest
from isogloss.streams.bucketed import BucketedStream, Examples
from isogloss.tasks.encoding import tokenizer_digest


def prepare(
    recipe: Recipe, path: Path, *, resume: bool, overwrite: bool = False, label_languages: Sequence[str] = ()
) -> Experiment:
    """Build a run, and put it back to its last checkpoint if it is to be resumed.

    Nothing is written or removed before everything has been read and checked.

    Args:
        recipe: The recipe, of one seed.
        path: The run folder.
        resume: Whether the folder may hold the run already.
        overwrite: Whether it may hold a run that is to be removed.
        label_languages: Languages whose training labels belong to the label set, beside those trained on.

    Raises:
        IsoglossError: Anything in recipe, data, model or run folder that stands in the way.
    """
    folder, ranks = RunFolder(path), processes()
    require_usable(folder, recipe.model_dump(mode="json"), resume=resume, overwrite=overwrite)
    resuming = resume and folder.fingerprint.exists()
    learned = read_learned(recipe, folder, label_languages, resuming=resuming)
    budget = partial(budget_of, named=learned.named, sizes=[len(own) for own in learned.features.values()])
    asked, recipe = recipe, filled(recipe, budget(recipe), learned.named, len(learned.features))
    if resuming:
        recipe = require_same_recipe(folder, resolve(folder.recipe), asked, recipe, budget)
    plan = plan_of(recipe, folder, learned, budget(recipe))
    plan = replace(plan, fingerprint={**plan.fingerprint, **left_open(folder, asked, resuming=resuming)})
    if resuming:
        folder.require_same(plan.fingerprint)
    ranks.wait()
    assert isinstance(plan.scoring, TaskScoring)
    plan.scoring.encode("dev", learned.corpus.problems)
    notes = [*encoder_notes(asked), *loop_notes(asked.optimizer, recipe.optimizer), *_notes(plan, recipe, learned)]
    return assemble(plan, notes, resuming=resuming)


def budget_of(recipe: Recipe, named: NamedTask, sizes: Sequence[int]) -> Budget:
    """The numbers of the run, as far as they depend on the data and their task."""
    batch_size = recipe.batch_size or named.batch_size
    per_step = batch_size * (len(sizes) if isinstance(recipe.sampling, Joint) else 1) * _labelled(recipe)
    # One of the two is given, or the recipe would not have been accepted.
    steps = recipe.steps or steps_of(recipe.epochs or 1.0, sizes, per_step)
    return build_budget(recipe, steps=steps, batch_size=batch_size)


def _labelled(recipe: Recipe) -> float:
    """Share of the steps that see labelled data."""
    return 1 - sum(source.share for source in recipe.sources)


def filled(recipe: Recipe, budget: Budget, named: NamedTask, number: int) -> Recipe:
    """The recipe with nothing left open, for training on a number of sources."""
    found = {
        "optimizer": with_loops(recipe.optimizer, budget.steps, number),
        "batch_size": budget.batch_size,
        "spacing": spacing(recipe, named),
        "steps": budget.steps,
        "epochs": None,
        "evaluation_steps": budget.evaluation_steps,
        "logging_steps": budget.logging_steps,
        "save_steps": budget.save_steps,
    }
    return recipe.model_copy(update=found)


def plan_of(recipe: Recipe, folder: RunFolder, learned: Learned, budget: Budget) -> Plan:
    """The parts of a run of a recipe with nothing left open; nothing is written."""
    task, corpus, loaded = learned.task, learned.corpus, learned.loaded
    head: MaskedHead | None = None
    if recipe.masked_sources:
        loaded, head = with_masked_head(loaded, recipe.model, recipe, recipe.seeds[0], "masked_head")
    # Pieces, as the streams count: with the same temperature mixed and single-language batches have the same mix.
    sizes = {language: len(found) for language, found in learned.features.items()}
    collate = partial(task.collate, tokenizer=loaded.tokenizer)
    batches = partial(whole_batches, learned.features, collate, budget, recipe.seeds[0])
    opened = open_site(recipe, loaded, budget, sizes, pass_length(recipe.sampling), batches)
    site = opened.site
    weighting = build_weighting(recipe.weighting, site)
    probes, files = build_probes(recipe.probes, _seen(recipe, learned, collate, weighting), site, corpus.problems)
    teacher = learned.teacher
    taught_by = None if teacher is None else teacher.model
    weights = as_tensor(learned.class_weights)
    objective = build_objective(recipe.objective, recipe.penalties, task, site, recipe.max_length, taught_by, weights)
    second = _second(recipe, learned, site)
    files |= {str(path): digest(path) or "" for path in files_of(recipe.objective)}
    files |= {} if learned.pairs is None else learned.pairs.files
    sources = build_sources(recipe.sampling, learned.features, collate, objective, site, second)
    labelled, sampler = tuple(sources), build_sampler(recipe.sampling, site)
    unlabelled = None if learned.text is None else learned.text.unlabelled
    if learned.text is not None:
        added = learned.text.sources(recipe, head, site, objective, collate)
        if taken := sorted(sources.keys() & added.keys()):
            raise IsoglossError(
                f"sources: {taken[0]!r} is the code of a training language too; the run cannot have both"
            )
        sources |= added
        files |= learned.text.texts.files
        sampler = beside(sampler, {asked.kind: asked.share for asked in recipe.sources}, site.seed)
    progress, number = Progress(), sum(len(examples) for examples in corpus.train.values())
    return Plan(
        recipe=recipe,
        folder=folder,
        opened=opened,
        sources=sources,
        sampler=sampler,
        scoring=_scoring(recipe, folder, learned, site),
        selection=build_selection(recipe.selection, recipe.average_from, budget, site.moving, recipe.patience),
        progress=progress,
        epoch=lambda: sum(progress.draws.get(name, 0) for name in labelled) * budget.batch_size / number,
        fingerprint={
            "data": {**corpus.files, **files},
            "tokenizer": tokenizer_digest(loaded.tokenizer),
            "starting_weights": json.loads(json.dumps(loaded.identity)),
            **({} if teacher is None else {"teacher": teacher.identity["sha256"]}),
            **({} if unlabelled is None else {"teacher_of_text": unlabelled.teacher.identity["sha256"]}),
        },
        weighting=weighting,
        max_grad_element=max_grad_element(recipe.objective, task, site.budget.batch_size),
        rows=build_rows(recipe.weighting, recipe.gradients, site.model, opened.table),
        probes=probes,
        card=partial(card, recipe, task, loaded, corpus.sources),
        files=() if learned.parts is None else (partial(parted.store, learned.parts, folder),),
    )


def _second(recipe: Recipe, learned: Learned, site: Site) -> Second | None:
    """What stands beside each training text."""
    pairs = None if learned.pairs is None else Beside(learned.pairs.beside, learned.pairs.instead)
    own = None if learned.parts is None else learned.parts.language
    languages = {name: own or name for name in learned.features}
    per_step = batches_per_step(recipe.sampling, site, _labelled(recipe))
    tokenizer, steps = learned.loaded.tokenizer, site.budget.steps
    return build_second(recipe.objective, pairs, learned.task, steps, per_step, tokenizer, recipe.max_length, languages)


def whole_batches(
    features: Mapping[str, Sequence[Feature]], collate: Collate, budget: Budget, seed: int, batch_size: int | None
) -> BucketedStream:
    """Whole training batches mixed from all sources, for those who look at the model; in an order of their own."""
    size, at_once = batch_size or budget.batch_size, math.ceil(budget.batch_size / budget.accumulation)
    groups = list(features.values())
    examples = Examples([len(group) for group in groups], seed=seed, name="looking")
    return BucketedStream(groups, examples, batch_size=size, collate=collate, accumulation=math.ceil(size / at_once))


def _seen(recipe: Recipe, learned: Learned, collate: Collate, weighting: Observed | None) -> Seen:
    return Seen(
        features=learned.features,
        collate=collate,
        batch_size=learned.named.batch_size,
        tokenizer=learned.loaded.tokenizer,
        max_length=recipe.max_length,
        evaluation_batch_size=recipe.evaluation_batch_size,
        observed=weighting,
        start=partial(_start, recipe),
    )


def _scoring(recipe: Recipe, folder: RunFolder, learned: Learned, site: Site) -> TaskScoring:
    mode, *others = modes_of(site.model, recipe.adapters.at_test if recipe.adapters else "swap")
    return TaskScoring(
        folder,
        learned.corpus,
        Evaluator(
            task=learned.task,
            tokenizer=learned.loaded.tokenizer,
            max_length=recipe.max_length,
            batch_size=recipe.evaluation_batch_size,
            autocast=site.autocast,
            group=site.ranks,
            mode=mode,
        ),
        trained_as(recipe),
        tests=recipe.test,
        others=others,
        targets_choose=recipe.selection == "target-dev",
        sample=recipe.evaluation_sample,
    )


def trained_as(recipe: Recipe) -> dict[str, Any]:
    """The columns of result rows that say how a run was trained."""
    return {
        "method": recipe.method,
        "seed": recipe.seeds[0],
        "few_shot": recipe.few_shot,
        "translated": "train" if recipe.translate_train else None,
        "spacing": recipe.spacing,
        "partition": None if recipe.partition is None else recipe.partition.title,
    }


def _start(recipe: Recipe) -> Any:  # noqa: ANN401 - a model of transformers
    if not isinstance(recipe.model, str) or recipe.random_weights:
        raise IsoglossError("probes: forgetting needs a pre-trained model, but this one starts from random weights")
    return load_start(recipe.model, trust_remote_code=recipe.trust_remote_code)


def _notes(plan: Plan, recipe: Recipe, learned: Learned) -> list[str]:
    """What the user should know before the first step."""
    corpus, parts = learned.corpus, learned.parts
    notes = [*plan.opened.loaded.notes, *(str(problem) for problem in corpus.problems.told)]
    notes += learned.pairs.notes if learned.pairs is not None else ()
    sizes = {language: len(examples) for language, examples in corpus.train.items()}
    if parts is not None:
        notes += parts.balance(corpus.train[parts.language])
        sizes = {name: parts.of.count(index) for index, name in enumerate(parts.names)}
    if learned.class_weights is not None:
        weights = sorted(learned.class_weights.items(), key=lambda item: -item[1])
        notes.append(f"class weights: {', '.join(f'{label} {weight:.3g}' for label, weight in weights)}")
    beside_it = [] if learned.text is None else [learned.text.announcement(recipe)]
    notes += without_own(recipe.adapters, [cell.language for cell in corpus.evaluation])
    return notes + announcements(recipe, plan.opened.site, sizes) + beside_it
