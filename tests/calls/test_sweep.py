"""Runs of swept values, one after the other and side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

import isogloss
from isogloss import IsoglossError
from isogloss.calls import jobs
from tests.support.runs import contents, short


@pytest.fixture(autouse=True)
def cheap_processes(ready_python: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs side by side share their imports, which take longer than their steps."""
    monkeypatch.setattr(jobs, "COMMAND", (ready_python, *jobs.COMMAND[1:]))


@pytest.mark.slow
def test_side_by_side_equals_one_by_one(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    recipe = short("pos", world, steps=2, train_languages=["en"], sweep={"learning_rate": [1e-3, 3e-2]})
    alone = isogloss.train(recipe, output=tmp_path / "alone")
    said = capsys.readouterr().out
    assert "Best on the dev data of the sources: `learning_rate=0.0" in said
    together = isogloss.train(recipe, output=tmp_path / "together", jobs=2)
    names = {"learning_rate=0.001", "learning_rate=0.03"}
    assert {path.name for path in (tmp_path / "alone").iterdir()} == names
    assert {path.name for path in (tmp_path / "together").iterdir()} == names | {f"{name}.log" for name in names}
    assert [{**row, "run": None} for row in alone] == [{**row, "run": None} for row in together]
    for name in names:
        files = [f"{name}/model/model.safetensors"]
        assert len({(tmp_path / place / file).read_bytes() for place in ("alone", "together") for file in files}) == 1
        assert "selection: source-dev" in (tmp_path / "together" / f"{name}.log").read_text()
    table = isogloss.compare([tmp_path / "together"])
    assert table.splitlines()[0].count("learning_rate=0.0") == 2
    assert table.splitlines()[-1] in said


@pytest.mark.slow
def test_a_run_that_fails_does_not_stop_the_others(world: Path, tmp_path: Path):
    sweep = {"model": [str(world / "encoder"), "./nowhere"]}
    recipe = short("pos", world, steps=1, train_languages=["en"], sweep=sweep)
    good = str(world / "encoder").replace("/", "-")
    with pytest.raises(IsoglossError, match=r"1 of 2 runs have failed; .*nowhere\.log say why"):
        isogloss.train(recipe, output=tmp_path / "runs", jobs=2)
    (log,) = (tmp_path / "runs").glob("*nowhere.log")
    assert "error: " in log.read_text()
    before = contents(tmp_path / f"runs/model={good}/model")
    with pytest.raises(IsoglossError, match="1 of 2 runs have failed"):
        isogloss.train(recipe, output=tmp_path / "runs", jobs=2, resume=True)
    assert before and contents(tmp_path / f"runs/model={good}/model") == before
