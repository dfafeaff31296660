"""Pairs of texts with the same words that mean the same or do not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from isogloss.world.facts import World
from isogloss.world.meaning import Meaning, Split
from isogloss.world.scenes import Key, Scenes, different, said, scene_key, signed, with_agent


@dataclass(frozen=True, slots=True)
class Paraphrase:
    """Two texts of two sentences each.

    Attributes:
        first: One text.
        second: The other.
        same: Whether they say the same.
    """

    first: tuple[Meaning, ...]
    second: tuple[Meaning, ...]
    same: bool


def draw_paraphrases(seed: int, stream: str, split: Split, world: World | None = None) -> Iterator[Paraphrase]:
    """Pairs of a split, two by two, one that says the same and one that does not, with the same first text.

    The second text has the sentences in the other order, or it tells them of each other's agents.

    Args:
        seed: Seed of the draws.
        stream: Name of the draws.
        split: The only split whose pairs come, and which alone has their words together.
        world: The world; the usual one by default.

    Yields:
        Pairs, until no new ones are found.
    """
    scenes = Scenes(seed, stream, split, world)

    def draw() -> tuple[Key, Sequence[Paraphrase]]:
        frame = scenes.one_of(scenes.frames("do", "give", "play", "move"))
        a, b = scenes.pair(frame, scenes.one_of(("past", "pres", "fut")))
        key = scenes.need(scene_key("paraphrase", (a, b)))
        # Who did not do it is one of the two, or nobody.
        a, b = scenes.one_of(((a, b), (a, b), (signed(a, True), b), (a, signed(b, True))))
        first = (said(a), said(b))
        swapped = (said(with_agent(a, b)), said(with_agent(b, a)))
        return key, (Paraphrase(first, first[::-1], True), Paraphrase(first, scenes.shuffled(swapped), False))

    for pair in different(draw):
        yield from scenes.shuffled(pair)
