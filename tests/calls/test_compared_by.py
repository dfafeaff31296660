"""Runs told apart by what their recipes differ in, and comparisons written for others to read."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import isogloss
from isogloss import IsoglossError
from isogloss.common.writing import write_json, write_text
from isogloss.reports.best import best_on_source_dev
from tests.reports.test_compared import write_run


def run(folder: Path, recipe: dict[str, Any], **changes: Any) -> Path:
    """A run folder with dev scores and a recipe."""
    method = recipe.get("method", "multitask")
    write_run(folder, split="dev", method=method, number=20, **changes)
    write_text(folder / "recipe.yaml", yaml.safe_dump({"method": method, **recipe}))
    return folder


@pytest.fixture
def rates(tmp_path: Path) -> Path:
    for name, rate, right in (("low", 1e-4, 0.6), ("high", 3e-4, 0.9)):
        run(tmp_path / name, {"learning_rate": rate, "steps": 10, "optimizer": {"kind": "adamw"}}, right=right)
    return tmp_path


def header(table: str) -> list[str]:
    return [cell.strip() for cell in table.splitlines()[0].strip("|").split("|")]


def test_the_one_key_that_runs_differ_in_is_found(rates: Path):
    table = isogloss.compare([rates])
    assert header(table) == ["data", "language", "learning_rate=0.0003", "learning_rate=0.0001"]
    assert "| en (source) " in table
    named = isogloss.compare([rates], baseline="learning_rate=0.0001")
    assert "learning_rate=0.0003 − learning_rate=0.0001" in header(named)


def test_the_best_on_the_sources_is_named(rates: Path):
    last = isogloss.compare([rates]).splitlines()[-1]
    assert last.startswith("Best on the dev data of the sources: `learning_rate=0.0003`, accuracy 100.0 (1 seed)")
    assert "; next `learning_rate=0.0001`" in last


def test_no_one_is_best_on_other_data(rates: Path, tmp_path: Path):
    file = rates / "low/results.jsonl"
    of_de = file.read_text().replace('"train_languages": ["en"]', '"train_languages": ["de"]')
    assert of_de != file.read_text()
    write_text(file, of_de)
    last = isogloss.compare([rates], allow_mixed=["train_languages"]).splitlines()[-1]
    said = "No best on the dev data of the sources, which differ:"
    assert last == f"{said} en of `learning_rate=0.0003`, de of `learning_rate=0.0001`."
    row = {"metric": "f1", "train_languages": ["en"], "language": "en", "value": 0.5, "seed": 0, "n": 5, "data": "d"}
    (line,) = best_on_source_dev([{**row, "method": "a"}, {**row, "method": "b", "data": "e"}])
    assert line == f"{said} d en of `a`, e en of `b`."
    (line,) = best_on_source_dev([{**row, "method": "a"}, {**row, "method": "b", "n": 9}])
    assert line == f"{said} en (5 sentences) of `a`, en (9 sentences) of `b`."


def test_any_keys_tell_runs_apart(rates: Path):
    assert header(isogloss.compare([rates], by=["run"])) == ["data", "language", "high", "low"]
    assert "steps=10, learning_rate=0.0001" in header(isogloss.compare([rates], by=["steps", "learning_rate"]))
    assert header(isogloss.compare(str(rates), by="run")) == ["data", "language", "high", "low"]
    assert "optimizer.lookahead=null" in header(isogloss.compare([rates / "low"], by=["optimizer.lookahead"]))
    with pytest.raises(IsoglossError, match="by: no recipe has the key 'lerning_rate'; did you mean 'learning_rate'"):
        isogloss.compare([rates], by=["lerning_rate"])


def test_a_label_is_the_name(tmp_path: Path):
    run(tmp_path / "a", {"label": "frozen", "learning_rate": 1.0})
    run(tmp_path / "b", {"label": "free", "learning_rate": 2.0})
    assert header(isogloss.compare([tmp_path], baseline="free"))[2:4] == ["free", "frozen"]


def test_a_bar_in_a_label_stays_in_its_cell(tmp_path: Path):
    for name in ("a|b", "c\nd"):
        run(tmp_path / name[0], {"label": name})
    lines = isogloss.compare([tmp_path], baseline="a|b").splitlines()
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines[:3]}) == 1
    assert r"| a\|b " in lines[0] and r"| c d − a\|b " in lines[0]
    assert '"method": "a|b"' in isogloss.compare([tmp_path], format="json")


def test_values_that_share_six_digits_are_two(tmp_path: Path):
    run(tmp_path / "a", {"learning_rate": 0.1234567})
    run(tmp_path / "b", {"learning_rate": 0.1234568})
    assert header(isogloss.compare([tmp_path]))[2:] == ["learning_rate=0.1234567", "learning_rate=0.1234568"]


def test_methods_that_were_run_with_several_settings_keep_both_names(tmp_path: Path):
    run(tmp_path / "a", {"learning_rate": 1.0})
    run(tmp_path / "b", {"learning_rate": 2.0})
    run(tmp_path / "c", {"learning_rate": 2.0, "method": "reptile"})
    found = set(header(isogloss.compare([tmp_path]))[2:])
    assert found == {"multitask learning_rate=1", "multitask learning_rate=2", "reptile learning_rate=2"}


def test_seeds_of_other_recipes_are_never_averaged(tmp_path: Path):
    run(tmp_path / "a", {"learning_rate": 1.0, "steps": 10}, seed=0)
    run(tmp_path / "b", {"learning_rate": 2.0, "steps": 20}, seed=1)
    with pytest.raises(IsoglossError, match=r"learning_rate \(1 and 2\); steps \(10 and 20\); --by KEY names"):
        isogloss.compare([tmp_path])
    assert header(isogloss.compare([tmp_path], by=["steps"]))[2:] == ["steps=10", "steps=20"]


def test_keys_that_say_where_and_which_do_not_count(tmp_path: Path):
    run(tmp_path / "a", {"seed": 0, "name": "a", "report_to": "none"}, seed=0)
    run(tmp_path / "b", {"seed": 1, "name": "b", "report_to": "wandb"}, seed=1)
    assert "n = 2" in isogloss.compare([tmp_path])


def test_data_sets_are_averaged_and_none_is_dropped(tmp_path: Path):
    for method in ("multitask", "reptile"):
        file = run(tmp_path / method, {"method": method}) / "results.jsonl"
        rows = [json.loads(line) for line in file.read_text().splitlines()]
        second = [{**row, "data": "e", "value": row["value"] / 2} for row in rows]
        write_text(file, "".join(json.dumps(row) + "\n" for row in [*rows, *second]))
    table = isogloss.compare([tmp_path], format="json")
    found = {(row["data"], row["language"]): row for row in json.loads(table)["rows"] if row["method"] == "reptile"}
    assert found["all", "mean"]["mean"] == pytest.approx(0.75 * found["d", "mean"]["mean"])
    assert [found["d", code]["source"] for code in ("en", "de", "mean")] == [True, False, None]
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    write_text(file, "".join(json.dumps(row) + "\n" for row in rows if row["data"] == "d"))
    with pytest.raises(IsoglossError, match="'reptile' has scores on d and none on e"):
        isogloss.compare([tmp_path])
    assert "| e " in isogloss.compare([tmp_path], allow_mixed=["data"])


def test_files_that_have_changed_between_runs_are_found(rates: Path):
    write_json(rates / "low/fingerprint.json", {"data": {"en.tsv": "1"}})
    write_json(rates / "high/fingerprint.json", {"data": {"en.tsv": "2"}})
    with pytest.raises(IsoglossError, match=r"en\.tsv was another file when .*low was trained than for .*high"):
        isogloss.compare([rates])
    assert "learning_rate" in isogloss.compare([rates], allow_mixed=["data"])


def test_a_comparison_is_written_for_others(rates: Path, tmp_path: Path):
    markdown = isogloss.compare([rates], baseline="learning_rate=0.0001")
    rows = list(csv.DictReader(io.StringIO(isogloss.compare([rates], format="csv"))))
    assert {row["method"] for row in rows} == {"learning_rate=0.0003", "learning_rate=0.0001"}
    found = json.loads(isogloss.compare([rates], baseline="learning_rate=0.0001", format="json"))
    first = found["rows"][1]
    assert f"{100 * first['difference']:+.1f} (n = 1)" in markdown and found["legend"] in markdown
    latex = isogloss.compare([rates], output=tmp_path / "table.tex")
    assert r"\toprule" in latex and r"learning\_rate=0.0003" in latex
    assert (tmp_path / "table.tex").read_text() == latex + "\n"
    with pytest.raises(IsoglossError, match="format: 'markdwon' is unknown; did you mean 'markdown'"):
        isogloss.compare([rates], format="markdwon")
    with pytest.raises(IsoglossError, match="csv holds the comparison alone"):
        isogloss.compare([rates], format="csv", cost=True)


def test_a_data_frame_holds_the_same(rates: Path):
    frame = isogloss.compare_frame([rates], baseline="learning_rate=0.0001")
    assert list(frame["language"].unique()) == ["en", "de", "mean of sources", "mean of unseen", "mean"]
    assert frame["difference"].notna().sum() == 5
    assert "accuracy in %" in frame.attrs["legend"]
