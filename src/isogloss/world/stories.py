"""Stories in which two did the same and two things were done, and questions about who did which."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from isogloss.world.facts import World
from isogloss.world.meaning import Clause, Meaning, Phrase, Split
from isogloss.world.scenes import Key, NoDrawError, Scenes, different, said, scene_key, signed


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a story.

    Attributes:
        meaning: The question.
        sentence: Place of the sentence that answers it, from 0.
        role: The role in it that is the answer.
    """

    meaning: Meaning
    sentence: int
    role: str


@dataclass(frozen=True, slots=True)
class Story:
    """Sentences, and questions that they answer.

    Attributes:
        sentences: Four deeds and two denials, in any order.
        questions: One to four.
    """

    sentences: tuple[Meaning, ...]
    questions: tuple[Question, ...]


def draw_stories(seed: int, stream: str, split: Split, world: World | None = None) -> Iterator[Story]:
    """Stories of a split, each with the questions that the split may ask.

    Two verbs with two objects make four deeds by four agents, to ask who; or two agents with two verbs make four deeds
    to four objects, to ask what. Two of the four are denied of somebody, or of something, else in the story. So each
    word of a question is in another sentence too, and no sentence is more likely to be asked for than the others.

    Args:
        seed: Seed of the draws.
        stream: Name of the draws.
        split: The only split whose stories come. It alone has the question, and the words of the story together.
        world: The world; the usual one by default.

    Yields:
        Stories, until no new ones are found.
    """
    scenes = Scenes(seed, stream, split, world)

    def draw() -> tuple[Key, Story]:
        role = scenes.one_of(("agent", "patient"))
        deeds = _deeds(scenes, role)
        key = scenes.need(scene_key("story", deeds))
        denials = [
            signed(_filled(deed, role, dict(scenes.one_of([d for d in deeds if d is not deed]).roles)[role]), True)
            for deed in scenes.shuffled(deeds)[:2]
        ]
        told = scenes.shuffled((*deeds, *denials))
        word = "who" if role == "agent" else "what"
        asked = [Meaning(word, "", (_filled(deed, role, Phrase(word)),)) for deed in deeds]
        questions = tuple(
            Question(meaning, told.index(deed), role)
            for meaning, deed in zip(asked, deeds, strict=True)
            if scenes.may_say(meaning)
        )
        if not questions:
            raise NoDrawError
        return key, Story(tuple(map(said, told)), scenes.shuffled(questions))

    yield from different(draw)


def _deeds(scenes: Scenes, role: str) -> Sequence[Clause]:
    """Four deeds with four fillers of the role and two of all else."""
    frame = scenes.one_of(scenes.frames("do"))
    agents, patients = frame.roles["agent"] or (), frame.roles["patient"] or ()
    if scenes.people[0] not in agents or (role == "patient" and _is_person(scenes.world, patients)):
        raise NoDrawError
    verbs, tense, taken = scenes.some(frame.verbs, 2), scenes.one_of(("past", "pres")), set[str]()
    by_four = role == "agent"
    doers = [scenes.phrase(agents, taken, plain=True) for _ in range(4 if by_four else 2)]
    things = [scenes.phrase(patients, taken) for _ in range(2 if by_four else 4)]
    cells = [(verb, shared) for verb in verbs for shared in range(2)]
    return [
        Clause(
            frame.type,
            verb,
            (("agent", doers[place if by_four else shared]), ("patient", things[shared if by_four else place])),
            tense,
        )
        for place, (verb, shared) in enumerate(cells)
    ]


def _is_person(world: World, names: Sequence[str]) -> bool:
    return "pers" in world.concepts[names[0]].features


def _filled(clause: Clause, role: str, phrase: Phrase) -> Clause:
    """The clause with another phrase in a role."""
    roles = tuple((name, phrase if name == role else filler) for name, filler in clause.roles)
    return dataclasses.replace(clause, roles=roles)


def with_questions(stories: Iterator[Story], number: int) -> Iterator[Story]:
    """The first stories that have together so many questions; the last loses those that are too many."""
    while number > 0 and (story := next(stories, None)) is not None:
        yield dataclasses.replace(story, questions=story.questions[:number])
        number -= len(story.questions)
