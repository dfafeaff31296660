"""The small world itself: its concepts, and who lives where, works for whom, owns what and feels how."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.randomness import derive

PERSON = ("woman_name", "man_name")


@dataclass(frozen=True, slots=True)
class Concept:
    """Something that every language has words for.

    Attributes:
        name: Its name in all files.
        kind: The group of ``world.yaml`` it stands in, such as ``animal``.
        features: What grammars may ask of it whatever the language, such as ``pers``.
        entity: PER, LOC, ORG or None.
        held_out: Whether no training sentence may use it.
    """

    name: str
    kind: str
    features: frozenset[str]
    entity: str | None
    held_out: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """A kind of clause: which verbs take which fillers, and what they are about.

    Attributes:
        topic: Label of the topic.
        type: Type of clause that the grammars have rules for, such as ``do``.
        verbs: The verbs.
        roles: Role to the concepts that may fill it; those of the facts have ``None`` for the agent.
    """

    topic: str
    type: str
    verbs: tuple[str, ...]
    roles: Mapping[str, tuple[str, ...] | None]


@dataclass(frozen=True, slots=True)
class Told:
    """What there is in a language.

    Attributes:
        labels: Splits that have labels.
        parallel: Whether it is in the parallel text.
    """

    labels: tuple[str, ...]
    parallel: bool


@dataclass(frozen=True, slots=True)
class World:
    """All that is the same for every seed.

    Attributes:
        concepts: What there is, by name.
        causes: What a state makes somebody do.
        opposites: Groups of adjectives of which only one is true of a thing.
        languages: What there is in each language.
        frames: Kinds of clauses.
    """

    concepts: Mapping[str, Concept]
    causes: Mapping[str, tuple[str, ...]]
    opposites: tuple[tuple[str, ...], ...]
    languages: Mapping[str, Told]
    frames: tuple[Frame, ...]

    def of(self, kind: str) -> tuple[str, ...]:
        """The names of the concepts of a kind, of ``person`` or of the concept itself."""
        kinds = PERSON if kind == "person" else (kind,)
        found = tuple(name for name, concept in self.concepts.items() if concept.kind in kinds)
        if not found and kind not in self.concepts:
            valid = {concept.kind for concept in self.concepts.values()} | set(self.concepts) | {"person"}
            raise IsoglossError(f"world.yaml: unknown concept {kind!r}{nearest(kind, valid)}")
        return found or (kind,)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true in one world.

    Attributes:
        home: City by person.
        employer: Organisation by person.
        animals: Animals owned by a person.
        states: States a person is in; what they make the person do is in `World.causes`.
    """

    home: Mapping[str, str]
    employer: Mapping[str, str]
    animals: Mapping[str, tuple[str, ...]]
    states: Mapping[str, tuple[str, ...]]


@cache
def the_world() -> World:
    """The world of ``world.yaml``."""
    data = yaml.safe_load(resources.files("isogloss.world").joinpath("world.yaml").read_text(encoding="utf-8"))
    concepts: dict[str, Concept] = {}
    for kind, group in data["concepts"].items():
        for word in group["words"].split():
            name = word.removesuffix("*")
            features = frozenset(group["features"])
            concepts[name] = Concept(name, kind, features, group.get("entity"), word.endswith("*"))
    causes = {state: tuple(verbs.split()) for state, verbs in data["causes"].items()}
    languages = {code: Told(tuple(row["labels"].split()), row["parallel"]) for code, row in data["languages"].items()}
    opposites = tuple(tuple(group.split()) for group in data["opposites"])
    world = World(concepts, causes, opposites, languages, ())
    return dataclasses.replace(
        world, frames=tuple(_frame(row, world) for row in data["frames"] for _ in range(row.get("times", 1)))
    )


def draw_facts(seed: int) -> Facts:
    """The facts of the world of a seed: everybody has a home, an employer, one to three animals and two states."""
    world, chance = the_world(), random.Random(derive(seed, "facts"))
    people = world.of("person")
    return Facts(
        home={person: chance.choice(world.of("city")) for person in people},
        employer={person: chance.choice(world.of("organisation")) for person in people},
        animals={person: tuple(chance.sample(world.of("animal"), chance.randint(1, 3))) for person in people},
        states={person: tuple(chance.sample(world.of("state"), 2)) for person in people},
    )


def _frame(row: dict[str, Any], world: World) -> Frame:
    roles: dict[str, tuple[str, ...] | None] = {}
    for role, kinds in row.items():
        if role not in ("topic", "type", "verbs", "times"):
            named = [name for kind in kinds.split() if kind != "fact" for name in world.of(kind)]
            roles[role] = tuple(named) or None
    for verb in row["verbs"].split():
        world.of(verb)
    return Frame(row["topic"], row["type"], tuple(row["verbs"].split()), roles)
