"""From a recipe of one seed to an experiment that can be run: data, model, parts of the loop, run folder."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerState

from isogloss.checkpoints import load_checkpoint
from isogloss.data.corpus import Corpus
from isogloss.distributed import Communicator, device, processes
from isogloss.errors import IsoglossError
from isogloss.evaluation import Evaluator
from isogloss.experiment import Experiment
from isogloss.loop import Training
from isogloss.models.encoder import Loaded, build_encoder, load_encoder
from isogloss.models.weights import head
from isogloss.recipe import build
from isogloss.recipe.announce import announcements
from isogloss.recipe.check import new_tokenizer, read_corpus
from isogloss.recipe.resolve import as_yaml, resolve
from isogloss.recipe.schema import RandomModel, Recipe
from isogloss.recording import Recorder
from isogloss.runs import RunFolder, differences
from isogloss.tasks.task import Task
from isogloss.types import Feature
from isogloss.writing import read_json, write_model, write_text


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
    named, collections = build.build_collections(recipe)
    corpus = read_corpus(recipe, named, collections, label_languages)
    task = named.build(corpus.labels)
    loaded = load_model(recipe, task, corpus)
    features = _encode(corpus, task, loaded, recipe.max_length)
    asked, recipe = recipe, build.with_defaults(recipe, named, [len(found) for found in features.values()])
    fingerprint = _fingerprint(corpus, loaded)
    resuming = folder.fingerprint.exists()
    if resuming:
        recipe = _require_same_recipe(folder, asked, recipe)
        folder.require_same(fingerprint)
    ranks.wait()
    experiment = _assemble(recipe, folder, corpus, task, loaded, features, ranks)
    experiment.encode("dev", corpus.problems)
    notes = [str(problem) for problem in corpus.problems.warnings]
    notes += announcements(
        recipe,
        world_size=ranks.world_size,
        sizes={language: len(examples) for language, examples in corpus.train.items()},
        parameters=sum(parameter.numel() for parameter in loaded.model.parameters()),
    )
    notes += _open_folder(experiment, fingerprint, resuming=resuming)
    if ranks.rank == 0:
        print(path, *notes, sep="\n", file=sys.stderr)
    return experiment


def load_model(recipe: Recipe, task: Task, corpus: Corpus) -> Loaded:
    """The recipe's model with a head for the task's labels."""
    seed = recipe.seeds[0]
    if isinstance(recipe.model, RandomModel):
        tokenizer = new_tokenizer(recipe, corpus)
        loaded = build_encoder(
            recipe.model.config, tokenizer, task.auto_class, task.labels, seed=seed, dropout=recipe.dropout
        )
    else:
        loaded = load_encoder(
            recipe.model,
            task.auto_class,
            task.labels,
            seed=seed,
            dropout=recipe.dropout,
            random_weights=recipe.random_weights,
            trust_remote_code=recipe.trust_remote_code,
        )
    torch.nn.Module.to(loaded.model, device())
    return loaded


def _encode(corpus: Corpus, task: Task, loaded: Loaded, max_length: int) -> dict[str, list[Feature]]:
    """Training features by language; overlong examples are noted among the corpus's problems."""
    features = {}
    for language, examples in corpus.train.items():
        encoded = task.encode(examples, loaded.tokenizer, max_length)
        encoded.warn(examples, max_length, corpus.problems)
        features[language] = encoded.features
    return features


def _assemble(
    recipe: Recipe,
    folder: RunFolder,
    corpus: Corpus,
    task: Task,
    loaded: Loaded,
    features: Mapping[str, list[Feature]],
    ranks: Communicator,
) -> Experiment:
    seed, group = build.walk_seed(recipe, recipe.seeds[0], ranks), build.group_of(recipe, ranks)
    # Pieces, as the streams count: with the same temperature mixed and single-language batches have the same mix.
    sizes = {language: len(found) for language, found in features.items()}
    fresh_head = loaded.fresh & head(loaded.model)
    optimizer, schedule = build.build_optimizer(recipe, loaded.model, fresh_head, len(sizes), ranks)
    autocast = build.build_autocast(recipe, device())
    training = Training(
        model=loaded.model,
        sources=build.build_sources(recipe, features, task, loaded.tokenizer, seed, group),
        sampler=build.build_sampler(recipe, sizes, seed),
        optimizer=optimizer,
        schedule=schedule,
        seed=seed,
        group=group,
        max_grad_norm=recipe.max_grad_norm,
        autocast=autocast,
    )
    state = TrainerState(
        max_steps=recipe.steps or 0,
        logging_steps=recipe.logging_steps or 1,
        eval_steps=recipe.evaluation_steps or 1,
        save_steps=recipe.save_steps or 1,
        train_batch_size=recipe.batch_size,
    )
    evaluator = Evaluator(task, loaded.tokenizer, recipe.max_length, recipe.evaluation_batch_size, autocast, ranks)
    selection = build.build_selection(recipe)
    return Experiment(recipe, folder, corpus, loaded, training, selection, evaluator, Recorder(state), ranks)


def _open_folder(experiment: Experiment, fingerprint: Mapping[str, Any], *, resuming: bool) -> list[str]:
    """Write what identifies the run, or go back to its last checkpoint; then start recording.

    Returns:
        What to tell the user of it.
    """
    folder, ranks, loaded = experiment.folder, experiment.ranks, experiment.loaded
    is_main, notes = ranks.rank == 0, []
    if is_main and not resuming:
        is_random = loaded.identity.get("weights") == "random"
        write = partial(write_model, model=loaded.model, tokenizer=loaded.tokenizer)
        folder.start(as_yaml(experiment.recipe), fingerprint, write if is_random else None)
    ranks.wait()
    last = folder.last_checkpoint() if resuming else None
    if last is not None:
        load_checkpoint(last[1], experiment.training, experiment.selection, ranks=ranks)
        history = last[1] / "trainer_state.json"
        try:
            experiment.recorder.resume(read_json(history))
        except KeyError as error:
            raise IsoglossError(f"{history}: damaged: no {error}") from error
        notes.append(f"resumed at step {last[0]}")
    ranks.wait()
    if is_main:
        changed = folder.note_environment(ranks.world_size)
        if last is not None and changed:
            notes.append(f"warning: {'; '.join(changed)}: what follows equals an unbroken run up to rounding only")
        if resuming and not (experiment.training.progress.step == experiment.recipe.steps and folder.is_finished()):
            folder.cut(experiment.training.progress.step)
            write_text(folder.recipe, as_yaml(experiment.recipe))
        experiment.recorder.open(folder.events if experiment.recipe.report_to == "tensorboard" else None)
    ranks.wait()
    return notes


def _fingerprint(corpus: Corpus, loaded: Loaded) -> dict[str, Any]:
    """What a resume must find unchanged."""
    serialised = loaded.tokenizer.backend_tokenizer.to_str()
    return {
        "data": dict(corpus.files),
        "tokenizer": hashlib.sha256(serialised.encode()).hexdigest(),
        "starting_weights": json.loads(json.dumps(loaded.identity)),
    }


def _require_same_recipe(folder: RunFolder, asked: Recipe, recipe: Recipe) -> Recipe:
    """The recipe to go on with: the stored one, with more steps where that changes nothing that has been done.

    Args:
        folder: The run.
        asked: The recipe as the user gave it.
        recipe: The same with nothing left open.
    """
    stored = resolve(folder.recipe)
    more = recipe.schedule == "constant" and recipe.selection != "average" and (recipe.steps or 0) > (stored.steps or 0)
    # Intervals that only follow from the number of steps stay as they were when the run was started.
    derived = {key for key in ("evaluation_steps", "logging_steps", "save_steps") if getattr(asked, key) is None}
    changeable = {"name": recipe.name, "report_to": recipe.report_to, "save_total_limit": recipe.save_total_limit}
    kept = {*derived, *changeable, *({"steps"} if more else ())}
    old, new = (values.model_dump(mode="json", exclude=kept) for values in (stored, recipe))
    changed = differences(old, new)
    if changed:
        raise IsoglossError(f"{folder.path}: cannot resume, the recipe has changed: {'; '.join(changed)}")
    return stored.model_copy(update={**changeable, **({"steps": recipe.steps} if more else {})})
