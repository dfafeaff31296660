"""`isogloss pretrain`: it learns, resumes to the last bit, and leaves a plain Hugging Face folder."""

from __future__ import annotations

import gzip
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file
from transformers import AutoModelForMaskedLM, AutoTokenizer

import isogloss
from isogloss import IsoglossError
from isogloss.recipe.resolve import resolve_pretraining, scales_of, shipped_pretraining
from tests.support.pretraining import BASE, CRASH, SETTINGS, STEPS, recipe, write_text
from tests.support.stopping import copied_after
from tests.support.world import merged, names_of_checkpoints, outcome

pytestmark = pytest.mark.slow


@pytest.fixture
def quick_to_compile():
    """Compiled code of one number at a time: torch tries no vector instructions out, and its code is shorter.

    What is compiled, when, and for which lengths is the same; how fast it is, is not tested here.
    """
    from torch._inductor import config

    with config.patch({"cpp.vec_isa_ok": False}):
        yield


# What torch says of itself while it compiles.
@pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated:DeprecationWarning")
@pytest.mark.usefixtures("quick_to_compile")
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning")
@pytest.mark.parametrize("name", SETTINGS)
def test_resume_is_exact_to_the_last_bit(name: str, text_world: Path, tmp_path: Path):
    whole, straight = recipe(name, text_world), tmp_path / "straight"
    # The vocabulary differs between trainings of it, so what is resumed has been a part of the run to compare with.
    with copied_after(2, straight, tmp_path / "2"), copied_after(CRASH, straight, tmp_path / str(CRASH)):
        isogloss.pretrain(whole, output=straight)
    expected = outcome(straight)
    assert expected["state"]["global_step"] == STEPS

    # Compiling takes long enough to do it only once more.
    for stop, checkpoints in {2: [], CRASH: [4]}.items() if name != "compiled" else [(CRASH, [4])]:
        run = tmp_path / str(stop)
        assert names_of_checkpoints(run) == checkpoints
        assert not (run / "model").exists()
        random = not isinstance(whole["model"], str) and "from_layers" not in (whole.get("student") or {})
        assert (run / "starting_weights").exists() == random
        isogloss.pretrain(whole, output=run, resume=True)
        resumed = outcome(run)
        for part in expected:
            assert resumed[part] == expected[part], f"{part}, stopped after step {stop}"


def test_the_settings_differ_in_what_they_learn(text_world: Path, tmp_path: Path):
    weights = {}
    # Compiled or eager, a step is the same but for rounding; aligned embeddings are of new encoders.
    compared = [name for name in SETTINGS if name not in ("aligned", "eager", "compiled")]
    for name in compared:
        # From one encoder, so that what differs is the walk; new ones differ by their vocabularies.
        one = recipe(name, text_world, model=str(text_world / "encoder"), tokenizer=None, student=None)
        isogloss.pretrain(one, output=tmp_path / name)
        weights[name] = outcome(tmp_path / name)["weights"]
    assert len(set(weights.values())) == len(compared)


def test_the_model_is_a_plain_folder_and_has_learned(
    text_world: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    changes = {"steps": 150, "evaluation_steps": 75, "stages": [{"length": 40, "batch_size": 8, "share": 1.0}]}
    rows = isogloss.pretrain(recipe("aligned", text_world, **changes), output=tmp_path / "run")

    losses = {row["language"]: row["value"] for row in rows if row["metric"] == "masked_loss"}
    assert set(losses) == {"de", "en", "fr", "ru"}
    # Words are drawn at random, so all there is to learn of one language is how often each sub-word comes.
    assert sum(losses.values()) / 4 < math.log(76) - 0.3
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "run" / "model")
    model = AutoModelForMaskedLM.from_pretrained(tmp_path / "run" / "model")
    assert tokenizer.is_fast
    encoded = tokenizer("king water", return_tensors="pt")
    assert model(**encoded).logits.shape == (1, encoded["input_ids"].shape[1], len(tokenizer))
    assert len(tokenizer) == 76
    said = capfd.readouterr()
    shown = r"step 75 of 150: loss [\d.]+, [\d,]+ rows/s, .* left, evaluated in \d+ s \(dev masked_accuracy: \w\w [\d.]"
    assert len(re.findall(shown, said.err)) == 1
    assert said.err.count("step 75 of 150") == 1
    assert "masked accuracy %" in said.out


def test_frozen_embeddings_stay_and_outputs_begin_with_frequencies(text_world: Path, tmp_path: Path):
    changes = merged(SETTINGS["aligned"], SETTINGS["frozen_embeddings"])
    isogloss.pretrain(recipe("both", text_world, **merged({"model": BASE["model"]}, changes)), output=tmp_path / "run")
    before, after = (load_file(tmp_path / "run" / name / "model.safetensors") for name in ("starting_weights", "model"))
    embeddings = "model.embeddings.tok_embeddings.weight"
    assert torch.equal(after[embeddings], before[embeddings])
    moved = [name for name in before if not torch.equal(after[name], before[name])]
    assert {"model.layers.0.mlp.Wi.weight", "model.layers.0.attn.Wqkv.weight", "decoder.bias"} <= set(moved)

    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "run" / "model")
    files = [gzip.decompress(path.read_bytes()).decode() for path in (text_world / "text").iterdir()]
    files.append((text_world / "plain" / "de.txt").read_text(encoding="utf-8"))
    texts = [line.split("\t")[-1] for file in files for line in file.splitlines()]
    counts = np.bincount([piece for text in texts for piece in tokenizer(text).input_ids[1:-1]], minlength=76)
    # The held-out sentences are not counted, so only the order of clearly different ones is sure.
    bias = before["decoder.bias"].numpy()
    assert bias[counts > 100].min() > bias[counts < 30].max()


def test_a_run_without_task_is_not_evaluated(text_world: Path, tmp_path: Path):
    isogloss.pretrain(recipe("mlm", text_world), output=tmp_path / "run")
    with pytest.raises(IsoglossError, match=r"run is a run of `isogloss pretrain`, which has no task; .*run/model"):
        isogloss.evaluate(tmp_path / "run")
    with pytest.raises(IsoglossError, match="run is a run of `isogloss pretrain`: there are no methods in it"):
        isogloss.compare([tmp_path], baseline="multitask")


def test_a_vocabulary_smaller_than_the_vectors_is_an_error(text_world: Path, tmp_path: Path):
    model = merged({"model": {**BASE["model"], "embeddings": "parallel"}}, {"model": {"config": {"hidden_size": 80}}})
    with pytest.raises(IsoglossError, match=r"needs at least hidden_size = 80 sub-words .* found 76 and 57"):
        isogloss.pretrain(recipe("both", text_world, **model), output=tmp_path / "run")


def test_an_encoder_is_gone_on_with(text_world: Path, tmp_path: Path):
    before = load_file(text_world / "encoder" / "model.safetensors")
    name = "roberta.embeddings.word_embeddings.weight"
    isogloss.pretrain(
        recipe("both", text_world, model=str(text_world / "encoder"), tokenizer=None), output=tmp_path / "run"
    )
    after = load_file(tmp_path / "run" / "model" / "model.safetensors")
    assert after.keys() == before.keys()
    assert not torch.equal(after[name], before[name])
    assert not (tmp_path / "run" / "starting_weights").exists()


def test_a_finished_run_is_left_as_it_is(text_world: Path, tmp_path: Path):
    whole = recipe("both", text_world)
    rows = isogloss.pretrain(whole, output=tmp_path / "run")
    before = outcome(tmp_path / "run")
    assert isogloss.pretrain(whole, output=tmp_path / "run", resume=True) == rows
    assert outcome(tmp_path / "run") == before


def test_a_changed_recipe_or_text_is_refused(text_world: Path, tmp_path: Path):
    own = write_text(tmp_path / "own")
    isogloss.pretrain(recipe("both", own), output=tmp_path / "run")
    with pytest.raises(IsoglossError, match=r"weight_decay was 0.01, is 0.3"):
        isogloss.pretrain(recipe("both", own, weight_decay=0.3), output=tmp_path / "run", resume=True)
    path = own / "plain" / "de.txt"
    path.write_text(path.read_text(encoding="utf-8") + "noch ein Satz\n", encoding="utf-8")
    with pytest.raises(IsoglossError, match=r"de\.txt was "):
        isogloss.pretrain(recipe("both", own), output=tmp_path / "run", resume=True)


def empty(folder: Path) -> None:
    (folder / "plain" / "de.txt").write_text("\n \n", encoding="utf-8")


def binary(folder: Path) -> None:
    (folder / "plain" / "de.txt").write_bytes(bytes(range(256)))


def not_gzip(folder: Path) -> None:
    (folder / "text" / "fr.tsv.gz").write_text("v1\tbonjour\n", encoding="utf-8")


def half_gzip(folder: Path) -> None:
    path = folder / "text" / "fr.tsv.gz"
    path.write_bytes(path.read_bytes()[:-20])


def other_ids(folder: Path) -> None:
    path = folder / "text" / "fr.tsv.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b"v", b"w")))


def nothing(folder: Path) -> None:
    """Leave the text as it is."""


@pytest.mark.parametrize(
    ("spoil", "changes", "message"),
    [
        (empty, {}, r"de\.txt: error: no example in this file"),
        (binary, {}, r"de\.txt.*not UTF-8"),
        (not_gzip, {}, r"fr\.tsv\.gz: error: not a whole gzip file"),
        (half_gzip, {}, r"fr\.tsv\.gz: error: not a whole gzip file"),
        (other_ids, {}, r"parallel: t, but none of its ids.*first id is 'w\d+', one of the others' 'v\d+'"),
        (nothing, {"languages": ["en", "fr", "fi"]}, r"no text for 'fi'; there is text for en, fr"),
        (nothing, {"tokenizer": {"vocabulary_size": 5000}}, r"the text yields \d+ pieces, 5000 were asked for"),
        (nothing, {"tokenizer": {"vocabulary_size": 20}}, r"20 pieces do not hold the \d+ different characters"),
        (nothing, {"exclude": ["nowhere/*.tsv"]}, r"exclude: 'nowhere/\*\.tsv' finds no file"),
        (nothing, {"tokenizer": None}, r"tokenizer: needed for a new encoder"),
        (nothing, {"gradient_accumulation_steps": 4}, r"batch_size must be at least processes x .* = 1 x 4, found 3"),
        (nothing, {"held_ou": 1}, r"unknown key 'held_ou'; did you mean 'held_out'"),
        (nothing, {"stages": [{"length": 24, "batch_size": 5, "share": 0.5}]}, r"shares must add up to 1"),
        (nothing, {"text": {"format": "lines", "path": "no/{language}.txt"}}, r"tlm needs an entry of text with"),
    ],
)
def test_bad_input_is_one_clear_error_before_anything_is_written(
    spoil: Callable[[Path], None], changes: dict[str, Any], message: str, tmp_path: Path
):
    folder = write_text(tmp_path / "text")
    spoil(folder)
    with pytest.raises(IsoglossError, match=message):
        isogloss.pretrain(recipe("both", folder, **changes), output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_excluded_sentences_are_left_out(text_world: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    first = (text_world / "plain" / "de.txt").read_text(encoding="utf-8").splitlines()[0]
    (tmp_path / "test.tsv").write_text("".join(f"{word}\tNOUN\n" for word in first.upper().split()) + "\nx\tX\n")
    isogloss.pretrain(
        recipe("both", text_world, exclude=[str(tmp_path / "test.tsv")], steps=1), output=tmp_path / "run"
    )
    assert " 1 sentences left out as excluded" in capfd.readouterr().err


def test_shipped_recipes_show_themselves(tmp_path: Path):
    assert "isogloss-small" in shipped_pretraining()
    for name in shipped_pretraining():
        for scale in [None, *scales_of(shipped_pretraining()[name])]:
            shown = isogloss.show(name, scale=scale)
            (tmp_path / "shown.yaml").write_text(shown, encoding="utf-8")
            assert resolve_pretraining(tmp_path / "shown.yaml") == resolve_pretraining(name, scale=scale)


def test_the_shipped_recipe_reads_nothing_that_forbids_commercial_use(shared_data: Path):
    entries = yaml.safe_load(shipped_pretraining()["isogloss-small"].read_text(encoding="utf-8"))["text"]
    manifest = (shared_data / "manifest.tsv").read_text(encoding="utf-8").splitlines()[1:]
    forbidden = {line.split("\t")[0] for line in manifest if "[NC]" in line.split("\t")[-1]}
    assert forbidden
    for entry in entries:
        template = entry["path"].removeprefix("../shared/data/")
        for language in entry.get("languages") or ("ar", "de", "en", "fi", "hi", "zh"):
            assert template.format(language=language) not in forbidden


@pytest.mark.slow
def test_the_smoke_scale_of_the_distilled_default_fits_its_teacher(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """What is compared at full length may be nothing that the teacher of this scale has."""
    monkeypatch.chdir(Path(__file__).parents[1])
    few = ["steps=1", "evaluation_steps=1", "save_steps=1", "held_out=2", "exclude=[]", "languages=[de, en]"]
    rows = isogloss.distil(
        recipe="isogloss-small-distilled", scale="smoke", limit=10, overrides=few, output=tmp_path / "run"
    )
    assert {row["language"] for row in rows} == {"de", "en"}


def test_smoke(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(Path(__file__).parents[1])
    fewer = ["languages=[de, en, sw]", "steps=4", "tokenizer.vocabulary_size=3000", "limit=150", "exclude=[]"]
    rows = isogloss.pretrain("isogloss-small", scale="smoke", overrides=fewer, output=tmp_path / "run")
    assert {row["language"] for row in rows} == {"de", "en", "sw"}
    state = json.loads((tmp_path / "run" / "trainer_state.json").read_text(encoding="utf-8"))
    assert state["global_step"] == 4
