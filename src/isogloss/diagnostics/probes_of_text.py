"""Diagnostics on text of its own as probes of a run: forgetting and representations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from statistics import mean
from typing import Any

from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from isogloss.common.distributed import Communicator
from isogloss.diagnostics.forgetting import distances, forgetting
from isogloss.diagnostics.representations import similarities
from isogloss.diagnostics.retrieval import layer_vectors
from isogloss.diagnostics.rows import Row, finite, row
from isogloss.models.extensions.adapters import of_languages
from isogloss.protocols import Batch, Progress


@dataclass(frozen=True)
class ForgettingProbe:
    """Masked language modelling of the encoder now, against its start; and how far its weights have moved.

    Attributes:
        start: The checkpoint that the run started from, with its masked-LM head.
        batches: Masked text by language.
        every: When to look.
        autocast: Makes the context of a forward pass.
        ranks: Processes that share the languages.
    """

    start: PreTrainedModel
    batches: Mapping[str, Sequence[Batch]]
    every: Callable[[int], bool]
    autocast: Callable[[], AbstractContextManager[Any]]
    ranks: Communicator

    def due(self, step: int) -> bool:
        """As asked for."""
        return self.every(step)

    def __call__(self, model: nn.Module, progress: Progress) -> list[Row]:
        """Rows of probe ``forgetting``.

        ``loss``, ``rise`` and ``divergence`` by language and their means; ``distance`` and ``relative_distance`` by
        part.
        """
        assert isinstance(model, PreTrainedModel)
        own = list(self.batches)[self.ranks.rank :: self.ranks.world_size]
        part = forgetting(model, self.start, {name: self.batches[name] for name in own}, autocast=self.autocast)
        seen = dict(self.ranks.gather(list(part.items())))
        rows = []
        for metric in ("loss", "rise", "divergence"):
            values = {language: getattr(seen[language], metric) for language in self.batches if language in seen}
            rows += [
                row("forgetting", metric, value, language=language, n=seen[language].places)
                for language, value in values.items()
            ]
            if values:
                rows.append(row("forgetting", metric, mean(values.values()), n=sum(seen[name].places for name in seen)))
        for name, (distance, relative) in distances(model, self.start).items():
            rows.append(row("forgetting", "distance", distance, part=name))
            rows.append(row("forgetting", "relative_distance", relative, part=name))
        return finite(rows)


@dataclass(frozen=True)
class RepresentationsProbe:
    """Likeness of languages, layer by layer, on parallel sentences.

    The first process looks, and all get what it saw: vectors of all languages are needed together.

    Attributes:
        tokenizer: The model's fast tokenizer.
        texts: By language, translations of each other in the same order.
        max_length: Sub-words per sentence.
        batch_size: Sentences per forward pass.
        every: When to look.
        ranks: The processes of the run.
    """

    tokenizer: PreTrainedTokenizerBase
    texts: Mapping[str, Sequence[str]]
    max_length: int
    batch_size: int
    every: Callable[[int], bool]
    ranks: Communicator

    def due(self, step: int) -> bool:
        """As asked for."""
        return self.every(step)

    def __call__(self, model: nn.Module, progress: Progress) -> list[Row]:
        """Rows of probe ``representations``: ``cka`` and ``retrieval`` by layer, of each pair and their mean."""
        return self.ranks.gather(self._look(model) if self.ranks.rank == 0 else [])

    def _look(self, model: nn.Module) -> list[Row]:
        assert isinstance(model, PreTrainedModel)
        vectors = {}
        for language, texts in self.texts.items():
            with of_languages(model, [language]):
                vectors[language] = layer_vectors(
                    model, self.tokenizer, texts, max_length=self.max_length, batch_size=self.batch_size
                )
        n = len(next(iter(self.texts.values())))
        pairs = similarities(vectors)
        rows = []
        for layer in range(len(next(iter(vectors.values())))):
            part = f"layer_{layer}"
            for place, metric in enumerate(("cka", "retrieval")):
                values = {pair: layers[layer][place] for pair, layers in pairs.items()}
                rows += [
                    row("representations", metric, value, part=part, language=one, other=other, n=n)
                    for (one, other), value in values.items()
                ]
                rows.append(row("representations", metric, mean(values.values()), part=part, n=n))
        return finite(rows)
