"""Labels that are missing, renamed, or other ones than those of the model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import isogloss
from isogloss import IsoglossError
from tests.support.runs import predictions, rows_of, short
from tests.support.world import entry


@pytest.mark.slow
@pytest.mark.parametrize("cached", [False, True])
def test_rows_without_gold_label_change_nothing_and_are_predicted(
    cached: bool, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ISOGLOSS_CACHE", str(tmp_path / "cache") if cached else "off")
    folders = {name: Path(shutil.copytree(world / "topic", tmp_path / name / "topic")) for name in ("all", "some")}
    for path in folders["some"].glob("*/*.jsonl"):
        lines = path.read_text(encoding="utf-8").splitlines()
        for place, label in ((0, "-"), (3, -1), (len(lines), None)):
            lines.insert(place, json.dumps({"id": f"new{place}", "text": "sport law", "label": label}))
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    for name, folder in folders.items():
        isogloss.train(short("topic", world, data=entry("topic", folder), test=True), output=tmp_path / f"run-{name}")
    plain, given = (tmp_path / f"run-{name}" for name in folders)
    weights = "model/model.safetensors"
    assert (given / weights).read_bytes() == (plain / weights).read_bytes()
    assert [{**row, "run": None} for row in rows_of(given)] == [{**row, "run": None} for row in rows_of(plain)]
    assert predictions(given, "topic", "de") == predictions(plain, "topic", "de")
    source = folders["some"] / "de/dev.jsonl"
    written = isogloss.predict(given, source, language="de", output=tmp_path / "labelled.jsonl")
    found, before = ([json.loads(line) for line in path.read_text("utf-8").splitlines()] for path in (written, source))
    assert [row["id"] for row in found] == [row["id"] for row in before]
    assert {row["label"] for row in found} <= {"sport", "law"}


@pytest.mark.slow
def test_single_gives_every_model_the_labels_of_all_languages(world: Path, tmp_path: Path):
    pos = Path(shutil.copytree(world / "pos", tmp_path / "pos"))
    train = pos / "fr" / "train.conllu"
    train.write_text(train.read_text(encoding="utf-8").replace("DET", "NOUN"), encoding="utf-8")
    for languages, seen in ((None, ["en", "fr", "ru"]), (["en", "fr"], ["en", "fr"])):
        output = tmp_path / "-".join(seen)
        whole = short("pos", world, data=entry("pos", pos), method="single", steps=1, train_languages=languages)
        rows = isogloss.train(whole, output=output)
        assert isogloss.train(whole, output=output, resume=True) == rows
        labels = [json.loads((output / code / "model/config.json").read_text())["id2label"] for code in seen]
        assert labels == [{"0": "DET", "1": "NOUN", "2": "PUNCT", "3": "VERB"}] * len(seen)
    alone = short("pos", world, data=entry("pos", pos), method="single", steps=1, train_languages=["fr"])
    with pytest.raises(IsoglossError, match="'DET'"):
        isogloss.train(alone, output=tmp_path / "fr")


@pytest.mark.slow
def test_rows_of_a_head_are_kept_by_label_and_said(
    world: Path, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    data = {**entry("pos", world / "pos"), "label_map": {"VERB": "X"}}
    changes = {"model": str(run / "model"), "data": data, "schedule": "constant", "selection": "last"}
    said = "its head is for other labels; kept: DET, NOUN, PUNCT; new, from random weights: X; dropped: VERB"
    capsys.readouterr()
    whole = isogloss.train(short("pos", world, steps=4, **changes), output=tmp_path / "whole")
    assert capsys.readouterr().err.count(said) == 1
    isogloss.train(short("pos", world, steps=2, save_steps=2, **changes), output=tmp_path / "parts")
    more = short("pos", world, steps=4, save_steps=2, **changes)
    parts = isogloss.train(more, output=tmp_path / "parts", resume=True)
    assert [row["value"] for row in parts] == [row["value"] for row in whole]
    capsys.readouterr()
    isogloss.evaluate(tmp_path / "whole")
    isogloss.predict(tmp_path / "whole", world / "pos" / "de" / "test.conllu", language="de", output=tmp_path / "de")
    assert "its head" not in capsys.readouterr().err


def test_label_map_removes_dates(world: Path, tmp_path: Path):
    ner = Path(shutil.copytree(world / "ner", tmp_path / "ner"))
    dev = ner / "de" / "dev.conll"
    dev.write_text("sch O\nübar I-DATE\nton B-DATE\n\n" + dev.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(IsoglossError, match=r"'[BI]-DATE' \d times, first in .*de/dev\.conll:1"):
        isogloss.train(short("ner", world, data=entry("ner", ner)), output=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    mapped = {**entry("ner", ner), "label_map": {"DATE": "O"}}
    isogloss.train(short("ner", world, data=mapped), output=tmp_path / "run")
    gold = (tmp_path / "run/predictions/source-dev/ner.de.dev.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(gold[0])["gold"] == ["O", "O", "O"]
