"""Where predictions are wrong: a table of confusions, and the mistakes that a model is surest of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tabulate import tabulate

Line = Mapping[str, Any]
"""A line of a file of predictions: ``text``, ``gold``, ``predicted``, ``probability``; older files lack two of them."""

AROUND = 4
"""Tokens that are shown before and after a wrong tag."""

LONGEST = 100
"""Characters of a text that are shown."""

MOST_LABELS = 20
"""With more labels than fit on a screen, confusions are listed, the most frequent first."""


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that was predicted: a tag, a label or an answer.

    Attributes:
        gold: What is right; of a question one of its answers.
        predicted: What was predicted.
        probability: How probable the model found it; None in files that do not say so.
        text: What it was predicted for, a wrong tag's token in brackets among its neighbours.
        wrong: Whether it is a mistake.
    """

    gold: str
    predicted: str
    probability: float | None
    text: str
    wrong: bool


def said(lines: Sequence[Line], right: Callable[[Sequence[str], str], bool]) -> Iterator[Said]:
    """What lines of predictions say, tag by tag where they have tags; lines without gold are passed over.

    Args:
        lines: The lines.
        right: Whether an answer is one of the right ones.
    """
    for line in lines:
        gold, predicted, text, sure = line["gold"], line["predicted"], line.get("text"), line.get("probability")
        if gold is None:
            continue
        if isinstance(predicted, list):
            for place, (true, found) in enumerate(zip(gold, predicted, strict=True)):
                shown = f"{line['id']}, token {place + 1}" if text is None else _around(text, place)
                yield Said(true, found, None if sure is None else sure[place], shown, true != found)
            continue
        shown = f"{line['id']}" if text is None else " | ".join(text) if isinstance(text, list) else text
        golds = gold if isinstance(gold, list) else [gold]
        yield Said(golds[0], predicted, sure, _short(shown), not right(golds, predicted))


def confusions(found: Sequence[Said]) -> str:
    """How often each label (rows) was taken for which (columns), as plain text; of many labels the commonest mistakes.

    Example:
        >>> told = [("a", "a"), ("a", "b"), ("b", "b"), ("a", "b")]
        >>> print(confusions([Said(gold, predicted, None, "", gold != predicted) for gold, predicted in told]))
        gold      a    b
        ------  ---  ---
        a         1    2
        b         .    1
    """
    counts = Counter((one.gold, one.predicted) for one in found)
    labels = sorted({label for pair in counts for label in pair}, key=lambda label: (label != "O", label))
    if len(labels) > MOST_LABELS:
        wrong = [(gold, label, count) for (gold, label), count in counts.most_common() if gold != label]
        return tabulate(wrong[:MOST_LABELS], headers=["gold", "predicted", "times"])
    body = [
        [gold, *(f"{counts[gold, label]:,}" if counts[gold, label] else "." for label in labels)] for gold in labels
    ]
    alignment = ["left", *["right"] * len(labels)]
    return tabulate(body, headers=["gold", *labels], disable_numparse=True, colalign=alignment)


def surest(found: Sequence[Said], number: int) -> str:
    """The mistakes with the largest probabilities, as plain text."""
    wrong = sorted((one for one in found if one.wrong), key=lambda one: -(one.probability or 0))[:number]
    body = [["–" if one.probability is None else f"{one.probability:.4f}", *_cells(one)] for one in wrong]
    return tabulate(body, headers=["probability", "gold", "predicted", "text"], disable_numparse=True)


def _cells(one: Said) -> list[str]:
    return [_short(one.gold), _short(one.predicted), one.text]


def _around(tokens: Sequence[str], place: int) -> str:
    before, after = tokens[max(0, place - AROUND) : place], tokens[place + 1 : place + 1 + AROUND]
    return " ".join([*before, f"[{tokens[place]}]", *after])


def _short(text: str) -> str:
    whole = " ".join(text.split())
    return whole if len(whole) <= LONGEST else whole[: LONGEST - 3] + "..."
