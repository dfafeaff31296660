from __future__ import annotations

import logging
import multiprocessing
import os
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from isogloss.store.cache import DAY, FACTS, PARTIAL, ROWS, Cache, cache_of_environment, read_entry, write_entry

SCHEMA = pa.schema([("x", pa.int32())])


def build(folder: Path, values: list[int] = [1, 2, 3]) -> None:  # noqa: B006 - never changed
    write_entry(folder, SCHEMA, [pa.record_batch([pa.array(values, pa.int32())], SCHEMA)], lambda: {"name": "x"})


def read(folder: Path) -> list[int]:
    rows, facts = read_entry(folder)
    assert facts["name"] == "x"
    return [value for batch in rows.read_all().to_batches() for value in batch.to_pydict()["x"]]


def forbidden(folder: Path) -> None:
    raise AssertionError("built again")


def entry(folder: Path) -> Path:
    (path,) = (folder / "kind").iterdir()
    return path


def test_an_entry_is_built_once_per_key(tmp_path: Path):
    cache = Cache(tmp_path)
    assert cache.get("kind", {"a": 1}, build, read) == [1, 2, 3]
    assert cache.get("kind", {"a": 1}, forbidden, read) == [1, 2, 3]
    assert cache.get("kind", {"a": 2}, lambda folder: build(folder, [4]), read) == [4]
    assert cache.get("other", {"a": 1}, lambda folder: build(folder, [5]), read) == [5]


@pytest.mark.parametrize("name", [ROWS, FACTS])
@pytest.mark.parametrize("damage", ["cut", "empty", "gone", "zeros"])
def test_a_damaged_entry_is_built_anew(tmp_path: Path, name: str, damage: str, caplog: pytest.LogCaptureFixture):
    cache = Cache(tmp_path)
    cache.get("kind", {}, build, read)
    path = entry(tmp_path) / name
    content = path.read_bytes()
    changed = {"cut": content[: len(content) // 2], "empty": b"", "zeros": bytes(len(content))}
    path.unlink() if damage == "gone" else path.write_bytes(changed[damage])
    assert cache.get("kind", {}, lambda folder: build(folder, [9]), read) == [9]
    assert "damaged, built anew" in caplog.text
    caplog.clear()
    assert cache.get("kind", {}, forbidden, read) == [9]
    assert not caplog.text


def test_nothing_is_left_of_an_entry_that_could_not_be_built(tmp_path: Path):
    def broken(folder: Path) -> None:
        (folder / ROWS).write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Cache(tmp_path).get("kind", {}, broken, read)
    assert list((tmp_path / "kind").iterdir()) == []


def test_what_cannot_be_written_is_said_and_done_without(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    (tmp_path / "file").write_text("")
    assert Cache(tmp_path / "file" / "cache").get("kind", {}, forbidden, read) is None
    assert "not written" in caplog.text


def test_a_full_disk_is_said_and_done_without(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    def full(folder: Path) -> None:
        raise OSError(28, os.strerror(28))

    assert Cache(tmp_path).get("kind", {}, full, read) is None
    assert os.strerror(28) in caplog.text
    assert list((tmp_path / "kind").iterdir()) == []


def test_a_disk_that_fills_up_at_the_last_file_is_no_reason_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def full(path: Path, *arguments: Any, **options: Any) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "write_text", full)
    assert Cache(tmp_path).get("kind", {}, build, read) is None
    assert os.strerror(28) in caplog.text
    assert list((tmp_path / "kind").iterdir()) == []


def test_a_folder_that_cannot_be_entered_is_said_and_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def refused(path: Path, **options: Any) -> bool:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(Path, "exists", refused)  # permissions do not hold for root
    assert Cache(tmp_path).get("kind", {}, forbidden, read) is None
    assert os.strerror(13) in caplog.text


def test_a_user_without_a_home_has_no_cache(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    def homeless(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("ISOGLOSS_CACHE")
    monkeypatch.setattr(Path, "expanduser", homeless)
    assert cache_of_environment() is None
    assert "ISOGLOSS_CACHE names a folder" in caplog.text


def _build_slowly(folder: str, barrier: Any, results: Any) -> None:
    def slowly(path: Path) -> None:
        barrier.wait(timeout=30)  # both have found no entry
        build(path)

    results.put(Cache(Path(folder)).get("kind", {}, slowly, read))


@pytest.mark.slow
def test_two_processes_build_the_same_entry_at_once(tmp_path: Path):
    context = multiprocessing.get_context("spawn")  # this process may have threads, which no fork takes along
    barrier, results = context.Barrier(2), context.Queue()
    workers = [context.Process(target=_build_slowly, args=(str(tmp_path), barrier, results)) for _ in range(2)]
    for worker in workers:
        worker.start()
    assert [results.get(timeout=30) for _ in workers] == [[1, 2, 3]] * 2
    for worker in workers:
        worker.join(timeout=30)
        assert worker.exitcode == 0
    assert len(list((tmp_path / "kind").iterdir())) == 1


def test_the_remains_of_a_process_that_died_are_removed(tmp_path: Path):
    (tmp_path / "kind").mkdir()
    old, young = tmp_path / "kind" / f"{PARTIAL}old", tmp_path / "kind" / f"{PARTIAL}young"
    old.mkdir()
    young.mkdir()
    os.utime(old, (time.time() - 2 * DAY,) * 2)
    Cache(tmp_path).get("kind", {}, build, read)
    assert not old.exists()
    assert young.exists()


def test_the_environment_says_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("HOME", str(tmp_path))
    for value, folder in [("off", None), (str(tmp_path / "x"), tmp_path / "x"), ("~/y", tmp_path / "y")]:
        monkeypatch.setenv("ISOGLOSS_CACHE", value)
        assert cache_of_environment() == (None if folder is None else Cache(folder))
    monkeypatch.delenv("ISOGLOSS_CACHE")
    assert cache_of_environment() == Cache(tmp_path / ".cache" / "isogloss")


@pytest.fixture(autouse=True)
def _all_messages(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.WARNING)
