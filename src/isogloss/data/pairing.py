"""Which example of one language says the same as one of another: the same id in the same data set, the same label."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

import numpy as np

from isogloss.common.errors import IsoglossError
from isogloss.examples import Choice, Example, LabelledText, TaggedSentence

ALONE = -1
"""Place of a partner that is not there."""


def partners(
    examples: Sequence[Example], others: Sequence[Example], sets: Mapping[str, str], joined: Container[str] = ()
) -> np.ndarray:
    """Where the partner of each example lies among others ``[n]``; `ALONE` where it has none.

    Args:
        examples: The examples.
        others: Those of another language that may be partners.
        sets: The name of the data set of each file, by its path; ids mean the same in the files of one set only.
        joined: Paths of translations that were joined to their originals before, and so have the ids of these.

    Raises:
        IsoglossError: Two partners have different labels or numbers of alternatives, or tagged sentences have no ids
            but their numbers; the message names file and line of both.
    """
    places: dict[tuple[str, str], int] = {}
    for place, other in enumerate(others):
        places.setdefault((sets.get(other.path, ""), other.id), place)
    found = np.full(len(examples), ALONE)
    for index, example in enumerate(examples):
        place = places.get((sets.get(example.path, ""), example.id), ALONE)
        if place != ALONE:
            _require_alike(example, others[place], by_id=example.path not in joined)
        found[index] = place
    return found


def _require_alike(example: Example, other: Example, *, by_id: bool) -> None:
    places = f"{example.path}:{example.line}", f"{other.path}:{other.line}"
    if isinstance(example, TaggedSentence) and isinstance(other, TaggedSentence):
        # Tools write `# sent_id = 1` and on into treebanks that are no translations of each other.
        counted = [one.id.isdigit() for one in (example, other)]
        if by_id and any(counted):
            first, second = places if counted[0] else places[::-1]
            raise IsoglossError(
                f"{first}: the sentence has no id but a number, and sentences are not paired by number (here "
                f"with {second}); give both files ids that are the same in every language (`# sent_id` in CoNLL-U)"
            )
        return
    labels = [one.label for one in (example, other) if isinstance(one, LabelledText | Choice)]
    if None not in labels and len(set(labels)) > 1:
        raise IsoglossError(
            f"{places[0]}: label {labels[0]!r}, but {labels[1]!r} in {places[1]}, which has the same id "
            f"{example.id!r}: they are no translations of each other; were rows added or sorted in one of the files?"
        )
    require_as_many(example, other)


def require_as_many(example: Example, other: Example) -> None:
    """Stop where two choices, one said to translate the other, have other numbers of alternatives."""
    if not isinstance(example, Choice) or not isinstance(other, Choice):
        return
    found, wanted = len(example.alternatives), len(other.alternatives)
    if found != wanted:
        raise IsoglossError(
            f"{example.path}:{example.line}: {found} alternatives, but {wanted} in {other.path}:{other.line}, which "
            f"has the same id {other.id!r}: they are no translations of each other"
        )
