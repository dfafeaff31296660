"""A fault in any valid file, wherever it is, is one error that names its line; the other examples are read."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as some

from isogloss.data import Problems
from tests.support.valid.file import Valid
from tests.support.valid_files import KINDS

QUICK = settings(
    max_examples=20, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_cut_short_is_an_error(kind: str, tmp_path: Path):
    @QUICK
    @given(KINDS[kind](), some.floats(0, 1))
    def check(file: Valid, share: float) -> None:
        packed = file.name.endswith(".gz")
        path = tmp_path / (file.name if packed else f"{file.name}.gz")
        content = file.content if packed else gzip.compress(file.content)
        path.write_bytes(content[: int(share * (len(content) - 1))])
        problems = Problems()
        assert list(file.reader.read(path, "en", problems)) == []
        (problem,) = (*problems.errors, *problems.warnings)
        empty = "no example in this file" if kind != "squad" else "not JSON"
        reasons = ("not a whole gzip file, as its name says", *([] if path.stat().st_size else [empty, "not a whole"]))
        assert (problem.path, problem.line if problem.line != 1 else None) == (str(path), None)
        assert problem.message.startswith(reasons)

    check()


def with_field_less(line: str, separator: str) -> str:
    return line.rpartition(separator)[0]


def with_field_more(line: str, separator: str) -> str:
    return f"{line}{separator}x"


@pytest.mark.slow
@pytest.mark.parametrize("change", [with_field_less, with_field_more])
@pytest.mark.parametrize("kind", ["conllu", "conll", "tsv"])
def test_a_line_with_other_columns_is_one_error(kind: str, change: Any, tmp_path: Path):
    @QUICK
    @given(KINDS[kind](), some.data())
    def check(file: Valid, data: some.DataObject) -> None:
        content = gzip.decompress(file.content) if file.name.endswith(".gz") else file.content
        lines = content.decode().split("\n")
        wanted = data.draw(some.sampled_from(file.examples))
        number = wanted[3] if kind != "tsv" else wanted[4]
        delimiter = getattr(file.reader, "delimiter", None)
        separator = delimiter.separator if delimiter else "\t" if "\t" in lines[number - 1] else " "
        # Of lines without a header that differ, the fewer are wrong; a file of one column has no other.
        # Lines that begin with # do not count, as they may be comments.
        own = lines[number - 1].count(separator)
        alike = [line for line in lines if line.count(separator) == own > 0 and not line.startswith("#")]
        assume(kind == "conllu" or len(alike) > 2)
        end = "\r" * lines[number - 1].endswith("\r")
        lines[number - 1] = change(lines[number - 1].removesuffix("\r"), separator) + end
        assume(bool(lines[number - 1].strip()))
        path = tmp_path / "file"
        path.write_bytes("\n".join(lines).encode())
        problems = Problems()
        examples = file.reader.read(path, "en", problems)
        (problem,) = problems.errors
        assert (problem.path, problem.line) == (str(path), number)
        assert re.match(r"expected \d+ columns", problem.message)
        assert len(examples) == len(file.examples) - 1

    check()


@pytest.mark.parametrize("kind", ["jsonl", "choice_jsonl"])
def test_a_broken_object_is_one_error(kind: str, tmp_path: Path):
    @QUICK
    @given(KINDS[kind](), some.data())
    def check(file: Valid, data: some.DataObject) -> None:
        content = gzip.decompress(file.content) if file.name.endswith(".gz") else file.content
        lines = content.decode().removeprefix("\ufeff").split("\n")
        number = data.draw(some.integers(1, len(file.examples)))
        line = lines[number - 1].rstrip("\r")
        record = json.loads(line)
        key = data.draw(some.sampled_from(sorted(record)))
        again = json.dumps({key: 1})[1:-1]
        broken = {
            f"{line[:-1]}, {again}}}": r"key .* stands twice in one object, at columns 2?",
            line[: data.draw(some.integers(1, len(line) - 1))]: "not JSON: ",
            f"[{line}]": "expected a JSON object, found list",
        }
        lines[number - 1], message = data.draw(some.sampled_from(sorted(broken.items())))
        path = tmp_path / "file"
        path.write_bytes("\n".join(lines).encode())
        problems = Problems()
        examples = file.reader.read(path, "en", problems)
        (problem,) = problems.errors
        assert (problem.path, problem.line) == (str(path), number)
        assert re.match(message, problem.message)
        assert len(examples) == len(file.examples) - 1

    check()
