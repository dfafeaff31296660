"""Sentences of the small world, as many as are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import get_args

from isogloss.common.errors import IsoglossError, nearest
from isogloss.world.draw import draw_meanings
from isogloss.world.facts import World
from isogloss.world.lexicon import grammar
from isogloss.world.meaning import Meaning, Split
from isogloss.world.realise import Realiser, Sentence


def generate(seed: int, language: str, split: Split, number: int, *, world: World | None = None) -> list[Sentence]:
    """Different sentences of a language: a pure function of its arguments.

    Of two numbers the larger gives the same sentences and more.

    Args:
        seed: Decides what is true and what is said.
        language: Code of one of `language_codes`.
        split: ``train``, ``dev``, ``test``, or ``text`` for text without labels.
        number: How many.
        world: The world; the usual one by default.

    Raises:
        IsoglossError: Unknown language or split, or the world has not that many; the message says how many it has.

    Example:
        >>> for sentence in generate(0, "de", "train", 2):
        ...     print(sentence.text, sentence.meaning.topic)
        Eva weiß, was Peter gesehen hat. home
        Tom geht nach Istanbul, wenn diese Bauern den Lehrer zeichnen. travel
    """
    realiser = Realiser(grammar(language), world)
    found: dict[str, Sentence] = {}
    for meaning in _meanings(seed, f"labels {language}", split, world):
        if len(found) >= number:
            break
        sentence = realiser.tell(meaning)
        found.setdefault(sentence.text, sentence)
    check_number(f"{language} {split}", len(found), number)
    return list(found.values())


def generate_parallel(
    seed: int, languages: Sequence[str], number: int, *, split: Split = "text", world: World | None = None
) -> dict[str, list[Sentence]]:
    """The same meanings told in several languages; sentence n of one is that of the others.

    Args:
        seed: Decides what is true and what is said.
        languages: Codes.
        number: How many meanings.
        split: As in `generate`.
        world: The world; the usual one by default.

    Raises:
        IsoglossError: Unknown language, or the world has not that many; the message says how many it has.
    """
    meanings: list[Meaning] = []
    for meaning in _meanings(seed, "parallel", split, world):
        if len(meanings) >= number:
            break
        meanings.append(meaning)
    check_number(f"parallel {split}", len(meanings), number)
    realisers = {language: Realiser(grammar(language), world) for language in languages}
    return {language: [realiser.tell(meaning) for meaning in meanings] for language, realiser in realisers.items()}


def _meanings(seed: int, stream: str, split: Split, world: World | None) -> Iterator[Meaning]:
    if split not in get_args(Split):
        raise IsoglossError(f"unknown split {split!r}{nearest(split, get_args(Split))}")
    return draw_meanings(seed, stream, split, world)


def check_number(what: str, found: int, number: int) -> None:
    """Check that there are as many as were asked for.

    Raises:
        IsoglossError: There are fewer; the message says how many there are.
    """
    if found < number:
        raise IsoglossError(f"{what}: {number} sentences asked for, but the world has only {found} different ones")
