"""Training with adapters, as a user does it: what moves, what is measured with which adapter, and what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import isogloss
from isogloss import IsoglossError
from isogloss.calls.finished import open_run
from isogloss.common.writing import read_lines
from isogloss.models.extensions import extensions_of
from isogloss.models.extensions.adapters import Adapters, read_adapter
from tests.support.methods import recipe

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def swapped(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with language adapters for all languages but German."""
    run = tmp_path_factory.mktemp("adapters") / "run"
    isogloss.train(recipe("language_adapters", world, test=True), output=run)
    return run


def adapter_of(rows: list[dict[str, Any]]) -> dict[str, str | None]:
    return {row["language"]: row["adapters"] for row in rows if row["metric"] == "accuracy"}


def test_the_encoder_and_the_adapters_of_languages_stay_and_the_task_adapter_learns(swapped: Path, world: Path) -> None:
    start = load_file(world / "encoder" / "model.safetensors")
    end = load_file(swapped / "model" / "model.safetensors")
    same = [name for name in start if f"roberta.{name}" in end]
    assert len(same) > 20 and all(torch.equal(end[f"roberta.{name}"], start[name]) for name in same)
    extensions = load_file(swapped / "model" / "extensions.safetensors")
    begun = load_file(swapped / "checkpoint-10" / "extensions.safetensors").keys()
    assert extensions.keys() == begun
    stored = torch.load(world / "adapters" / "en" / "pytorch_adapter.bin", weights_only=True)
    down = extensions["adapters.adapter_en.layers.0.output.down.weight"]
    assert any(torch.equal(down, tensor) for tensor in stored.values())
    biases = [tensor for name, tensor in extensions.items() if "adapter_task" in name and name.endswith("bias")]
    assert biases and all(tensor.abs().sum() > 0 for tensor in biases)  # they begin as zero


def test_each_row_says_which_adapter_its_language_went_through(swapped: Path) -> None:
    assert adapter_of(read_lines(swapped / "results.jsonl")) == {"de": "keep", "en": "swap", "fr": "swap", "ru": "swap"}


def test_swapped_and_kept_differ_for_other_languages_alone(swapped: Path, world: Path, tmp_path: Path) -> None:
    """The same weights, measured the other way: the source language and one without an adapter score as before."""
    run = Path(shutil.copytree(swapped, tmp_path / "run"))
    final = [row for row in read_lines(run / "results.jsonl") if row["selection"] and row["split"] == "test"]
    kept = isogloss.evaluate(run, split="test", adapters="keep")
    assert set(adapter_of(kept).values()) == {"keep"} == {row["at_test"] for row in kept}
    assert {row["at_test"] for row in final} == {"swap"}

    def predicted(mode: str, language: str) -> list[Any]:
        (file,) = run.glob(f"predictions/{mode}/pos.{language}.test.jsonl")
        return [line["predicted"] for line in read_lines(file)]

    for language in ("en", "de"):
        assert predicted("source-dev", language) == predicted("source-dev.keep", language)
    assert any(predicted("source-dev", code) != predicted("source-dev.keep", code) for code in ("fr", "ru"))
    again = isogloss.evaluate(run, split="test", adapters="swap")
    assert [row["value"] for row in again] == [row["value"] for row in final]


def test_a_run_scored_both_ways_is_compared_with_itself(swapped: Path, tmp_path: Path) -> None:
    def three_seeds(run: Path, root: Path, **changes: Any) -> Path:
        rows = read_lines(run / "results.jsonl")
        for seed in range(3):
            copy = Path(shutil.copytree(run, root / str(seed)))
            copied = "".join(json.dumps({**row, **changes, "seed": seed}) + "\n" for row in rows)
            (copy / "results.jsonl").write_text(copied, encoding="utf-8")
        return root

    # Scored in one mode the method is called as ever.
    assert "| multitask " in isogloss.compare([three_seeds(swapped, tmp_path / "one")], baseline="multitask")
    run = Path(shutil.copytree(swapped, tmp_path / "run"))
    isogloss.evaluate(run, split="test", adapters="keep")
    both = three_seeds(run, tmp_path / "both")
    table = isogloss.compare([both], baseline="multitask (keep)", split="test")
    assert "multitask (swap) − multitask (keep), new sentences too" in table.splitlines()[0]
    lines = [line.split("|") for line in table.splitlines() if line.startswith("| pos")]
    cells = {line[2].strip().removesuffix(" (source)"): [cell.strip() for cell in line[4:-1]] for line in lines}
    assert all("n = 3" in cell for own in cells.values() for cell in own[:3])
    assert cells["de"][2] == cells["en"][2] == "+0.0 [+0.0, +0.0; n = 3]" != cells["fr"][2]
    assert "each one's own (swap), the source's for de; the source's for all (keep)" in table
    with pytest.raises(IsoglossError, match=r"baseline 'multitask'; did you mean 'multitask \((swap|keep)\)'"):
        isogloss.compare([both], baseline="multitask", split="test")
    alone = three_seeds(run, tmp_path / "alone", method="single", train_languages=["fr"])
    harm = isogloss.compare([both, alone], split="test", negative_transfer=True)
    assert [line.count("− single") for line in harm.splitlines() if "language  " in line] == [2, 2]


def test_one_run_measures_both_ways(swapped: Path, world: Path, tmp_path: Path, capsys: Any) -> None:
    asked = recipe("language_adapters", world, test=True)
    rows = isogloss.train({**asked, "adapters": {**asked["adapters"], "at_test": "both"}}, output=tmp_path / "run")
    printed = capsys.readouterr().out
    assert all(f"\n{title}\n" in printed for title in ("dev (swap)", "dev (keep)", "test (swap)", "test (keep)"))
    assert {(row["split"], row["at_test"]) for row in rows} == {
        (split, mode) for split in ("dev", "test") for mode in ("swap", "keep")
    }
    one = [row for row in read_lines(swapped / "results.jsonl") if row["selection"] and row["split"] == "test"]
    swap = [row for row in rows if (row["split"], row["at_test"]) == ("test", "swap")]
    assert [(row["value"], row["step"]) for row in swap] == [(row["value"], row["step"]) for row in one]
    on_the_way = [row for row in read_lines(tmp_path / "run" / "results.jsonl") if row["selection"] is None]
    assert {row["at_test"] for row in on_the_way} == {"swap"}
    again = isogloss.train(
        {**asked, "adapters": {**asked["adapters"], "at_test": "both"}}, output=tmp_path / "run", resume=True
    )
    assert sorted(map(str, again)) == sorted(map(str, rows))
    assert {row["at_test"] for row in isogloss.evaluate(tmp_path / "run")} == {"swap", "keep"}


def test_kept_rows_survive_a_resume(world: Path, tmp_path: Path) -> None:
    """Predictions on the way lie under names of their own, which a resume must know for those of a step."""
    run = tmp_path / "run"
    isogloss.train(recipe("language_adapters_kept", world), output=run)
    kept = sorted(path.name for path in (run / "predictions").glob("step-*"))
    assert kept and all(name.endswith(".keep") for name in kept)
    shutil.rmtree(run / "model")
    isogloss.train(recipe("language_adapters_kept", world), output=run, resume=True)
    assert sorted(path.name for path in (run / "predictions").glob("step-*")) == kept


@pytest.mark.parametrize(
    ("mode", "message"), [("keep", "nothing to swap or keep, found 'keep'"), ("kept", "did you mean 'keep'")]
)
def test_a_run_without_language_adapters_cannot_be_asked_for_them(
    mode: str, message: str, straight: Callable[[str], Path], world: Path, tmp_path: Path
) -> None:
    run = Path(shutil.copytree(straight("adapters"), tmp_path / "run"))
    with pytest.raises(IsoglossError, match=message):
        isogloss.evaluate(run, adapters=mode)
    with pytest.raises(IsoglossError, match=message):
        isogloss.predict(run, world / "pos" / "ru" / "test.conllu", language="ru", adapters=mode)


def test_texts_translated_into_the_source_language_go_through_its_adapter(swapped: Path, tmp_path: Path) -> None:
    with pytest.raises(IsoglossError, match=r"view translate-test .*through its adapter \(keep\), found 'swap'"):
        isogloss.evaluate(swapped, view="translate-test", adapters="swap")


def test_predict_takes_the_adapter_of_the_language(swapped: Path, world: Path, tmp_path: Path, capsys: Any) -> None:
    file = world / "pos" / "ru" / "test.conllu"
    labels = {}
    for language, mode in (("ru", None), ("fr", None), ("en", "swap"), ("ru", "keep")):
        path = tmp_path / f"{language}-{mode}"
        isogloss.predict(swapped, file, language=language, output=path, adapters=mode)
        labels[language, mode] = path.read_text(encoding="utf-8")
    assert labels["ru", None] != labels["fr", None]
    assert labels["ru", "keep"] == labels["en", "swap"] != labels["ru", None]
    assert "no language adapter" not in capsys.readouterr().err
    isogloss.predict(swapped, file, language="de", output=tmp_path / "de")
    assert (tmp_path / "de").read_text(encoding="utf-8") == labels["en", "swap"]
    assert "no language adapter for de: labelled as in keep" in capsys.readouterr().err
    with pytest.raises(IsoglossError, match="labelled once"):
        isogloss.predict(swapped, file, language="ru", adapters="both")


def test_tables_say_it_too(swapped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    isogloss.evaluate(Path(shutil.copytree(swapped, tmp_path / "run")))
    assert "language adapters: each one's own (swap), the source's for de" in capsys.readouterr().out


def test_retrieval_reads_each_language_through_its_adapter(swapped: Path, tmp_path: Path) -> None:
    (tmp_path / "ru-en.tsv").write_text("ба жо\tta lo\nми ню\twi ker\n", encoding="utf-8")
    rows = isogloss.retrieve(swapped, data=f"{tmp_path}/{{language}}-en.tsv")
    assert [row["n"] for row in rows] == [2]


def test_the_task_adapter_is_written_by_itself(swapped: Path) -> None:
    """Read back over the encoder and the language adapters, it makes the model that the run ended with."""
    _, _, _, loaded = open_run(swapped)
    adapters = extensions_of(loaded.model)["adapters"]
    assert isinstance(adapters, Adapters)
    read = read_adapter(swapped / "adapters" / "task", adapters, "again")
    assert read.trained_for is not None and read.trained_for.endswith("encoder") and not read.notes
    ids = torch.tensor([[1, 5, 7, 2]])
    with torch.no_grad(), adapters.using("ru", "task"):
        own = loaded.model.eval()(ids).logits
    with torch.no_grad(), adapters.using("ru", "again"):
        assert torch.equal(loaded.model(ids).logits, own)
    adapters.stacks = None
    with torch.no_grad(), adapters.using("ru"):
        assert not torch.equal(loaded.model(ids).logits, own)


def test_a_run_goes_on_from_the_task_adapter_of_another(swapped: Path, world: Path, tmp_path: Path) -> None:
    asked = recipe("language_adapters", world, steps=1, learning_rate=1e-9, selection="last")
    further = {**asked["adapters"], "task": {"start": str(swapped / "adapters" / "task")}}
    isogloss.train({**asked, "adapters": further}, output=tmp_path / "run")
    begun, ended = (
        torch.load(run / "adapters" / "task" / "pytorch_adapter.bin", weights_only=True)
        for run in (swapped, tmp_path / "run")
    )
    assert begun.keys() == ended.keys()
    for name in begun:
        torch.testing.assert_close(begun[name], ended[name], atol=1e-6, rtol=0)
    assert "task" in json.loads((tmp_path / "run" / "fingerprint.json").read_text())["starting_weights"]["adapters"]


def test_a_model_with_adapters_is_not_a_base(swapped: Path, world: Path, tmp_path: Path) -> None:
    asked = recipe("language_adapters", world, model=str(swapped / "model"))
    for method in ({}, {"adapters": None}):
        with pytest.raises(IsoglossError, match=r"holds adapters, .*\(en, fr, ru\).*task\.start: .*run/adapters/task$"):
            isogloss.train({**asked, **method}, output=tmp_path / "run")


def test_with_slow_weights_it_is_the_adapter_of_the_model(straight: Callable[[str], Path]) -> None:
    run = straight("language_adapters_kept")
    stored = torch.load(run / "adapters" / "task" / "pytorch_adapter.bin", weights_only=True)
    shipped = load_file(run / "model" / "extensions.safetensors")
    down = shipped["adapters.adapter_task.layers.0.output.down.weight"]
    assert any(torch.equal(down, tensor) for tensor in stored.values())


def test_an_adapter_that_others_would_compute_otherwise_is_not_written_by_itself(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = {"embedding_size": 8, "hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2}
    model = {"config": {"model_type": "albert", "num_hidden_layers": 2, **sizes}, "vocabulary_size": 80}
    asked = recipe("adapters", world, model=model, steps=1, adapters={"task": {"placement": "houlsby"}})
    isogloss.train(asked, output=tmp_path / "run")
    said = capsys.readouterr().err
    assert "warning: adapter task is not written by itself; mh_adapter: AdapterHub's package computes it other" in said
    assert (tmp_path / "run" / "model").is_dir() and not (tmp_path / "run" / "adapters").exists()


def test_sizes_are_said(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    isogloss.train(recipe("language_adapters", world, steps=1), output=tmp_path / "run")
    said = capsys.readouterr().err
    assert "parameters may move (" in said and "layer_1 " in said and "head " in said
    written = torch.load(tmp_path / "run" / "adapters" / "task" / "pytorch_adapter.bin", weights_only=True)
    whole = load_file(tmp_path / "run" / "model" / "model.safetensors")
    encoder = sum(tensor.numel() for name, tensor in whole.items() if name.startswith("roberta."))
    own = sum(tensor.numel() for tensor in written.values())
    assert f"adapter task: {own:,} parameters, {own / encoder:.2%} of the encoder's {encoder:,}; " in said
    assert f"{tmp_path}/run/adapters/task: adapter 'task' as AdapterHub has them" in said
    assert "no language adapter for de (1): measured as in keep" in said


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"language": {"fr": "{world}/adapters/fr"}}, "adapters.language: none for 'en', which is trained on"),
        ({"language": {"en": "{world}/nowhere"}}, "adapter '.*nowhere': neither a folder nor an id on the hub"),
        ({"language": {"en": "{world}/pos"}}, "adapter folder '.*pos' has no adapter_config.json"),
        ({"task": {"start": "{world}/pos"}}, "adapter folder '.*pos' has no adapter_config.json"),
        ({"task": {"start": "{world}/adapters/fr", "reduction": 4}}, "brings its own reduction; leave reduction out"),
        ({"task": {"leave_out": [7]}}, "leave_out: there is no layer 7"),
        ({"task": {"leave_out": [0]}}, "leave_out: has every layer of the 1, so that the adapter is nowhere"),
        ({"task": {"non_linearity": "relo"}}, "no activation 'relo'; did you mean 'relu'"),
    ],
)
def test_what_cannot_be(changes: dict[str, Any], message: str, world: Path, tmp_path: Path) -> None:
    asked = json.loads(json.dumps(changes).replace("{world}", str(world)))
    whole = {**recipe("language_adapters", world), "adapters": asked}
    with pytest.raises(IsoglossError, match=message):
        isogloss.train(whole, output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_an_adapter_for_another_model_is_refused(world: Path, tmp_path: Path) -> None:
    wrong = Path(shutil.copytree(world / "adapters" / "en", tmp_path / "en"))
    description = json.loads((wrong / "adapter_config.json").read_text())
    (wrong / "adapter_config.json").write_text(json.dumps({**description, "hidden_size": 768}))
    whole = {
        **recipe("language_adapters", world),
        "adapters": {"language": {"en": str(wrong)}},
        "train_languages": ["en"],
    }
    with pytest.raises(IsoglossError, match=r"adapter_config\.json: .*768"):
        isogloss.train(whole, output=tmp_path / "run")


def test_a_changed_adapter_is_another_start(world: Path, own_world: Path, tmp_path: Path) -> None:
    whole = recipe("language_adapters", own_world, steps=1)
    isogloss.train(whole, output=tmp_path / "run")
    for name in ("pytorch_adapter.bin", "adapter_config.json"):
        shutil.copy(own_world / "adapters" / "fr" / name, own_world / "adapters" / "ru" / name)
    with pytest.raises(IsoglossError, match=r"starting_weights\.adapters\.ru"):
        isogloss.train(whole, output=tmp_path / "run", resume=True)
