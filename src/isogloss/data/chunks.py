"""Chunk tags (`B-PER`) of any common scheme, turned into IOB2."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from isogloss.data.problems import Problems
from isogloss.types import TaggedSentence

# BIOES, BILOU and BMES differ only in the letters.
CHUNK = re.compile(r"([BIOESLUM])-(.+)", re.DOTALL)
OPENING, ENDING = frozenset("BSU"), frozenset("ESLU")


def is_chunk_tagged(sentences: Sequence[TaggedSentence]) -> bool:
    """Whether most tags other than ``O`` are of the form ``B-PER``; part-of-speech tags are not."""
    tags = [tag for sentence in sentences for tag in sentence.tags or () if tag != "O"]
    return 2 * sum(CHUNK.fullmatch(tag) is not None for tag in tags) > len(tags)


def to_iob2(tags: Sequence[str]) -> tuple[tuple[str, ...], list[int]]:
    """The same chunks in IOB2: every chunk begins with ``B-`` and goes on with ``I-``.

    Args:
        tags: Tags of one sentence, each ``O`` or a letter of IOB, BIOES, BILOU or BMES with a type.

    Returns:
        The tags in IOB2, and the positions where a chunk began with another letter than one that begins chunks.

    Example:
        >>> to_iob2(["I-PER", "I-PER", "B-PER", "O", "S-LOC"])
        (('B-PER', 'I-PER', 'B-PER', 'O', 'B-LOC'), [0])
    """
    converted, strays = [], []
    inside = None
    for position, tag in enumerate(tags):
        match = CHUNK.fullmatch(tag)
        if match is None:
            converted.append(tag)
            inside = None
            continue
        letter, kind = match.groups()
        begins = letter in OPENING or kind != inside
        if begins and letter not in OPENING:
            strays.append(position)
        converted.append(f"B-{kind}" if begins else f"I-{kind}")
        inside = None if letter in ENDING else kind
    return tuple(converted), strays


def is_iob1(sentences: Sequence[TaggedSentence]) -> bool:
    """Whether ``B-`` stands only where a chunk meets another one of its type, as IOB1 has it."""
    return all(
        before[1:] == tag[1:]
        for sentence in sentences
        if sentence.tags is not None
        for before, tag in zip(("O", *sentence.tags), sentence.tags, strict=False)
        if tag.startswith("B-")
    )


def check_chunk_tags(sentence: TaggedSentence, path: Path, problems: Problems) -> bool:
    """Whether all tags are ``O`` or of the form ``B-PER``; each other tag is an error at its line."""
    good = True
    for offset, tag in enumerate(sentence.tags or ()):
        if tag != "O" and not CHUNK.fullmatch(tag):
            problems.error(path, sentence.line + offset, f"tag {tag!r} is neither 'O' nor of the form 'B-PER'")
            good = False
    return good
