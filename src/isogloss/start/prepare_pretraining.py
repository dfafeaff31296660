"""From a recipe of `isogloss pretrain` to an experiment that can be run."""

from __future__ import annotations

import hashlib
import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from transformers import AutoModelForMaskedLM, PreTrainedTokenizerBase

from isogloss.common.distributed import device, processes
from isogloss.data.overlap import held_out
from isogloss.data.problems import Problems
from isogloss.data.texts import Texts, read_texts
from isogloss.gradients import sparse_table
from isogloss.models.encoder import Loaded, build_encoder, load_encoder
from isogloss.models.tokenizer import load_tokenizer
from isogloss.models.unigram import train_unigram
from isogloss.models.weights import read_weights
from isogloss.recipe.build import parts as build
from isogloss.recipe.build.optimizer import build_optimizer
from isogloss.recipe.build.text import (
    build_frame,
    build_masking,
    build_sources,
    build_text_set,
    compile_layers,
    framed,
)
from isogloss.recipe.resolve import resolve_pretraining
from isogloss.recipe.spec.pretraining import Pretraining
from isogloss.run.experiment import Experiment
from isogloss.run.folder import RunFolder
from isogloss.run.ledger import Ledger, counted
from isogloss.run.masked_scoring import MaskedScoring
from isogloss.run.selection import Last
from isogloss.start.align import align
from isogloss.start.announce import precision_notes
from isogloss.start.opening import open_folder, require_same_recipe
from isogloss.step.loop import Training
from isogloss.streams.masked import Encoded

UNKNOWN = 0.02
"""Share of unknown sub-words of a language from which on a warning is given."""


def prepare_pretraining(recipe: Pretraining, path: Path, *, resume: bool) -> Experiment:
    """Build a pre-training run, and put it back to its last checkpoint if it is to be resumed.

    Nothing is written before everything has been read and checked.

    Args:
        recipe: The recipe.
        path: The run folder.
        resume: Whether the folder may hold the run already.

    Raises:
        IsoglossError: Anything in recipe, text, model or run folder that stands in the way.
    """
    folder, ranks = RunFolder(path), processes()
    folder.require_free(resume=resume)
    resuming = folder.fingerprint.exists()
    asked, recipe = recipe, _with_defaults(recipe)
    if resuming:
        recipe = require_same_recipe(folder, resolve_pretraining(folder.recipe), asked, recipe)
    problems = Problems()
    texts = read_recipe(recipe, problems)
    # Only rank 0 trains a tokenizer: two processes would get two.
    tokenizer = ranks.gather([_tokenizer(recipe, texts, folder, resuming=resuming) if ranks.rank == 0 else None])[0]
    encoded = {language: encode(own, tokenizer) for language, own in texts.sentences.items()}
    loaded = _load(recipe, texts, encoded, tokenizer, folder, resuming=resuming)
    fingerprint = {
        "data": texts.files,
        "tokenizer": hashlib.sha256(tokenizer.backend_tokenizer.to_str().encode()).hexdigest(),
        "starting_weights": json.loads(json.dumps(loaded.identity)),
    }
    if resuming:
        folder.require_same(fingerprint)
    ranks.wait()
    experiment, scoring = _assemble(recipe, folder, texts, encoded, loaded)
    notes = [str(problem) for problem in problems.warnings] + _announcements(recipe, texts, encoded, loaded)
    notes += precision_notes(recipe.precision, device())
    notes += open_folder(experiment, recipe, fingerprint, resuming=resuming)
    if ranks.rank == 0:
        print(path, *notes, sep="\n", file=sys.stderr)
    scoring.start()
    return experiment


def _with_defaults(recipe: Pretraining) -> Pretraining:
    evaluation_steps = recipe.evaluation_steps or max(1, recipe.steps // 10)
    return recipe.model_copy(
        update={
            "evaluation_steps": evaluation_steps,
            "logging_steps": recipe.logging_steps or max(1, recipe.steps // 100),
            "save_steps": recipe.save_steps or evaluation_steps,
        }
    )


def read_recipe(recipe: Pretraining, problems: Problems) -> Texts:
    """The text of a recipe, and what is kept apart of it."""
    return read_texts(
        [build_text_set(entry, f"text.{number}") for number, entry in enumerate(recipe.text)],
        languages=recipe.languages,
        excluded=held_out(recipe.exclude),
        held_out=recipe.held_out,
        limit=recipe.limit,
        problems=problems,
    )


def _tokenizer(recipe: Pretraining, texts: Texts, folder: RunFolder, *, resuming: bool) -> PreTrainedTokenizerBase:
    """The stored one of a run that goes on, that of the model, or a new one."""
    if isinstance(recipe.model, str):
        return load_tokenizer(recipe.model, remote=recipe.trust_remote_code)
    if resuming:
        return load_tokenizer(folder.starting_weights)
    assert recipe.tokenizer is not None
    # The held-out sentences too: their characters must not be unknown.
    every = {language: [*own, *texts.held_out[language]] for language, own in texts.sentences.items()}
    return train_unigram(
        every,
        recipe.tokenizer.vocabulary_size,
        temperature=recipe.tokenizer.temperature,
        max_length=max(512, *(stage.length for stage in recipe.stages)),
        seed=recipe.seed,
    )


def encode(sentences: Sequence[str], tokenizer: PreTrainedTokenizerBase) -> Encoded:
    """Sentences as sub-words, without special ones."""
    backend = tokenizer.backend_tokenizer
    pieces: list[list[int]] = []
    for start in range(0, len(sentences), 4096):
        batch = backend.encode_batch_fast(list(sentences[start : start + 4096]), add_special_tokens=False)
        pieces += [encoding.ids for encoding in batch]
    return Encoded.of(pieces)


def _load(
    recipe: Pretraining,
    texts: Texts,
    encoded: Mapping[str, Encoded],
    tokenizer: PreTrainedTokenizerBase,
    folder: RunFolder,
    *,
    resuming: bool,
) -> Loaded:
    """The model to train; one from random weights goes on from those that the run stored when it started."""
    if isinstance(recipe.model, str):
        loaded = load_encoder(
            recipe.model,
            AutoModelForMaskedLM,
            None,
            seed=recipe.seed,
            dropout=recipe.dropout,
            trust_remote_code=recipe.trust_remote_code,
        )
    else:
        loaded = build_encoder(
            recipe.model.config, tokenizer, AutoModelForMaskedLM, None, seed=recipe.seed, dropout=recipe.dropout
        )
        if resuming:
            # The factorisation behind aligned embeddings may differ in the last bits between machines.
            read_weights(folder.starting_weights, loaded.model)
        elif recipe.model.embeddings == "parallel":
            align(loaded, texts.units, encoded, tokenizer, recipe.seed)
    if recipe.attention is not None:
        loaded.model.set_attn_implementation(recipe.attention)
    torch.nn.Module.to(loaded.model, device())
    return loaded


def _assemble(
    recipe: Pretraining, folder: RunFolder, texts: Texts, encoded: dict[str, Encoded], loaded: Loaded
) -> tuple[Experiment, MaskedScoring]:
    ranks, tokenizer = processes(), loaded.tokenizer
    seed, group = build.walk_seed(recipe, recipe.seed, ranks), build.group_of(recipe, ranks)
    frame = build_frame(tokenizer)
    masking = build_masking(tokenizer, recipe.masking)
    optimizer, schedule = build_optimizer(recipe, loaded.model, frozenset(), len(encoded), ranks)
    sources, sampler, tokens = build_sources(recipe, encoded, texts.units, frame, masking, seed, group)
    autocast = build.build_autocast(recipe, device())
    unfreezing, groups = build.build_unfreezing(recipe, loaded.model)
    if recipe.compile:
        compile_layers(loaded.model)
    ledger = Ledger(ranks)
    training = Training(
        model=loaded.model,
        sources=counted(sources, ledger),
        sampler=sampler,
        optimizer=optimizer,
        schedule=schedule,
        seed=seed,
        group=group,
        table=sparse_table(loaded.model),
        max_grad_norm=recipe.max_grad_norm,
        unfreezing=unfreezing,
        parameter_groups=groups,
        autocast=autocast,
    )
    longest = max(stage.length for stage in recipe.stages)
    apart = {language: framed(own, tokenizer, longest) for language, own in texts.held_out.items()}
    scoring = MaskedScoring(
        folder,
        apart,
        masking,
        recipe.evaluation_batch_size,
        autocast,
        ranks,
        training.progress,
        recipe.steps,
        tokens,
    )
    total = sum(len(text.ids) for text in encoded.values())
    experiment = Experiment(
        recipe,
        folder,
        loaded,
        training,
        Last(),
        scoring,
        build.build_recorder(recipe),
        ranks,
        epoch=lambda: scoring.seen() / total,
        ledger=ledger,
    )
    return experiment, scoring


def _announcements(recipe: Pretraining, texts: Texts, encoded: Mapping[str, Encoded], loaded: Loaded) -> list[str]:
    """What a user should know before the first step."""
    parameters = sum(parameter.numel() for parameter in loaded.model.parameters())
    sizes = ", ".join(f"{language} {len(text.ids):,}" for language, text in encoded.items())
    lines = [
        f"{parameters:,} parameters, vocabulary {len(loaded.tokenizer):,}; sub-words of text: {sizes}",
        f"{len(texts.units):,} parallel sentences; {texts.left_out:,} sentences left out as excluded; held out: "
        f"{sum(map(len, texts.held_out.values())):,}",
    ]
    unknown = loaded.tokenizer.unk_token_id
    for language, text in encoded.items():
        share = float((text.ids == unknown).mean()) if len(text.ids) else math.nan
        if share > UNKNOWN:
            lines.append(f"warning: {share:.1%} of the sub-words of {language} are unknown to the tokenizer")
    joined = {language for unit in texts.units for language in unit}
    alone = sorted(set(encoded) - joined)
    if recipe.translation_share and alone:
        lines.append(f"no parallel text: {', '.join(alone)}, which TLM will not see")
    if texts.units and recipe.translation_share == 0:
        lines.append("translation_share is 0: translations are not used as such")
    return lines
