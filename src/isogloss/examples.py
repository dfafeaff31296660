"""The kinds of labelled example: a tagged sentence, a labelled text, a choice, a question."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """A tokenised sentence with one tag per token.

    Attributes:
        id: Identifier of the example, unique in its file (the file's own id where it has one, else its running number).
        language: Language code.
        tokens: The tokens, n of them, none empty.
        tags: The n gold tags, or None where the file has none.
        path: File the sentence was read from.
        line: Line of its first token in that file, from 1.
        spaces: For each token whether a space stands before it in the text that the sentence comes from; None where
            the file does not say.
    """

    id: str
    language: str
    tokens: tuple[str, ...]
    tags: tuple[str, ...] | None
    path: str
    line: int
    spaces: tuple[bool, ...] | None = None


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text, or a pair of texts, with one label.

    Attributes:
        id: Identifier of the example, unique in its file.
        language: Language code.
        text: The text (the premise, in inference).
        pair: The second text (the hypothesis), or None.
        label: Gold label, or None where the file has none.
        path: File the text was read from.
        line: Line of the text in that file, from 1.
        part: What the training data may be parted by, such as a genre; None where nothing was asked for.
    """

    id: str
    language: str
    text: str
    pair: str | None
    label: str | None
    path: str
    line: int
    part: str | None = None


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
        path: File the question was read from.
        line: Line of the question in that file, from 1.
    """

    id: str
    language: str
    context: str
    question: str
    alternatives: tuple[str, ...]
    label: str | None
    path: str
    line: int


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
        path: File the question was read from.
        line: Line of its id in that file, from 1.
    """

    id: str
    language: str
    question_language: str
    question: str
    context: str
    answers: tuple[tuple[str, int | None], ...] | None
    path: str
    line: int


Example = TaggedSentence | LabelledText | Choice | Question
Prediction = tuple[str, ...] | str
"""What a task predicts for one example: one tag per token, one label, or one answer; or what it counts as right: the
same, or for a question all its answers."""
