"""The protocol of a task, and the checks that all tasks share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from isogloss.common.errors import IsoglossError
from isogloss.data.problems import Problems
from isogloss.examples import Example, Prediction, TaggedSentence
from isogloss.protocols import Batch, Feature
from isogloss.tasks.distributions import Shares
from isogloss.tasks.measures import Measure

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase

AnyDecoded = TypeVar("AnyDecoded")

IGNORED = -100
"""Target of a position that has no label; PyTorch's default ``ignore_index``."""

MANY_PARTED = 0.2
"""Share of the tokens of a file from which on it is worth knowing that a space was put before them. With isogloss-small
it is at most 0.04 in the dev data of UD in de, hi, ko, vi and zh, and 0.1 in the Hindi of the small world."""

TOKENIZER_BATCH = 1024
"""Examples in one call of the tokenizer: enough to use all cores, few enough to bound its memory."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Examples as the model sees them.

    Attributes:
        features: The features, those of one example together, in the order of the examples.
        overlong: Indices of the examples longer than the limit.
        truncated: Indices of the examples whose question alone was truncated.
        parted: Indices of the examples in which spaces were put between tokens that shared a sub-word, once per space.
        shortened: What was done to the overlong ones, in words.
    """

    features: Sequence[Feature]
    overlong: tuple[int, ...]
    truncated: tuple[int, ...] = ()
    parted: tuple[int, ...] = ()
    shortened: str = "truncated"

    def warn(self, examples: Sequence[Example], max_length: int, problems: Problems) -> None:
        """A warning for every overlong one of the encoded examples, and a note on files in which many are parted."""
        for index in self.overlong:
            message = f"longer than max_length {max_length} sub-words, {self.shortened}"
            problems.warning(examples[index].path, examples[index].line, message)
        for index in self.truncated:
            problems.warning(examples[index].path, examples[index].line, "question too long for a window, truncated")
        self._note_parted(examples, problems)

    def _note_parted(self, examples: Sequence[Example], problems: Problems) -> None:
        """A note on each file where so many tokens are parted that the model does not see the text as it is written."""
        spaces, tokens, first = Counter[str](), Counter[str](), dict[str, int]()
        for index in self.parted:
            spaces[examples[index].path] += 1
            first.setdefault(examples[index].path, examples[index].line)
        for example in examples if spaces else ():
            tokens[example.path] += len(example.tokens) if isinstance(example, TaggedSentence) else 0
        for path, number in spaces.items():
            if number >= MANY_PARTED * tokens[path]:
                message = (
                    "tokens share a sub-word with the one before as they are written, so often that a space was put "
                    "before one in five or more; `spacing: words` puts one before each"
                )
                problems.note(path, first[path], message)


class Task(Protocol):
    """What is to be predicted.

    Predicting a file takes ``encode``, then per batch ``collate``, the model and ``decode``, and ``assemble`` in the
    end, whatever the order in which the features went through the model.
    """

    @property
    def name(self) -> str:
        """Name of the task, as in results."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the order of the model's outputs."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the scores; the first is the one to select by."""

    @property
    def auto_class(self) -> Any:  # noqa: ANN401 - the auto classes of transformers have no common public type
        """The class of transformers that loads an encoder with this task's head."""

    def encode(self, examples: Sequence[Example], tokenizer: PreTrainedTokenizerBase, max_length: int) -> Encoded:
        """Features of at most ``max_length`` sub-words, special ones included."""

    def collate(self, features: Sequence[Feature], tokenizer: PreTrainedTokenizerBase) -> Batch:
        """One batch, padded to its longest feature."""

    def decode(self, logits: Tensor, features: Sequence[Feature]) -> list[Any]:
        """What the logits of a batch say of each of its features, in a form that `assemble` takes."""

    def assemble(
        self, examples: Sequence[Example], features: Sequence[Feature], decoded: Sequence[Any]
    ) -> list[Prediction]:
        """One prediction per example, in the order of the examples; ``decoded[i]`` belongs to ``features[i]``."""

    def distributions(self, logits: Tensor, features: Sequence[Feature]) -> list[Any]:
        """How probable the logits of a batch find what each of its features may say, in a form that `shares` takes."""

    def shares(
        self, examples: Sequence[Example], features: Sequence[Feature], distributed: Sequence[Any]
    ) -> list[Shares]:
        """How probable what is predicted for each example is, and what else; as `assemble` from ``distributed``."""

    def gold(self, example: Example) -> Prediction | None:
        """What counts as right for an example, None where the file has none."""

    def score(
        self, gold: Sequence[Prediction], predicted: Sequence[Prediction], language: str = "und"
    ) -> dict[str, float]:
        """All of ``metrics``, as fractions in [0, 1], for examples in one language."""

    def measures(self, language: str = "und") -> Mapping[str, Measure]:
        """How each of ``metrics`` is computed from sums over examples in one language; `score` is computed so, too."""

    def label_set(self, examples: Sequence[Example]) -> tuple[str, ...]:
        """The labels that occur in the examples, each once, in a fixed order."""


def check_tokenizer(tokenizer: PreTrainedTokenizerBase, max_length: int, *, pair: bool = False) -> None:
    """Refuse a tokenizer or a limit that cannot encode anything.

    Args:
        tokenizer: Tokenizer of the model.
        max_length: Longest input, in sub-words, special ones included.
        pair: Whether the inputs are pairs of texts.

    Raises:
        IsoglossError: The tokenizer is not a fast one (it cannot say where its sub-words lie in the text), or
            ``max_length`` is beyond what the model takes, or leaves no room beside the special sub-words.
    """
    if not tokenizer.is_fast:
        raise IsoglossError(
            f"tokenizer {type(tokenizer).__name__} is not a fast one (backed by `tokenizers`), so it cannot say where "
            "its sub-words lie in the text; use a model that has a tokenizer.json"
        )
    special = tokenizer.num_special_tokens_to_add(pair=pair)
    shortest, longest = special + 1 + pair, tokenizer.model_max_length
    if not shortest <= max_length <= longest:
        raise IsoglossError(
            f"max_length is {max_length}, but must be from {shortest} ({special} special sub-words and one of each "
            f"text) to {longest} (the longest input of the model)"
        )


def check_pairs(task: str, gold: Sequence[Prediction], predicted: Sequence[Prediction]) -> None:
    """Refuse to score nothing, or predictions of other examples than the gold ones.

    Args:
        task: Name of the task, for the message.
        gold: The gold predictions.
        predicted: As many predictions, in the same order.

    Raises:
        IsoglossError: There is nothing to score.
        ValueError: The numbers differ.
    """
    if len(gold) != len(predicted):
        raise ValueError(f"task {task!r}: {len(gold)} gold predictions but {len(predicted)} to score")
    if not gold:
        raise IsoglossError(f"task {task!r}: nothing to score, there is no example with gold labels")


def one_each(
    examples: Sequence[Example], features: Sequence[Feature], decoded: Sequence[AnyDecoded]
) -> list[AnyDecoded]:
    """The prediction of each example, where each has one feature, from the features in any order.

    Raises:
        ValueError: An example has no prediction: its feature is missing.
    """
    found = {feature.example: prediction for feature, prediction in zip(features, decoded, strict=True)}
    for index, example in enumerate(examples):
        if index not in found:
            raise ValueError(f"{example.path}:{example.line}: no prediction")
    return [found[index] for index in range(len(examples))]
