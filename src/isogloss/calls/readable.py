"""Predictions to be read by people: text, gold, predicted and how probable that is, as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tabulate import tabulate

from isogloss.data.delimiters import TAB
from isogloss.data.lines import to_bytes
from isogloss.examples import Choice, Example, LabelledText, Prediction, Question, TaggedSentence
from isogloss.run.predicted import Predicted
from isogloss.tasks.task import Task

Cells = dict[str, str]


def blocks(task: Task, examples: Sequence[Example], found: Predicted) -> Iterator[list[Cells]]:
    """For each example its rows: one, or in tagging one per token. What the file has no gold for has an empty one."""
    for example, predicted, shares in zip(examples, *found, strict=True):
        gold, best = task.gold(example), shares.best()
        if isinstance(example, TaggedSentence):
            golds = gold or [""] * len(example.tokens)
            yield [
                {"id": example.id, "token": token, **_said(*said)}
                for token, *said in zip(example.tokens, golds, predicted, best, strict=True)
            ]
        else:
            yield [
                {"id": example.id, **_told(example), **_said(_gold(example, gold), _named(example, predicted), best)}
            ]


def table(task: Task, examples: Sequence[Example], found: Predicted) -> bytes:
    """The rows as tab-separated columns under a header; a blank line after each sentence of several rows.

    Columns: ``id``; ``token``, or ``text`` and, where there is one, ``pair``, or ``question`` and ``context``;
    ``gold``, ``predicted``, ``probability``. Tabs and line breaks in texts become spaces.
    """
    lines: list[str] = []
    tagged = any(isinstance(example, TaggedSentence) for example in examples)
    for rows in blocks(task, examples, found):
        if not lines:
            lines.append(TAB.join(list(rows[0])))
        lines += [TAB.join([" ".join(value.split()) for value in row.values()]) for row in rows]
        lines += [""] * tagged
    return to_bytes(lines)


def record(example: Example, predicted: Prediction, probability: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """An example with what is predicted for it, as `isogloss.load` gives it back."""
    match example:
        case TaggedSentence(tokens=tokens):
            return {"tokens": list(tokens), "tags": list(predicted), "probability": probability}
        case Question(question=question, context=context):
            return {"question": question, "context": context, "answer": predicted, "probability": probability}
        case Choice():
            told = {"context": example.context, "question": example.question, "alternatives": [*example.alternatives]}
            return {**told, "label": int(str(predicted)), "probability": probability}
        case _:
            return {**_told(example), "label": predicted, "probability": probability}


def in_terminal(row: Mapping[str, Any]) -> str:
    """A record as it is printed: a token, its tag and the probability a line; or the label, or answer, and that.

    Example:
        >>> print(in_terminal({"tokens": ["Eva", "reads"], "tags": ["PROPN", "VERB"], "probability": [0.9, 1.0]}))
        Eva    PROPN  0.9000
        reads  VERB   1.0000
    """
    if "tags" in row:
        body = [[*said] for said in zip(row["tokens"], row["tags"], map(_short, row["probability"]), strict=True)]
    else:
        body = [[str(row["label"] if "label" in row else row["answer"]), _short(row["probability"])]]
    return tabulate(body, tablefmt="plain", disable_numparse=True)


def _said(gold: str, predicted: str, probability: float) -> Cells:
    return {"gold": gold, "predicted": predicted, "probability": _short(probability)}


def _short(probability: float) -> str:
    return f"{probability:.4f}"


def _told(example: Example) -> Cells:
    match example:
        case LabelledText(text=text, pair=pair):
            return {"text": text} if pair is None else {"text": text, "pair": pair}
        case Choice(context=context, question=question) | Question(context=context, question=question):
            return {"question": question, "context": context}
        case _:
            return {"text": " ".join(example.tokens)}


def _gold(example: Example, gold: Prediction | None) -> str:
    """The gold label; of a question all answers, of a choice the right alternative."""
    return "" if gold is None else _named(example, gold) if isinstance(gold, str) else " | ".join(gold)


def _named(example: Example, predicted: Prediction) -> str:
    """What is predicted, of a choice the alternative after its position."""
    if isinstance(example, Choice):
        return f"{predicted}: {example.alternatives[int(str(predicted))]}"
    return str(predicted)
