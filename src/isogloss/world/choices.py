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

    Each pair of choices comes twice with another premise and the other answer, so the choices alone tell nothing.

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

    agents = [*scenes.people, *scenes.world.of("human")]

    def deed(who: Phrase, state: str, other: str) -> Meaning:
        """What the one state makes them do and the other does not, in this split."""
        verbs = [verb for verb in causes[state] if verb not in causes[other]]
        for _ in range(_TRIES):
            verb = scenes.one_of(verbs)
            frames = [frame for frame in scenes.frames("act", "do") if _is_reason(state, frame, verb, who.concept)]
            clause = scenes.clause(scenes.one_of(frames), verb, "pres", {who.concept})
            meaning = said(dataclasses.replace(clause, roles=(("agent", who), *clause.roles[1:])))
            if scenes.may_say(meaning):
                return meaning
        raise NoDrawError

    def draw() -> tuple[Key, Sequence[Choice]]:
        states, (name,) = scenes.some(tuple(causes), 2), scenes.some(agents, 1)
        who = Phrase(name, "sg", "def" if "noun" in scenes.world.concepts[name].features else "")
        deeds = [deed(who, states[0], states[1]), deed(who, states[1], states[0])]
        feelings = [said(Clause("feel", "be", (("agent", who), ("state", Phrase(state))))) for state in states]
        questions = [*_both(feelings, deeds, "effect", scenes.coin()), *_both(deeds, feelings, "cause", scenes.coin())]
        return scene_key("choice", [meaning.clauses[0] for meaning in (*deeds, *feelings)]), questions

    for questions in different(draw):
        yield from scenes.shuffled(questions)


def _is_reason(state: str, frame: Frame, verb: str, name: str) -> bool:
    """Whether the frame has somebody of this name do it, and to food if out of hunger."""
    fits = verb in frame.verbs and name in (frame.roles["agent"] or ())
    return fits and (frame.topic == "food") == (state == "hungry")


def _both(
    premises: Sequence[Meaning], choices: Sequence[Meaning], asks_for: Literal["cause", "effect"], turned: bool
) -> Iterator[Choice]:
    """A question for each premise; the choice of the same place goes with it."""
    shown = (choices[1], choices[0]) if turned else (choices[0], choices[1])
    for place, premise in enumerate(premises):
        yield Choice(premise, shown, asks_for, 1 - place if turned else place)
