"""Labels that some training files have and others lack, as where one of them was annotated by other rules."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from isogloss.data.chunks import chunk_type, is_named
from isogloss.data.problems import Problems
from isogloss.examples import Example

MOST_NAMED = 8
"""Of more training files, the first are named."""


@dataclass(frozen=True)
class LabelledFile:
    """A training file.

    Attributes:
        language: Its language.
        path: Where it is.
        numbers: How often each label occurs in it.
        examples: Examples that have every label, the first of each among them.
    """

    language: str
    path: Path
    numbers: Mapping[str, int]
    examples: Iterable[Example]


def check_label_sets(files: Sequence[LabelledFile], accepted: Container[str], problems: Problems) -> None:
    """Warn of labels that some training files have and others lack: a model learns from the latter that there are none.

    Chunk tags count by their type.

    Args:
        files: The training files; those without any label are passed over.
        accepted: Labels of which no warning is given, as those that a ``label_map`` has as a target.
        problems: Takes a warning for the labels that the same files have.
    """
    places = [_first_places(file) for file in files]
    held = [(file, found) for file, found in zip(files, places, strict=True) if found]
    groups: dict[tuple[int, ...], list[str]] = {}
    for label in dict.fromkeys(label for _, found in held for label in found):
        having = tuple(place for place, (_, found) in enumerate(held) if label in found)
        if len(having) < len(held) and not is_named(label, accepted):
            groups.setdefault(having, []).append(label)
    own = [file.language for file, _ in held]
    names = own if len(set(own)) == len(own) else [str(file.path) for file, _ in held]
    for having, labels in groups.items():
        lacking = [name for place, name in enumerate(names) if place not in having]
        times = {label: sum(_times(held[place][0], label) for place in having) for label in labels}
        counted = ", ".join(f"{label} ({number:,} time{'s' if number > 1 else ''})" for label, number in times.items())
        problems.warning(
            held[having[0]][0].path,
            held[having[0]][1][labels[0]],
            f"{'labels' if len(labels) > 1 else 'label'} {counted} in the training data of "
            f"{_listed([names[place] for place in having])} and not in that of {_listed(lacking)}, which teaches that "
            f"there is no {labels[0]}; {_advice(labels[0], held[having[0]][0])}",
        )


def _first_places(file: LabelledFile) -> dict[str, int]:
    """The line of the first example that has each label, or type of chunk."""
    found: dict[str, int] = {}
    for example in file.examples:
        for label in example.classes:
            if label != "O":
                found.setdefault(chunk_type(label) or label, example.line)
    return found


def _times(file: LabelledFile, label: str) -> int:
    chunks = file.numbers.get(f"B-{label}", 0)
    return chunks or file.numbers[label]


def _advice(label: str, file: LabelledFile) -> str:
    right = f"{{{label}: {label}}} says that it is right"
    if f"B-{label}" in file.numbers:
        return f"label_map: {{{label}: O}} takes it out, {right}"
    return f"label_map renames it, or {right}"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
