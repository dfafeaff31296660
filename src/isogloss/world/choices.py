"""What made somebody do it, or what did they do about it: one of two."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from isogloss.world.facts import Frame, World
from isogloss.world.meaning import Clause, Meaning, Phrase, Split
from isogloss.world.scenes import Key, NoDrawError, Scenes, different, said, scene_key

_TRIES = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """A premise, and what caused it or came of it.

    Attributes:
        premise: What is so.
        choices: Two of which one is its cause or effect.
        asks_for: Which of them.
        label: Place of the right one, 0 or 1.
    """

    premise: Meaning
    choices: tuple[Meaning, Meaning]
    asks_for: Literal["cause", "effect"]
    label: int


def draw_choices(seed: int, stream: str, split: Split, world: World | None = None) -> Iterator[Choice]:
    """Questions of a split, four by four: two states and two deeds, of which each state causes one.

    Where only the effects are new, two by two. Each pair of choices comes twice with another premise and the other
    answer, so the choices alone tell nothing.

    Args:
        seed: Seed of the draws.
        stream: Name of the draws.
        split: The only split whose questions come, and which alone says the deeds.
        world: The world; the usual one by default.

    Yields:
        Questions, until no new ones are found.
    """
    scenes = Scenes(seed, stream, split, world)
    causes = scenes.world.causes

    agents = [name for kind in ("person", "human", "kin") for name in scenes.world.of(kind)]
    asked: set[tuple[Meaning, frozenset[str]]] = set()

    def deed(who: Phrase, state: str, other: str, adverb: str | None) -> Meaning:
        """What the one state makes them do and the other does not, in this split."""
        verbs = [verb for verb in causes[state] if verb not in causes[other]]
        for _ in range(_TRIES):
            verb = scenes.one_of(verbs)
            frames = [frame for frame in scenes.frames("act", "do") if _is_reason(state, frame, verb, scenes.people[0])]
            clause = scenes.clause(scenes.one_of(frames), verb, "pres", {who.concept, who.second or ""})
            roles = (("agent", who), *clause.roles[1:])
            meaning = said(dataclasses.replace(clause, roles=roles, adverb=adverb))
            if scenes.may_say(meaning):
                return meaning
        raise NoDrawError

    def draw() -> tuple[Key, Sequence[Choice]]:
        states, adverb = scenes.some(tuple(causes), 2), scenes.one_of((None, "today", "now"))
        who = dataclasses.replace(scenes.phrase(agents, set()), number="sg")
        deeds = [deed(who, states[0], states[1], adverb), deed(who, states[1], states[0], adverb)]
        feelings = [said(Clause("feel", "be", (("agent", who), ("state", Phrase(state))))) for state in states]
        questions = [*_both(feelings, deeds, "effect", scenes.coin())]
        # The other deed is no part of what is asked for its cause, so that might come twice.
        if asked.isdisjoint(causes_of := [(meaning, frozenset(states)) for meaning in deeds]):
            asked.update(causes_of)
            questions += _both(deeds, feelings, "cause", scenes.coin())
        clauses = [meaning.clauses[0] for meaning in (*deeds, *feelings)]
        return (*scene_key("choice", clauses), adverb or "-"), questions

    for questions in different(draw):
        yield from scenes.shuffled(questions)


def _is_reason(state: str, frame: Frame, verb: str, name: str) -> bool:
    """Whether the frame has people do it, and to food if out of hunger."""
    fits = verb in frame.verbs and name in (frame.roles["agent"] or ())
    return fits and (frame.topic == "food") == (state == "hungry")


def _both(
    premises: Sequence[Meaning], choices: Sequence[Meaning], asks_for: Literal["cause", "effect"], turned: bool
) -> Iterator[Choice]:
    """A question for each premise; the choice of the same place goes with it."""
    shown = (choices[1], choices[0]) if turned else (choices[0], choices[1])
    for place, premise in enumerate(premises):
        yield Choice(premise, shown, asks_for, 1 - place if turned else place)
