"""One label per text or pair of texts: natural language inference, topics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from isogloss.common.errors import IsoglossError, nearest
from isogloss.examples import Example, LabelledText, Prediction
from isogloss.protocols import Batch, Feature
from isogloss.tasks.distributions import Shares, softmaxes
from isogloss.tasks.measures import Measure, equal, first_share, ratio, scores
from isogloss.tasks.task import TOKENIZER_BATCH, Encoded, check_pairs, check_tokenizer, one_each

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Classification:
    """Predict one label per text, or per pair of texts.

    Args:
        name: Name of the task, as in results.
        labels: The classes, in the order of the model's outputs.
    """

    name: str
    labels: tuple[str, ...]
    metrics: ClassVar[tuple[str, ...]] = ("accuracy", "macro_f1")

    @property
    def auto_class(self) -> Any:  # noqa: ANN401 - the auto classes of transformers have no common public type
        """The class of transformers that loads an encoder with a head of classes."""
        from transformers import AutoModelForSequenceClassification

        return AutoModelForSequenceClassification

    def encode(self, examples: Sequence[Example], tokenizer: PreTrainedTokenizerBase, max_length: int) -> Encoded:
        """One feature per example; a longer one loses sub-words from the end of the longer of its texts.

        Args:
            examples: Texts or pairs of texts, with or without labels.
            tokenizer: A fast tokenizer.
            max_length: Longest feature, in sub-words, special ones included.

        Raises:
            IsoglossError: An example is no text with one label or has an unknown label, the tokenizer is not a fast
                one, or ``max_length`` is out of range.
        """
        texts = [self._text(example) for example in examples]
        check_tokenizer(tokenizer, max_length, pair=any(text.pair is not None for text in texts))
        targets = [self._target(text) for text in texts]
        rows = list(encode_texts([(text.text, text.pair) for text in texts], tokenizer, max_length))
        features = [
            Feature(inputs, target, text.language, index)
            for index, (text, target, (inputs, _)) in enumerate(zip(texts, targets, rows, strict=True))
        ]
        return Encoded(features, tuple(index for index, (_, truncated) in enumerate(rows) if truncated))

    def collate(self, features: Sequence[Feature], tokenizer: PreTrainedTokenizerBase) -> Batch:
        """One batch, padded to its longest feature: inputs ``[b, s]``, labels ``[b]``."""
        from isogloss.tasks.collation import collate

        return collate(features, tokenizer)

    def decode(self, logits: Tensor, features: Sequence[Feature]) -> list[Prediction]:
        """The best label of each feature, from logits ``[b, c]``."""
        return [self.labels[best] for best, _ in zip(logits.argmax(dim=-1).tolist(), features, strict=True)]

    def assemble(
        self, examples: Sequence[Example], features: Sequence[Feature], decoded: Sequence[Prediction]
    ) -> list[Prediction]:
        """The label of each example, from the features in any order.

        Raises:
            ValueError: An example has no prediction: its feature is missing.
        """
        return one_each(examples, features, decoded)

    def distributions(self, logits: Tensor, features: Sequence[Feature]) -> list[np.ndarray]:
        """How probable each label is: of each feature ``[c]``."""
        return softmaxes(logits, features)

    def shares(
        self, examples: Sequence[Example], features: Sequence[Feature], distributed: Sequence[np.ndarray]
    ) -> list[Shares]:
        """How probable each label of each example is."""
        return [Shares(self.labels, row) for row in one_each(examples, features, distributed)]

    def gold(self, example: Example) -> Prediction | None:
        """The gold label, None where the file has none."""
        return self._text(example).label

    def score(
        self, gold: Sequence[Prediction], predicted: Sequence[Prediction], language: str = "und"
    ) -> dict[str, float]:
        """Accuracy, and the plain mean of the F1 of all the task's labels, as fractions in [0, 1].

        A label that is neither among the gold labels nor predicted has an F1 of 0 (scikit-learn's ``zero_division=0``)
        and counts in the mean, so the score of a language does not depend on which labels its test set happens to hold.
        The language itself makes no difference.

        Raises:
            IsoglossError: There is nothing to score.
            ValueError: The numbers of labels differ.
        """
        check_pairs(self.name, gold, predicted)
        return scores(self.measures(language), gold, predicted)

    def measures(self, language: str = "und") -> Mapping[str, Measure]:
        """How each of ``metrics`` is computed; the language makes no difference."""
        return {
            "accuracy": Measure(equal, first_share),
            "macro_f1": Measure(partial(_per_label, self.labels), _macro_f1),
        }

    def label_set(self, examples: Sequence[Example]) -> tuple[str, ...]:
        """The labels that occur in the examples, sorted."""
        labels = (self._text(example).label for example in examples)
        return tuple(sorted({label for label in labels if label is not None}))

    def _text(self, example: Example) -> LabelledText:
        if isinstance(example, LabelledText):
            return example
        raise IsoglossError(f"{example.path}:{example.line}: task {self.name!r} needs texts with one label each")

    def _target(self, text: LabelledText) -> int | None:
        if text.label is None:
            return None
        if text.label not in self.labels:
            raise IsoglossError(
                f"{text.path}:{text.line}: {text.label!r} is no label of task {self.name!r}"
                f"{nearest(text.label, self.labels)}"
            )
        return self.labels.index(text.label)


def _per_label(labels: Sequence[str], gold: Sequence[Prediction], predicted: Sequence[Prediction]) -> np.ndarray:
    """Per example and label whether it is rightly predicted, and how often it is predicted or gold ``[n, 2c]``."""
    names = np.array(labels)
    truth, guess = (np.array(list(side))[:, None] == names for side in (gold, predicted))
    return np.concatenate([truth & guess, truth.astype(np.int64) + guess], axis=1)


def _macro_f1(sums: np.ndarray) -> np.ndarray:
    right, either = np.split(sums, 2, axis=-1)
    return np.asarray(ratio(2 * right, either).mean(axis=-1))


def encode_texts(
    texts: Sequence[tuple[str, str | None]], tokenizer: PreTrainedTokenizerBase, max_length: int
) -> Iterator[tuple[dict[str, list[int]], bool]]:
    """Per text, or pair of texts, its inputs and whether it was truncated."""
    for start in range(0, len(texts), TOKENIZER_BATCH):
        # One call takes either texts or pairs of texts.
        for paired, group in groupby(texts[start : start + TOKENIZER_BATCH], key=lambda text: text[1] is not None):
            members = list(group)
            encoding = tokenizer(
                [text for text, _ in members],
                [pair for _, pair in members] if paired else None,
                truncation="longest_first",
                max_length=max_length,
                padding=False,
            )
            for i, raw in enumerate(encoding.encodings):
                yield {name: list(rows[i]) for name, rows in encoding.items()}, bool(raw.overflowing)
