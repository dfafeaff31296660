"""Inference pairs whose label follows from the words of the premise, and from nothing less than all of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from isogloss.world.facts import Frame, World
from isogloss.world.meaning import Clause, Meaning, Phrase, Split
from isogloss.world.scenes import Key, Scenes, different, said, scene_key, signed, with_agent

Label = Literal["entailment", "neutral", "contradiction"]

_TENSES = ("past", "past", "pres", "fut", "can")
_TIMES = (("past", "yesterday"), ("fut", "tomorrow"))


@dataclass(frozen=True, slots=True)
class Inference:
    """Whether a hypothesis follows from a premise.

    Attributes:
        premise: Its two sentences.
        hypothesis: One sentence.
        label: ``entailment``, ``neutral`` or ``contradiction``.
    """

    premise: tuple[Meaning, ...]
    hypothesis: Meaning
    label: Label


Triple = tuple[Key, Sequence[Inference]]


def draw_inferences(seed: int, stream: str, split: Split, world: World | None = None) -> Iterator[Inference]:
    """Pairs of a split, three by three, one of each label; the kinds of `_Inferences` take turns.

    The words of the hypothesis are in all three premises, or the same one is missing; and either all three share the
    hypothesis, or all share the premise. So neither of the two texts tells the label, nor how much they overlap.

    Args:
        seed: Seed of the draws.
        stream: Name of the draws.
        split: The only split whose pairs come. It alone has the hypothesis, and the words of the premise together.
        world: The world; the usual one by default.

    Yields:
        Pairs, until one kind is exhausted.
    """
    scenes = Scenes(seed, stream, split, world)
    drawer = _Inferences(scenes)
    crossed, attitude = different(drawer.crossed), different(drawer.attitude)
    exclusive, excluded = different(drawer.exclusive), different(drawer.excluded)
    ever, never = different(drawer.ever), different(drawer.never)
    # What only the sign of the hypothesis would tell in one kind is the other way round in the next.
    for triples in zip(crossed, attitude, exclusive, ever, crossed, attitude, excluded, never, strict=False):
        for triple in triples:
            yield from scenes.shuffled(triple)


class _Inferences:
    """Kinds of reasons why something follows, is excluded, or neither."""

    def __init__(self, scenes: Scenes) -> None:
        self.scenes = scenes
        self.adjectives = scenes.world.of("adjective")

    def crossed(self) -> Triple:
        """Who did what: Anna sold the egg, Leo did not sell the cake; so Anna did sell the egg, but the cake?"""
        frame = self.scenes.one_of(self.scenes.frames("do", "give", "play", "move"))
        # One can go to several places, but hardly at once.
        tense = "past" if frame.type == "move" else self.scenes.one_of(_TENSES)
        a, b = self.scenes.pair(frame, tense)
        key = self.scenes.need(scene_key("crossed", (a, b)))
        c, d = with_agent(a, b), with_agent(b, a)
        orders = ((a, b, c, d), (b, a, d, c), (c, d, a, b), (d, c, b, a))
        target, partner, third, fourth = self.scenes.one_of(
            [order for order in orders if self.scenes.may_say(said(order[0]))]
        )
        negative, other = self.scenes.coin(), self.scenes.coin()
        return key, (
            self._pair((signed(target, negative), signed(partner, not negative)), signed(target, negative), _E),
            self._pair((signed(third, other), signed(fourth, not other)), signed(target, negative), _N),
            self._pair((signed(target, not negative), signed(partner, negative)), signed(target, negative), _C),
        )

    def attitude(self) -> Triple:
        """What is known is so, what is said or thought may be."""
        frame = self.scenes.one_of(self.scenes.frames("do", "give", "play", "move", "act", "live", "work"))
        tense = "pres" if frame.type in ("live", "work") else self.scenes.one_of(_TENSES)
        a, b = self.scenes.pair(frame, tense)
        key = self.scenes.need(scene_key("attitude", (a, b)))
        a, b = self.scenes.one_of([pair for pair in ((a, b), (b, a)) if self.scenes.may_say(said(pair[0]))])
        taken = {part for clause in (a, b) for part in clause.content()}
        knower, thinker = (self.scenes.phrase(self.scenes.people, taken) for _ in range(2))
        thinks = self.scenes.one_of(("say", "think"))
        negative, other = self.scenes.coin(), self.scenes.coin()

        def known(clause: Clause) -> Meaning:
            return _held(knower, "know", clause)

        def thought(clause: Clause) -> Meaning:
            return _held(thinker, thinks, clause)

        hypothesis = said(signed(a, negative))
        follows = (known(signed(a, negative)), thought(signed(b, not negative)))
        open_ = (thought(signed(a, other)), known(signed(b, not other)))
        excluded = (known(signed(a, not negative)), thought(signed(b, negative)))
        return key, tuple(
            Inference(self.scenes.shuffled(premise), hypothesis, label)
            for premise, label in ((follows, _E), (open_, _N), (excluded, _C))
        )

    def exclusive(self) -> Triple:
        """What can be only one thing is what is said: who lives in Paris lives in Paris."""
        key, premise, values, clause = self._exclusive()
        return key, self._of_one(premise, [(clause(0, values[0]), clause(1, values[0]))], False)

    def excluded(self) -> Triple:
        """What can be only one thing is nothing else: who lives in Paris does not live in Rome."""
        key, premise, values, clause = self._exclusive()
        return key, self._of_one(premise, [(clause(0, value), clause(1, value)) for value in values[1:]], True)

    def ever(self) -> Triple:
        """Who sang yesterday has sung; who did not sing yesterday may have."""
        key, (a, b), adverb = self._timed()
        premise = (_then(a, adverb), _then(signed(b, True), adverb))
        return key, self._of_one(premise, [(a, b)], False)

    def never(self) -> Triple:
        """Who did not sing did not, whatever somebody else did yesterday."""
        key, (a, b), adverb = self._timed()
        premise = (_then(a, adverb), signed(b, True))
        return key, self._of_one(premise, [(b, with_agent(a, b)), (b, with_agent(b, a))], True)

    def _exclusive(self) -> tuple[Key, tuple[Clause, Clause], Sequence[str], Callable[[int, str], Clause]]:
        """A premise, the value that it has for the first of two, others that this excludes, and how to say them."""
        scenes, taken = self.scenes, set[str]()
        frame = scenes.one_of([frame for frame in scenes.frames("live", "at", "describe") if _values(frame) != 1])
        if frame.type == "describe":
            group = scenes.one_of(scenes.world.opposites)
            role, values = "quality", scenes.some(group, 2)
            other = scenes.some([name for name in self.adjectives if name not in group], 1)[0]
        else:
            names = frame.roles["place"] or ()
            role, (other, *values) = "place", scenes.some(names, len(scenes.allowed(names)))
        names = frame.roles["agent"] or scenes.people
        agents = [scenes.phrase(names, taken, plain=True) for _ in range(2)]

        def clause(who: int, value: str) -> Clause:
            return Clause(frame.type, frame.verbs[0], (("agent", agents[who]), (role, Phrase(value))))

        premise = (clause(0, values[0]), signed(clause(1, other), True))
        return scenes.need(scene_key("exclusive", premise)), premise, values, clause

    def _timed(self) -> tuple[Key, tuple[Clause, Clause], str]:
        """Two clauses and when they may have been."""
        frame = self.scenes.one_of(self.scenes.frames("do", "give", "play", "move"))
        tense, adverb = self.scenes.one_of(_TIMES)
        pair = self.scenes.pair(frame, tense)
        return self.scenes.need(scene_key("time", pair)), pair, adverb

    def _of_one(
        self, premise: tuple[Clause, Clause], options: Sequence[tuple[Clause, Clause]], negative: bool
    ) -> list[Inference]:
        """Three hypotheses of one premise: of a pair, the first follows with this sign, the second may be or not."""
        sure, unsure = self.scenes.one_of(
            [option for option in options if all(self.scenes.may_say(said(clause)) for clause in option)]
        )
        return [
            self._pair(premise, signed(sure, negative), _E),
            self._pair(premise, signed(unsure, self.scenes.coin()), _N),
            self._pair(premise, signed(sure, not negative), _C),
        ]

    def _pair(self, premise: tuple[Clause, Clause], hypothesis: Clause, label: Label) -> Inference:
        return Inference(tuple(said(clause) for clause in self.scenes.shuffled(premise)), said(hypothesis), label)


_E: Label = "entailment"
_N: Label = "neutral"
_C: Label = "contradiction"


def _values(frame: Frame) -> int | None:
    return len(frame.roles["place"] or ()) if "place" in frame.roles else None


def _then(clause: Clause, adverb: str) -> Clause:
    return dataclasses.replace(clause, adverb=adverb)


def _held(who: Phrase, verb: str, clause: Clause) -> Meaning:
    return Meaning("that", "", (Clause("speak", verb, (("agent", who),)), clause))
