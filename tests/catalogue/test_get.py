"""Local copies of public data sets, from a hub on this machine that answers as the real one does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import isogloss
import isogloss.catalogue.get
import isogloss.catalogue.hub
from isogloss import IsoglossError
from isogloss.catalogue import SETS
from isogloss.catalogue.hub import Snapshot
from isogloss.common.locking import locked
from isogloss.recipe.build.data import build_collections
from isogloss.recipe.resolve import resolve
from tests.support.hub import Hub, parquet
from tests.support.xnli import INFERENCE, XNLI, manifest, pairs


def test_a_copy_is_read_by_the_entry_that_comes_with_it(hub: Hub):
    entry = isogloss.get("xnli", languages=["en", "sw"])
    recipe = resolve({"model": "some/encoder", "steps": 1, "data": entry})
    _, (collection,) = build_collections(recipe.data)
    # Swahili training data are machine translations, which were not asked for by name.
    cells = [("en", "dev"), ("en", "test"), ("en", "train"), ("sw", "dev"), ("sw", "test")]
    assert sorted(collection.files()) == cells
    problems = isogloss.validate("data/xnli/{language}/{split}.jsonl", task="nli", format="jsonl").problems
    assert problems.errors == []
    lines = Path("data/xnli/sw/dev.jsonl").read_text("utf-8").splitlines()
    assert json.loads(lines[2]) == {
        "id": "2", "premise": "sw premise 2\twith a tab", "hypothesis": "hypothesis 2", "label": "contradiction",
    }  # fmt: skip
    assert resolve({"model": "some/encoder", "steps": 1, "data": {"name": "xnli"}}).data == recipe.data


def test_the_manifest_says_where_it_came_from(hub: Hub):
    isogloss.get("xnli", languages=["en"], splits=["dev"])
    found = manifest()
    assert (found["name"], found["repository"], found["revision"]) == ("xnli", "facebook/xnli", "main")
    assert found["licence"] == "CC BY-NC 4.0"
    (written,) = found["files"].values()
    assert written["rows"] == 4
    assert len(written["commit"]) == 40
    assert list(written["sources"]) == ["en/validation-00000-of-00001.parquet"]


def test_running_again_fetches_only_what_is_missing(hub: Hub):
    isogloss.get("xnli", languages=["en"], splits=["dev"])
    hub.asked.clear()
    isogloss.get("xnli", languages=["en"], splits=["dev"])
    assert hub.asked == []
    isogloss.get("xnli", languages=["en"], splits=["dev", "test"])
    assert hub.asked == ["en/test-00000-of-00001.parquet"]
    assert set(manifest()["files"]) == {"en/dev.jsonl", "en/test.jsonl"}


def test_the_cache_serves_offline(hub: Hub, monkeypatch: pytest.MonkeyPatch):
    isogloss.get("xnli", languages=["en"], splits=["dev"])
    hub.asked.clear()
    isogloss.get("xnli", languages=["en"], splits=["dev"], output="again", offline=True)
    assert hub.asked == []
    assert Path("again/en/dev.jsonl").read_bytes() == Path("data/xnli/en/dev.jsonl").read_bytes()
    with pytest.raises(IsoglossError, match=r"must not be asked \(--offline\).*does not hold all"):
        isogloss.get("xnli", languages=["en"], splits=["test"], offline=True)


def test_splits_that_a_language_lacks_are_said(hub: Hub, capsys: pytest.CaptureFixture[str]):
    udpos = SETS["udpos"]
    tags = {"tokens": [["a"]], "pos_tags": [[7]]}
    content = parquet(tags, {"pos_tags": list(udpos.rows.labels or ())})
    for path in ("Kazakh/train", "Kazakh/test", "Thai/test"):
        hub.put(udpos.repository, {f"udpos.{path}-00000-of-00001.parquet": content})
    isogloss.get("udpos", languages=["kk", "th"])
    assert sorted(map(str, Path().glob("**/*.tsv"))) == [
        f"data/udpos/{path}.tsv" for path in ("kk/test", "kk/train", "th/test")
    ]
    said = capsys.readouterr().err.splitlines()
    assert "UD-POS (XTREME) has no train for th" in said
    assert "UD-POS (XTREME) has no dev for kk, th" in said


def test_a_copy_that_was_broken_off_is_gone_on_with(hub: Hub, monkeypatch: pytest.MonkeyPatch):
    replace, left = Path.replace, [3]

    def interrupted(path: Path, target: Path) -> Path:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            isogloss.get("xnli", languages=["en"])
    assert len(list(Path().glob("data/xnli/en/*"))) == 1
    isogloss.get("xnli", languages=["en"])
    assert {path.name for path in Path().glob("data/xnli/en/*")} == {"train.jsonl", "dev.jsonl", "test.jsonl"}


def test_a_file_that_does_not_name_its_labels_has_the_order_of_the_catalogue(hub: Hub):
    hub.put(XNLI, {"en/validation-00000-of-00001.parquet": pairs(3, names=None)})
    isogloss.get("xnli", languages=["en"], splits=["dev"])
    lines = Path("data/xnli/en/dev.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["label"] for line in lines] == INFERENCE


@pytest.mark.slow
def test_the_command_asks_the_hub_of_the_environment(hub: Hub, tmp_path: Path):
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "isogloss", "data", "get", "xnli", "--languages", "en,sw", "--splits", "dev"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    entry = {"task": "nli", "format": "jsonl", "path": "data/xnli/{language}/{split}.jsonl", "name": "xnli"}
    assert yaml.safe_load(result.stdout) == {"data": entry}
    assert "data/xnli/sw/dev.jsonl: 4 rows" in result.stderr
    assert (tmp_path / "home/hub").is_dir()


def test_two_copies_at_once_lose_nothing(hub: Hub, monkeypatch: pytest.MonkeyPatch):
    download = isogloss.catalogue.get.download

    def download_while_another_writes(*arguments: Any, **options: Any) -> Snapshot:
        with monkeypatch.context() as patch:
            patch.setattr(isogloss.catalogue.get, "download", download)
            isogloss.get("xnli", languages=["sw"], splits=["dev"])
        return download(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(isogloss.catalogue.get, "download", download_while_another_writes)
        isogloss.get("xnli", languages=["en"], splits=["dev"])
    assert sorted(manifest()["files"]) == ["en/dev.jsonl", "sw/dev.jsonl"]
    with locked(Path("data/xnli")):
        isogloss.get("xnli", languages=["en", "sw"], splits=["dev"])  # only looks
        with pytest.raises(IsoglossError, match="in use by"):
            isogloss.get("xnli", languages=["en"], splits=["test"])
