"""Local copies of public data sets, from a hub on this machine that answers as the real one does."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import isogloss
import isogloss.catalogue.get
import isogloss.catalogue.hub
from isogloss import IsoglossError
from isogloss.catalogue import SETS
from isogloss.catalogue.hub import Snapshot, Unreachable
from isogloss.common.locking import locked
from isogloss.recipe.build.data import build_collections
from isogloss.recipe.resolve import resolve
from tests.support.hub import Hub, parquet, point_at, serving

INFERENCE = ["entailment", "neutral", "contradiction"]
XNLI = SETS["xnli"].repository


def pairs(number: int, language: str = "en", **changes: Any) -> bytes:
    """A file of XNLI."""
    columns: dict[str, list[Any]] = {
        "premise": [f"{language} premise {n}\twith a tab" for n in range(number)],
        "hypothesis": [f"hypothesis {n}" for n in range(number)],
        "label": [n % 3 for n in range(number)],
    }
    names = changes.pop("names", INFERENCE)
    return parquet({**columns, **changes}, {"label": names} if names else None)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with English and Swahili XNLI; the current directory is empty."""
    hub = Hub()
    hub.put(XNLI, {
        f"{language}/{split}-00000-of-00001.parquet": pairs(number, language)
        for language in ("en", "sw") for split, number in (("train", 7), ("validation", 4), ("test", 5))
    })  # fmt: skip
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with serving(hub):
        point_at(hub.url, tmp_path / "cache", monkeypatch)
        yield hub


def manifest(folder: str = "data/xnli") -> dict[str, Any]:
    return json.loads(Path(folder, "manifest.json").read_text("utf-8"))


def test_a_copy_is_read_by_the_entry_that_comes_with_it(hub: Hub):
    entry = isogloss.get("xnli", languages=["en", "sw"])
    recipe = resolve({"model": "some/encoder", "steps": 1, "data": entry})
    _, (collection,) = build_collections(recipe)
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


def test_a_changed_file_is_named(hub: Hub):
    isogloss.get("xnli", languages=["en"], splits=["dev"])
    path = Path("data/xnli/en/dev.jsonl")
    path.write_text(path.read_text("utf-8").replace("neutral", "entailment"), encoding="utf-8")
    with pytest.raises(IsoglossError, match=r"en/dev\.jsonl: changed since it was written.*delete it"):
        isogloss.get("xnli", languages=["en"], splits=["dev"])
    path.unlink()
    isogloss.get("xnli", languages=["en"], splits=["dev"])
    assert "neutral" in path.read_text("utf-8")


def test_files_and_manifests_of_others_are_left_alone(hub: Hub):
    path = Path("data/xnli/en/dev.jsonl")
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    with pytest.raises(IsoglossError, match="not written by `isogloss data get`"):
        isogloss.get("xnli", languages=["en"], splits=["dev"])
    assert path.read_text() == "mine"
    Path("data/xnli/manifest.json").write_text('{"name": "pawsx", "files": {}}')
    with pytest.raises(IsoglossError, match="expected the manifest of 'xnli', found that of 'pawsx'"):
        isogloss.get("xnli", languages=["en"], splits=["dev"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            {"premis": ["a"], "premise": None},
            r"config 'en', split 'validation': expected the columns premise, hypothesis, label, found hypothesis, "
            r"label, premis; no 'premise'; did you mean 'premis'",
        ),
        (
            {"names": ["contradiction", "neutral", "entailment"]},
            r"expected the labels entailment, neutral, contradiction in 'label', in this order, found contradiction, "
            r"neutral, entailment",
        ),
        ({"names": ["yes", "maybe", "no"]}, r"found yes, maybe, no"),
        ({"label": [0, 1, 2, 3]}, r"row 4: label 3, but there are 3: entailment, neutral, contradiction"),
        ({"label": [-1, -1, -1, -1]}, r"no row for language 'en', 4 rows without label left out"),
    ],
)
def test_another_schema_is_one_clear_error(hub: Hub, content: dict[str, Any], message: str):
    if "premis" in content:
        changed = parquet({"hypothesis": ["b"], "label": [0], "premis": ["a"]}, {"label": INFERENCE})
    else:
        changed = pairs(4, **content)
    hub.put(XNLI, {"en/validation-00000-of-00001.parquet": changed})
    with pytest.raises(IsoglossError, match=message) as error:
        isogloss.get("xnli", languages=["en"], splits=["dev"])
    assert "\n" not in str(error.value)
    assert not list(Path().glob("**/*.jsonl"))


def test_a_file_that_does_not_name_its_labels_has_the_order_of_the_catalogue(hub: Hub):
    hub.put(XNLI, {"en/validation-00000-of-00001.parquet": pairs(3, names=None)})
    isogloss.get("xnli", languages=["en"], splits=["dev"])
    lines = Path("data/xnli/en/dev.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["label"] for line in lines] == INFERENCE


def test_a_broken_download_is_not_taken_for_a_whole_one(hub: Hub, tmp_path: Path):
    isogloss.get("xnli", languages=["en"], splits=["dev"])
    (blob,) = [path for path in (tmp_path / "cache").glob("**/blobs/*") if path.is_file()]
    blob.write_bytes(blob.read_bytes()[:-100])
    with pytest.raises(IsoglossError, match=rf"{blob.name}: damaged: its SHA-256 is not .* delete it and run again"):
        isogloss.get("xnli", languages=["en"], splits=["dev"], output="again")
    blob.unlink()
    isogloss.get("xnli", languages=["en"], splits=["dev"], output="again")
    assert manifest("again")["files"] == manifest()["files"]


def test_a_connection_that_breaks_is_taken_up_again(hub: Hub):
    hub.cut.add("en/validation-00000-of-00001.parquet")
    isogloss.get("xnli", languages=["en"], splits=["dev"])
    assert manifest()["files"]["en/dev.jsonl"]["rows"] == 4
    assert hub.asked == ["en/validation-00000-of-00001.parquet"] * 2


def test_what_the_hub_calls_parquet_but_is_none(hub: Hub):
    hub.put(XNLI, {"en/validation-00000-of-00001.parquet": b"PAR1 and no more"})
    with pytest.raises(IsoglossError, match=r"not a whole Parquet file: .*; delete it and run again"):
        isogloss.get("xnli", languages=["en"], splits=["dev"])


def test_what_the_hub_does_not_have(hub: Hub):
    with pytest.raises(IsoglossError, match=r"no file for config 'ar', split 'test' \(looked for ar/test-\*.parquet\)"):
        isogloss.get("xnli", languages=["ar"], splits=["test"])
    with pytest.raises(IsoglossError, match="no data set 'google/xtreme' with revision 'main': RepositoryNotFound"):
        isogloss.get("udpos", languages=["en"])
    hub.put(SETS["multinli"].repository, {"x": b""})
    copa = SETS["copa"].repository
    hub.put(type(copa)(copa.id, "copa"), {"x": b""})
    with pytest.raises(IsoglossError, match=r"with revision 'refs/convert/parquet': RevisionNotFound"):
        isogloss.get("copa")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "xnly"}, "no data set 'xnly' in the catalogue; did you mean 'xnli'"),
        ({"name": "xnli", "languages": ["fi"]}, "languages: XNLI has no 'fi'.*valid: ar, bg, de"),
        ({"name": "xquad", "splits": ["train"]}, "splits: XQuAD has no 'train'.*train on squad"),
        ({"name": "udpos", "languages": ["th"], "splits": ["dev"]}, "nothing of this. kk has 31 train sentences"),
    ],
)
def test_what_the_catalogue_does_not_have(arguments: dict[str, Any], message: str):
    with pytest.raises(IsoglossError, match=message):
        isogloss.get(**arguments)


def test_without_a_network_the_message_names_the_local_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    point_at("http://127.0.0.1:9", tmp_path / "cache", monkeypatch)
    monkeypatch.chdir(tmp_path)
    start = time.monotonic()
    with pytest.raises(IsoglossError) as error:
        isogloss.get("xnli", languages=["en"])
    assert time.monotonic() - start < 5
    message = str(error.value)
    assert "hub http://127.0.0.1:9, data set 'facebook/xnli': ConnectError" in message
    assert "put your own files at data/xnli/{language}/{split}.jsonl (format jsonl: keys id, premise" in message
    assert "\n" not in message


def test_a_hub_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(isogloss.catalogue.hub, "TIMEOUT", 0.2)
    start = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        point_at(f"http://127.0.0.1:{silent.getsockname()[1]}", tmp_path / "cache", monkeypatch)
        with pytest.raises(IsoglossError, match="data set 'facebook/xnli': ReadTimeout"):
            isogloss.get("xnli", languages=["en"], output=tmp_path / "copy")
    assert time.monotonic() - start < 5


def test_the_command_asks_the_hub_of_the_environment(hub: Hub, tmp_path: Path):
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "isogloss", "data", "get", "xnli", "--languages", "en,sw", "--splits", "dev"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    entry = {"task": "nli", "format": "jsonl", "path": "data/xnli/{language}/{split}.jsonl", "name": "xnli"}
    assert yaml.safe_load(result.stdout) == {"data": entry}
    assert "data/xnli/sw/dev.jsonl: 4 rows" in result.stderr
    assert (tmp_path / "home/hub").is_dir()


def test_a_split_of_which_files_are_missing_is_not_taken_for_whole(tmp_path: Path):
    (tmp_path / "en").mkdir()
    content = parquet({"premise": ["a"], "hypothesis": ["b"], "label": [0]}, {"label": ["x"]})
    (tmp_path / "en" / "train-00000-of-00002.parquet").write_bytes(content)
    snapshot = Snapshot(tmp_path, "c0ffee")
    with pytest.raises(Unreachable, match=r"1 of 2 files of config 'en', split 'train'"):
        snapshot.files(SETS["xnli"].repository, "en", "train")


def test_values_of_other_types_are_one_error(hub: Hub):
    rows = {"premise": ["a"], "question": ["cause"], "choice1": ["b"], "choice2": ["c"], "label": ["one"], "idx": [0]}
    public = SETS["xcopa"]
    (file,) = (pattern for pattern in public.repository.files[:1])
    name = file.format(config=public.config("sw"), split=public.splits["test"]).replace("*", "0000")
    hub.put(public.repository, {name: parquet(rows, {})})
    with pytest.raises(IsoglossError, match="a value is of another type than the catalogue says"):
        isogloss.get("xcopa", languages=["sw"], splits=["test"])


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
