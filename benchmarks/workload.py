"""What is trained in every benchmark: a small XLM-R from random weights, on parts of speech in four languages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from isogloss.common.errors import IsoglossError
from isogloss.data.collection import Collection
from isogloss.data.conllu import ConllU
from isogloss.examples import TaggedSentence
from isogloss.models.open import Loaded, new_model, open_model
from isogloss.models.tokenizer import load_tokenizer, train_tokenizer
from isogloss.protocols import Batch, DataSource, Feature
from isogloss.recipe.build.adapters import with_adapters
from isogloss.recipe.build.lora import with_lora
from isogloss.recipe.build.mixing import with_mixing
from isogloss.recipe.build.objective import build_objective, build_second
from isogloss.recipe.build.sampling import build_sources, pass_length
from isogloss.recipe.build.second import Beside, Second
from isogloss.recipe.build.site import Site
from isogloss.recipe.names import TASKS
from isogloss.recipe.resolve import resolve
from isogloss.recipe.spec.objective import XMixup
from isogloss.recipe.spec.recipe import Recipe
from isogloss.start.assemble import Opened, open_site
from isogloss.start.corpus import load_corpus
from isogloss.start.prepare import budget_of, whole_batches
from isogloss.store.features import lengths
from isogloss.streams.paired import Partners, always
from isogloss.tasks.tagging import Tagging, part_of_speech

LANGUAGES = ("en", "fr", "ru", "tr")
SEED = 0


@dataclass(frozen=True)
class Size:
    """How large everything is.

    Attributes:
        layers: Layers of the encoder.
        hidden: Its width.
        vocabulary: Sub-words of the tokenizer.
        batch_size: Sentences per batch.
        max_length: Longest sentence in sub-words, and the width that padding to a fixed length pads to.
        limit: Sentences per language; None: all.
        steps: Timed steps per round.
        warm_steps: Steps before them in each round, not timed.
    """

    layers: int = 4
    hidden: int = 256
    vocabulary: int = 8000
    batch_size: int = 32
    max_length: int = 128
    limit: int | None = None
    # As many steps as a window of the stream has batches: every round has short, middling and long ones alike.
    steps: int = 32
    warm_steps: int = 2

    def timed_steps(self, number: int) -> int:
        """Timed steps of the round of that number; round 0, which only warms up, is short."""
        return self.steps if number else min(4, self.steps)


TOY = Size(layers=1, hidden=16, vocabulary=300, batch_size=4, max_length=32, limit=64, steps=2, warm_steps=1)
"""Small enough for a test; its numbers mean nothing."""


@dataclass(frozen=True)
class Workload:
    """Data and tokenizer, read once.

    Attributes:
        data: Folder of the treebanks.
        size: How large everything is.
        task: The task with its labels.
        tokenizer: Trained on the training text, or the encoder's.
        features: Encoded training sentences by language.
        encoder: Folder of a pre-trained encoder; None: it has random weights, and the size.
    """

    data: Path
    size: Size
    task: Tagging
    tokenizer: PreTrainedTokenizerBase
    features: dict[str, list[Feature]]
    encoder: Path | None = None

    @property
    def sizes(self) -> dict[str, int]:
        """Number of training features by language."""
        return {language: len(features) for language, features in self.features.items()}

    def everything(self) -> list[Feature]:
        """The features of all languages, in the order of the mixed source."""
        return [feature for features in self.features.values() for feature in features]

    def config(self) -> dict[str, Any]:
        """Configuration of the encoder."""
        return {
            "model_type": "xlm-roberta",
            "hidden_size": self.size.hidden,
            "intermediate_size": 4 * self.size.hidden,
            "num_hidden_layers": self.size.layers,
            "num_attention_heads": max(1, self.size.hidden // 64),
        }

    def new_model(self) -> PreTrainedModel:
        """The model every arm starts from: each call gives the same weights."""
        if self.encoder is not None:
            return open_model(self.encoder, self.task.auto_class, self.task.labels, seed=SEED).model
        return new_model(self.config(), self.tokenizer, self.task.auto_class, self.task.labels, seed=SEED).model

    def site(self, recipe: Recipe, model: PreTrainedModel) -> Site:
        """The model in its place in a run of the recipe."""
        return self.opened(recipe, model).site

    def opened(self, recipe: Recipe, model: PreTrainedModel) -> Opened:
        """The same with what a run has beside it: with adapters where the recipe wants them."""
        fresh = frozenset(name for name, _ in model.named_parameters())
        loaded, seed = Loaded(model, self.tokenizer, fresh, frozenset(), {}), recipe.seeds[0]
        if recipe.lora is not None:
            loaded = with_lora(loaded, recipe.lora, seed)
        if recipe.adapters is not None:
            loaded = with_adapters(loaded, recipe.adapters, tuple(self.features), seed)
        if isinstance(recipe.objective, XMixup):
            loaded = with_mixing(loaded, recipe.objective, self.task, recipe.max_length)
        budget = budget_of(recipe, TASKS["pos"], list(self.sizes.values()))
        batches = partial(whole_batches, self.features, self._collate(), budget, seed)
        return open_site(recipe, loaded, budget, self.sizes, pass_length(recipe.sampling), batches)

    def sources(self, recipe: Recipe, site: Site) -> dict[str, DataSource]:
        """The sources that the recipe draws from."""
        objective = build_objective(recipe.objective, recipe.penalties, self.task, site, recipe.max_length)
        return build_sources(recipe.sampling, self.features, self._collate(), objective, site, self._second(recipe))

    def _second(self, recipe: Recipe) -> Second | None:
        if isinstance(recipe.objective, XMixup):
            return Beside(self.partners(), None, always)
        languages = {language: language for language in self.features}
        steps, length = recipe.steps or 0, recipe.max_length
        return build_second(recipe.objective, None, self.task, steps, {}, self.tokenizer, length, languages)

    def partners(self) -> dict[str, Partners]:
        """For each sentence one of the first language that is as long among its own, as a translation would be."""
        originals = self.features[LANGUAGES[0]]
        order = np.argsort(lengths(originals), kind="stable")
        found = {}
        for language, own in self.features.items():
            places = np.empty(len(own), dtype=int)
            ranks = np.arange(len(own)) * len(originals) // len(own)
            places[np.argsort(lengths(own), kind="stable")] = order[ranks]
            found[language] = Partners(originals, places)
        return found

    def _collate(self) -> Callable[[Sequence[Feature]], Batch]:
        return partial(self.task.collate, tokenizer=self.tokenizer)

    def recipe(self, method: str, precision: str, **answers: object) -> Recipe:
        """The recipe of a method on this workload, everything that the benchmark does not set at its default."""
        return resolve(
            {
                "method": method,
                "model": {"config": self.config(), "vocabulary_size": self.size.vocabulary},
                "data": [{"task": "pos", "format": "conllu", "path": "{language}/train.conllu", "splits": ["train"]}],
                "batch_size": self.size.batch_size,
                "max_length": self.size.max_length,
                "steps": 1_000_000,
                "schedule": "constant",
                "precision": precision,
                "seed": SEED,
                **answers,
            }
        )


def load(data: Path, size: Size, encoder: Path | None = None) -> Workload:
    """Read the treebanks ``data/LANGUAGE/train.conllu``, and train the tokenizer on them if no encoder brings its own.

    Raises:
        IsoglossError: The folder is not there or lacks a language.
    """
    if not data.is_dir():
        raise IsoglossError(
            f"no folder {str(data)!r}: the benchmarks need Universal Dependencies treebanks, "
            f"{{language}}/train.conllu for {', '.join(LANGUAGES)}; --data names the folder"
        )
    template = str(data / "{language}" / "train.conllu")
    collection = Collection("ud", ConllU(), template, LANGUAGES, {"train": "train"})
    task = part_of_speech()
    corpus = load_corpus(
        [collection], task.label_set, train_languages=LANGUAGES, evaluate_languages=(), limit=size.limit
    )
    task = part_of_speech(corpus.labels)
    if encoder is None:
        texts = [" ".join(example.tokens) for examples in corpus.train.values() for example in _sentences(examples)]
        tokenizer = train_tokenizer(texts, size.vocabulary)
    else:
        tokenizer = load_tokenizer(encoder)
    features = {
        language: task.encode(examples, tokenizer, size.max_length).features
        for language, examples in corpus.train.items()
    }
    return Workload(data, size, task, tokenizer, features, encoder)


def _sentences(examples: Sequence[Any]) -> list[TaggedSentence]:
    return [example for example in examples if isinstance(example, TaggedSentence)]
