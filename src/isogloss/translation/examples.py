"""Labelled examples and their translations: which texts are to be translated, and the example of these."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator

from isogloss.common.sentences import words
from isogloss.data.spacing import spaces_of_script
from isogloss.examples import Choice, Example, LabelledText, Question, TaggedSentence
from isogloss.translation.answers import Look, find_answers, texts_of, translated_context


class Losses:
    """What was lost in translation, counted by reason.

    Attributes:
        reasons: How often each thing happened.
        first: The id of the first example to which it happened.
        marked: Answers found between marks.
        searched: Answers found by searching.
    """

    def __init__(self) -> None:
        self.reasons: Counter[str] = Counter()
        self.first: dict[str, str] = {}
        self.marked = self.searched = 0

    def note(self, example: Example, reason: str) -> None:
        """Count a reason."""
        self.reasons[reason] += 1
        self.first.setdefault(reason, example.id)

    def told(self) -> list[str]:
        """One sentence for each reason, and one on the answers found."""
        found = []
        if self.marked or self.searched:
            found.append(f"{self.marked:,} answers found between marks, {self.searched:,} by searching")
        return found + [
            f"{count:,} times: {reason} (first in id {self.first[reason]!r})" for reason, count in self.reasons.items()
        ]


def texts(example: Example, *, answers: bool) -> Iterator[str]:
    """The texts to translate, blank ones included.

    Args:
        example: The example.
        answers: Whether the answers to a question are to be found again.
    """
    if isinstance(example, TaggedSentence):
        yield running_text(example)
    elif isinstance(example, Question):
        yield example.question
        yield from texts_of(example, answers=answers)
    else:
        yield from example.content


def rebuilt(example: Example, look: Look, language: str, losses: Losses, *, answers: bool) -> Example:
    """The example with its texts translated.

    Labels of the whole stay. Tags do not: a tagged sentence becomes the words of its translation, see
    `isogloss.common.sentences.words`. Answers are found again, or lost; a question without any stays, without
    answers.

    Args:
        example: The example.
        look: Gives the translation of each text that `texts` names; of a blank text it is empty.
        language: Language of the translations.
        losses: Takes what is lost.
        answers: Whether the answers to a question are to be found again; else it has none.
    """
    if isinstance(example, LabelledText):
        found: Example = dataclasses.replace(
            example,
            language=language,
            text=look(example.text),
            pair=None if example.pair is None else look(example.pair),
        )
    elif isinstance(example, Choice):
        found = dataclasses.replace(
            example,
            language=language,
            context=look(example.context),
            question=look(example.question),
            alternatives=tuple(map(look, example.alternatives)),
        )
    elif isinstance(example, TaggedSentence):
        tokens, spaces = words(look(running_text(example)), language)
        found = dataclasses.replace(example, language=language, tokens=tuple(tokens), tags=None, spaces=tuple(spaces))
    else:
        found = _question(example, look, language, losses, answers=answers)
    if _lacks_a_text(example, found):
        losses.note(example, "an empty translation")
    return found


def running_text(sentence: TaggedSentence) -> str:
    """A tagged sentence as it is written: as its file says, or else as its script is."""
    spaces = spaces_of_script(sentence.tokens) if sentence.spaces is None else sentence.spaces
    return sentence.text((False, *spaces[1:])[: len(sentence.tokens)])


def _question(example: Question, look: Look, language: str, losses: Losses, *, answers: bool) -> Question:
    moved = dataclasses.replace(
        example, language=language, question_language=language, question=look(example.question), answers=None
    )
    if not answers or example.answers is None:
        return dataclasses.replace(moved, context=translated_context(example, look, language))
    found = find_answers(example, look, language)
    losses.marked += found.marked
    losses.searched += found.searched
    for reason in found.lost:
        losses.note(example, f"an answer was left out: {reason}")
    return dataclasses.replace(moved, context=found.context, answers=found.answers or None)


def _lacks_a_text(example: Example, found: Example) -> bool:
    """Whether a text that was not blank has become blank."""
    if isinstance(example, TaggedSentence):
        return not found.content
    return any(
        before.strip() and not after.strip() for before, after in zip(example.content, found.content, strict=True)
    )
