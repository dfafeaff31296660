"""Answers that are pieces of a text: extractive question answering."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from isogloss.common.errors import IsoglossError
from isogloss.examples import Example, Prediction, Question
from isogloss.protocols import Batch, Feature
from isogloss.tasks.distributions import Shares
from isogloss.tasks.measures import Measure, scores
from isogloss.tasks.span_scores import METRICS, span_measures
from isogloss.tasks.task import IGNORED, Encoded, check_pairs, check_tokenizer
from isogloss.tasks.windows import Window, require_room, slide

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase

CharacterSpans = Sequence[tuple[int, int] | None]
Candidate = tuple[float, int, int]
"""The sum of the two logits of a span, its first character in the context and the one after its last."""
Weighed = tuple[list[Candidate], float]
"""The best spans of a window, and the logarithm of the sum of exp(sum of logits) over all of its spans."""

BEST_ANSWERS = 5
"""Answers to a question whose probabilities are told."""


@dataclass(frozen=True)
class Spans:
    """Find the answer to a question in a context: the positions of its first and its last sub-word.

    Args:
        name: Name of the task, as in results.
        doc_stride: Sub-words of context from the beginning of a window to that of the next; None: a third of
            ``max_length`` (XTREME: 128 of 384).
        max_answer_length: Most sub-words of an answer (30: BERT's code for SQuAD, XTREME).

    Reference:
        Devlin et al., *BERT*, NAACL 2019, section 4.2.
    """

    name: str
    doc_stride: int | None = None
    max_answer_length: int = 30
    # What transformers calls the two outputs in every checkpoint for questions, so that such a head is kept.
    labels: ClassVar[tuple[str, ...]] = ("LABEL_0", "LABEL_1")
    metrics: ClassVar[tuple[str, ...]] = METRICS

    @property
    def auto_class(self) -> Any:  # noqa: ANN401 - the auto classes of transformers have no common public type
        """The class of transformers that loads an encoder with a head of two logits for each sub-word."""
        from transformers import AutoModelForQuestionAnswering

        return AutoModelForQuestionAnswering

    def encode(self, examples: Sequence[Example], tokenizer: PreTrainedTokenizerBase, max_length: int) -> Encoded:
        """Windows of at most ``max_length`` sub-words, see `isogloss.tasks.windows.slide`.

        The targets of a window are the positions of the first and the last sub-word that has a character of the first
        gold answer of which some sub-word has one; both are 0, a special sub-word, where the window does not hold all
        sub-words of the answer. A question with gold answers but no such answer has no window: nothing can be learned
        from it. Characters that no sub-word has, which the tokenizer dropped or composed with others, do not count.

        Args:
            examples: Questions, with or without answers.
            tokenizer: A fast tokenizer.
            max_length: Longest window, in sub-words, special ones included.

        Raises:
            IsoglossError: An example is no question, the tokenizer is not a fast one, or ``max_length`` or
                ``doc_stride`` is out of range.
        """
        questions = [self._question(example) for example in examples]
        check_tokenizer(tokenizer, max_length, pair=True)
        stride = max(1, max_length // 3) if self.doc_stride is None else self.doc_stride
        require_room(tokenizer, max_length, stride)
        features, overlong, truncated = [], [], []
        for index, (question, found) in enumerate(
            zip(questions, slide(questions, tokenizer, max_length, stride), strict=True)
        ):
            answer = _answer(question, found.offsets)
            if question.answers is not None and answer is None:
                continue
            if len(found.windows) > 1:
                overlong.append(index)
            if found.truncated:
                truncated.append(index)
            for window in found.windows:
                targets = None if answer is None else _targets(window, *answer)
                features.append(Feature(window.inputs, targets, question.language, index, spans=window.spans))
        return Encoded(features, tuple(overlong), tuple(truncated), shortened="read in several windows")

    def collate(self, features: Sequence[Feature], tokenizer: PreTrainedTokenizerBase) -> Batch:
        """One batch, padded to its longest feature: inputs ``[b, s]``, labels ``[b, 2]``."""
        import torch

        from isogloss.tasks.collation import collate

        batch = collate([replace(feature, labels=None) for feature in features], tokenizer)
        targets = [feature.labels for feature in features]
        if all(target is None for target in targets):
            return batch
        none = (IGNORED, IGNORED)
        return replace(batch, labels=torch.tensor([none if target is None else target for target in targets]))

    def decode(self, logits: Tensor, features: Sequence[Feature]) -> list[Candidate]:
        """The best span of each window, from logits ``[b, 2, s]``.

        Of all spans within the context that are no longer than ``max_answer_length`` it is the one with the largest
        sum of the logits of its two ends, the first of equals.
        """
        return [self._best(row, feature.spans) for row, feature in zip(logits, features, strict=True)]

    def assemble(
        self, examples: Sequence[Example], features: Sequence[Feature], decoded: Sequence[Candidate]
    ) -> list[Prediction]:
        """The answer to each question: the best span of all its windows, as it stands in the context.

        Raises:
            ValueError: A question has no prediction: its features are missing.
        """
        best: dict[int, Candidate] = {}
        for feature, candidate in zip(features, decoded, strict=True):
            # Windows overlap: of equal spans the first in the context counts, whatever the order of the windows.
            known = best.get(feature.example)
            if known is None or (candidate[0], -candidate[1]) > (known[0], -known[1]):
                best[feature.example] = candidate
        answers: list[Prediction] = []
        for index, example in enumerate(examples):
            if index not in best:
                raise ValueError(f"{example.path}:{example.line}: no prediction")
            _, start, stop = best[index]
            answers.append(self._question(example).context[start:stop].strip())
        return answers

    def distributions(self, logits: Tensor, features: Sequence[Feature]) -> list[Weighed]:
        """The best spans of each window, from logits ``[b, 2, s]``, and the weight of all of them."""
        return [self._weighed(row, feature.spans) for row, feature in zip(logits, features, strict=True)]

    def shares(
        self, examples: Sequence[Example], features: Sequence[Feature], distributed: Sequence[Weighed]
    ) -> list[Shares]:
        """How probable the best `BEST_ANSWERS` answers to each question are, the predicted one first.

        The probability of a span is exp(its sum of logits) over the sum of that over all spans that are no longer than
        ``max_answer_length``, in all windows of the question. A span that several windows hold has the best of its
        sums, and so has a text that stands in several places.
        """
        spans: list[dict[tuple[int, int], float]] = [{} for _ in examples]
        weights: list[list[float]] = [[] for _ in examples]
        for feature, (candidates, weight) in zip(features, distributed, strict=True):
            own = spans[feature.example]
            for logit, start, stop in candidates:
                own[start, stop] = max(logit, own.get((start, stop), -math.inf))
            weights[feature.example].append(weight)
        return [self._answers(*each) for each in zip(examples, spans, weights, strict=True)]

    def _answers(self, example: Example, spans: dict[tuple[int, int], float], weights: Sequence[float]) -> Shares:
        """The best answers to a question, as `assemble` orders them."""
        context, whole = self._question(example).context, float(np.logaddexp.reduce(weights))
        best: dict[str, float] = {}
        for (start, stop), logit in sorted(spans.items(), key=lambda item: (-item[1], item[0][0])):
            best.setdefault(context[start:stop].strip(), math.exp(logit - whole))
        names = tuple(best)[:BEST_ANSWERS]
        return Shares(names, np.array([best[name] for name in names], dtype=np.float32))

    def gold(self, example: Example) -> Prediction | None:
        """All gold answers, None where the file has none."""
        answers = self._question(example).answers
        return None if answers is None else tuple(text for text, _ in answers)

    def score(
        self, gold: Sequence[Prediction], predicted: Sequence[Prediction], language: str = "und"
    ) -> dict[str, float]:
        """All of ``metrics``, as fractions in [0, 1]; see `isogloss.tasks.span_scores.span_measures`.

        Raises:
            IsoglossError: There is nothing to score.
            ValueError: The numbers of answers differ.
        """
        check_pairs(self.name, gold, predicted)
        return scores(self.measures(language), gold, predicted)

    def measures(self, language: str = "und") -> Mapping[str, Measure]:
        """How each of ``metrics`` is computed, in answers in ``language``."""
        return span_measures(language)

    def label_set(self, examples: Sequence[Example]) -> tuple[str, ...]:
        """The two outputs, whatever the examples."""
        return self.labels

    def _question(self, example: Example) -> Question:
        if isinstance(example, Question):
            return example
        raise IsoglossError(f"{example.path}:{example.line}: task {self.name!r} needs questions with their context")

    def _best(self, logits: Tensor, spans: CharacterSpans) -> Candidate:
        """The best span of one window, from logits ``[2, s]``."""
        told = [span for span in spans if span is not None]
        if not told:
            return (-math.inf, 0, 0)
        sums = self._sums(logits, spans)
        return _candidate(sums, int(sums.argmax()), told)

    def _weighed(self, logits: Tensor, spans: CharacterSpans) -> Weighed:
        """The best spans of one window, from logits ``[2, s]``, and the logarithm of the weight of all."""
        told = [span for span in spans if span is not None]
        if not told:
            return ([], -math.inf)
        sums = self._sums(logits, spans)
        places = sums.flatten().topk(min(BEST_ANSWERS, sums.numel())).indices.tolist()
        found = [_candidate(sums, place, told) for place in dict.fromkeys((int(sums.argmax()), *places))]
        return ([one for one in found if one[0] > -math.inf], float(sums.flatten().logsumexp(0)))

    def _sums(self, logits: Tensor, spans: CharacterSpans) -> Tensor:
        """The sum of the two logits of each span of the context ``[start, end]``, -inf where it is none."""
        inside = [position for position, span in enumerate(spans) if span is not None]
        starts, ends = logits[:, inside].double()
        sums = starts[:, None] + ends[None, :]
        allowed = sums.new_ones(sums.shape).triu().tril(self.max_answer_length - 1)
        masked: Tensor = sums.masked_fill(allowed == 0, -math.inf)
        return masked


def _candidate(sums: Tensor, place: int, told: Sequence[tuple[int, int]]) -> Candidate:
    """The span at a place in the flattened sums."""
    first, last = told[place // len(told)], told[place % len(told)]
    return (float(sums.flatten()[place]), first[0], last[1])


def _place(answer: tuple[str, int | None]) -> tuple[int, int] | None:
    """The first character of an answer and the one after its last, spaces around it left out."""
    text, start = answer
    if start is None:
        return None
    begin = start + len(text) - len(text.lstrip())
    return begin, begin + len(text.strip())


def _answer(question: Question, offsets: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """The numbers of the first and the last sub-word of the context that has a character of an answer."""
    for place in map(_place, question.answers or ()):
        if place is not None:
            start, stop = place
            touched = [number for number, (begin, end) in enumerate(offsets) if begin < stop and end > start]
            if touched:
                return touched[0], touched[-1]
    return None


def _targets(window: Window, first: int, last: int) -> tuple[int, int]:
    """Positions of the context's sub-words number ``first`` and ``last``; 0 if not both are there."""
    told = [position for position, span in enumerate(window.spans) if span is not None]
    if first < window.first or last >= window.first + len(told):
        return (0, 0)
    return (told[first - window.first], told[last - window.first])
