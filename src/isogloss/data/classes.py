"""What the training data must look like as classes: each with enough examples, none under two names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from isogloss.data.chunks import CHUNK
from isogloss.data.labels import two_spellings
from isogloss.data.problems import Problems
from isogloss.examples import Example, LabelledText, TaggedSentence

RARE_SHARE, RARE_NUMBER = 0.01, 10
"""A class with less than this share of the training examples, and fewer than this number, is said to be rare."""


def check_classes(numbers: Mapping[str, int], examples: Iterable[Example], problems: Problems) -> None:
    """Check the classes of all training data together.

    Counted are examples for texts, tokens for tags, and chunks by their type for chunk tags (``O`` left out).

    Args:
        numbers: How often each label occurs.
        examples: Examples that have every label, the first of each among them.
        problems: Takes a warning per rare class, with less than `RARE_SHARE` of all and fewer than `RARE_NUMBER`; and
            an error where ``1`` and ``true`` are two classes.
    """
    places: dict[str, Example] = {}
    for example in examples:
        for label in example.classes:
            places.setdefault(label, example)
    texts = [label for label, example in places.items() if isinstance(example, LabelledText)]
    if (pair := two_spellings(texts)) is not None:
        first, second = (places[label] for label in pair)
    # A file that has both has said so.
    if pair is not None and not problems.spoils(second.path):
        message = f"label {pair[1]!r}, but {pair[0]!r} in {first.path}:{first.line}: two spellings of one truth value"
        problems.error(second.path, second.line, f"{message}; label_map renames one, such as {{{pair[1]}: {pair[0]}}}")
    counted = {label: numbers[label] for label in places}
    unit = "examples"
    if any(isinstance(example, TaggedSentence) for example in places.values()):
        unit = "tokens"
        in_chunks = {label: number for label, number in counted.items() if CHUNK.fullmatch(label)}
        if 2 * sum(in_chunks.values()) > sum(counted.values()) - counted.get("O", 0):
            counted, unit = {label: number for label, number in in_chunks.items() if label.startswith("B-")}, "chunks"
    total = sum(counted.values())
    for label, number in counted.items():
        if number < RARE_NUMBER and number < RARE_SHARE * total:
            name = label.removeprefix("B-") if unit == "chunks" else label
            found = f"rare class {name!r}: {number} of {total:,} training {unit} (first here)"
            problems.warning(places[label].path, places[label].line, f"{found}; too few to learn it, or a misspelling")
