"""What a copy is not made of: damaged, missing and other files than the catalogue says, and hubs that do not answer."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import pytest

import isogloss
import isogloss.catalogue.get
import isogloss.catalogue.hub
from isogloss import IsoglossError
from isogloss.catalogue import SETS
from isogloss.catalogue.hub import Snapshot, Unreachable
from tests.support.hub import Hub, parquet, point_at
from tests.support.xnli import INFERENCE, XNLI, manifest, pairs


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
