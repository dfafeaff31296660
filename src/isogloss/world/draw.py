"""Drawing meanings that are true in a world."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import TypeVar

from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import derive
from isogloss.world.facts import PERSON, Facts, Frame, World, draw_facts, the_world
from isogloss.world.meaning import Clause, Meaning, Phrase, Split, natural_number, split_of

Thing = TypeVar("Thing")

_ACTIONS = frozenset({"do", "act", "play", "move", "give"})
_FORMS = (*("plain", "relative") * 9, *("that", "knows") * 3, "when", "when", "because", "who", "what")
_ADVERBS = {"past": ("yesterday",), "pres": ("today", "now"), "fut": ("tomorrow",), "can": ("today", "now")}
# Types whose verb is in the present in every language.
_PRESENT = frozenset({"own", "describe", "at"})
STALLED = 5000


def draw_meanings(seed: int, stream: str, split: Split, world: World | None = None) -> Iterator[Meaning]:
    """Different meanings of one split, one after the other.

    Args:
        seed: Seed of the facts and of the draws.
        stream: Name of the draws: another name, other meanings.
        split: The only split whose meanings come.
        world: The world; the usual one by default.

    Yields:
        Meanings, until no new one has been found for so long that there can be few left.
    """
    drawer = Drawer(seed, stream, split, world or the_world())
    seen: set[Meaning] = set()
    failures = 0
    while failures < STALLED + len(seen):
        meaning = drawer.meaning()
        if meaning is None or meaning in seen or split_of(meaning, drawer.held_out) != split:
            failures += 1
            continue
        failures = 0
        seen.add(meaning)
        yield meaning


class Drawer:
    """Draws meanings from a stream of random numbers.

    Args:
        seed: Seed of the facts and of the draws.
        stream: Name of the draws.
        split: Whose words may be used.
        world: The world.
    """

    def __init__(self, seed: int, stream: str, split: Split, world: World) -> None:
        self.chance = random.Random(derive(seed, "meanings", stream, split))
        self.world = world
        self.facts: Facts = draw_facts(seed)
        self.held_out = frozenset(name for name, concept in world.concepts.items() if concept.held_out)
        self.known = self.held_out if split == "train" else frozenset()
        self.frames = [frame for frame in world.frames if self.allowed(frame.verbs)]
        self.people = self.allowed(world.of("person"))
        self.adjectives, self.humans = world.of("adjective"), world.of("human")
        self.actions = [frame for frame in self.frames if frame.type in _ACTIONS]
        by_humans = [frame for frame in self.actions if self.humans[0] in (frame.roles["agent"] or ())]
        self.deeds = [frame for frame in by_humans if frame.type == "do"]
        self.frames_of = {
            "plain": self.frames,
            "relative": [frame for frame in by_humans if frame.type != "give"],
            "when": [frame for frame in self.actions if frame.type != "give"],
            "that": [frame for frame in self.frames if frame.type in _ACTIONS | {"live", "work"}],
            "who": [frame for frame in self.actions if frame.type in ("do", "play", "move")],
            "what": [frame for frame in self.actions if frame.type == "do"],
        }

    def allowed(self, names: Sequence[str]) -> Sequence[str]:
        """Those of the names that the split may use."""
        return [name for name in names if name not in self.known] if self.known else names

    def pick(self, names: Sequence[str]) -> str:
        """One of the names that the split may use."""
        allowed = self.allowed(names)
        if not allowed:
            raise IsoglossError(f"world.yaml: all of {', '.join(names)} are held out; training needs one of them")
        return self.one_of(allowed)

    def one_of(self, things: Sequence[Thing]) -> Thing:
        """One of them; `random.choice` is exact to the last bit, which costs half of the time."""
        return things[int(self.chance.random() * len(things))]

    def meaning(self) -> Meaning | None:
        """A meaning, or None where the draw makes no sense."""
        form = self.one_of(_FORMS)
        if form == "because":
            return self._because()
        frames = self.frames_of["what" if form == "knows" else form]
        if not frames or (form == "relative" and not self.deeds):
            return None
        frame = self.one_of(frames)
        clause = self.clause(frame, plain=form in ("plain", "that"))
        if clause is None:
            return None
        if form in ("who", "what", "knows"):
            return self._question(form, frame, clause)
        if form == "relative":
            return self._relative(frame, clause)
        if form == "when":
            other = self.clause(self.one_of(self.frames_of["when"]), plain=False)
            return None if other is None else Meaning("when", frame.topic, (clause, other))
        if form == "that":
            verb = self.pick(("say", "know", "think"))
            person = self.one_of(self.people)
            if any(person in phrase.content() for _, phrase in clause.roles):
                return None
            speaker = Clause("speak", verb, (("agent", Phrase(person)),))
            return Meaning("that", frame.topic, (speaker, clause))
        return Meaning("plain", frame.topic, (clause,))

    def clause(self, frame: Frame, plain: bool) -> Clause | None:
        """A clause of a frame; with tense, negation and adverb if it is a plain one."""
        verb = self.pick(frame.verbs)
        if frame.roles["agent"] is None:
            return self._fact(frame, verb)
        roles = {
            role: self.phrase(names, "object" if role == "patient" and frame.type == "do" else role)
            for role, names in frame.roles.items()
            if names is not None
        }
        patient, persons = roles.get("patient"), [phrase.concept for phrase in roles.values()]
        persons += [phrase.second for phrase in roles.values() if phrase.second]
        if len(persons) != len(set(persons)):
            return None
        if frame.type == "describe":
            roles["agent"] = Phrase(roles["agent"].concept, roles["agent"].number, self.one_of(("def", "dem")))
            roles["quality"] = Phrase(self.pick(self.adjectives))
            return Clause("describe", verb, tuple(roles.items()), "pres", self.chance.random() < 0.3)
        tense = self.one_of(("past", "past", "pres", "pres", "fut", "can")) if plain else "pres"
        if frame.type in _PRESENT or (patient and self._is_pronoun(patient)):
            tense = "pres"
        negative = plain and self.chance.random() < 0.2
        if negative and patient is not None and patient.determiner == "indef":
            # Denied indefinites need a word of their own (German kein) or another case in many languages.
            roles["patient"] = Phrase(patient.concept, patient.number, "def", patient.adjective)
        adverb = self.one_of(_ADVERBS[tense]) if plain and self.chance.random() < 0.4 else None
        return Clause(frame.type, verb, tuple(roles.items()), tense, negative, adverb)

    def _is_pronoun(self, phrase: Phrase) -> bool:
        return "pron" in self.world.concepts[phrase.concept].features

    def phrase(self, names: Sequence[str], role: str) -> Phrase:
        """Something that fills a role; ``object`` is the patient of a plain verb, which may be a pronoun."""
        name = self.pick(names)
        concept = self.world.concepts[name]
        if role == "object" and "anim" not in concept.features and self.chance.random() < 0.15:
            pronoun = self.one_of(("he", "she", "they")) if "pers" in concept.features else "that"
            return Phrase(pronoun, natural_number(pronoun))
        if concept.kind in PERSON:
            if role == "agent" and self.chance.random() < 0.3:
                return Phrase(pronoun := self.one_of(("he", "she", "they")), natural_number(pronoun))
            second = self.one_of(self.people)
            if role == "agent" and second != name and self.chance.random() < 0.15:
                return Phrase(name, "pl", second=second)
            return Phrase(name)
        if concept.kind == "kin":
            owners = ("he", "she", "they") if self.chance.random() < 0.4 else self.people
            return Phrase(name, second=self.one_of(owners))
        if "noun" not in concept.features:
            return Phrase(name)
        number = "pl" if self.chance.random() < 0.3 else "sg"
        determiner = self.one_of(("def", "indef", "dem") if role in ("patient", "object") else ("def", "def", "dem"))
        described = "pers" not in concept.features and role != "agent" and self.chance.random() < 0.35
        adjective = self.pick(self.adjectives) if described else None
        return Phrase(name, number, determiner, adjective)

    def _fact(self, frame: Frame, verb: str) -> Clause:
        """Something true: where somebody lives, whom somebody works for, or does not, and what somebody owns."""
        person = self.one_of(self.people)
        if frame.type == "own":
            animal = self.pick([*self.facts.animals[person], "dog"] if self.known else self.facts.animals[person])
            adjective = self.pick(self.adjectives) if self.chance.random() < 0.5 else None
            animal_phrase = Phrase(animal, "sg", "indef", adjective)
            return Clause("own", verb, (("agent", Phrase(person)), ("patient", animal_phrase)))
        role = "place" if frame.type == "live" else "organisation"
        truth = (self.facts.home if role == "place" else self.facts.employer)[person]
        denied = self.chance.random() < 0.5 or truth in self.known
        name = self.pick([name for name in frame.roles[role] or () if name != truth]) if denied else truth
        adverb = self.one_of(_ADVERBS["pres"]) if self.chance.random() < 0.3 else None
        return Clause(frame.type, verb, (("agent", Phrase(person)), (role, Phrase(name))), "pres", denied, adverb)

    def _because(self) -> Meaning | None:
        """Somebody does what a state makes them do."""
        person = self.one_of(self.people)
        state = self.one_of(self.facts.states[person])
        verb = self.one_of(self.world.causes[state])
        # Hunger makes one buy food, not a ball.
        fitting = [
            frame
            for frame in self.frames
            if verb in frame.verbs
            and person in (frame.roles["agent"] or ())
            and (frame.topic == "food") == (state == "hungry")
        ]
        if not fitting or {state, verb} & self.known:
            return None
        frame = self.one_of(fitting)
        patients = frame.roles.get("patient")
        roles = [("agent", Phrase(person))] + ([("patient", self.phrase(patients, "object"))] if patients else [])
        pronoun = "she" if "f" in self.world.concepts[person].features else "he"
        reason = Clause("feel", "be", (("agent", Phrase(pronoun)), ("state", Phrase(state))))
        return Meaning("because", frame.topic, (Clause(frame.type, verb, tuple(roles)), reason))

    def _question(self, form: str, frame: Frame, clause: Clause) -> Meaning | None:
        """Who did it, or what did they do it to?"""
        role = "agent" if form == "who" else "patient"
        if role == "patient" and "pers" in self.world.concepts[dict(clause.roles)[role].concept].features:
            return None
        if form == "who" and any(self._is_pronoun(phrase) for name, phrase in clause.roles if name != role):
            return None
        roles = {**dict(clause.roles), role: Phrase("who" if form == "who" else "what")}
        tense = self.one_of(("past", "pres"))
        if form == "knows":
            known = Clause(clause.type, clause.verb, tuple(roles.items()), tense)
            speaker = Clause("speak", "know", (("agent", Phrase(self.one_of(self.people))),))
            return Meaning(form, frame.topic, (speaker, known))
        return Meaning(form, frame.topic, (Clause(clause.type, clause.verb, tuple(roles.items()), tense),))

    def _relative(self, frame: Frame, clause: Clause) -> Meaning | None:
        """The teacher that sells apples sings."""
        inner = self.clause(self.one_of(self.deeds), plain=False)
        if inner is None or self._is_pronoun(dict(inner.roles)["patient"]):
            return None
        agent = self.pick(self.humans)
        if any(agent == phrase.concept for role, phrase in (*clause.roles, *inner.roles) if role != "agent"):
            return None
        said = Clause("do", inner.verb, tuple(pair for pair in inner.roles if pair[0] != "agent"))
        number = "pl" if self.chance.random() < 0.3 else "sg"
        roles = {**dict(clause.roles), "agent": Phrase(agent, number, "def", relative=said)}
        return Meaning("plain", frame.topic, (Clause(clause.type, clause.verb, tuple(roles.items())),))
