"""`isogloss trim` of finished runs and of models: what goes on working, what is told, and what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file
from transformers import AutoModelForTokenClassification, AutoTokenizer

import isogloss
from isogloss import IsoglossError
from isogloss.calls.encoder import open_encoder
from isogloss.calls.trimming.noted import HEADING, noted, parted
from isogloss.models import snapshot
from isogloss.models.open import Loaded
from tests.support.command import Command, require_error
from tests.support.pretraining import recipe
from tests.support.runs import contents, rows_of, short

Trained = Callable[[str], Path]
SCORES = ("language", "metric", "value", "n")


def scores(rows: list[dict[str, Any]]) -> list[list[Any]]:
    return [[row[name] for name in SCORES] for row in rows]


@pytest.mark.parametrize("task", ["pos", "nli", "qa"])
def test_a_run_that_was_cut_scores_the_same_in_what_was_counted(task: str, trained: Trained, tmp_path: Path):
    found = isogloss.trim(trained(task), languages="en,fr", output=tmp_path / "cut")
    assert found.sub_words[1] < found.sub_words[0] and found.megabytes[1] < found.megabytes[0]
    assert [(own.language, own.same) for own in found.languages] == [("en", 1.0), ("fr", 1.0)]
    whole = Path(shutil.copytree(trained(task), tmp_path / "whole"))
    before, after = (isogloss.evaluate(run, languages="en,fr") for run in (whole, tmp_path / "cut"))
    assert scores(before) == scores(after)
    # The only scores in its folder are its own.
    assert rows_of(tmp_path / "cut") == after and not (tmp_path / "cut/cost.json").exists()


def test_a_run_that_was_cut_is_a_plain_folder_too(trained: Trained, tmp_path: Path):
    isogloss.trim(trained("pos"), languages=["en"], output=tmp_path / "cut")
    model = AutoModelForTokenClassification.from_pretrained(tmp_path / "cut/model").eval()
    assert len(AutoTokenizer.from_pretrained(tmp_path / "cut/model")) == model.config.vocab_size
    whole, cut = isogloss.load(trained("pos")), isogloss.load(tmp_path / "cut")
    text = [["ta", "lo", "wi"]]
    assert cut.predict(text, language="en") == whole.predict(text, language="en")
    card = (tmp_path / "cut/model/README.md").read_text("utf-8")
    assert card.startswith((trained("pos") / "model/README.md").read_text("utf-8").rstrip())
    assert "Cut by `isogloss trim`" in card
    isogloss.trim(tmp_path / "cut", languages=["en"], output=tmp_path / "again")
    assert (tmp_path / "again/model/README.md").read_text("utf-8").count("Cut by `isogloss trim`") == 1
    for name in ("model.safetensors", "config.json", "tokenizer.json"):
        assert (tmp_path / "again/model" / name).read_bytes() == (tmp_path / "cut/model" / name).read_bytes()


def test_what_a_user_wrote_in_a_card_stays(small: Path, tmp_path: Path):
    (tmp_path / "en.txt").write_text("ta lo wi\n")
    given: dict[str, Any] = {"languages": "en", "text": str(tmp_path / "{language}.txt")}
    (small / "README.md").write_text("# Ours\n\nBefore.\n", encoding="utf-8")
    isogloss.trim(small, **given, output=tmp_path / "cut")
    card = tmp_path / "cut/README.md"
    once = card.read_text("utf-8")
    assert once.startswith("# Ours\n\nBefore.\n\n<!-- isogloss trim -->\n")
    card.write_text(f"{once}\n## Ours too\n\nAfter.\n", encoding="utf-8")
    isogloss.trim(tmp_path / "cut", **given, output=tmp_path / "again")
    twice = (tmp_path / "again/README.md").read_text("utf-8")
    assert twice.startswith("# Ours\n\nBefore.\n\n<!-- isogloss trim -->\n")
    assert twice.endswith("\n## Ours too\n\nAfter.\n") and twice.count("Cut by `isogloss trim`") == 1
    # What somebody has changed in the section is no longer ours.
    card.write_text(once.replace("Cut by", "Cut well by"), encoding="utf-8")
    isogloss.trim(tmp_path / "cut", **given, output=tmp_path / "third")
    third = (tmp_path / "third/README.md").read_text("utf-8")
    assert third.startswith(card.read_text("utf-8").rstrip()) and third.count("Cut by `isogloss trim`") == 1


def test_a_section_of_a_version_that_did_not_sign_it_is_replaced():
    old = f"{HEADING}\n\nCut by `isogloss trim` from 9 to 7 sub-words.\n\n| language |\n|---|\n| de |\n"
    assert noted(f"# Ours\n\n{old}", "New.") == noted("# Ours", "New.")
    assert parted(f"# Ours\n\n{old}") == ("# Ours\n", old)
    # Words of a user after it, or in its place, stay.
    for kept in (f"{old}\nMy words.\n", f"{HEADING}\n\nMy words.\n"):
        assert noted(f"# Ours\n\n{kept}", "New.").startswith(f"# Ours\n\n{kept}")


def test_the_card_of_a_run_that_was_cut_is_filled_beside_what_was_said_of_it(trained: Trained, tmp_path: Path):
    isogloss.trim(trained("pos"), languages="en", output=tmp_path / "cut")
    card = tmp_path / "cut/model/README.md"
    section = card.read_text("utf-8").partition("<!-- isogloss trim -->")[2]
    isogloss.evaluate(tmp_path / "cut", languages="en")
    filled = isogloss.card(tmp_path / "cut", licence="mit", draws=200).read_text("utf-8")
    assert filled.endswith(section) and "\n## Protocol\n" in filled and "license: mit" in filled
    assert isogloss.card(tmp_path / "cut", licence="mit", draws=200).read_text("utf-8") == filled
    card.write_text(f"{filled}My words.\n", encoding="utf-8")
    with pytest.raises(IsoglossError, match=r"was changed by hand"):
        isogloss.card(tmp_path / "cut")
    assert isogloss.card(tmp_path / "cut", licence="mit", draws=200, overwrite=True).read_text("utf-8") == filled


def test_who_has_let_a_run_on_text_run_code_is_not_asked_again(
    text_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    run, asked = tmp_path / "run", list[bool]()
    shutil.copytree(text_world / "encoder", run / "model")
    own = {**recipe("mlm", text_world), "model": str(run / "model"), "tokenizer": None, "trust_remote_code": True}
    (run / "recipe.yaml").write_text(yaml.safe_dump(own), encoding="utf-8")
    (run / "fingerprint.json").write_text("{}", encoding="utf-8")

    def opened(model: Any, *, trust_remote_code: bool) -> Loaded:
        asked.append(trust_remote_code)
        return open_encoder(model, trust_remote_code=trust_remote_code)

    monkeypatch.setattr("isogloss.calls.trimming.cut.open_encoder", opened)
    isogloss.trim(run, languages="en", output=tmp_path / "cut")
    assert asked == [True, True]  # before and after


@pytest.mark.parametrize("name", ["lora", "language_adapters", "x_mixup"])
def test_modules_of_a_method_go_with_it(name: str, straight: Trained, tmp_path: Path):
    found = isogloss.trim(straight(name), languages="fr", output=tmp_path / "cut")
    assert found.checked > 0 and found.sub_words[1] < found.sub_words[0]
    whole, cut = (load_file(run / "model/extensions.safetensors") for run in (straight(name), tmp_path / "cut"))
    assert whole.keys() == cut.keys() and all(torch.equal(whole[key], cut[key]) for key in cut)
    theirs = {path.relative_to(straight(name)) for path in straight(name).glob("adapters/*/*")}
    assert {path.relative_to(tmp_path / "cut") for path in tmp_path.glob("cut/adapters/*/*")} == theirs
    whole_run = Path(shutil.copytree(straight(name), tmp_path / "whole"))
    before, after = (isogloss.evaluate(run, languages="fr") for run in (whole_run, tmp_path / "cut"))
    assert scores(before) == scores(after)


@pytest.mark.slow
def test_heads_of_text_and_lagging_copies_are_cut_too(straight: Trained, text_world: Path, tmp_path: Path):
    isogloss.trim(straight("text_beside"), languages="en", output=tmp_path / "beside")
    lagging = recipe("knowledge_of_a_lagging_copy", text_world)
    isogloss.pretrain(lagging, output=tmp_path / "run")
    isogloss.trim(tmp_path / "run", languages="en", output=tmp_path / "lagging")
    for before, folder in ((straight("text_beside"), "beside"), (tmp_path / "run", "lagging")):
        whole, cut = (load_file(run / "model/extensions.safetensors") for run in (before, tmp_path / folder))
        rows = [len(AutoTokenizer.from_pretrained(run / "model")) for run in (before, tmp_path / folder)]
        tables = {name for name in whole if whole[name].shape != cut[name].shape}
        assert tables and all([len(whole[name]), len(cut[name])] == rows for name in tables), tables
        assert all(torch.equal(whole[name], cut[name]) for name in whole.keys() - tables)


@pytest.mark.slow
def test_what_a_run_on_text_left_out_is_not_counted(text_world: Path, tmp_path: Path):
    plain = text_world / "plain/de.txt"
    lines = plain.read_text(encoding="utf-8").splitlines()
    (tmp_path / "test.txt").write_text("\n".join(lines[:5]), encoding="utf-8")
    template = f"{text_world}/plain/{{language}}.txt"
    few = ["steps=1", "held_out=2", "stages=[{length: 24, batch_size: 4, share: 1}]"]
    isogloss.distil(
        text_world / "encoder", student={"layers": 1}, text=template, languages="de", output=tmp_path / "run",
        overrides=[*few, f"exclude=[{json.dumps(str(tmp_path / 'test.txt'))}]"],
    )  # fmt: skip
    found = isogloss.trim(tmp_path / "run", languages="de", output=tmp_path / "cut")
    assert found.languages[0].texts == len([line for line in lines if line.strip() and line not in lines[:5]])


def test_training_does_not_go_on_with_other_sub_words(trained: Trained, world: Path, tmp_path: Path):
    isogloss.trim(trained("pos"), languages="en", output=tmp_path / "cut")
    with pytest.raises(IsoglossError, match=r"was cut by isogloss trim: it has other sub-words"):
        isogloss.train(short("pos", world), output=tmp_path / "cut", resume=True)


def test_starting_weights_have_other_rows(straight: Trained, tmp_path: Path):
    isogloss.trim(straight("language_adapters"), languages="en", output=tmp_path / "cut")
    with pytest.raises(IsoglossError, match=r"interpolate: .* has another table of sub-words than the model"):
        isogloss.evaluate(tmp_path / "cut", interpolate=[0.5])


def test_what_is_told(run: Path, command: Command, tmp_path: Path):
    result = command("trim", run, "--languages", "en,fr", "-o", tmp_path / "cut")
    assert result.status == 0, result.err
    assert "Counted: the training and dev texts of the run; test texts are not looked at" in result.out
    assert "MB saved" in result.out and "bit for bit" in result.out
    result = command("trim", run, "--languages", "en", "--json", "-o", tmp_path / "other")
    found = json.loads(result.out)
    assert [own["language"] for own in found["languages"]] == ["en"] and found["checked"] == 8
    assert found["sub_words"][0] > found["sub_words"][1]


@pytest.fixture
def small(tmp_path: Path, world: Path) -> Path:
    """A model that is no run."""
    return Path(shutil.copytree(world / "encoder", tmp_path / "small"))


TEXT = "{world}/{{language}}.txt"
REFUSED = [
    (["--languages", "en"], ["text: .*small is no run, so it has no texts of its own", r"--text 'text/\{language\}"]),
    (["--languages", "german", "--text", TEXT], ["languages: 'german' is no language code: German is de"]),
    (["--languages", ",", "--text", TEXT], ["languages: names no language"]),
    (["--languages", "en,sw", "--text", TEXT], ["no text for 'sw'", r"looked for \S*sw.txt", "text for en"]),
    (["--languages", "en", "--text", "{world}/no/{{language}}.txt"], ["no such file"]),
    (["--languages", "en", "--text", "{{format: lines, paths: x, path: y}}"], ["unknown key 'paths'"]),
    (["--languages", "en", "--text", "{{format: tsv, paht: x.tsv}}"], ["unknown key 'paht'; did you mean 'path'"]),
    (["--languages", "en", "--text", "{{format: tsv, path: {{language}}.tsv}}"], ["no mapping in YAML", "quotes"]),
    (["--languages", "en", "--text", TEXT, "--size", "0"], ["size: must be 1 or more, found 0"]),
    (["--languages", "en", "--text", TEXT, "--size", "6"], ["size: special tokens and characters", "found 6"]),
    (["--languages", "en", "--text", TEXT, "--min-count", "-1"], ["min_count: must be 1 or more, found -1"]),
    (["--languages", "en", "--text", TEXT, "-o", "{world}"], ["output: .* holds something; name another"]),
]


@pytest.mark.parametrize(("arguments", "patterns"), REFUSED)
def test_what_is_refused(arguments: list[str], patterns: list[str], small: Path, command: Command, tmp_path: Path):
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "en.txt").write_text("ta lo wi\n")
    given = [argument.format(world=texts) for argument in arguments]
    before = contents(tmp_path)
    require_error(command("trim", small, "-o", tmp_path / "cut", *given), *patterns)
    assert contents(tmp_path) == before and not list(tmp_path.glob("cut*")) + list(tmp_path.glob(".cut*"))


def test_a_run_without_data_of_a_language(run: Path, command: Command, tmp_path: Path):
    said = [r"no text for 'sw' \(looked for \S*sw\S* or \S*sw", "--text names files of it"]
    require_error(command("trim", run, "--languages", "sw", "-o", tmp_path / "cut"), *said)


def test_rows_that_are_not_the_tokenizer_s(small: Path, command: Command, tmp_path: Path):
    (tmp_path / "en.txt").write_text("ta lo wi\n")
    arguments = ("--languages", "en", "--text", tmp_path / "{language}.txt", "-o", tmp_path / "cut")
    weights = load_file(small / "model.safetensors")
    name = next(name for name in weights if name.endswith("word_embeddings.weight"))
    save_file({**weights, name: weights[name][:-3].clone()}, small / "model.safetensors", metadata={"format": "pt"})
    require_error(command("trim", small, *arguments), "not those of a 'xlm-roberta' model", name.split(".", 1)[1])
    config = json.loads((small / "config.json").read_text())
    config["vocab_size"] -= 3
    (small / "config.json").write_text(json.dumps(config))
    require_error(command("trim", small, *arguments), r"tokenizer has \d+ sub-words, but the model has embeddings for")


def test_a_tokenizer_that_is_no_fast_one(small: Path, command: Command, tmp_path: Path):
    (tmp_path / "en.txt").write_text("ta lo wi\n")
    for path in small.glob("tokenizer*"):
        path.unlink()
    arguments = ("--languages", "en", "--text", tmp_path / "{language}.txt", "-o", tmp_path / "cut")
    require_error(command("trim", small, *arguments), "has no tokenizer")


def test_older_weights_and_other_files(small: Path, tmp_path: Path):
    (tmp_path / "en.conllu").write_text("# text = ta lo wi\n1\tta\t_\tNOUN\t_\t_\t_\t_\t_\t_\n\n")
    weights = load_file(small / "model.safetensors")
    (small / "model.safetensors").unlink()
    torch.save(weights, small / "pytorch_model.bin")
    (small / "1_Pooling").mkdir()
    (small / "1_Pooling/config.json").write_text("{}")
    (small / "vocab.txt").write_text("of the whole table")
    found = isogloss.trim(
        small, languages="en", text=str(tmp_path / "{language}.conllu"), output=tmp_path / "cut", min_count=1
    )
    assert found.languages[0].texts == 1 and found.languages[0].words == 3
    names = {str(path.relative_to(tmp_path / "cut")) for path in (tmp_path / "cut").rglob("*") if path.is_file()}
    assert names >= {"model.safetensors", "1_Pooling/config.json", "tokenizer.json", "README.md"}
    assert not names & {"vocab.txt", "pytorch_model.bin"}


def test_an_output_below_the_model_holds_itself_once(small: Path, tmp_path: Path):
    (tmp_path / "en.txt").write_text("ta lo wi\n")
    isogloss.trim(small, languages="en", text=str(tmp_path / "{language}.txt"), output=small / "cut")
    assert not [path for path in (small / "cut").rglob("*") if path.is_dir()]


def test_a_model_on_the_hub(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    asked = []

    def download(name: str, **options: Any) -> str:
        asked.append((name, options["revision"]))
        return str(small)

    monkeypatch.setattr(snapshot, "snapshot_download", download)
    monkeypatch.setattr(snapshot, "identify", lambda source, weights: {"source": str(source), "commit": "c0ffee"})
    assert snapshot.folder_of("owner/name") == small
    assert asked == [("owner/name", "c0ffee")]
