"""What a model says of examples, and the rows in which a run folder keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from isogloss.examples import Choice, Example, Prediction, Question, TaggedSentence
from isogloss.tasks.distributions import Shares
from isogloss.tasks.task import Task


class Predicted(NamedTuple):
    """What is said of examples.

    Attributes:
        predictions: What is predicted for each.
        shares: How probable that is, and what else; empty where nobody asked.
    """

    predictions: list[Prediction]
    shares: list[Shares]


def prediction_rows(task: Task, examples: Sequence[Example], found: Predicted) -> list[dict[str, Any]]:
    """One row per example: its id, its text as `text_of` tells it, the gold label, the prediction, its probability.

    Where nobody asked for probabilities there are none.
    """
    rows = [
        {"id": example.id, "text": text_of(example), "gold": task.gold(example), "predicted": predicted}
        for example, predicted in zip(examples, found.predictions, strict=True)
    ]
    if not found.shares:
        return rows
    return [{**row, "probability": shares.best()} for row, shares in zip(rows, found.shares, strict=True)]


def text_of(example: Example) -> str | list[str]:
    """What a reader needs in order to judge a prediction: the tokens of a sentence, a text or pair, or the question.

    The context of a question is left out, since it is long and many share one; alternatives come after their question.

    Example:
        >>> from isogloss.examples import LabelledText
        >>> text_of(LabelledText("1", "en", "It rains.", "It is dry.", None))
        ['It rains.', 'It is dry.']
    """
    match example:
        case TaggedSentence(tokens=tokens):
            return list(tokens)
        case Question(question=question):
            return question
        case Choice(context=context, question=question, alternatives=alternatives):
            return [f"{context} {question}".rstrip(), *alternatives]
        case _:
            return example.text if example.pair is None else [example.text, example.pair]
