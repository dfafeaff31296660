from __future__ import annotations

import fcntl
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.common.writing import append_lines, read_json, read_lines, write_json, write_text, writing

ROWS = [{"language": "de", "value": 0.5}, {"language": "zh", "value": None}]


def test_text_and_folders_come_into_being(tmp_path: Path):
    write_text(tmp_path / "new" / "file", "Grüße\n")
    assert (tmp_path / "new" / "file").read_bytes() == "Grüße\n".encode()


def test_json_is_readable_and_ends_in_a_line_feed(tmp_path: Path):
    write_json(tmp_path / "file", {"b": "語", "a": [1]})
    assert (tmp_path / "file").read_text("utf-8") == '{\n  "a": [\n    1\n  ],\n  "b": "語"\n}\n'


@pytest.mark.parametrize("fails", ["fsync", "replace"])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    fails: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "file"
    write_text(path, "old")
    monkeypatch.setattr(os if fails == "fsync" else Path, fails, fail)
    with pytest.raises(IsoglossError, match=r"cannot write .*file: No space left on device\. Is the disk full"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "file"
    write_text(path, "old")
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_where_a_folder_should_be(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(IsoglossError, match="cannot write"):
        write_text(tmp_path / "file" / "inner", "new")
    with pytest.raises(IsoglossError, match="cannot write"):
        append_lines(tmp_path / "file" / "inner", ROWS)


FULL_DISK = """
import resource, sys
from pathlib import Path
from isogloss.common.errors import IsoglossError
from isogloss.common.writing import append_lines, write_text
folder = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
for write, content in ((write_text, "x" * 20_000), (append_lines, [{"text": "y" * 100}] * 200)):
    try:
        write(folder / write.__name__, content)
    except IsoglossError as error:
        print(error)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no resource limits")
def test_a_full_disk(tmp_path: Path):
    (tmp_path / "write_text").write_text("old")
    append_lines(tmp_path / "append_lines", ROWS)
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )
    messages = done.stdout.splitlines()
    assert len(messages) == 2
    for message, name in zip(messages, ("write_text", "append_lines"), strict=True):
        assert message.startswith(f"cannot write {tmp_path / name}: File too large. Is the disk full")
    assert (tmp_path / "write_text").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["append_lines", "write_text"]
    assert read_lines(tmp_path / "append_lines")[:2] == ROWS
    append_lines(tmp_path / "append_lines", ROWS)
    assert read_lines(tmp_path / "append_lines")[-2:] == ROWS


def test_errors_of_torch_and_safetensors_are_write_errors_too():
    with pytest.raises(IsoglossError, match=r"cannot write model: first line\. Is"), writing(Path("model")):
        raise RuntimeError("first line\nsecond line")


def test_other_errors_are_not_ours():
    with pytest.raises(KeyError), writing(Path("file")):
        raise KeyError


def test_rows_are_appended(tmp_path: Path):
    path = tmp_path / "new" / "rows"
    assert read_lines(path) == []
    append_lines(path, ROWS[:1])
    append_lines(path, [])
    append_lines(path, ROWS[1:])
    assert read_lines(path) == ROWS
    assert path.read_text().count("\n") == 2


@pytest.mark.parametrize("text", ["\u2028", "\x85", "\x0b", "\r\n", "語"])
def test_rows_may_hold_any_line_break(text: str, tmp_path: Path):
    append_lines(tmp_path / "rows", [{"text": text}])
    assert read_lines(tmp_path / "rows") == [{"text": text}]


@pytest.mark.parametrize("rest", ['{"language": "', '{"language": "zh", "value": null}', "\xe8"])
def test_a_line_cut_short_gives_way(rest: str, tmp_path: Path):
    path = tmp_path / "rows"
    append_lines(path, ROWS)
    with path.open("ab") as file:
        file.write(rest.encode("latin-1"))  # the last one is half a character
    assert read_lines(path) == ROWS
    append_lines(path, ROWS)
    assert read_lines(path) == ROWS + ROWS


def test_a_broken_line_is_named(tmp_path: Path):
    (tmp_path / "rows").write_text('{"a": 1}\n{"a"\n{"a": 3}\n')
    with pytest.raises(IsoglossError, match=r"rows:2: not a line of JSON"):
        read_lines(tmp_path / "rows")


def test_two_writers_of_one_file_do_not_mix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    sync = os.fsync

    def another_writes(descriptor: int) -> None:
        monkeypatch.setattr(os, "fsync", sync)
        write_text(tmp_path / "a.txt", "a longer text of another process")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", another_writes)
    write_text(tmp_path / "a.txt", "ours")
    assert (tmp_path / "a.txt").read_text() == "ours"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_what_another_process_appends_meanwhile_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "rows.jsonl"
    append_lines(path, [{"row": 1}])

    def another_had_the_lock(file: IO[bytes], operation: int) -> None:
        assert operation == fcntl.LOCK_EX
        path.write_text(path.read_text() + '{"row": 2}\n')

    monkeypatch.setattr(fcntl, "flock", another_had_the_lock)
    append_lines(path, [{"row": 3}])
    assert read_lines(path) == [{"row": 1}, {"row": 2}, {"row": 3}]


def test_what_python_writes_and_json_has_not_is_read(tmp_path: Path):
    rows: list[dict[str, Any]] = [
        {"value": math.nan},
        {"value": -math.inf},
        {"value": 1},
        {"text": "half a surrogate: \ud800"},
        {"id": 2**70},
    ]
    path = tmp_path / "rows"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert repr(read_lines(path)) == repr(rows)
    for row in rows:
        path.write_text(json.dumps(row))
        assert repr(read_json(path)) == repr(row)


@pytest.mark.parametrize(
    "lines", ['{"a": 1} {"a": 2}\n{"a":\n3}\n', '{"a": 1}\n\n', '{"a":\n1} {}\n', "1e5x\n", '{"a": 01}\n']
)
def test_a_line_holds_one_value(lines: str, tmp_path: Path):
    (tmp_path / "rows").write_text(lines)
    with pytest.raises(IsoglossError, match=r"rows:[12]: not a line of JSON"):
        read_lines(tmp_path / "rows")
