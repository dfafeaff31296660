"""From a recipe of `isogloss pretrain` to an experiment that can be run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from transformers import AutoModelForMaskedLM, PreTrainedTokenizerBase

from isogloss.common.distributed import processes
from isogloss.data.problems import Problems
from isogloss.data.texts import Texts
from isogloss.models.identity import identify
from isogloss.models.open import Loaded
from isogloss.models.shipped import located
from isogloss.models.stored import read_weights
from isogloss.models.tokenizer import load_tokenizer
from isogloss.models.unigram import train_unigram
from isogloss.protocols import DataSource, Probe, Progress
from isogloss.recipe.build.adapters import with_language_adapters
from isogloss.recipe.build.budget import build_budget
from isogloss.recipe.build.distillation import build_distil_source
from isogloss.recipe.build.knowledge import (
    KnowledgeSite,
    build_collapse_probe,
    build_knowledge_source,
    with_contrast,
)
from isogloss.recipe.build.model import build_model
from isogloss.recipe.build.optimizer import with_loops
from isogloss.recipe.build.text import (
    TextSite,
    build_masking,
    build_stages,
    build_text_source,
    compile_layers,
)
from isogloss.recipe.resolve import resolve_pretraining
from isogloss.recipe.spec.distillation import Distil
from isogloss.recipe.spec.model import NewEncoder
from isogloss.recipe.spec.pretraining import Pretraining, PretrainingSource
from isogloss.recipe.spec.text import MLM, TLM
from isogloss.run.budget import Budget
from isogloss.run.clearing import require_usable
from isogloss.run.experiment import Experiment
from isogloss.run.folder import RunFolder
from isogloss.run.held_out_scoring import HeldOutScoring, Measure
from isogloss.run.masked_scoring import MaskedMeasure
from isogloss.run.selection import Last
from isogloss.start.align import align
from isogloss.start.announce import loop_notes
from isogloss.start.announce_text import text_notes
from isogloss.start.assemble import Plan, assemble, open_site
from isogloss.start.held_out import held_out_rows
from isogloss.start.knowledge import Known, read_knowledge
from isogloss.start.opening import left_open, require_same_recipe
from isogloss.start.taught import Taught, read_taught
from isogloss.start.text import encode, read_recipe_texts
from isogloss.store.encoded import EncodedText

MASKING = 0.15
"""Share of sub-words that are hidden to measure, where no source hides any (BERT)."""


def prepare_pretraining(recipe: Pretraining, path: Path, *, resume: bool, overwrite: bool = False) -> Experiment:
    """Build a pre-training run, and put it back to its last checkpoint if it is to be resumed.

    Nothing is written or removed before everything has been read and checked.

    Args:
        recipe: The recipe.
        path: The run folder.
        resume: Whether the folder may hold the run already.
        overwrite: Whether it may hold a run that is to be removed.

    Raises:
        IsoglossError: Anything in recipe, text, model or run folder that stands in the way.
    """
    folder, ranks = RunFolder(path), processes()
    require_usable(folder, recipe.model_dump(mode="json"), resume=resume, overwrite=overwrite)
    resuming = resume and folder.fingerprint.exists()
    asked, recipe = recipe, _filled(recipe)
    if resuming:
        recipe = require_same_recipe(folder, resolve_pretraining(folder.recipe), asked, recipe, _budget)
    problems = Problems()
    texts = read_text(recipe, problems) if recipe.text else Texts({}, [], {}, {}, 0)
    # Only rank 0 trains a tokenizer: two processes would get two.
    tokenizer = ranks.gather([_tokenizer(recipe, texts, folder, resuming=resuming) if ranks.rank == 0 else None])[0]
    known = None if recipe.knowledge is None else read_knowledge(recipe, recipe.knowledge, tokenizer)
    taught = read_taught(recipe, texts, tokenizer)
    encoded = {language: encode(own, tokenizer) for language, own in texts.sentences.items()}
    if known is not None and not recipe.text:
        encoded = {language: own for language, own in known.knowledge.sentences.items() if len(own)}
    recipe = recipe.model_copy(update={"optimizer": with_loops(recipe.optimizer, recipe.steps, len(encoded))})
    loaded = _load(recipe, texts, encoded, tokenizer, taught, folder, resuming=resuming)
    plan = _plan(recipe, folder, texts, encoded, known, taught, loaded)
    plan = replace(plan, fingerprint={**plan.fingerprint, **left_open(folder, asked, resuming=resuming)})
    if resuming:
        folder.require_same(plan.fingerprint)
    ranks.wait()
    notes = [
        *loop_notes(asked.optimizer, recipe.optimizer),
        *loaded.notes,
        *map(str, problems.told),
        *text_notes(recipe, texts, encoded, known, loaded),
        *([] if taught is None else taught.notes(loaded)),
    ]
    return assemble(plan, notes, resuming=resuming)


def _budget(recipe: Pretraining) -> Budget:
    return build_budget(recipe, steps=recipe.steps, batch_size=recipe.stages[0].batch_size)


def _filled(recipe: Pretraining) -> Pretraining:
    """The recipe with nothing left open."""
    budget = _budget(recipe)
    found = {
        "evaluation_steps": budget.evaluation_steps,
        "logging_steps": budget.logging_steps,
        "save_steps": budget.save_steps,
    }
    return recipe.model_copy(update=found)


def read_text(recipe: Pretraining, problems: Problems) -> Texts:
    """The text of a recipe, and what is kept apart of it."""
    return read_recipe_texts(recipe, problems, languages=recipe.languages, apart=recipe.held_out, limit=recipe.limit)


def _tokenizer(recipe: Pretraining, texts: Texts, folder: RunFolder, *, resuming: bool) -> PreTrainedTokenizerBase:
    """The stored one of a run that goes on, that of the model, of the student or of its teacher, or a new one."""
    named = recipe.model if isinstance(recipe.model, str) else None
    if recipe.student is not None and recipe.tokenizer is None:
        named = recipe.student.tokenizer or recipe.teacher
    if named is not None:
        if not Path(located(named)).is_dir():
            identify(named, weights=False)  # says what a name of the hub lacks, and the reader of a tokenizer does not
        return load_tokenizer(named, remote=recipe.trust_remote_code)
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


def _load(
    recipe: Pretraining,
    texts: Texts,
    encoded: Mapping[str, EncodedText],
    tokenizer: PreTrainedTokenizerBase,
    taught: Taught | None,
    folder: RunFolder,
    *,
    resuming: bool,
) -> Loaded:
    """The model to train; a new encoder goes on from the random weights that the run stored when it started."""
    if recipe.model is not None:
        loaded = build_model(recipe.model, recipe, AutoModelForMaskedLM, None, tokenizer, recipe.seed)
    else:
        assert taught is not None
        loaded = taught.student(recipe, tokenizer, encoded)
    if recipe.knowledge is not None and recipe.contrasting:
        loaded = with_contrast(loaded, recipe.knowledge, recipe.contrasting, recipe.model, recipe.seed)
    if taught is not None:
        loaded = taught.prepared(recipe, loaded)
    if isinstance(recipe.model, NewEncoder):
        if resuming:
            # The factorisation behind aligned embeddings may differ in the last bits between machines.
            read_weights(folder.starting_weights, loaded.model)
        elif recipe.model.embeddings == "parallel":
            align(loaded, texts.units, encoded, tokenizer, recipe.seed)
    if recipe.adapters is not None:
        loaded = with_language_adapters(loaded, recipe.adapters, list(encoded), recipe.seed)
    return loaded


def _plan(
    recipe: Pretraining,
    folder: RunFolder,
    texts: Texts,
    encoded: dict[str, EncodedText],
    known: Known | None,
    taught: Taught | None,
    loaded: Loaded,
) -> Plan:
    tokenizer, budget, longest = loaded.tokenizer, _budget(recipe), max(stage.length for stage in recipe.stages)
    opened = open_site(recipe, loaded, budget, {language: len(text.ids) for language, text in encoded.items()})
    site = opened.site
    at = TextSite(
        encoded, texts.units, tokenizer, longest, budget.batch_size, budget.accumulation, site.seed, site.group
    )
    at_knowledge = None
    if known is not None and recipe.knowledge is not None:
        at_knowledge = KnowledgeSite(recipe.knowledge, known.knowledge, loaded.model)

    def build(asked: PretrainingSource, name: str, at: TextSite) -> tuple[DataSource, int]:
        if isinstance(asked, MLM | TLM):
            return build_text_source(asked, name, at), at.length
        if isinstance(asked, Distil):
            assert taught is not None
            return build_distil_source(asked, name, at, taught.site(loaded.model)), at.length
        assert at_knowledge is not None
        return build_knowledge_source(asked, name, at, at_knowledge)

    sources, sampler, tokens = build_stages(recipe.stages, recipe.sources, at, budget.steps, build)
    probes: dict[str, Probe] = {}
    if at_knowledge is not None and recipe.contrasting:
        first, every = recipe.contrasting[0], budget.logging_steps
        probes["collapse"] = build_collapse_probe(first, at, at_knowledge, every, site.autocast)
    if recipe.compile:
        compile_layers(loaded.model)
    progress, total = Progress(), sum(len(text.ids) for text in encoded.values())
    measure: Measure
    if taught is not None:
        measure = taught.measure(recipe, texts.held_out, known, loaded, site.autocast)
    else:
        masking = build_masking(tokenizer, recipe.masking or MASKING)
        sentences = held_out_rows(texts.held_out, known, tokenizer, longest)
        measure = MaskedMeasure(sentences, masking, recipe.evaluation_batch_size, site.autocast)
    scoring = HeldOutScoring(folder, measure, site.ranks, progress, tokens)
    return Plan(
        recipe=recipe,
        folder=folder,
        opened=opened,
        sources=sources,
        sampler=sampler,
        scoring=scoring,
        selection=Last(),
        progress=progress,
        epoch=lambda: scoring.seen() / total,
        probes=probes,
        fingerprint={
            "data": {**texts.files, **({} if known is None else known.files)},
            "tokenizer": hashlib.sha256(tokenizer.backend_tokenizer.to_str().encode()).hexdigest(),
            "starting_weights": json.loads(json.dumps(loaded.identity)),
            **({} if taught is None else {"teacher": json.loads(json.dumps(dict(taught.teacher.identity)))}),
        },
    )
