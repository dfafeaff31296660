"""What sentences say, whatever the language, and which split may say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from isogloss.common.randomness import derive

Split = Literal["train", "dev", "test", "text"]

# Shares in hundredths of the meanings without and with a held-out word. `text` is for unlabelled and parallel text.
_SHARES: dict[bool, tuple[tuple[int, Split], ...]] = {
    False: ((40, "train"), (50, "dev"), (65, "test"), (100, "text")),
    True: ((15, "dev"), (40, "test"), (100, "text")),
}


def natural_number(concept: str) -> str:
    """``pl`` for *they*, ``sg`` for all else that has no number of its own."""
    return "pl" if concept == "they" else "sg"


@dataclass(frozen=True, slots=True)
class Phrase:
    """Somebody or something.

    Attributes:
        concept: Name of the concept.
        number: ``sg`` or ``pl``.
        determiner: ``def``, ``indef``, ``dem`` (this, that), or nothing for names and pronouns.
        adjective: A concept, if there is one.
        second: The other person of ``A and B``, or the one whose mother it is.
        relative: What a relative clause says of it; its agent is this phrase.
    """

    concept: str
    number: str = "sg"
    determiner: str = ""
    adjective: str | None = None
    second: str | None = None
    relative: Clause | None = None

    def content(self) -> tuple[str, ...]:
        """Its concepts in order, a hyphen where there is none."""
        inner = self.relative.content() if self.relative else ("-",)
        # One and the same: Turkish o is he and she, German sie is she and they.
        return (_merged(self.concept), self.adjective or "-", _merged(self.second or "-"), *inner)


@dataclass(frozen=True, slots=True)
class Clause:
    """Somebody does something, or something is so.

    Attributes:
        type: ``do``, ``give``, ``move`` and so on, as the frames and the grammars have them.
        verb: A concept.
        roles: Who or what fills each role.
        tense: ``past``, ``pres``, ``fut`` or ``can`` (is able to).
        negative: Whether it is denied.
        adverb: A concept of time, if there is one.
    """

    type: str
    verb: str
    roles: tuple[tuple[str, Phrase], ...]
    tense: str = "pres"
    negative: bool = False
    adverb: str | None = None

    def content(self) -> tuple[str, ...]:
        """Its concepts in order."""
        return (self.type, self.verb, *(part for role, phrase in self.roles for part in (role, *phrase.content())))


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a sentence says.

    Attributes:
        form: ``plain``, ``because``, ``when``, ``that``, ``who``, ``what`` or ``knows`` (what somebody does): how the
            clauses make a sentence.
        topic: Label of the topic.
        clauses: One clause or two.
    """

    form: str
    topic: str
    clauses: tuple[Clause, ...]

    def content(self) -> tuple[str, ...]:
        """The form and the slot fillers, without tense, number and the like."""
        return (self.form, *(part for clause in self.clauses for part in clause.content()))

    @property
    def key(self) -> str:
        """What must not be shared between splits."""
        return " ".join(self.content())


def _merged(concept: str) -> str:
    return "he" if concept in ("she", "they", "that") else concept


def split_of(meaning: Meaning, held_out: frozenset[str]) -> Split:
    """The split that may say it: a hash of its language-independent content decides, the same for every seed.

    Args:
        meaning: The meaning.
        held_out: The concepts that no training sentence may use.
    """
    return split_of_content(meaning.content(), held_out)


def split_of_content(content: tuple[str, ...], held_out: frozenset[str]) -> Split:
    """The same for what several sentences say together."""
    place = derive(*content) % 100
    return next(split for bound, split in _SHARES[not held_out.isdisjoint(content)] if place < bound)
