"""From a recipe of one seed to an experiment that can be run: data, model, parts of the loop, run folder."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
import yaml
from transformers import TrainerState

from isogloss.checkpoints import load_checkpoint
from isogloss.data.corpus import Corpus, load_corpus
from isogloss.distributed import Communicator, device, processes
from isogloss.errors import IsoglossError
from isogloss.evaluation import Evaluator
from isogloss.experiment import Experiment
from isogloss.loop import Training
from isogloss.models.encoder import Loaded, build_encoder, load_encoder
from isogloss.models.tokenizer import train_tokenizer
from isogloss.recipe import build
from isogloss.recipe.announce import announcements
from isogloss.recipe.resolve import as_yaml, resolve
from isogloss.recipe.schema import RandomModel, Recipe
from isogloss.recording import Recorder
from isogloss.runs import RunFolder, differences
from isogloss.tasks.task import Task
from isogloss.types import Example, Feature, LabelledText
from isogloss.writing import write_model, write_text


def prepare(recipe: Recipe, path: Path, *, resume: bool) -> Experiment:
    """Build a run, and put it back to its last checkpoint if it is to be resumed.

    Nothing is written before everything has been read and checked.

    Raises:
        IsoglossError: Anything in recipe, data, model or run folder that stands in the way.
    """
    folder, ranks = RunFolder(path), processes()
    folder.require_free(resume=resume)
    named, collections = build.build_collections(recipe)
    corpus = load_corpus(
        collections,
        named.build(()).label_set,
        train_languages=recipe.train_languages,
        evaluate_languages=recipe.evaluate_languages,
        limit=recipe.limit,
    )
    _require_training_data(recipe, corpus)
    task = named.build(corpus.labels)
    loaded = load_model(recipe, task, corpus)
    features, overlong = _encode(corpus, task, loaded, recipe.max_length)
    recipe = build.with_defaults(recipe, named, [len(found) for found in features.values()])
    fingerprint = _fingerprint(corpus, loaded)
    resuming = folder.fingerprint.exists()
    if resuming:
        recipe = _require_same_recipe(folder, recipe)
        folder.require_same(fingerprint)
    ranks.wait()
    experiment = _assemble(recipe, folder, corpus, task, loaded, features, ranks)
    notes = _warnings(corpus, overlong, recipe)
    notes += announcements(
        recipe,
        world_size=ranks.world_size,
        sizes={language: len(examples) for language, examples in corpus.train.items()},
        parameters=sum(parameter.numel() for parameter in loaded.model.parameters()),
    )
    _open_folder(experiment, fingerprint, resuming=resuming)
    if ranks.rank == 0:
        print(
            "\n".join(
                [
                    f"{path}{f', resumed at step {step}' if (step := experiment.training.progress.step) else ''}",
                    *notes,
                ]
            ),
            file=sys.stderr,
        )
    return experiment


def load_model(recipe: Recipe, task: Task, corpus: Corpus) -> Loaded:
    """The recipe's model with a head for the task's labels."""
    seed = recipe.seeds[0]
    if isinstance(recipe.model, RandomModel):
        texts = (text for examples in corpus.train.values() for example in examples for text in _texts(example))
        tokenizer = train_tokenizer(texts, recipe.model.vocabulary_size, max_length=max(512, recipe.max_length))
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


def _require_training_data(recipe: Recipe, corpus: Corpus) -> None:
    if not corpus.train:
        raise IsoglossError("data: no entry has a train split for any training language")
    with_dev = {cell.language for cell in corpus.cells("dev")}
    without = sorted(set(corpus.train) - with_dev)
    if recipe.selection == "source-dev" and without:
        raise IsoglossError(
            f"selection: source-dev needs dev data in every training language, none found for {', '.join(without)} "
            "(in evaluate_languages); selection: last needs none"
        )
    if recipe.selection == "target-dev" and not with_dev:
        raise IsoglossError("selection: target-dev needs dev data, none found; selection: last needs none")


def _encode(
    corpus: Corpus, task: Task, loaded: Loaded, max_length: int
) -> tuple[dict[str, list[Feature]], dict[str, int]]:
    """Training features and the number of overlong examples, by language."""
    encoded = {
        language: task.encode(examples, loaded.tokenizer, max_length) for language, examples in corpus.train.items()
    }
    return (
        {language: result.features for language, result in encoded.items()},
        {language: result.overlong for language, result in encoded.items()},
    )


def _warnings(corpus: Corpus, overlong: Mapping[str, int], recipe: Recipe) -> list[str]:
    cut = [
        f"warning: {language}: {count} training example(s) longer than max_length {recipe.max_length} sub-words cut"
        for language, count in overlong.items()
        if count
    ]
    return [str(problem) for problem in corpus.problems.warnings] + cut


def _texts(example: Example) -> Iterator[str]:
    if isinstance(example, LabelledText):
        yield example.text
        if example.pair is not None:
            yield example.pair
    else:
        yield " ".join(example.tokens)


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
    sizes = {language: len(examples) for language, examples in corpus.train.items()}
    optimizer, schedule = build.build_optimizer(recipe, loaded.model, loaded.fresh, len(sizes), ranks)
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


def _open_folder(experiment: Experiment, fingerprint: Mapping[str, Any], *, resuming: bool) -> None:
    """Write what identifies the run, or go back to its last checkpoint; then start recording."""
    folder, ranks, recorder = experiment.folder, experiment.ranks, experiment.recorder
    last = folder.last_checkpoint()
    if ranks.rank == 0 and not resuming:
        folder.start(as_yaml(experiment.recipe), fingerprint, ranks.world_size)
        if experiment.loaded.identity.get("weights") == "random":
            write_model(folder.starting_weights, experiment.loaded.model, experiment.loaded.tokenizer)
    if resuming and last is not None:
        load_checkpoint(last[1], experiment.training, experiment.selection, ranks=ranks)
        recorder.resume(json.loads((last[1] / "trainer_state.json").read_text(encoding="utf-8")))
    ranks.wait()
    if ranks.rank == 0:
        if resuming:
            folder.cut(experiment.training.progress.step)
            write_text(folder.recipe, as_yaml(experiment.recipe))
        recorder.open(folder.events if experiment.recipe.report_to == "tensorboard" else None)
    ranks.wait()


def _fingerprint(corpus: Corpus, loaded: Loaded) -> dict[str, Any]:
    """What a resume must find unchanged."""
    serialised = loaded.tokenizer.backend_tokenizer.to_str()
    return {
        "data": dict(corpus.files),
        "tokenizer": hashlib.sha256(serialised.encode()).hexdigest(),
        "starting_weights": json.loads(json.dumps(loaded.identity)),
    }


def _require_same_recipe(folder: RunFolder, recipe: Recipe) -> Recipe:
    """The recipe to go on with: the stored one, with more steps where that changes nothing that has been done."""
    stored = resolve(yaml.safe_load(folder.recipe.read_text(encoding="utf-8")))
    more = (
        recipe.schedule == "constant" and recipe.selection != "average" and (recipe.steps or 0) > (stored.steps or 0)
    )
    # Intervals that follow from the number of steps stay as they were when the run was started.
    kept = {"evaluation_steps", "logging_steps", "save_steps", *({"steps"} if more else ())}
    old, new = (values.model_dump(mode="json", exclude=kept) for values in (stored, recipe))
    changed = differences(old, new)
    if changed:
        raise IsoglossError(f"{folder.path}: cannot resume, the recipe has changed: {'; '.join(changed)}")
    return stored.model_copy(update={"steps": recipe.steps}) if more else stored
