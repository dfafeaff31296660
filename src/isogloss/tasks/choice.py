"""One of several alternatives per question: COPA, XCOPA, Social IQa."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from isogloss.common.errors import IsoglossError
from isogloss.examples import Choice, Example, Prediction
from isogloss.protocols import Batch, Feature
from isogloss.tasks.classification import encode_texts
from isogloss.tasks.distributions import Shares, softmaxes
from isogloss.tasks.measures import Measure, equal, first_share, scores
from isogloss.tasks.task import IGNORED, Encoded, check_pairs, check_tokenizer, one_each

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class MultipleChoice:
    """Choose one of the alternatives of a question.

    The model gives each pair of "context question" and alternative a score of its own, with one and the same head, and
    the softmax goes over the alternatives of a question. So questions with different numbers of alternatives mix, in
    training and within a batch.

    Args:
        name: Name of the task, as in results.
    """

    name: str
    labels: ClassVar[tuple[str, ...]] = ()
    metrics: ClassVar[tuple[str, ...]] = ("accuracy",)

    @property
    def auto_class(self) -> Any:  # noqa: ANN401 - the auto classes of transformers have no common public type
        """The class of transformers that loads an encoder with a score of each alternative."""
        from transformers import AutoModelForMultipleChoice

        return AutoModelForMultipleChoice

    def encode(self, examples: Sequence[Example], tokenizer: PreTrainedTokenizerBase, max_length: int) -> Encoded:
        """One feature per question; a longer pair loses sub-words from the end of the longer of its texts.

        Args:
            examples: Questions, with or without labels.
            tokenizer: A fast tokenizer.
            max_length: Longest pair, in sub-words, special ones included.

        Raises:
            IsoglossError: An example is no question or its label is none of its alternatives, the tokenizer is not a
                fast one, or ``max_length`` is out of range.
        """
        choices = [self._choice(example) for example in examples]
        check_tokenizer(tokenizer, max_length, pair=True)
        pairs: list[tuple[str, str | None]] = [
            (f"{choice.context} {choice.question}".rstrip(), alternative)
            for choice in choices
            for alternative in choice.alternatives
        ]
        rows = list(encode_texts(pairs, tokenizer, max_length))
        borders = accumulate((len(choice.alternatives) for choice in choices), initial=0)
        features, overlong = [], []
        for index, (choice, (start, stop)) in enumerate(zip(choices, pairwise(borders), strict=True)):
            own = [inputs for inputs, _ in rows[start:stop]]
            joined = {name: [value for inputs in own for value in inputs[name]] for name in own[0]}
            ends = tuple(accumulate(len(inputs["input_ids"]) for inputs in own))
            features.append(Feature(joined, self._target(choice), choice.language, index, ends=ends))
            if any(truncated for _, truncated in rows[start:stop]):
                overlong.append(index)
        return Encoded(features, tuple(overlong))

    def collate(self, features: Sequence[Feature], tokenizer: PreTrainedTokenizerBase) -> Batch:
        """One batch: inputs ``[b, c, s]``, labels ``[b]``, and which alternatives each question has ``[b, c]``.

        A question of fewer alternatives is filled up with copies of its first one, since rows of padding alone, with
        nothing to attend to, make some models give NaN.
        """
        import torch

        from isogloss.tasks.collation import padded

        spans = [list(pairwise((0, *feature.ends))) for feature in features]
        number = max(map(len, spans))
        width = max(stop - start for own in spans for start, stop in own)
        filled = [[*own, *[own[0]] * (number - len(own))] for own in spans]
        padding = {"input_ids": int(tokenizer.pad_token_id)}
        inputs = {}
        for name in features[0].inputs:
            rows = [
                feature.inputs[name][start:stop]
                for feature, own in zip(features, filled, strict=True)
                for start, stop in own
            ]
            inputs[name] = padded(rows, width, padding.get(name, 0)).view(len(features), number, width)
        targets = [feature.labels if isinstance(feature.labels, int) else IGNORED for feature in features]
        bare = all(feature.labels is None for feature in features)
        return Batch(
            inputs,
            None if bare else torch.tensor(targets),
            tuple(feature.language for feature in features),
            extras={"alternatives": torch.tensor([[place < len(own) for place in range(number)] for own in spans])},
        )

    def decode(self, logits: Tensor, features: Sequence[Feature]) -> list[Prediction]:
        """The position of the best alternative of each feature as text, from logits ``[b, c]``."""
        return [str(row[: len(feature.ends)].argmax().item()) for row, feature in zip(logits, features, strict=True)]

    def assemble(
        self, examples: Sequence[Example], features: Sequence[Feature], decoded: Sequence[Prediction]
    ) -> list[Prediction]:
        """The choice of each example, from the features in any order.

        Raises:
            ValueError: An example has no prediction: its feature is missing.
        """
        return one_each(examples, features, decoded)

    def distributions(self, logits: Tensor, features: Sequence[Feature]) -> list[np.ndarray]:
        """How probable each alternative is: of each feature ``[c]`` over its own."""
        return softmaxes(logits, features)

    def shares(
        self, examples: Sequence[Example], features: Sequence[Feature], distributed: Sequence[np.ndarray]
    ) -> list[Shares]:
        """How probable each alternative of each question is, by its position."""
        found = one_each(examples, features, distributed)
        return [Shares(tuple(map(str, range(len(row)))), row) for row in found]

    def gold(self, example: Example) -> Prediction | None:
        """The position of the right alternative as text, None where the file has none."""
        return self._choice(example).label

    def score(
        self, gold: Sequence[Prediction], predicted: Sequence[Prediction], language: str = "und"
    ) -> dict[str, float]:
        """Accuracy, the share of questions whose right alternative was chosen, in [0, 1]; 1/c by chance.

        Raises:
            IsoglossError: There is nothing to score.
            ValueError: The numbers of questions differ.
        """
        check_pairs(self.name, gold, predicted)
        return scores(self.measures(language), gold, predicted)

    def measures(self, language: str = "und") -> Mapping[str, Measure]:
        """How each of ``metrics`` is computed; the language makes no difference."""
        return {"accuracy": Measure(equal, first_share)}

    def label_set(self, examples: Sequence[Example]) -> tuple[str, ...]:
        """No label: alternatives have positions, not classes."""
        return ()

    def _choice(self, example: Example) -> Choice:
        if isinstance(example, Choice):
            return example
        raise IsoglossError(f"{example.path}:{example.line}: task {self.name!r} needs questions with alternatives")

    def _target(self, choice: Choice) -> int | None:
        if choice.label is None:
            return None
        positions = [str(position) for position in range(len(choice.alternatives))]
        if choice.label not in positions:
            raise IsoglossError(
                f"{choice.path}:{choice.line}: {choice.label!r} is none of the alternatives {', '.join(positions)}"
            )
        return int(choice.label)
