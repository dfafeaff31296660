"""What does a step of XLM-K cost over masked language modelling on the same sub-words, and what of it is the queue?

Every arm sees the same sentences, each with another one beside it that stands for the description of what it mentions.
Masked entity prediction encodes both and compares them, with each other and with the queue; the control finds masked
sub-words in both and does nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForMaskedLM, PreTrainedModel

from benchmarks.ours import Rounds
from benchmarks.results import claim, machine, workload_entry
from benchmarks.timing import Arm, describe, interleave, per_step, slowdown
from benchmarks.workload import SEED, Workload
from isogloss.common.distributed import ALONE
from isogloss.common.randomness import derive, generator
from isogloss.models.extensions.knowledge import CandidateQueue
from isogloss.models.open import Loaded, new_model
from isogloss.objectives.masked_lm import MaskedLM
from isogloss.protocols import Batch, DataSource, Stream
from isogloss.recipe.build.budget import build_budget
from isogloss.recipe.build.knowledge import (
    KnowledgeSite,
    build_knowledge_source,
    build_knowledge_stream,
    with_contrast,
)
from isogloss.recipe.build.optimizer import build_optimizer
from isogloss.recipe.build.text import TextSite, build_masking
from isogloss.recipe.resolve import resolve_pretraining
from isogloss.recipe.spec.pretraining import Pretraining
from isogloss.start.assemble import open_site
from isogloss.step import sampling
from isogloss.step.loop import Training
from isogloss.store.encoded import EncodedText
from isogloss.store.knowledge import EncodedKnowledge, Facts, Mentions, TextsByKey
from isogloss.streams.masked import Masking

MASKED, NO_QUEUE, WITH_QUEUE = "masked LM on both texts", "MEP, no queue", "MEP, queue of 32,768"
SENTENCES = "masked LM on the sentences alone"
ROWS, AT_MOST = 32768, 1.4
BASE = 768
"""Hidden size of XLM-R base."""


def knowledge(workload: Workload) -> EncodedKnowledge:
    """The workload's sentences, each with a mention of up to three sub-words, which the next sentence describes."""
    draw = generator("mentions")
    sentences, mentions, described = dict[str, EncodedText](), dict[str, Mentions](), list[np.ndarray]()
    languages, keys = list[int](), list[int]()
    for number, (language, features) in enumerate(workload.features.items()):
        texts = [np.asarray(feature.inputs["input_ids"][1:-1]) for feature in features]
        texts = [text for text in texts if len(text)]
        sentences[language] = EncodedText.of([text.tolist() for text in texts])
        first = np.array([draw.integers(len(text)) for text in texts])
        end = np.minimum(first + 3, [len(text) for text in texts])
        own = [derive(language, place) for place in range(len(texts))]
        mentions[language] = Mentions(np.arange(len(texts)), first, end, np.array(own))
        described += [*texts[1:], texts[0]]
        languages += [number] * len(texts)
        keys += own
    order, none = np.argsort(keys), np.empty(0, np.int64)
    texts_by_key = TextsByKey(
        EncodedText.of([text.tolist() for text in described]), np.array(keys)[order], order, np.array(languages)[order]
    )
    facts = Facts(none, none, none)
    return EncodedKnowledge(tuple(sentences), sentences, {}, mentions, texts_by_key, texts_by_key, facts, facts)


@dataclass(frozen=True)
class BothMasked:
    """The texts of pairs and the ones beside them as two micro-batches, each with sub-words to be found.

    Attributes:
        pairs: The pairs; what is to be found in the first texts is decided already.
        masking: Hides sub-words of the texts beside.
        beside: Whether those are seen at all.
    """

    pairs: Stream
    masking: Masking
    beside: bool

    def __call__(self, k: int) -> list[Batch]:
        """The micro-batches of the k-th batch."""
        (batch,) = self.pairs(k)
        assert batch.beside is not None
        draw = generator("beside", k)
        inputs = batch.beside.inputs
        hidden, labels = zip(*(self.masking(row, draw) for row in inputs["input_ids"].numpy()), strict=True)
        masked = {**inputs, "input_ids": torch.from_numpy(np.stack(hidden))}
        found = Batch(masked, torch.from_numpy(np.stack(labels)), batch.beside.languages)
        texts = Batch(batch.inputs, batch.labels, batch.languages)
        return [texts, found] if self.beside else [texts]


def arm(workload: Workload, known: EncodedKnowledge, queue: int, beside: bool | None = None) -> Rounds:
    """Masked entity prediction with a queue of so many rows; with ``beside`` masked LM on its texts instead."""
    size = workload.size
    recipe = resolve_pretraining(
        {
            "model": "made below",
            "knowledge": {"corpus": "small-world", "queue": queue, "same_language": 1.0},
            "sources": [{"kind": "mep", "share": 1.0, "length": size.max_length}],
            "stages": [{"length": size.max_length, "batch_size": size.batch_size, "share": 1.0}],
            "steps": 1_000_000,
            "schedule": "constant",
            "seed": SEED,
        }
    )
    assert recipe.knowledge is not None
    model = new_model(workload.config(), workload.tokenizer, AutoModelForMaskedLM, None, seed=SEED).model
    loaded = Loaded(model, workload.tokenizer, frozenset(), frozenset(), {})
    if beside is None:
        loaded = with_contrast(loaded, recipe.knowledge, recipe.contrasting, None, SEED)
    budget = build_budget(recipe, steps=recipe.steps, batch_size=size.batch_size)
    opened = open_site(recipe, loaded, budget, workload.sizes)
    optimizer, schedule = build_optimizer(recipe.optimizer, recipe, opened.site)
    source = _source(workload, known, recipe, model, beside)
    training = Training(
        model=model,
        sources={source.name: source},
        sampler=sampling.Joint((source.name,)),
        optimizer=optimizer,
        schedule=schedule,
        seed=SEED,
        table=opened.table,
        max_grad_norm=recipe.max_grad_norm,
        autocast=opened.site.autocast,
    )
    return Rounds(training, size)


def _source(
    workload: Workload, known: EncodedKnowledge, recipe: Pretraining, model: PreTrainedModel, beside: bool | None
) -> DataSource:
    size = workload.size
    at = TextSite(known.sentences, (), workload.tokenizer, size.max_length, size.batch_size, 1, SEED, ALONE)
    asked = recipe.contrasting[0]
    assert recipe.knowledge is not None
    site = KnowledgeSite(recipe.knowledge, known, model)
    if beside is None:
        return build_knowledge_source(asked, "mep", at, site)[0]
    stream = build_knowledge_stream(asked, "mep", at, site, batch_size=size.batch_size)
    return DataSource("mlm", BothMasked(stream, build_masking(workload.tokenizer, asked.masking), beside), MaskedLM())


def run(workload: Workload, rounds: int) -> dict[str, Any]:
    """Measure the arms, in fp32."""
    started, known = machine(), knowledge(workload)
    arms: dict[str, Arm] = {
        SENTENCES: arm(workload, known, 0, beside=False),
        MASKED: arm(workload, known, 0, beside=True),
        NO_QUEUE: arm(workload, known, 0),
        WITH_QUEUE: arm(workload, known, ROWS),
    }
    measured = interleave(arms, rounds)
    alone, masked, bare, queued = measured.values()
    memory = {
        f"{size} units": CandidateQueue(0, size).bytes_per_thousand / 1e6 for size in (workload.size.hidden, BASE)
    }
    return {
        "benchmark": "xlm_k",
        "machine": started,
        "workload": workload_entry(workload),
        "subject": "Sentences of "
        f"{', '.join(workload.features)} (Universal Dependencies), each with another one as the description of what it "
        f"mentions, {workload.size.batch_size} pairs a step, an XLM-R of {workload.size.layers} layers x "
        f"{workload.size.hidden}. A thousand rows of the queue take "
        + ", ".join(f"{megabytes:.2f} MB at {size}" for size, megabytes in memory.items())
        + ".",
        "queue_mb_per_thousand": memory,
        "skipped": [],
        "parts": [
            {
                "part": "steps of pre-training",
                "precision": "fp32",
                "steps_per_round": workload.size.steps,
                "arms": {name: describe(own) for name, own in measured.items()},
                "ratios": [
                    claim(
                        slowdown(queued, masked, per_step), f"time of a step, {WITH_QUEUE} / {MASKED}", at_most=AT_MOST
                    ),
                    claim(slowdown(queued, bare, per_step), f"time of a step, {WITH_QUEUE} / {NO_QUEUE}"),
                    claim(slowdown(queued, alone, per_step), f"time of a step, {WITH_QUEUE} / {SENTENCES}"),
                ],
            }
        ],
    }
