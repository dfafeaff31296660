"""How alike languages are represented in finished runs, and how that goes with the transfer gap."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import torch

import isogloss
from isogloss import IsoglossError
from isogloss.calls.finished import open_run
from isogloss.cli import main
from isogloss.common.writing import read_lines
from isogloss.diagnostics import linear_cka, retrieval_accuracy
from isogloss.figures.gap import gap_figure, likeness_figure
from isogloss.reports.gaps import gap_associations, gap_tables
from tests.support.methods import recipe
from tests.support.reported import numbers_of

Row = dict[str, Any]


def places(rows: list[Row], **columns: object) -> dict[tuple[str, int], Row]:
    """The rows with these values, by language and layer."""
    chosen = [row for row in rows if all(row[name] == value for name, value in columns.items())]
    return {(row["language"], row["layer"]): row for row in chosen}


@pytest.fixture
def run(straight: Callable[[str], Path], tmp_path: Path) -> Path:
    """A run that mixes, to write to."""
    return Path(shutil.copytree(straight("x_mixup"), tmp_path / "mixed"))


def test_a_run_that_mixes(run: Path):
    found = isogloss.gap([run], split="dev")
    assert (found.layer, found.metric, found.split, found.files) == (1, "accuracy", "dev", ())
    alone, mixed = (places(found.rows, state=state) for state in ("alone", "mixed"))
    assert len(found.rows) == len(alone) + len(mixed), "a model that began at random has no before"
    assert alone.keys() == mixed.keys() == {(code, layer) for code in ("de", "fr", "ru") for layer in (0, 1)}
    for place, row in alone.items():
        # Embeddings are below the layer that mixes.
        assert (row["cka"] == pytest.approx(mixed[place]["cka"], abs=1e-6)) == (place[1] == 0)
        assert (row["source"], row["n"]) == ("en", {"de": 4, "fr": 5, "ru": 5}[row["language"]])
    scores = {
        row["language"]: row["value"]
        for row in read_lines(run / "results.jsonl")
        if row["selection"] is not None and row["metric"] == "accuracy"
    }
    for language in ("de", "fr", "ru"):
        assert alone[language, 1]["gap"] == scores["en"] - scores[language]
    assert "Fewer texts than components" in found.tables and "nearer to it by construction" in found.tables
    assert "No transfer gap" not in found.tables
    assert read_lines(run / "gap.jsonl") == found.rows
    other = isogloss.gap([run], split="dev", view="translate-test")
    assert read_lines(run / "gap.jsonl") == other.rows
    assert all(row["gap"] is None for row in other.rows)
    said = (
        "No transfer gap of de, fr, ru: a run has no score there, or none of its source language, on dev data in view "
    )
    assert f"{said}translate-test; `isogloss evaluate RUN --split dev --view translate-test`" in other.tables


def test_report_shows_it(run: Path):
    found = isogloss.gap([run], split="dev")
    (seen,) = numbers_of(isogloss.report([run], split="dev"))["besideSource"]
    assert (seen["kind"], seen["layer"]) == ("dev accuracy, mean over sub-words", 1)
    curves = {(curve["measure"], curve["language"], curve["state"]): curve["values"] for curve in seen["curves"]}
    for column, measure in (("cka", "CKA"), ("retrieval", "retrieval")):
        for state, said in (("alone", "after, each text alone"), ("mixed", "after, mixed with its source")):
            for (language, layer), row in places(found.rows, state=state).items():
                assert curves[measure, language, said][layer] == pytest.approx(row[column], rel=1e-3)
    assert not any(state == "before training" for *_, state in curves), "the model began at random"
    gaps = {row["language"]: 100 * row["gap"] for row in found.rows}
    assert seen["gaps"] == {code: pytest.approx(gap, rel=1e-3) for code, gap in gaps.items()}
    assert {one["languages"] for one in seen["correlations"]} == {3}
    assert found.tables.split("\n\n", 1)[1] in isogloss.report([run], split="dev", format="markdown")


def test_before_and_after_by_hand(world: Path, tmp_path: Path):
    """A text at a time, without padding."""
    whole = recipe("x_mixup", world, method="multitask", model=f"{world}/encoder")
    del whole["objective"]
    isogloss.train({**whole, "steps": 3, "max_length": 99}, output=tmp_path / "run")
    found = isogloss.gap([tmp_path / "run"], split="dev", pooling="mean", limit=4).rows
    _, _, _, loaded = open_run(tmp_path / "run")
    assert {row["state"] for row in found} == {"before", "alone"}
    vectors = {}
    for language in ("en", "fr"):
        lines = (world / "pairs" / language / "dev.tsv").read_text(encoding="utf-8").splitlines()[1:]
        lines = lines[:5]
        chosen = [lines[index * 5 // 4] for index in range(4)]
        rows = []
        for line in chosen:
            _, premise, hypothesis, _ = line.split("\t")
            inputs = loaded.tokenizer(premise, hypothesis, return_tensors="pt", truncation=True, max_length=99)
            with torch.no_grad():
                states = loaded.model.eval().base_model(**inputs, output_hidden_states=True).hidden_states
            rows.append(torch.stack([layer[0, 1:-1].mean(dim=0) for layer in states]))
        vectors[language] = torch.stack(rows, dim=1)
    after, before = (places(found, state=state, language="fr") for state in ("alone", "before"))
    for layer in (0, 1):
        x, y = vectors["fr"][layer], vectors["en"][layer]
        retrieval = [retrieval_accuracy(*sides, centred=False) for sides in ((x, y), (y, x))]
        assert after["fr", layer]["cka"] == pytest.approx(linear_cka(x, y), abs=1e-5)
        assert after["fr", layer]["retrieval"] == pytest.approx(sum(retrieval) / 2)
        assert before["fr", layer]["cka"] != pytest.approx(after["fr", layer]["cka"], abs=1e-5)
    first = isogloss.gap([tmp_path / "run"], split="dev", pooling="first", limit=4).rows
    assert [row["cka"] for row in first] != [row["cka"] for row in found]


def rows_of(likeness: Mapping[str, float], gaps: Mapping[str, float | None], **changes: Any) -> list[Row]:
    shared = {"method": "x_mixup", "state": "alone", "layer": 1, "retrieval": 0.5, "n": 9, "d": 4, **changes}
    return [{**shared, "language": code, "cka": likeness[code], "gap": gaps[code]} for code in likeness]


LIKENESS = dict(zip("abcdef", (0.9, 0.8, 0.7, 0.6, 0.5, 0.4), strict=True))
GAPS: dict[str, float | None] = dict(zip("abcdef", (0.01, 0.02, 0.03, 0.05, 0.04, 0.06), strict=True))


def test_correlation_over_languages():
    rho = gap_associations(rows_of(LIKENESS, GAPS), layer=1)["x_mixup", "alone"]
    # Two neighbours of six have changed places: 1 − 6 · 2 / (6 · 35)
    assert rho.value == pytest.approx(1 - 12 / 210)
    assert rho.n == 6 and rho.low is not None and rho.high is not None and rho.low < rho.value <= rho.high
    assert gap_associations(rows_of(LIKENESS, GAPS), layer=0) == {}
    # Runs of a method are averaged first: the mean of these is the order of before.
    two = rows_of(LIKENESS, {code: 2 * (own or 0) for code, own in GAPS.items()}, run="2")
    assert gap_associations([*rows_of(LIKENESS, GAPS, run="1"), *two], layer=1)["x_mixup", "alone"] == rho
    few = rows_of({code: LIKENESS[code] for code in "abc"}, GAPS)
    assert "none: fewer than 5 languages" in gap_tables(few, layer=1, metric="accuracy", split="test")
    unscored = gap_tables(rows_of(LIKENESS, dict.fromkeys(LIKENESS)), layer=1, metric="accuracy", split="test")
    assert "ρ of" not in unscored and "| a          | 9       | 0.900" in unscored


def test_figures_can_be_read(tmp_path: Path):
    pytest.importorskip("matplotlib")
    rows = [*rows_of(LIKENESS, GAPS), *rows_of(LIKENESS, GAPS, state="mixed")]
    for svg, labels in (
        (likeness_figure(rows), {"layer", "CKA with the source", "after, each text alone", "x_mixup"}),
        (gap_figure(rows, layer=1, metric="accuracy", split="test"), {"1 − CKA, layer 1", "a", "f"}),
    ):
        found = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
        assert labels <= {"".join(element.itertext()).strip() for element in found}


def test_the_command_writes_figures(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    pytest.importorskip("matplotlib")
    command = ["isogloss", "gap", str(run), "--split", "dev", "-o", str(tmp_path / "out")]
    monkeypatch.setattr("sys.argv", command)
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["gap.jsonl", "gap.svg", "likeness.svg"]
    assert "ρ of 1 − CKA with the gap" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "train"}, "split: 'train' is unknown"),
        ({"pooling": "mode"}, "pooling: 'mode' is unknown; did you mean"),
        ({"limit": 1}, "limit: at least 2 texts, found 1"),
        ({"view": "translate_test"}, "view: no view 'translate_test'; did you mean 'translate-test'"),
        ({"data": ["xnli"]}, "data: no data 'xnli' in the recipe"),
        ({"layer": 2}, r"layer: the models have layers 0 \(the embeddings\) to 1, found 2"),
        ({"metric": "bleu"}, "metric"),
    ],
)
def test_bad_arguments(arguments: Any, message: str, straight: Callable[[str], Path]):
    with pytest.raises(IsoglossError, match=message):
        isogloss.gap([straight("x_mixup")], **{"split": "dev", **arguments})


def test_data_without_translations_are_refused(own_world: Path, tmp_path: Path):
    for path in (own_world / "pairs").glob("*/dev.tsv"):
        code = path.parent.name
        path.write_text(path.read_text(encoding="utf-8").replace("dev-", f"{code}-"), encoding="utf-8")
    isogloss.train({**recipe("x_mixup", own_world), "steps": 1, "evaluation_steps": 1}, output=tmp_path / "run")
    with pytest.raises(IsoglossError, match="no dev texts of another language have the ids of those in 'en'"):
        isogloss.gap([tmp_path / "run"], split="dev")
