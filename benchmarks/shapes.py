"""An XLM-R of some size with random weights, and one batch of random sub-words for each of some languages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from transformers import PreTrainedModel, XLMRobertaConfig, XLMRobertaForSequenceClassification

from isogloss.protocols import Batch

SEED = 0
CLASSES = 3
"""As in natural language inference, the task with the most languages."""
FIRST = 4
"""Sub-words before this are special."""


@dataclass(frozen=True)
class Shape:
    """How large everything is.

    Attributes:
        name: What it is called.
        layers: Layers of the encoder.
        hidden: Its width.
        vocabulary: Rows of the embedding table.
        batch_size: Texts per language and step.
        length: Sub-words per text, none of them padding.
        languages: Numbers of languages to measure with.
        steps: Timed steps per process.
        warm_steps: Steps before them, not timed.
        bf16: Whether forward passes run in bfloat16.
    """

    name: str
    layers: int
    hidden: int
    vocabulary: int
    batch_size: int
    length: int
    languages: tuple[int, ...]
    steps: int
    warm_steps: int
    bf16: bool = False

    def new_model(self) -> PreTrainedModel:
        """The model every arm starts from: each call gives the same weights. Without dropout, so that arms agree."""
        config = XLMRobertaConfig(
            vocab_size=self.vocabulary,
            hidden_size=self.hidden,
            intermediate_size=4 * self.hidden,
            num_hidden_layers=self.layers,
            num_attention_heads=max(1, self.hidden // 64),
            max_position_embeddings=514,
            type_vocab_size=1,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            num_labels=CLASSES,
        )
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(SEED)
            return XLMRobertaForSequenceClassification(config).train()

    def batch(self, language: int) -> Batch:
        """The batch of the language of that number, the same in every step.

        All sub-words are equally likely, so hardly one comes twice: the least that keeping rows of a table can save.
        """
        random = torch.Generator().manual_seed(1000 * SEED + language)
        size = (self.batch_size, self.length)
        inputs = {
            "input_ids": torch.randint(FIRST, self.vocabulary, size, generator=random),
            "attention_mask": torch.ones(size, dtype=torch.long),
        }
        labels = torch.randint(CLASSES, size[:1], generator=random)
        return Batch(inputs, labels, (name_of(language),) * self.batch_size)


def name_of(language: int) -> str:
    """Name of the language of that number."""
    return f"language {language}"


SMALL = Shape("small", 4, 128, 60_000, 8, 32, languages=(4, 8, 15), steps=5, warm_steps=2)
BASE = Shape("XLM-R base", 12, 768, 250_002, 2, 32, languages=(4,), steps=2, warm_steps=1)
MINI = Shape("12 layers x 384", 12, 384, 250_037, 32, 32, languages=(1,), steps=5, warm_steps=2, bf16=True)
"""Multilingual MiniLM and the encoders made of it."""
TOY = Shape("toy", 2, 16, 100, 3, 8, languages=(2,), steps=2, warm_steps=1)
"""Small enough for a test; its numbers mean nothing. Its two languages conflict."""

Step = Callable[[], list[float]]
"""Takes one step and says each language's loss before it."""
