"""The kinds of labelled example: a tagged sentence, a labelled text, a choice, a question.

Every kind says the same four things of itself: its ``labels``, the ``classes`` among them that training must know, its
``content`` and what is left of it ``without_labels``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class SoftTags:
    """How probable each tag is, for each token of a sentence: the view of a teacher, or what was projected.

    Attributes:
        labels: The c tags, in the order of the columns.
        shares: Probabilities ``[n, c]``, float32; a row sums to 1, or is 0 where nothing is known of its token.
        path: File that names the tags in its first line; empty where they come from none.
    """

    labels: tuple[str, ...]
    shares: np.ndarray
    path: str = ""


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """A tokenised sentence with one tag per token.

    Attributes:
        id: Identifier of the example, unique in its file (the file's own id where it has one, else its running number).
        language: Language code.
        tokens: The tokens, n of them, none empty.
        tags: The n gold tags, or None where the file has none.
        path: File the sentence was read from; empty where it comes from none.
        line: Line of its first token in that file, from 1; 0 where there is none.
        spaces: For each token whether a space stands before it in the text that the sentence comes from; None where
            the file does not say.
        soft: In place of gold tags how probable each tag is, which training can learn from; None where there is none.
        original: The text that it is a translation of, as its file says it; None where the file does not.
        numbered: Whether the id is the running number, for want of one in the file; then it means nothing elsewhere.
    """

    id: str
    language: str
    tokens: tuple[str, ...]
    tags: tuple[str, ...] | None
    path: str = ""
    line: int = 0
    spaces: tuple[bool, ...] | None = None
    soft: SoftTags | None = None
    original: str | None = None
    numbered: bool = False

    @property
    def labels(self) -> tuple[str, ...] | None:
        """The gold tags; nothing where there are soft ones, None where there are neither."""
        return self.tags if self.soft is None else ()

    @property
    def classes(self) -> tuple[str, ...]:
        """The gold tags, which training must know."""
        return self.tags or ()

    @property
    def content(self) -> tuple[str, ...]:
        """What two sentences must share to be the same: their tokens."""
        return self.tokens

    def without_labels(self) -> TaggedSentence:
        """The sentence as a model may see it in evaluation."""
        return dataclasses.replace(self, tags=None, soft=None)

    def text(self, spaces: Sequence[bool]) -> str:
        """The running text of the tokens.

        Args:
            spaces: For each token whether a space stands before it.

        Example:
            >>> TaggedSentence("1", "en", ("Yes", "!"), None).text([False, False])
            'Yes!'
        """
        return "".join(" " * space + token for token, space in zip(self.tokens, spaces, strict=True))


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text, or a pair of texts, with one label.

    Attributes:
        id: Identifier of the example, unique in its file.
        language: Language code.
        text: The text (the premise, in inference).
        pair: The second text (the hypothesis), or None.
        label: Gold label, or None where the file has none.
        path: File the text was read from; empty where it comes from none.
        line: Line of the text in that file, from 1; 0 where there is none.
        part: What the training data may be parted by, such as a genre; None where nothing was asked for.
    """

    id: str
    language: str
    text: str
    pair: str | None
    label: str | None
    path: str = ""
    line: int = 0
    part: str | None = None

    @property
    def labels(self) -> tuple[str, ...] | None:
        """The gold label as a tuple of one; None where there is none."""
        return None if self.label is None else (self.label,)

    @property
    def classes(self) -> tuple[str, ...]:
        """The gold label, which training must know."""
        return self.labels or ()

    @property
    def content(self) -> tuple[str, ...]:
        """What two texts must share to be the same: the text, and the second one if there is one."""
        return (self.text,) if self.pair is None else (self.text, self.pair)

    def without_labels(self) -> LabelledText:
        """The text as a model may see it in evaluation."""
        return dataclasses.replace(self, label=None)


@dataclass(frozen=True, slots=True)
class Choice:
    """A question about a context, with alternatives to choose from.

    Attributes:
        id: Identifier of the example, unique in its file.
        language: Language code.
        context: What is told (the premise, in COPA).
        question: What is asked about it; empty if nothing is.
        alternatives: The answers to choose from, at least two, none empty.
        label: Position of the right one, from 0, as text (``"1"``), or None where the file has none.
        path: File the question was read from; empty where it comes from none.
        line: Line of the question in that file, from 1; 0 where there is none.
    """

    id: str
    language: str
    context: str
    question: str
    alternatives: tuple[str, ...]
    label: str | None
    path: str = ""
    line: int = 0

    @property
    def labels(self) -> tuple[str, ...] | None:
        """The gold label as a tuple of one; None where there is none."""
        return None if self.label is None else (self.label,)

    @property
    def classes(self) -> tuple[str, ...]:
        """Nothing that training must know: labels are positions here."""
        return ()

    @property
    def content(self) -> tuple[str, ...]:
        """What two choices must share to be the same: the context, the question and the alternatives."""
        return (self.context, self.question, *self.alternatives)

    def without_labels(self) -> Choice:
        """The choice as a model may see it in evaluation."""
        return dataclasses.replace(self, label=None)


@dataclass(frozen=True, slots=True)
class Question:
    """A question whose answers are pieces of a text.

    Attributes:
        id: Identifier of the question, unique in its file.
        language: Code of the language of the context, and so of the answers.
        question_language: Code of the language of the question, mostly the same.
        question: The question.
        context: The text in which to look.
        answers: The gold answers, each as it is written and the place of its first character in the context; the
            place is None where the context does not hold it, so that it counts in scores and cannot be learned from.
            None where the file has no answer.
        path: File the question was read from; empty where it comes from none.
        line: Line of its id in that file, from 1; 0 where there is none.
    """

    id: str
    language: str
    question_language: str
    question: str
    context: str
    answers: tuple[tuple[str, int | None], ...] | None
    path: str = ""
    line: int = 0

    @property
    def labels(self) -> tuple[str, ...] | None:
        """Answers are no labels: nothing where there are some, None where there are none."""
        return None if self.answers is None else ()

    @property
    def classes(self) -> tuple[str, ...]:
        """Nothing that training must know."""
        return ()

    @property
    def content(self) -> tuple[str, ...]:
        """What two questions must share to be the same: the question and the context."""
        return (self.question, self.context)

    def without_labels(self) -> Question:
        """The question as a model may see it in evaluation."""
        return dataclasses.replace(self, answers=None)


Example = TaggedSentence | LabelledText | Choice | Question
Prediction = tuple[str, ...] | str
"""What a task predicts for one example: one tag per token, one label, or one answer; or what it counts as right: the
same, or for a question all its answers."""
