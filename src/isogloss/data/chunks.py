"""Chunk tags (`B-PER`) of any common scheme, turned into IOB2."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from pathlib import Path

from isogloss.common.errors import CLOSE
from isogloss.data.problems import Problems
from isogloss.examples import TaggedSentence

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


def check_chunk_tags(sentence: TaggedSentence, path: Path, problems: Problems, lines_per_token: int = 1) -> bool:
    """Whether all tags are ``O`` or of the form ``B-PER``; each other tag is an error at its line."""
    good = True
    for offset, tag in enumerate(sentence.tags or ()):
        if tag != "O" and not CHUNK.fullmatch(tag):
            line = sentence.line + lines_per_token * offset
            problems.error(path, line, f"tag {tag!r} is neither 'O' nor of the form 'B-PER'")
            good = False
    return good


def in_iob2(
    sentences: list[TaggedSentence], path: Path, problems: Problems, *, lines_per_token: int = 1
) -> list[TaggedSentence]:
    """The sentences with their chunk tags, if they have such, in IOB2; says in ``problems`` what it changed.

    Args:
        sentences: All good sentences of a file.
        path: The file.
        problems: Takes an error per tag that is none of chunks, and a warning for what was changed.
        lines_per_token: 1 where a token has a line of its own, 0 where a sentence has one line.
    """
    if not is_chunk_tagged(sentences):
        return sentences
    sentences = [sentence for sentence in sentences if check_chunk_tags(sentence, path, problems, lines_per_token)]
    letters = {match[1] for sentence in sentences for tag in sentence.tags or () if (match := CHUNK.fullmatch(tag))}
    converted = []
    strays: list[int] = []
    for sentence in sentences:
        if sentence.tags is None:
            converted.append(sentence)
            continue
        tags, places = to_iob2(sentence.tags)
        strays += [sentence.line + lines_per_token * place for place in places]
        converted.append(dataclasses.replace(sentence, tags=tags))
    if letters <= {"B", "I"} and strays and is_iob1(sentences):
        problems.warning(path, None, "tags are in IOB1, converted to IOB2")
        return converted
    if not letters <= {"B", "I"}:
        found = "".join(sorted(letters))
        problems.warning(path, None, f"tags use the letters {found} (BIOES, BILOU or BMES), converted to IOB2")
    for line in strays:
        problems.warning(path, line, "a chunk does not begin with 'B-', repaired")
    return converted


def renamed_in_iob2(
    sentences: Sequence[TaggedSentence],
    label_map: Mapping[str, str],
    path: Path,
    problems: Problems,
    *,
    lines_per_token: int = 1,
) -> list[TaggedSentence]:
    """The sentences as `in_iob2` gives them, with their tags renamed.

    A tag that is neither ``O`` nor of a chunk is renamed before it would be refused. The others are renamed in IOB2, so
    that two chunks which get the same type stay two.
    """
    if not label_map:
        return in_iob2(list(sentences), path, problems, lines_per_token=lines_per_token)
    unfit = {
        (sentence.line, place)
        for sentence in sentences
        for place, tag in enumerate(sentence.tags or ())
        if tag != "O" and not CHUNK.fullmatch(tag)
    }
    mended = [renamed_tags(sentence, label_map, lambda *at: at in unfit) for sentence in sentences]
    found = in_iob2(mended, path, problems, lines_per_token=lines_per_token)
    return [renamed_tags(sentence, label_map, lambda *at: at not in unfit) for sentence in found]


def renamed_tags(
    sentence: TaggedSentence,
    label_map: Mapping[str, str],
    chosen: Callable[[int, int], bool] = lambda line, place: True,
) -> TaggedSentence:
    """The sentence with its tags renamed, whole or by their type; all, or those ``chosen`` by line and place in it."""
    if sentence.tags is None or not label_map:
        return sentence
    places = enumerate(sentence.tags)
    tags = tuple(renamed_tag(tag, label_map) if chosen(sentence.line, place) else tag for place, tag in places)
    return dataclasses.replace(sentence, tags=tags)


def renamed_tag(tag: str, label_map: Mapping[str, str]) -> str:
    """A tag with its new name, or that of its type, where ``label_map`` has one.

    Example:
        >>> [renamed_tag(tag, {"DATE": "O", "B-ORG": "B-GRP"}) for tag in ("B-DATE", "B-ORG", "I-ORG")]
        ['O', 'B-GRP', 'I-ORG']
    """
    chunk = CHUNK.fullmatch(tag)
    if tag in label_map or chunk is None:
        return label_map.get(tag, tag)
    kind = label_map.get(chunk[2], chunk[2])
    return kind if kind == "O" else f"{chunk[1]}-{kind}"


def chunk_type(tag: str) -> str | None:
    """The type of a chunk tag, ``PER`` of ``B-PER``; None for other labels."""
    chunk = CHUNK.fullmatch(tag)
    return None if chunk is None else chunk[2]


def renaming(label: str, trained: Iterable[str] = ()) -> str:
    """What a ``label_map`` can do with a label that no training file has.

    Args:
        label: The label.
        trained: Labels of the training files, one of which may be the same in another spelling.

    Example:
        >>> renaming("B-DATE")
        'label_map: {DATE: O} takes it out, {DATE: DATE} keeps it, to be counted as always wrong'
        >>> renaming("Neutral", ["contradiction", "neutral"])
        'label_map: {Neutral: neutral} renames it, {Neutral: Neutral} keeps it, to be counted as always wrong'
    """
    kind = chunk_type(label)
    name = kind or label
    names = {chunk_type(other) or other for other in trained} - {"O"}
    known = {other.casefold(): other for other in sorted(names) if not name.isdecimal()}
    near = difflib.get_close_matches(name.casefold(), known, n=1, cutoff=CLOSE)
    renamed = f"label_map: {{{name}: {known[near[0]]}}} renames it, " if near else ""
    kept = f"{{{name}: {name}}} keeps it, to be counted as always wrong"
    if kind is not None:
        return f"{renamed or 'label_map: '}{{{kind}: O}} takes it out, {kept}"
    return f"{renamed or 'label_map renames it, or '}{kept}"


def is_named(label: str, targets: Container[str]) -> bool:
    """Whether ``targets`` has a label, or the type of a chunk tag."""
    return label in targets or chunk_type(label) in targets
