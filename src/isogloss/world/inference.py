"""Inference pairs whose label follows from the words of the premise, and from nothing less than all of them."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from isogloss.world.facts import Frame, World
from isogloss.world.meaning import Clause, Meaning, Phrase, Split
from isogloss.world.scenes import Key, NoDrawError, Scenes, Thing, different, said, scene_key, signed, with_agent

Label = Literal["entailment", "neutral", "contradiction"]

_ACTIONS = ("do", "give", "play", "move")
_TENSES = ("past", "past", "pres", "fut", "can")
_UNSURE = ("say", "think")
_TIMES = (("past", "yesterday"), ("fut", "tomorrow"))


@dataclass(frozen=True, slots=True)
class Inference:
    """Whether a hypothesis follows from a premise.

    Attributes:
        premise: One sentence or two.
        hypothesis: One sentence.
        label: ``entailment``, ``neutral`` or ``contradiction``.
    """

    premise: tuple[Meaning, ...]
    hypothesis: Meaning
    label: Label


Triple = tuple[Key, Sequence[Inference]]


def draw_inferences(seed: int, stream: str, split: Split, world: World | None = None) -> Iterator[Inference]:
    """Pairs of a split, three by three, one of each label; the kinds of reasons for a label take turns.

    Either all three share the hypothesis, or all three share the premise and the sign of the hypothesis leans the
    other way in the next three; so the hypothesis alone tells nothing. Half of the premises are one sentence, where it
    tells something which words are missing. The others are two sentences, and there the words of the hypothesis are in
    all three premises, or the same one is missing.

    Args:
        seed: Seed of the draws.
        stream: Name of the draws.
        split: The only split whose pairs come. It alone has the hypothesis, and the words of the premise together.
        world: The world; the usual one by default.

    Yields:
        Pairs; a kind that has no more is left out.
    """
    scenes = Scenes(seed, stream, split, world)
    drawer = _Inferences(scenes)
    known, crossed, attitude = different(drawer.known), different(drawer.crossed), different(drawer.attitude)
    # What the sign of the hypothesis would tell in one of two is the other way round in the other.
    time = zip(different(drawer.ever), different(drawer.never), strict=False)
    kinds: deque[Iterator[Sequence[Sequence[Inference]]]] = deque()
    for kind in ("live", "at", "describe"):
        exclusive, excluded = (different(partial(draw, kind)) for draw in (drawer.exclusive, drawer.excluded))
        hard = (_pairs(crossed), _pairs(attitude), zip(exclusive, excluded, strict=False), time)
        kinds += [each for one in hard for each in (_pairs(known), one)]
    while kinds:
        triples = next(kinds[0], ())
        for triple in triples:
            yield from scenes.shuffled(triple)
        # A kind that has no more is left out from here on.
        if triples:
            kinds.rotate(-1)
        else:
            kinds.popleft()


def draw_single_inferences(seed: int, stream: str, split: Split, world: World | None = None) -> Iterator[Inference]:
    """Pairs of a split whose premise is one sentence, three by three, one of each label: the easier half.

    The premise is what somebody knows, says or thinks. What is known is so, and what is known to be otherwise is not;
    what is said or thought may be, and so may be what is known of somebody or something else. The three share the
    hypothesis.

    Args:
        seed: Seed of the draws.
        stream: Name of the draws.
        split: The only split whose pairs come. It alone has the hypothesis, and the words of the premise together.
        world: The world; the usual one by default.

    Yields:
        Pairs, until no new ones have been found for so long that there can be few left.
    """
    scenes = Scenes(seed, stream, split, world)
    for triple in different(_Inferences(scenes).known):
        yield from scenes.shuffled(triple)


class _Inferences:
    """Kinds of reasons why something follows, is excluded, or neither."""

    def __init__(self, scenes: Scenes) -> None:
        self.scenes = scenes
        # Of each group only one can be true: of somebody's home or place, of what something is like.
        groups = {"live": [scenes.world.of("city")], "at": [scenes.world.of("place")]}
        groups["describe"] = list(scenes.world.opposites)
        allowed = {kind: [scenes.allowed(group) for group in found] for kind, found in groups.items()}
        self.groups = {kind: [group for group in found if len(group) > 1] for kind, found in allowed.items()}
        self.adjectives = scenes.allowed(scenes.world.of("adjective"))
        self.anybody = tuple(name for kind in ("person", "human", "kin") for name in scenes.world.of(kind))

    def crossed(self) -> Triple:
        """Who did what: Anna sold the egg, Leo did not sell the cake; so Anna did sell the egg, but the cake?"""
        frame = self.scenes.one_of(self.scenes.frames(*_ACTIONS))
        a, b = self.scenes.pair(frame, self._tense(frame))
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
        frame = self.scenes.one_of(self.scenes.frames(*_ACTIONS, "act", "live", "work"))
        a, b = self.scenes.pair(frame, self._tense(frame))
        key = self.scenes.need(scene_key("attitude", (a, b)))
        a, b = self.scenes.one_of([pair for pair in ((a, b), (b, a)) if self.scenes.may_say(said(pair[0]))])
        taken = {part for clause in (a, b) for part in clause.content()}
        knower, thinker = (self.scenes.phrase(self.scenes.people, taken) for _ in range(2))
        (thinks,) = self.scenes.some(_UNSURE, 1)
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

    def known(self) -> Triple:
        """The same in one sentence: somebody knows it or says it, of this or of something else."""
        frame = self.scenes.one_of(self.scenes.frames(*_ACTIONS, "act", "live", "work"))
        a, b = self.scenes.pair(frame, self._tense(frame))
        who = self.scenes.phrase(self.scenes.people, set(scene_key("", (a, b))))
        key = self.scenes.need((*scene_key("known", (a, b)), who.concept))
        negative, other = self.scenes.coin(), self.scenes.coin()
        target, partner = self.scenes.one_of([pair for pair in ((a, b), (b, a)) if self.scenes.may_say(said(pair[0]))])
        changed = [with_agent(target, partner)]
        # Who lives here does not live there, but who bought this may have bought that.
        if frame.type in _ACTIONS:
            changed.append(with_agent(partner, target))
        open_ = (
            _held(who, self.scenes.some(_UNSURE, 1)[0], signed(target, other))
            if self.scenes.coin()
            else _held(who, "know", signed(self.scenes.one_of(changed), other))
        )
        premises = (
            (_held(who, "know", signed(target, negative)), _E),
            (open_, _N),
            (_held(who, "know", signed(target, not negative)), _C),
        )
        return key, [Inference((premise,), said(signed(target, negative)), label) for premise, label in premises]

    def exclusive(self, kind: str) -> Triple:
        """What can be only one thing is what is said: who lives in Paris lives in Paris."""
        return self._exclusive(kind, excluded=False)

    def excluded(self, kind: str) -> Triple:
        """What can be only one thing is nothing else: who lives in Paris does not live in Rome."""
        return self._exclusive(kind, excluded=True)

    def ever(self) -> Triple:
        """Who sang yesterday has sung; who did not sing yesterday may have."""
        key, (a, b), adverb = self._timed()
        return key, self._of_one((_then(a, adverb), _then(signed(b, True), adverb)), a, False, b)

    def never(self) -> Triple:
        """Who did not sing did not, whatever somebody else did yesterday."""
        key, (a, b), adverb = self._timed()
        return key, self._of_one((_then(a, adverb), signed(b, True)), b, True, with_agent(a, b))

    def _exclusive(self, kind: str, *, excluded: bool) -> Triple:
        scenes = self.scenes
        frame = scenes.one_of(scenes.frames(kind))
        described = kind == "describe"
        names = frame.roles["agent"] if described else self.anybody
        agents = scenes.alike(names or (), 2, set(), agents=True)

        def clause(who: int, value: str) -> Clause:
            role = "quality" if described else "place"
            return Clause(frame.type, frame.verbs[0], (("agent", agents[who]), (role, Phrase(value))))

        asked, group = scenes.one_of(
            [
                (value, group)
                for group in self.groups[kind]
                for value in group
                if all(scenes.may_say(said(clause(who, value))) for who in (0, 1))
            ]
        )
        for is_so in scenes.shuffled([value for value in group if (value == asked) is not excluded]):
            # Who is not small may be thought big, so that the second is denied something else.
            rest = [value for value in (self.adjectives if described else group) if value not in (asked, is_so)]
            for other in scenes.shuffled([value for value in rest if not described or value not in group]):
                premise = (clause(0, is_so), signed(clause(1, other), True))
                if scenes.belongs(key := scene_key("exclusive", premise)):
                    return key, self._of_one(premise, clause(0, asked), excluded, clause(1, asked))
        raise NoDrawError

    def _tense(self, frame: Frame) -> str:
        # One can go to several places, but hardly at once.
        fixed = {"live": "pres", "work": "pres", "move": "past"}
        return fixed.get(frame.type) or self.scenes.one_of(_TENSES)

    def _timed(self) -> tuple[Key, tuple[Clause, Clause], str]:
        """Two clauses and when they may have been."""
        frame = self.scenes.one_of(self.scenes.frames(*_ACTIONS))
        tense, adverb = self.scenes.one_of(_TIMES)
        pair = self.scenes.pair(frame, tense)
        return self.scenes.need(scene_key("time", pair)), pair, adverb

    def _of_one(self, premise: tuple[Clause, Clause], sure: Clause, negative: bool, unsure: Clause) -> list[Inference]:
        """Three hypotheses of one premise: ``sure`` follows with this sign, ``unsure`` may be or not."""
        if not all(self.scenes.may_say(said(clause)) for clause in (sure, unsure)):
            raise NoDrawError
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


def _pairs(things: Iterator[Thing]) -> Iterator[tuple[Thing, Thing]]:
    return zip(things, things, strict=False)


def _then(clause: Clause, adverb: str) -> Clause:
    return dataclasses.replace(clause, adverb=adverb)


def _held(who: Phrase, verb: str, clause: Clause) -> Meaning:
    return Meaning("that", "", (Clause("speak", verb, (("agent", who),)), clause))
