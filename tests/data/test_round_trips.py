"""What a valid file holds is what is read from it, and predictions change nothing else in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from isogloss.data import Problems, Squad
from isogloss.data.plain import Lines
from isogloss.examples import Choice, Example, LabelledText, Question, TaggedSentence
from tests.support.valid.file import Valid
from tests.support.valid_files import KINDS


def plain(example: Example) -> tuple[Any, ...]:
    """An example as `Valid` has it."""
    if isinstance(example, TaggedSentence):
        return (example.id, example.tokens, example.tags, example.line, example.spaces)
    if isinstance(example, LabelledText):
        return (example.id, example.text, example.pair, example.label, example.line)
    if isinstance(example, Choice):
        return (example.id, example.context, example.question, example.alternatives, example.label, example.line)
    assert isinstance(example, Question)
    return (example.id, example.question, example.context, example.answers)


def label(example: Example) -> Any:
    return example.tags if isinstance(example, TaggedSentence) else getattr(example, "label", None)


def check_read(file: Valid, path: Path) -> None:
    problems = Problems()
    examples = file.reader.read(path, "en", problems)
    assert problems.errors == []
    assert len(problems.warnings) == len(file.warnings), problems.warnings
    for warning, begun in zip(problems.warnings, file.warnings, strict=True):
        assert warning.message.startswith(begun)
    assert len(examples) == len(file.examples)
    for example, expected in zip(examples, file.examples, strict=True):
        assert (example.language, example.path) == ("en", str(path))
        # Only some files say where spaces stand.
        assert plain(example)[: len(expected)] == expected


def check_labelled(file: Valid, path: Path) -> None:
    destination = path.with_name(f"labelled.{path.name}")
    file.reader.write(path, file.predictions, destination)
    if file.labelled is not None:
        assert destination.read_bytes() == file.labelled
    if not isinstance(file.reader, (Lines, Squad)):
        again = (file.again or file.reader).read(destination, "en", Problems())
        assert [label(example) for example in again] == file.predictions
    destination.unlink()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_valid_file_is_read_as_it_was_meant_and_labelled_in_place(kind: str, tmp_path: Path):
    @settings(max_examples=35, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(KINDS[kind]())
    def check(file: Valid) -> None:
        path = tmp_path / file.name
        path.write_bytes(file.content)
        check_read(file, path)
        check_labelled(file, path)

    check()
