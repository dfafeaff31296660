"""Where `isogloss predict` writes: packed under a packed name, and first said where it cannot."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import isogloss
from isogloss.common.errors import IsoglossError
from isogloss.data import Problems
from isogloss.data.parquet import Parquet
from tests.support.hub import parquet
from tests.support.world import WRITERS


def source_of(world: Path, task: str, language: str) -> Path:
    return next((world / task / language).glob("dev.*"))


@pytest.mark.slow
@pytest.mark.parametrize("task", WRITERS)
def test_packed_in_packed_out(task: str, trained: Callable[[str], Path], world: Path, tmp_path: Path):
    source = source_of(world, task, "de")
    packed = tmp_path / f"{source.name}.gz"
    packed.write_bytes(gzip.compress(source.read_bytes()))
    plain = isogloss.predict(trained(task), source, language="de", output=tmp_path / "plain").read_bytes()
    written = isogloss.predict(trained(task), packed, language="de")
    assert written == tmp_path / f"dev.predicted{source.suffix}.gz"
    assert gzip.decompress(written.read_bytes()) == plain
    # The name of the output decides alone, and the same content gives the same bytes.
    assert isogloss.predict(trained(task), packed, language="de", output=tmp_path / "out").read_bytes() == plain
    again = isogloss.predict(trained(task), source, language="de", output=tmp_path / "out.gz")
    assert again.read_bytes() == written.read_bytes()
    assert written.read_bytes()[4:8] == bytes(4)


def test_packed_parquet(tmp_path: Path):
    columns = {"text": ["a", "b"], "label": ["x", "y"]}
    (tmp_path / "a.parquet.gz").write_bytes(gzip.compress(parquet(columns)))
    Parquet().write(tmp_path / "a.parquet.gz", ["p", "q"], tmp_path / "b.parquet.gz")
    for name in ("b.parquet.gz", "b.parquet"):
        Parquet().write(tmp_path / "a.parquet.gz", ["p", "q"], tmp_path / name)
        assert [e.label for e in Parquet().read(tmp_path / name, "en", Problems())] == ["p", "q"]
    (tmp_path / "bad.parquet.gz").write_bytes(parquet(columns))
    problems = Problems()
    assert Parquet().read(tmp_path / "bad.parquet.gz", "en", problems) == []
    assert "not a whole gzip file, as its name says" in str(problems.errors[0])


def test_a_place_that_cannot_be_written_to_is_said_first(
    trained: Callable[[str], Path], world: Path, tmp_path: Path, no_prediction: None
):
    source = Path(shutil.copy(source_of(world, "nli", "de"), tmp_path / "test-de.tsv"))
    before = source.read_bytes()
    for output, xtreme, message in (
        (tmp_path, False, "it is a folder; name a file in it"),
        (source / "inside" / "a.tsv", False, r"test-de\.tsv is a file, not a folder"),
        (source, True, r"test-de\.tsv is a file, not a folder"),
        (source, False, "is the file that is read, and would be overwritten"),
        (None, True, "is the file that is read, and would be overwritten"),
    ):
        with pytest.raises(IsoglossError, match=message):
            isogloss.predict(trained("nli"), source, language="de", output=output, xtreme=xtreme)
    assert source.read_bytes() == before
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("options", [{}, {"xtreme": True}, {"probabilities": True}])
def test_a_file_that_is_there_is_replaced_only_if_asked(
    options: dict[str, bool], trained: Callable[[str], Path], world: Path, tmp_path: Path
):
    source = Path(shutil.copy(source_of(world, "nli", "de"), tmp_path / "mine.tsv"))
    written = isogloss.predict(trained("nli"), source, language="de", **options)  # type: ignore[arg-type]
    content = written.read_bytes()
    written.write_bytes(b"corrected")
    with pytest.raises(IsoglossError, match=rf"{written.name} exists; --overwrite replaces it"):
        isogloss.predict(trained("nli"), source, language="de", **options)  # type: ignore[arg-type]
    assert written.read_bytes() == b"corrected"
    isogloss.predict(trained("nli"), source, language="de", overwrite=True, **options)  # type: ignore[arg-type]
    assert written.read_bytes() == content


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_said_first(
    trained: Callable[[str], Path], world: Path, tmp_path: Path, no_prediction: None
):
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(IsoglossError, match="read-only"):
        isogloss.predict(
            trained("nli"), source_of(world, "nli", "de"), language="de", output=tmp_path / "closed/new/a.tsv"
        )
