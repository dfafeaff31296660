"""Tags carried from a sentence to its translation, along links between words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from isogloss.data.chunks import CHUNK
from isogloss.translation.alignment import Links

OUTSIDE = "O"


@dataclass(frozen=True)
class Projected:
    """The tags of a translation.

    Attributes:
        tags: One per word; None where nothing is known of it.
        lost: Chunks of the original that have no place in the translation.
        chunks: Chunks of the original.
    """

    tags: tuple[str | None, ...]
    lost: int = 0
    chunks: int = 0


def project_tags(tags: Sequence[str], links: Links, number: int) -> Projected:
    """Each word has the tag of the word that it is linked with; most of several, of equally many the first.

    Args:
        tags: Tags of the original.
        links: Places of its words and of those of the translation.
        number: Words of the translation.

    Example:
        >>> project_tags(("DET", "NOUN"), frozenset({(1, 0)}), 2).tags
        ('NOUN', None)
    """
    found: list[str | None] = []
    for place in range(number):
        own = Counter(tags[source] for source, target in sorted(links) if target == place)
        found.append(own.most_common(1)[0][0] if own else None)
    return Projected(tuple(found))


def project_chunks(tags: Sequence[str], links: Links, number: int) -> Projected:
    """Each chunk goes from the first word to the last one that its words are linked with, and other words have ``O``.

    A chunk without links is lost, and so is one that would lie in another one's place. As one of the words that are
    linked with nothing may then be a name, nothing is known of them.

    Args:
        tags: Tags of the original in IOB2.
        links: Places of its words and of those of the translation.
        number: Words of the translation.

    Example:
        >>> project_chunks(("B-PER", "I-PER", "O"), frozenset({(0, 2), (1, 1), (2, 0)}), 4).tags
        ('O', 'B-PER', 'I-PER', 'O')
    """
    found: list[str | None] = [None] * number
    lost, chunks = 0, _chunks(tags)
    for first, last, kind in chunks:
        targets = [target for source, target in links if first <= source <= last]
        span = range(min(targets), max(targets) + 1) if targets else range(0)
        if not span or any(found[place] is not None for place in span):
            lost += 1
            continue
        for place in span:
            found[place] = f"{'B' if place == span.start else 'I'}-{kind}"
    outside = {target for source, target in links if tags[source] == OUTSIDE}
    for place in range(number):
        if found[place] is None and (not lost or place in outside):
            found[place] = OUTSIDE
    return Projected(tuple(found), lost, len(chunks))


def _chunks(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """First and last place of each chunk, and its type."""
    found: list[tuple[int, int, str]] = []
    for place, tag in enumerate(tags):
        match = CHUNK.fullmatch(tag)
        if match is None:
            continue
        letter, kind = match.groups()
        if letter == "I" and found and found[-1][1] == place - 1 and found[-1][2] == kind:
            found[-1] = (found[-1][0], place, kind)
        else:
            found.append((place, place, kind))
    return found
