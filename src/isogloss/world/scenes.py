"""Clauses that go together: the same words, so that only who did what to what tells them apart."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from isogloss.world.draw import STALLED, Drawer
from isogloss.world.facts import PERSON, Frame, World, the_world
from isogloss.world.meaning import Clause, Meaning, Phrase, Split, split_of, split_of_content

Thing = TypeVar("Thing")
Key = tuple[str, ...]
_TRIES = 20


class NoDrawError(Exception):
    """A draw that makes no sense, or that another split may say: draw again."""


class Scenes:
    """Draws clauses without pronouns, which nothing else need be true for.

    Unlike plain sentences they do not keep to the facts: where the facts are known, nobody needs to read a premise.

    Args:
        seed: Seed of the draws.
        stream: Name of the draws.
        split: The only split that is drawn for.
        world: The world; the usual one by default.
    """

    def __init__(self, seed: int, stream: str, split: Split, world: World | None = None) -> None:
        self.world = world or the_world()
        self.people = self.world.of("person")
        self._adjectives = self.world.of("adjective")
        self._drawer = Drawer(seed, stream, split, self.world)
        self._split = split
        self._frames: dict[tuple[str, ...], list[Frame]] = {}

    def coin(self) -> bool:
        """True or false, equally likely."""
        return self._drawer.chance.random() < 0.5

    def one_of(self, things: Sequence[Thing]) -> Thing:
        """One of the things.

        Raises:
            NoDrawError: There is none.
        """
        if not things:
            raise NoDrawError
        return self._drawer.one_of(things)

    def shuffled(self, things: Sequence[Thing]) -> tuple[Thing, ...]:
        """The things in another order."""
        return tuple(self._drawer.chance.sample(things, len(things)))

    def some(self, names: Sequence[str], number: int) -> list[str]:
        """Different names that the split may use."""
        allowed = self._drawer.allowed(names)
        if len(allowed) < number:
            raise NoDrawError
        return self._drawer.chance.sample(allowed, number)

    def allowed(self, names: Sequence[str]) -> Sequence[str]:
        """Those of the names that the split may use."""
        return self._drawer.allowed(names)

    def frames(self, *types: str) -> list[Frame]:
        """The frames of these types that the split may use."""
        if types not in self._frames:
            self._frames[types] = [frame for frame in self._drawer.frames if frame.type in types]
        return self._frames[types]

    def phrase(self, names: Sequence[str], taken: set[str], *, plain: bool = False) -> Phrase:
        """Somebody or something definite with no concept that is taken; it takes its own.

        Args:
            names: Who or what it may be.
            taken: The concepts that are taken.
            plain: Whether it has no adjective.
        """
        name = self._fresh(names, taken)
        concept = self.world.concepts[name]
        if concept.kind == "kin":
            return Phrase(name, second=self._fresh(self.people, taken))
        if concept.kind in PERSON or "noun" not in concept.features:
            return Phrase(name)
        number = "pl" if self._drawer.chance.random() < 0.3 else "sg"
        described = not plain and "pers" not in concept.features and self._drawer.chance.random() < 0.35
        adjective = self._fresh(self._adjectives, taken) if described else None
        return Phrase(name, number, "def", adjective)

    def clause(self, frame: Frame, verb: str, tense: str, taken: set[str]) -> Clause:
        """A clause of a frame, with nothing that is taken in it."""
        # Where the facts would say who, it may be anybody here.
        roles = tuple(
            (role, self.phrase(self.people if names is None else names, taken, plain=role == "agent"))
            for role, names in frame.roles.items()
        )
        return Clause(frame.type, verb, roles, tense)

    def alike(self, names: Sequence[str], number: int, taken: set[str], *, agents: bool) -> list[Phrase]:
        """Different phrases of one grammatical number, so that agreement does not tell them apart.

        Args:
            names: Who or what they may be.
            number: How many.
            taken: The concepts that are taken; it takes theirs.
            agents: Whether they have no adjective and are of one kind: all women, all animals.
        """
        concepts = self.world.concepts
        first = self.phrase(names, taken, plain=agents)
        if agents:
            names = [name for name in names if concepts[name].kind == concepts[first.concept].kind]
        others = [self.phrase(names, taken, plain=agents) for _ in range(number - 1)]
        return [first, *(dataclasses.replace(other, number=first.number) for other in others)]

    def pair(self, frame: Frame, tense: str) -> tuple[Clause, Clause]:
        """Two clauses with one verb, and all else different."""
        verb, taken = self._drawer.pick(frame.verbs), set[str]()
        fillers = [
            (role, self.alike(self.people if names is None else names, 2, taken, agents=role == "agent"))
            for role, names in frame.roles.items()
        ]
        first, second = (
            Clause(frame.type, verb, tuple((role, phrases[place]) for role, phrases in fillers), tense)
            for place in range(2)
        )
        return first, second

    def need(self, key: Key) -> Key:
        """The key, if it is one of this split's.

        Raises:
            NoDrawError: It is another's.
        """
        if not self.belongs(key):
            raise NoDrawError
        return key

    def belongs(self, key: Key) -> bool:
        """Whether it is a key of this split's."""
        return split_of_content(key, self._drawer.held_out) == self._split

    def may_say(self, meaning: Meaning) -> bool:
        """Whether it is a meaning of this split."""
        return split_of(meaning, self._drawer.held_out) == self._split

    def _fresh(self, names: Sequence[str], taken: set[str]) -> str:
        # Most draws find one at once, which is faster than to look for all that are free.
        for _ in range(_TRIES):
            name = self._drawer.one_of(names)
            if name not in taken and name not in self._drawer.known:
                taken.add(name)
                return name
        raise NoDrawError


def said(clause: Clause) -> Meaning:
    """A clause as a sentence."""
    return Meaning("plain", "", (clause,))


def signed(clause: Clause, negative: bool) -> Clause:
    """The clause, denied or not."""
    return dataclasses.replace(clause, negative=negative)


def with_agent(clause: Clause, other: Clause) -> Clause:
    """The clause with the agent of another."""
    return dataclasses.replace(clause, roles=(("agent", dict(other.roles)["agent"]), *clause.roles[1:]))


def scene_key(name: str, clauses: Sequence[Clause]) -> Key:
    """What is told together, whoever does what and in whatever order: no two splits share one."""
    return (name, *sorted(part for clause in clauses for part in clause.content()))


def different(draw: Callable[[], tuple[Key, Thing]]) -> Iterator[Thing]:
    """What is drawn, each key once, until no new one has been found for so long that there can be few left."""
    seen: set[Key] = set()
    failures = 0
    while failures < STALLED + len(seen):
        try:
            key, thing = draw()
        except NoDrawError:
            failures += 1
            continue
        if key in seen:
            failures += 1
            continue
        failures = 0
        seen.add(key)
        yield thing
