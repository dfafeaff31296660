"""Data, a model and callbacks of the caller's own in `isogloss.train`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModel, AutoTokenizer

import isogloss
from isogloss import Callback, IsoglossError, Moment
from isogloss.models.stored import read_weights
from tests.calls.test_objects import rows
from tests.support.runs import contents, predictions, short


class Watch(Callback):
    """Notes what it is called for."""

    def __init__(self) -> None:
        self.seen: list[tuple[Any, ...]] = []

    def after_step(self, moment: Moment) -> None:
        assert moment.is_main and not torch.is_grad_enabled()
        self.seen.append(("step", moment.step, moment.steps))

    def after_evaluation(self, moment: Moment, rows: Sequence[Mapping[str, Any]]) -> None:
        self.seen.append(("evaluation", moment.step, rows[0]["selection"]))

    def after_save(self, moment: Moment, checkpoint: Path) -> None:
        assert checkpoint == moment.folder / f"checkpoint-{moment.step}"
        read_weights(checkpoint, moment.model)
        self.seen.append(("save", moment.step))


def recipe(world: Path, **changes: Any) -> dict[str, Any]:
    return short("ner", world, steps=3, evaluation_steps=2, save_steps=2, train_languages=["en"], test=False, **changes)


def test_callbacks_are_called_in_order_and_change_nothing(world: Path, tmp_path: Path):
    watch, others = Watch(), {"evaluate_languages": ["en", "fr"]}
    isogloss.train(recipe(world, **others), output=tmp_path / "watched", callbacks=[watch])
    assert watch.seen == [
        ("step", 1, 3),
        ("step", 2, 3),
        ("evaluation", 2, None),
        ("save", 2),
        ("step", 3, 3),
        ("evaluation", 3, None),
        ("save", 3),
        ("evaluation", 3, "source-dev"),
    ]
    isogloss.train(recipe(world, **others), output=tmp_path / "alone")
    watched, alone = (contents(tmp_path / name / "model") for name in ("watched", "alone"))
    assert [*watched.values()] == [*alone.values()]
    assert json.loads((tmp_path / "watched" / "cost.json").read_text())["seconds"]["callbacks"] > 0


def test_callbacks_and_other_processes(world: Path, tmp_path: Path):
    with pytest.raises(IsoglossError, match="callbacks: they are called in this process, and jobs = 2"):
        isogloss.train(recipe(world), output=tmp_path / "run", callbacks=[Callback()], jobs=2)
    with pytest.raises(IsoglossError, match=r"objects of isogloss.Callback, found <class .*it is Callback\(\)"):
        isogloss.train(recipe(world), output=tmp_path / "run", callbacks=[Callback])
    assert not (tmp_path / "run").exists()


def test_data_and_model_in_memory(world: Path, tmp_path: Path):
    source = world / "encoder"
    model, tokenizer = AutoModel.from_pretrained(source), AutoTokenizer.from_pretrained(source)
    data = {"en": {split: rows(world, "en", split) for split in ("train", "dev")}}
    one, other = tmp_path / "memory", tmp_path / "files"
    isogloss.train(recipe(world), output=one, data=data, model=model, tokenizer=tokenizer)
    isogloss.train(recipe(world, model=str(source), evaluate_languages=["en"]), output=other)
    assert predictions(one, "data", "en") == predictions(other, "ner", "en")
    # It may be overwritten, and a finished run goes on with the same objects, though saving has changed the model's
    # configuration; not with another model or tokenizer.
    isogloss.train(recipe(world), output=one, overwrite=True, data=data, model=model, tokenizer=tokenizer)
    assert predictions(one, "data", "en") == predictions(other, "ner", "en")
    assert isogloss.train(recipe(world), output=one, resume=True, data=data, model=model, tokenizer=tokenizer)
    longer = AutoTokenizer.from_pretrained(source, model_max_length=77)
    with pytest.raises(IsoglossError, match="cannot resume, the recipe has changed: model"):
        isogloss.train(recipe(world), output=one, resume=True, data=data, model=model, tokenizer=longer)
    with torch.no_grad():
        next(model.parameters()).add_(1.0)
    with pytest.raises(IsoglossError, match="cannot resume, the recipe has changed: model"):
        isogloss.train(recipe(world), output=one, resume=True, data=data, model=model, tokenizer=tokenizer)


def test_what_is_refused(world: Path, tmp_path: Path):
    data = {"en": {"train": rows(world, "en", "train")}}
    plain = {name: value for name, value in recipe(world).items() if name != "data"}
    model = AutoModel.from_pretrained(world / "encoder")
    for arguments, message in (
        ({"recipe": plain, "data": data}, r"data: which task\? The recipe has none"),
        ({"recipe": recipe(world), "model": model}, r"tokenizer: a model in memory needs its tokenizer .*NoneType"),
        ({"recipe": recipe(world), "model": "isogloss-small"}, "model: a model of transformers, found str"),
    ):
        with pytest.raises(IsoglossError, match=message):
            isogloss.train(output=tmp_path / "run", **arguments)
    assert not (tmp_path / "run").exists()


def test_an_argument_and_an_override_exclude_each_other(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    own = {
        "model": AutoModel.from_pretrained(world / "encoder"),
        "tokenizer": AutoTokenizer.from_pretrained(world / "encoder"),
    }
    data = {"en": {"train": rows(world, "en", "train")}}
    for key, arguments in (("model", own), ("data", {"data": data})):
        override = "model=isogloss-small" if key == "model" else "data=[{task: ner, format: conll, path: x.conll}]"
        with pytest.raises(IsoglossError, match=f"^{key}: given as an argument of train, and named by an override"):
            isogloss.train(recipe(world), output=tmp_path / "run", overrides=[override], **arguments)
    assert not [*tmp_path.iterdir()]


def test_runs_by_language_are_overwritten_with_their_objects(world: Path, tmp_path: Path):
    data = {code: {split: rows(world, code, split) for split in ("train", "dev")} for code in ("en", "fr")}
    whole = recipe(world, method="single", evaluate_languages=["en", "fr"])
    for overwrite in (False, True):
        changes = {**whole, "train_languages": ["en", "fr"], "steps": 1}
        isogloss.train(changes, output=tmp_path / "run", data=data, overwrite=overwrite)
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"data", "en", "fr"}


def test_the_users_own_recipe_is_not_replaced(world: Path, tmp_path: Path):
    (tmp_path / "recipe.yaml").write_text("# my words\n" + json.dumps(recipe(world)))
    with pytest.raises(IsoglossError, match="exists; --resume goes on with it"):
        isogloss.train(tmp_path / "recipe.yaml", output=tmp_path)
    assert (tmp_path / "recipe.yaml").read_text().startswith("# my words")


def test_an_entry_has_its_task(world: Path, tmp_path: Path):
    data = {"en": {split: rows(world, "en", split) for split in ("train", "dev")}}
    plain = {name: value for name, value in recipe(world).items() if name != "data"}
    (*_, row) = isogloss.train(plain, output=tmp_path / "run", data={"task": "ner", "name": "mine", "path": data})
    assert (row["task"], row["data"], row["language"]) == ("ner", "mine", "en")


def test_names():
    assert {"train", "Callback", "IsoglossError", "__version__"} <= {*dir(isogloss)}
    assert all(getattr(isogloss, name) is not None for name in dir(isogloss))
