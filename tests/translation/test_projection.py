from __future__ import annotations

import pytest

from isogloss.translation.projection import project_chunks, project_tags


def links(text: str) -> frozenset[tuple[int, int]]:
    return frozenset((int(pair[0]), int(pair[2])) for pair in text.split())


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("0-0 1-1 2-2", ("DET", "ADJ", "NOUN")),
        ("0-2 1-1 2-0", ("NOUN", "ADJ", "DET")),
        ("1-0 2-0", ("ADJ", None, None)),  # of equally many the first
        ("0-1 1-1 2-1", (None, "DET", None)),
        ("", (None, None, None)),
    ],
)
def test_tags_go_along_links(where: str, expected: tuple[str | None, ...]):
    assert project_tags(("DET", "ADJ", "NOUN"), links(where), 3).tags == expected


def test_most_of_several_count():
    assert project_tags(("X", "NOUN", "NOUN"), links("0-0 1-0 2-0"), 1).tags == ("NOUN",)


@pytest.mark.parametrize(
    ("tags", "where", "expected", "lost"),
    [
        ("B-PER I-PER O B-LOC", "0-3 1-2 2-1 3-0", "B-LOC O B-PER I-PER", 0),
        ("B-PER I-PER O B-LOC", "0-0 1-2 2-3", "B-PER I-PER I-PER O", 1),  # a gap is filled; what is linked is known
        ("B-PER O O O", "1-0 2-1", "O O - -", 1),  # one of the other words may be the lost name
        ("B-PER B-LOC O O", "0-0 1-0 2-1", "B-PER O - -", 1),  # two in one place: the first one stays
        ("B-PER B-PER O O", "0-0 1-1", "B-PER B-PER O O", 0),  # two of a type stay two
        ("O O O O", "", "O O O O", 0),
    ],
)
def test_chunks_go_whole_or_are_lost(tags: str, where: str, expected: str, lost: int):
    found = project_chunks(tags.split(), links(where), 4)
    assert [tag or "-" for tag in found.tags] == expected.split()
    assert (found.lost, found.chunks) == (lost, tags.count("B-"))
