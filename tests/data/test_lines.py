"""What is wrong with a file before its format matters: every format says it in the same words."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.data import ConllU, Format, JsonLines, Problems, Table, TokenTag
from isogloss.data.lines import read_lines, rewrite
from tests.support.reading import read

FORMATS = [ConllU(), TokenTag(), Table(), JsonLines()]


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "file: error: no example in this file"),
        (b"\n\n", "file: error: no example in this file"),
        (b"# a\n\xe9t\xe9\n", "file:2: error: not UTF-8: byte 0xe9 at byte offset 4"),
        (
            "a\n".encode("utf-16"),
            "file:1: error: not UTF-8: byte 0xff at byte offset 0; the file is UTF-16, save it as",
        ),
        (b"a\n\nb\0c\n", "file:3: error: NUL character; is this a text file?"),
        (b"a\tO\rb\tO\r\rc\tO\r", "file:1: error: line ends are carriage returns (CR), as of old Macs; save"),
        (
            gzip.compress(b"a\n", mtime=0),
            "file:1: error: not UTF-8: byte 0x8b at byte offset 1; the file is packed by gzip, wh",
        ),
        (bz2.compress(b"a\n" * 9), "file:1: error: not UTF-8: byte "),
    ],
)
def test_a_file_that_is_no_text_is_one_error(tmp_path: Path, file_format: Format, content: bytes, message: str):
    examples, problems = read(file_format, tmp_path / "file", content)
    assert examples == []
    assert problems[0].startswith(message)
    assert sum(": error: " in problem for problem in problems) == 1


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_missing_file_and_a_directory_are_errors(tmp_path: Path, file_format: Format):
    problems = Problems()
    for path in (tmp_path / "missing", tmp_path):
        assert file_format.read(path, "en", problems) == []
    assert [problem.message for problem in problems.errors] == ["no such file", "is a directory, not a file"]


def test_only_a_line_feed_ends_a_line(tmp_path: Path):
    path = tmp_path / "file"
    path.write_bytes("\ufeffa\u2028b\x85c\x0bd\r\ne\n\nf".encode())
    assert read_lines(path, Problems()) == ["a\u2028b\x85c\x0bd", "e", "", "f"]


@pytest.mark.parametrize("content", ["\ufeffa\r\nb\nc", "a\n", "", "\n\n", "a\u2028\rb\n"])
def test_rewriting_nothing_or_the_same_keeps_every_byte(tmp_path: Path, content: str):
    path = tmp_path / "file"
    path.write_bytes(content.encode())
    lines = read_lines(path, Problems())
    for replacements in ({}, dict(enumerate(lines, start=1))):
        rewrite(path, tmp_path / "new" / "copy", replacements)
        assert (tmp_path / "new" / "copy").read_bytes() == content.encode()


def test_a_file_may_be_rewritten_in_place(tmp_path: Path):
    path = tmp_path / "file"
    path.write_bytes("\ufeffa\r\nb\r\n".encode())
    rewrite(path, path, {1: "c"})
    assert path.read_bytes() == "\ufeffc\r\nb\r\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_is_an_error_of_the_user_and_leaves_nothing(tmp_path: Path):
    path = tmp_path / "file"
    path.write_text("a\n")
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    with pytest.raises(IsoglossError, match="folder"):
        rewrite(path, tmp_path / "folder", {})
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "folder"]
