"""From a recipe of one seed to an experiment that can be run: data, model, parts of the loop, run folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from isogloss.common.distributed import Communicator, device, processes
from isogloss.common.errors import IsoglossError
from isogloss.data.corpus import Corpus
from isogloss.gradients import sparse_table
from isogloss.models.encoder import Loaded, build_encoder, load_encoder
from isogloss.protocols import Feature, Probe, Weighting
from isogloss.recipe.build import data as build_data
from isogloss.recipe.build import parts as build
from isogloss.recipe.build.optimizer import build_optimizer
from isogloss.recipe.build.probes import build_probes
from isogloss.recipe.build.weighting import build_rows, build_weighting
from isogloss.recipe.resolve import resolve
from isogloss.recipe.spec.recipe import RandomModel, Recipe
from isogloss.run.evaluation import Evaluator
from isogloss.run.experiment import Experiment
from isogloss.run.folder import RunFolder
from isogloss.run.ledger import Ledger, Timed, counted
from isogloss.run.scoring import TaskScoring
from isogloss.start import parted
from isogloss.start.announce import announcements, precision_notes
from isogloss.start.check import new_tokenizer, read_corpus
from isogloss.start.opening import open_folder, require_same_recipe
from isogloss.step.loop import Training
from isogloss.store.cache import cache_of_environment
from isogloss.tasks.encoding import Encoding, tokenizer_digest
from isogloss.tasks.task import Task


def prepare(recipe: Recipe, path: Path, *, resume: bool, label_languages: Sequence[str] = ()) -> Experiment:
    """Build a run, and put it back to its last checkpoint if it is to be resumed.

    Nothing is written before everything has been read and checked.

    Args:
        recipe: The recipe, of one seed.
        path: The run folder.
        resume: Whether the folder may hold the run already.
        label_languages: Languages whose training labels belong to the label set, beside those trained on.

    Raises:
        IsoglossError: Anything in recipe, data, model or run folder that stands in the way.
    """
    folder, ranks = RunFolder(path), processes()
    folder.require_free(resume=resume)
    named, collections = build_data.build_collections(recipe)
    corpus = read_corpus(recipe, named, collections, label_languages, cache_of_environment())
    task = build_data.build_task(recipe, named, corpus.labels)
    loaded = load_model(recipe, task, corpus)
    features = _encode(corpus, task, loaded, recipe.max_length)
    resuming, parts = folder.fingerprint.exists(), None
    if recipe.partition is not None:
        parts = parted.parted(recipe, folder, corpus, features, task, loaded, ranks, resuming=resuming)
        features = parts.split(features[parts.language])
    asked, recipe = recipe, build.with_defaults(recipe, named, [len(found) for found in features.values()])
    if resuming:
        recipe = require_same_recipe(folder, resolve(folder.recipe), asked, recipe)
    weighting = build_weighting(recipe, loaded.model, build.walk_seed(recipe, recipe.seeds[0], ranks))
    probes, files = build_probes(recipe, features, task, named.batch_size, loaded, weighting, ranks, corpus.problems)
    fingerprint = _fingerprint(corpus, loaded, files)
    if resuming:
        folder.require_same(fingerprint)
    ranks.wait()
    experiment = _assemble(recipe, folder, corpus, task, loaded, features, weighting, probes, ranks)
    assert isinstance(experiment.scoring, TaskScoring)
    experiment.scoring.encode("dev", corpus.problems)
    notes = [*loaded.notes, *(str(problem) for problem in corpus.problems.warnings)]
    sizes = {language: len(examples) for language, examples in corpus.train.items()}
    if parts is not None:
        notes += parts.balance(corpus.train[parts.language])
        sizes = {name: parts.of.count(index) for index, name in enumerate(parts.names)}
    notes += announcements(
        recipe,
        world_size=ranks.world_size,
        sizes=sizes,
        parameters=sum(parameter.numel() for parameter in loaded.model.parameters()),
    )
    notes += precision_notes(recipe.precision, device())
    if parts is not None and ranks.rank == 0 and not resuming:
        parted.store(parts, folder)
    notes += open_folder(experiment, recipe, fingerprint, resuming=resuming)
    if ranks.rank == 0:
        print(path, *notes, sep="\n", file=sys.stderr)
    return experiment


def load_model(recipe: Recipe, task: Task, corpus: Corpus) -> Loaded:
    """The recipe's model with a head for the task's labels."""
    seed = recipe.seeds[0]
    if isinstance(recipe.model, RandomModel):
        tokenizer = new_tokenizer(recipe, corpus)
        loaded = build_encoder(
            recipe.model.config, tokenizer, task.auto_class, task.labels or None, seed=seed, dropout=recipe.dropout
        )
    else:
        loaded = load_encoder(
            recipe.model,
            task.auto_class,
            task.labels or None,
            seed=seed,
            dropout=recipe.dropout,
            random_weights=recipe.random_weights,
            trust_remote_code=recipe.trust_remote_code,
        )
    torch.nn.Module.to(loaded.model, device())
    return loaded


def _encode(corpus: Corpus, task: Task, loaded: Loaded, max_length: int) -> dict[str, Sequence[Feature]]:
    """Training features by language; overlong examples are noted among the corpus's problems."""
    features, encoding = {}, Encoding(task, loaded.tokenizer, max_length)
    for language, examples in corpus.train.items():
        features[language] = encoding.encode(examples, corpus.problems)
        if not features[language]:
            raise IsoglossError(
                f"{examples[0].path}: nothing to learn from in the training data of {language!r}: none of its "
                f"{len(examples)} examples has a gold answer that stands in its text"
            )
    return features


def _assemble(
    recipe: Recipe,
    folder: RunFolder,
    corpus: Corpus,
    task: Task,
    loaded: Loaded,
    features: Mapping[str, Sequence[Feature]],
    weighting: Weighting | None,
    probes: Mapping[str, Probe],
    ranks: Communicator,
) -> Experiment:
    seed, group = build.walk_seed(recipe, recipe.seeds[0], ranks), build.group_of(recipe, ranks)
    # Pieces, as the streams count: with the same temperature mixed and single-language batches have the same mix.
    sizes = {language: len(found) for language, found in features.items()}
    optimizer, schedule = build_optimizer(recipe, loaded.model, loaded.fresh, len(sizes), ranks)
    objective = build.build_objective(recipe, loaded.model, loaded.fresh)
    autocast = build.build_autocast(recipe, device())
    unfreezing, groups = build.build_unfreezing(recipe, loaded.model)
    ledger, table = Ledger(ranks), sparse_table(loaded.model)
    training = Training(
        model=loaded.model,
        sources=counted(build.build_sources(recipe, features, task, loaded.tokenizer, seed, group, objective), ledger),
        sampler=build.build_sampler(recipe, sizes, seed),
        optimizer=optimizer,
        schedule=schedule,
        seed=seed,
        group=group,
        weighting=weighting,
        table=table,
        rows=build_rows(recipe, loaded.model, table),
        max_grad_norm=recipe.max_grad_norm,
        unfreezing=unfreezing,
        parameter_groups=groups,
        autocast=autocast,
        probes=[Timed(probe, name, ledger) for name, probe in probes.items()],
    )
    evaluator = Evaluator(task, loaded.tokenizer, recipe.max_length, recipe.evaluation_batch_size, autocast, ranks)
    selection = build.build_selection(recipe)
    scoring = TaskScoring(recipe, folder, corpus, evaluator)
    number = sum(len(examples) for examples in corpus.train.values())

    def epoch() -> float:
        return sum(training.progress.draws.values()) * (recipe.batch_size or 0) / number

    recorder = build.build_recorder(recipe, recipe.batch_size)
    return Experiment(recipe, folder, loaded, training, selection, scoring, recorder, ranks, epoch, ledger)


def _fingerprint(corpus: Corpus, loaded: Loaded, files: Mapping[str, str]) -> dict[str, Any]:
    """What a resume must find unchanged."""
    return {
        "data": {**corpus.files, **files},
        "tokenizer": tokenizer_digest(loaded.tokenizer),
        "starting_weights": json.loads(json.dumps(loaded.identity)),
    }
