"""Questions answered by the nearest candidate, in every pair of a language of texts and one of descriptions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from isogloss.diagnostics.knowledge.finding import Finding
from isogloss.diagnostics.knowledge.questions import Candidates, Question
from isogloss.diagnostics.knowledge.ranking import Ranked, rank, rank_by_frequency
from isogloss.models.extensions.adapters import of_languages
from isogloss.models.extensions.knowledge import ProjectionHeads
from isogloss.models.holding import evaluating
from isogloss.models.seen import seen_states
from isogloss.streams.masked import padded

Row = tuple[np.ndarray, int]
"""Sub-words, and the place whose vector is wanted."""


@dataclass(frozen=True)
class Encoder:
    """What makes vectors of rows.

    Attributes:
        model: The encoder.
        layer: The module whose states are taken; None: the encoder, and so its last layer.
        padding: Id of the padding sub-word.
        batch_size: Rows per forward pass; rows of like length go together.
        heads: Project the vectors, each side by its own; None: the vectors are compared as they are. The norm of heads
            with batch norm is over all vectors of a side, so it does not depend on batches.
        centred: Whether each side's mean is subtracted before it is compared.
    """

    model: PreTrainedModel
    layer: nn.Module | None
    padding: int
    batch_size: int
    heads: ProjectionHeads | None = None
    centred: bool = False

    @torch.no_grad()
    def vectors(
        self, rows: Mapping[str, Sequence[Row]], done: Callable[[float], None], *, described: bool
    ) -> dict[str, Tensor]:
        """The vectors of the rows of each language ``[n, d]``, in float32 on the CPU.

        Args:
            rows: Rows by language.
            done: Told of every row.
            described: Whether they are descriptions, or questions.
        """
        encoded = {language: self._states(language, own, done) for language, own in rows.items()}
        if self.heads is not None:
            with evaluating(self.heads):
                every = self.heads(
                    torch.cat(list(encoded.values())).to(self.model.device), descriptions=described
                ).cpu()
            parts = every.split([len(own) for own in encoded.values()])
            encoded = dict(zip(encoded, parts, strict=True))
        return {language: own - own.mean(dim=0) for language, own in encoded.items()} if self.centred else encoded

    def _states(self, language: str, rows: Sequence[Row], done: Callable[[float], None]) -> Tensor:
        by_length = sorted(range(len(rows)), key=lambda number: len(rows[number][0]))
        parts = []
        with evaluating(self.model), of_languages(self.model, [language]):
            for start in range(0, len(rows), self.batch_size):
                chosen = [rows[number] for number in by_length[start : start + self.batch_size]]
                longest = max(len(ids) for ids, _ in chosen)
                batch = padded([(ids, ids, language) for ids, _ in chosen], self.padding, longest)
                with seen_states(self.layer or self.model.base_model) as seen:
                    self.model.base_model(**batch.to(self.model.device).inputs)
                parts.append(seen[0][torch.arange(len(chosen)), [place for _, place in chosen]].float().cpu())
                done(len(chosen))
        return torch.cat(parts)[torch.tensor(by_length).argsort()]


def compare(
    questions: Mapping[str, Sequence[Question]],
    candidates: Mapping[str, Candidates],
    encoder: Encoder,
    done: Callable[[float], None],
    *,
    suffix: str = "",
) -> list[Finding]:
    """Accuracy@1 and MRR in every pair of languages, of each view.

    Args:
        questions: Questions by language.
        candidates: Candidates by language.
        encoder: Makes their vectors.
        done: Told of every row.
        suffix: What is added to the names of the metrics.
    """
    asked = {code: [(own.text, own.place) for own in questions[code]] for code in questions}
    offered = {code: [(text, 0) for text in own.texts] for code, own in candidates.items() if own.texts}
    texts = encoder.vectors(asked, done, described=False)
    described = encoder.vectors(offered, done, described=True)
    found = []
    for language, own in questions.items():
        for other, vectors in described.items():
            places = candidates[other].places
            kept = [number for number, question in enumerate(own) if question.entity in places]
            if not kept:
                continue
            mine = [own[number] for number in kept]
            right = [places[question.entity] for question in mine]
            true = [[places[entity] for entity in question.true if entity in places] for question in mine]
            ranked = rank(texts[language][kept], vectors, right, true)
            frequent = rank_by_frequency(
                [question.frequency for question in mine],
                places,
                [question.entity for question in mine],
                [question.true for question in mine],
            )
            found += _findings(mine, ranked, frequent, (language, other), suffix)
    return found


def _findings(
    questions: Sequence[Question], ranked: Ranked, frequent: Ranked, pair: tuple[str, str], suffix: str
) -> list[Finding]:
    found = []
    views = np.array([question.view for question in questions])
    for view in dict.fromkeys(views.tolist()):
        chosen = views == view
        own, constant = ranked.of(chosen), frequent.of(chosen)
        mine = [question for question, keep in zip(questions, chosen.tolist(), strict=True) if keep]
        ids, units = tuple(one.id for one in mine), tuple(one.unit for one in mine)
        for metric, scores, guessed, always in (
            (f"accuracy_at_1{suffix}", own.hits, own.guessed_hits, constant.hits),
            (f"mrr{suffix}", own.reciprocal, own.guessed_reciprocal, constant.reciprocal),
        ):
            found.append(Finding(metric, pair[0], view, ids, units, scores, guessed, pair[1], always))
    return found
