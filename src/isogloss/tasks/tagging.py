"""One label per token: part of speech, named entities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from isogloss.common.errors import IsoglossError, nearest
from isogloss.examples import Example, Prediction, SoftTags, TaggedSentence
from isogloss.protocols import Batch, Feature
from isogloss.tasks.alignment import align
from isogloss.tasks.distributions import Shares, softmaxes
from isogloss.tasks.measures import Measure
from isogloss.tasks.pieces import cut, require_stride
from isogloss.tasks.tag_scores import TagScorer, entity_scores, token_scores
from isogloss.tasks.task import IGNORED, AnyDecoded, Encoded, check_pairs, check_tokenizer

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Tagging:
    """Predict one label per token, from the outputs at its first sub-word, or of all its sub-words together.

    XTREME takes the first. Where a model has labels of one language only and cuts words of others into more pieces
    than its own, the first piece alone says less than it learned to rely on. The average is of logits; that of
    transformers' ``aggregation_strategy="average"`` is of probabilities, which seldom makes another tag the best.
    The sum is of states, before the output layer, as X-Mixup's released code has it: longer words have longer vectors.

    Args:
        name: Name of the task, as in results.
        labels: The tags, in the order of the model's outputs.
        scorer: How predictions are scored.
        average: Whether outputs are averaged over each token.
        summed: Whether they are those of the sum of a token's states; not both.
        as_written: Whether sentences are encoded as they are written, without the spaces between tokens that their
            text does not have; else with a space before every token, as in XTREME.
        stride: Sub-words from the beginning of a window of a long sentence to that of the next, at most; None: a long
            sentence is cut into pieces that do not overlap, as in XTREME.
    """

    name: str
    labels: tuple[str, ...]
    scorer: TagScorer
    average: bool = False
    summed: bool = False
    as_written: bool = False
    stride: int | None = None

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the scores; the first is the one to select by."""
        return self.scorer.metrics

    @property
    def auto_class(self) -> Any:  # noqa: ANN401 - the auto classes of transformers have no common public type
        """The class of transformers that loads an encoder with a head of classes for each sub-word."""
        from transformers import AutoModelForTokenClassification

        return AutoModelForTokenClassification

    def encode(self, examples: Sequence[Example], tokenizer: PreTrainedTokenizerBase, max_length: int) -> Encoded:
        """Features of at most ``max_length`` sub-words; a longer sentence is cut between tokens into several.

        So every token gets a label and a prediction, as in XTREME; in windows that overlap it has them in one of them,
        see `isogloss.tasks.pieces.cut`. Labels stand at the first sub-word of a token, -100
        elsewhere, and so do outputs that are averaged; `isogloss.tasks.alignment.align` says which sub-word that is. Of
        soft tags the most probable one is the label.

        Args:
            examples: Tagged sentences, with or without tags.
            tokenizer: A fast tokenizer.
            max_length: Longest feature, in sub-words, special ones included.

        Raises:
            IsoglossError: An example is no tagged sentence, has an unknown tag or soft tags in another order, a token
                cannot be encoded, the tokenizer is not a fast one, or ``max_length`` or ``stride`` is out of range.
        """
        check_tokenizer(tokenizer, max_length)
        if self.stride is not None:
            require_stride(tokenizer, max_length, self.stride)
        sentences = [self._sentence(example) for example in examples]
        classes = {label: index for index, label in enumerate(self.labels)}
        features: list[Feature] = []
        overlong, parted = [], []
        all_aligned = align(sentences, tokenizer, as_written=self.as_written)
        for index, (sentence, aligned) in enumerate(zip(sentences, all_aligned, strict=True)):
            targets = self._targets(sentence, classes)
            if len(aligned.words) > max_length:
                overlong.append(index)
            parted += [index] * aligned.parted
            for piece in cut(aligned, max_length, self.stride):
                labels = targets and [targets[word] if word >= 0 else IGNORED for word in piece.words]
                anchors = piece.anchors if self.average or self.summed else ()
                words = [word for word in piece.words if word >= 0]
                soft = None if sentence.soft is None else sentence.soft.shares[words]
                features.append(
                    Feature(piece.inputs, labels, sentence.language, index, piece.words, anchors, soft=soft)
                )
        shortened = "cut into pieces" if self.stride is None else "read in several windows"
        return Encoded(features, tuple(overlong), parted=tuple(parted), shortened=shortened)

    def collate(self, features: Sequence[Feature], tokenizer: PreTrainedTokenizerBase) -> Batch:
        """One batch, padded to its longest feature: inputs and labels ``[b, s]``."""
        import torch

        from isogloss.tasks.collation import collate

        batch = collate(features, tokenizer)
        if not self.summed:
            return batch
        return replace(batch, extras={**batch.extras, "summed": torch.ones(len(features), dtype=torch.bool)})

    def decode(self, logits: Tensor, features: Sequence[Feature]) -> list[Prediction]:
        """The best tag of each token of each feature, from logits ``[b, s, c]``."""
        best = logits.argmax(dim=-1).tolist()  # [b, s]
        return [
            tuple(self.labels[label] for label, word in zip(row, feature.words, strict=False) if word >= 0)
            for row, feature in zip(best, features, strict=True)
        ]

    def assemble(
        self, examples: Sequence[Example], features: Sequence[Feature], decoded: Sequence[Prediction]
    ) -> list[Prediction]:
        """The tags of each example, from its features in any order.

        Raises:
            ValueError: Some token has no prediction: features of the examples are missing.
        """
        return [tuple(tags) for tags in self._per_token(examples, features, decoded)]

    def distributions(self, logits: Tensor, features: Sequence[Feature]) -> list[np.ndarray]:
        """How probable each tag is: of each feature ``[w, c]`` for its w tokens."""
        return softmaxes(logits, features)

    def shares(
        self, examples: Sequence[Example], features: Sequence[Feature], distributed: Sequence[np.ndarray]
    ) -> list[Shares]:
        """How probable each tag of each token of each example is."""
        found = self._per_token(examples, features, distributed)
        return [Shares(self.labels, np.stack(rows)) for rows in found]

    def gold(self, example: Example) -> Prediction | None:
        """The gold tags, None where the file has none."""
        return self._sentence(example).tags

    def score(
        self, gold: Sequence[Prediction], predicted: Sequence[Prediction], language: str = "und"
    ) -> dict[str, float]:
        """All of ``metrics``, as fractions in [0, 1]; the language makes no difference.

        Raises:
            IsoglossError: There is nothing to score.
            ValueError: Gold and predicted tags differ in number.
        """
        check_pairs(self.name, gold, predicted)
        for row, (truth, guess) in enumerate(zip(gold, predicted, strict=True)):
            if len(truth) != len(guess):
                raise ValueError(f"task {self.name!r}: sentence {row} has {len(truth)} tags but {len(guess)} predicted")
        return self.scorer.compute(gold, predicted)

    def measures(self, language: str = "und") -> Mapping[str, Measure]:
        """How each of ``metrics`` is computed; the language makes no difference."""
        return self.scorer.measures

    def label_set(self, examples: Sequence[Example]) -> tuple[str, ...]:
        """The tags that occur in the examples, sorted, O first."""
        found = {tag for example in examples for tag in self._sentence(example).tags or ()}
        return tuple(sorted(found, key=lambda tag: (tag != "O", tag)))

    def _per_token(
        self, examples: Sequence[Example], features: Sequence[Feature], decoded: Sequence[Iterable[AnyDecoded]]
    ) -> list[list[AnyDecoded]]:
        """What the features of each example say of each of its tokens."""
        said: list[dict[int, AnyDecoded]] = [{} for _ in examples]
        for feature, values in zip(features, decoded, strict=True):
            words = [word for word in feature.words if word >= 0]
            said[feature.example].update(zip(words, values, strict=True))
        for example, found in zip(examples, said, strict=True):
            if len(found) != len(self._sentence(example).tokens):
                raise ValueError(f"{example.path}:{example.line}: predictions for {len(found)} tokens only")
        return [[found[word] for word in range(len(found))] for found in said]

    def _sentence(self, example: Example) -> TaggedSentence:
        if isinstance(example, TaggedSentence):
            return example
        raise IsoglossError(f"{example.path}:{example.line}: task {self.name!r} needs sentences with one tag per token")

    def _targets(self, sentence: TaggedSentence, classes: dict[str, int]) -> list[int] | None:
        if sentence.soft is not None:
            return self._surest(sentence.soft)
        if sentence.tags is None:
            return None
        for token, tag in zip(sentence.tokens, sentence.tags, strict=True):
            if tag not in classes:
                raise IsoglossError(
                    f"{sentence.path}:{sentence.line}: token {token!r} of this sentence has the tag {tag!r}, "
                    f"which is no label of task {self.name!r}{nearest(tag, self.labels)}"
                )
        return [classes[tag] for tag in sentence.tags]

    def _surest(self, soft: SoftTags) -> list[int]:
        """The most probable class of each token."""
        if soft.labels != self.labels:
            raise IsoglossError(
                f"{soft.path}:1: soft tags are over {';'.join(soft.labels)}, but the tags of this run are, in this "
                f"order, {';'.join(self.labels)}"
            )
        best, known = soft.shares.argmax(axis=1).tolist(), (soft.shares.max(axis=1) > 0).tolist()
        return [place if there else IGNORED for place, there in zip(best, known, strict=True)]


def part_of_speech(labels: Sequence[str] = (), *, name: str = "pos") -> Tagging:
    """Part-of-speech tagging, scored by token accuracy and XTREME's F1 (seqeval 0.0.12)."""
    return Tagging(name, tuple(labels), token_scores)


def named_entities(labels: Sequence[str] = (), *, name: str = "ner") -> Tagging:
    """Named entity recognition over IOB2 tags, scored by entity F1, precision and recall, and token accuracy."""
    return Tagging(name, tuple(labels), entity_scores)
