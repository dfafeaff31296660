"""`isogloss distil`: a student from a teacher and text, or from a finished run and text; and what stands in its way."""

from __future__ import annotations

import json
import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from tokenizers.processors import TemplateProcessing
from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer

import isogloss
from isogloss import IsoglossError
from isogloss.data.conllu import ConllU
from isogloss.data.parquet import Parquet
from isogloss.data.problems import Problems
from isogloss.data.squad import Squad
from isogloss.models.feed_forward import unit_energies
from isogloss.models.tokenizer import train_tokenizer
from isogloss.recipe.resolve import resolve
from isogloss.start.taught import SAMPLE
from isogloss.start.text import read_recipe_texts
from tests.support.hub_configs import HUB_CONFIGS, write_hub_model
from tests.support.methods import recipe as labelled
from tests.support.pretraining import WORDS

pytestmark = pytest.mark.slow

FEW = [
    "steps=4", "held_out=4", "stages=[{length: 24, batch_size: 4, share: 1}]", "evaluation_steps=4", "logging_steps=2",
    "save_steps=4", "exclude=[]",
]  # fmt: skip


def template(text_world: Path) -> str:
    return f"{text_world}/plain/{{language}}.txt"


def test_a_student_learns_from_text(text_world: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    rows = isogloss.distil(
        text_world / "encoder",
        student={"layers": 2, "hidden": 8},
        text=template(text_world),
        objective="both",
        overrides=[*FEW, "steps=60", "learning_rate=0.03"],
        output=tmp_path / "run",
    )
    metrics = ["distillation_loss", "queries", "keys", "values", "states"]
    assert [row["metric"] for row in rows] == metrics
    assert rows[0]["value"] == pytest.approx(sum(row["value"] for row in rows[1:]))
    history = json.loads((tmp_path / "run" / "trainer_state.json").read_text(encoding="utf-8"))["log_history"]
    losses = [entry["loss"] for entry in history if "loss" in entry]
    assert losses[-1] < 0.7 * losses[0]
    # A plain folder, with the teacher's sub-words and no head.
    model = AutoModel.from_pretrained(tmp_path / "run" / "model", add_pooling_layer=False)
    assert (model.config.num_hidden_layers, model.config.hidden_size) == (2, 8)
    tokenizers = [AutoTokenizer.from_pretrained(path) for path in (tmp_path / "run" / "model", text_world / "encoder")]
    assert tokenizers[0].get_vocab() == tokenizers[1].get_vocab()
    said = capfd.readouterr()
    assert "teacher: 1 layers of 16" in said.err and "student: 2 layers of 8" in said.err
    assert "distillation loss" in said.out
    # The student is an encoder to learn on, and to start a task from.
    isogloss.distil(
        text_world / "encoder",
        student=tmp_path / "run" / "model",
        text=template(text_world),
        overrides=FEW,
        output=tmp_path / "more",
    )


@pytest.mark.parametrize("student", ["{layers: 3, hidden: 8}", "{from_layers: [0, 1, 2]}"])
@pytest.mark.parametrize("name", HUB_CONFIGS)
def test_a_teacher_as_the_hub_has_it_gives_a_student(name: str, student: str, text_world: Path, tmp_path: Path):
    teacher = tmp_path / "teacher"
    write_hub_model(name, text_world / "encoder", teacher)
    rows = isogloss.distil(
        teacher,
        student=student,
        text=template(text_world),
        objective="states",
        overrides=[*FEW, "steps=1", "learning_rate=1e-12", "dropout=0"],
        output=tmp_path / "run",
    )
    is_the_teacher = all(abs(row["value"]) < 1e-6 for row in rows)
    assert is_the_teacher == ("from_layers" in student)
    config = AutoModel.from_pretrained(tmp_path / "run" / "model").config
    assert (config.model_type, config.num_hidden_layers) == (HUB_CONFIGS[name]["model_type"], 3)


def test_the_first_place_of_a_student_with_other_sub_words_and_sizes_can_learn(text_world: Path, tmp_path: Path):
    rows = isogloss.distil(
        text_world / "encoder",
        student={"layers": 1, "hidden": 8, "tokenizer": other_tokenizer(tmp_path)},
        text=template(text_world),
        objective="sentence",
        overrides=FEW,
        output=tmp_path / "run",
    )
    assert [row["metric"] for row in rows] == ["distillation_loss", "states", "sentence"]
    assert all(math.isfinite(row["value"]) for row in rows)


def test_a_first_place_that_is_a_word_does_not_learn_what_its_text_is(text_world: Path, tmp_path: Path):
    tokenizer = AutoTokenizer.from_pretrained(text_world / "encoder")
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", tokenizer.convert_tokens_to_ids("</s>"))]
    )
    tokenizer.save_pretrained(tmp_path / "other")
    student = {"layers": 1, "hidden": 8, "tokenizer": str(tmp_path / "other")}
    given: dict[str, Any] = {"student": student, "text": template(text_world), "overrides": FEW}
    with pytest.raises(IsoglossError, match=r"distil\.sentence: .*puts no special sub-word there; .*states alone"):
        isogloss.distil(text_world / "encoder", **given, objective="sentence", output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("more", ["", ", embedding: 17", ", intermediate: 16"])
def test_all_layers_of_the_teacher_begin_with_no_loss(more: str, text_world: Path, tmp_path: Path):
    rows = isogloss.distil(
        text_world / "encoder",
        student=f"{{from_layers: [0]{more}}}",
        text=template(text_world),
        objective="both",
        overrides=[*FEW, "steps=1", "learning_rate=1e-12", "dropout=0"],
        output=tmp_path / "run",
    )
    assert all(abs(row["value"]) < 1e-6 for row in rows)


def test_a_student_with_a_narrow_table_is_an_encoder_like_others(
    text_world: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    isogloss.distil(
        text_world / "encoder",
        student="{from_layers: [0], embedding: 8}",
        text=template(text_world),
        overrides=[*FEW, "sources=[{kind: distil, share: 0.5, states: {}}, {kind: mlm, share: 0.5}]"],
        output=tmp_path / "run",
    )
    kept = re.search(r"student: its embeddings begin with (.*)% of the second moment", capfd.readouterr().err)
    assert kept is not None and 50 < float(kept[1]) < 100
    model, report = AutoModelForMaskedLM.from_pretrained(tmp_path / "run" / "model", output_loading_info=True)
    assert not any(report.values())
    rows = len(AutoTokenizer.from_pretrained(tmp_path / "run" / "model"))
    assert model.get_input_embeddings().weight is model.get_output_embeddings().weight
    assert model.get_input_embeddings().weight.shape == (rows, 8)
    assert AutoModel.from_pretrained(tmp_path / "run" / "model").config.hidden_size == 16
    # It learns on, and its table is cut as others are.
    isogloss.distil(
        text_world / "encoder",
        student=tmp_path / "run" / "model",
        text=template(text_world),
        overrides=FEW,
        output=tmp_path / "more",
    )
    cut = isogloss.trim(tmp_path / "more", languages="de", output=tmp_path / "cut", size=rows - 9)
    assert cut.sub_words[1] < rows


@pytest.mark.parametrize(("more", "units"), [("", 8), (", embedding: 8", 8), (", embedding: 6", 6)])
def test_a_student_of_an_encoder_with_a_narrow_table(more: str, units: int, text_world: Path, tmp_path: Path):
    isogloss.distil(
        "isogloss-small",
        student=f"{{layers: 1, hidden: 8{more}}}",
        text=template(text_world),
        overrides=[*FEW, "steps=1"],
        output=tmp_path / "run",
    )
    config = AutoModel.from_pretrained(tmp_path / "run" / "model").config
    assert (config.hidden_size, config.embedding_size) == (8, units)


@pytest.mark.parametrize(("kind", "more"), [("xlm-roberta", {}), ("electra", {"embedding": 6})])
def test_a_student_with_narrow_blocks_is_an_encoder_like_others(
    kind: str, more: dict[str, int], text_world: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    isogloss.distil(
        text_world / "encoder",
        student={"from_layers": [0, 0], "intermediate": 10, **more},
        text=template(text_world),
        overrides=[*FEW, "sources=[{kind: distil, share: 0.5, states: {}}, {kind: mlm, share: 0.5}]"],
        output=tmp_path / "run",
    )
    said = r"feed-forward blocks begin with 10 of the teacher's 16 units, which have (.*), (.*) % of their energy on"
    shares = re.search(said, capfd.readouterr().err)
    assert shares is not None and shares[1] == shares[2] and 100 * 10 / 16 < float(shares[1]) < 100
    model, report = AutoModelForMaskedLM.from_pretrained(tmp_path / "run" / "model", output_loading_info=True)
    assert not any(report.values())
    assert (model.config.model_type, model.config.intermediate_size) == (kind, 10)
    starting = json.loads((tmp_path / "run" / "fingerprint.json").read_text(encoding="utf-8"))["starting_weights"]
    assert starting["config"]["intermediate_size"] == 10


def test_a_student_of_other_sub_words_keeps_units_by_what_the_teacher_reads(
    text_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Each model reads its own sub-words, and the teacher's energies are those of the teacher's."""
    read: list[list[int]] = []

    def energies(model: Any, rows: Any) -> Any:
        found = list(rows)
        read.extend(row.tolist() for row in found)
        return unit_energies(model, found)

    monkeypatch.setattr("isogloss.start.taught.unit_energies", energies)
    isogloss.distil(
        text_world / "encoder",
        student={"from_layers": [0], "intermediate": 8, "tokenizer": other_tokenizer(tmp_path)},
        text=template(text_world),
        objective="states",
        overrides=[*FEW, "steps=1"],
        output=tmp_path / "run",
    )
    own, other = (AutoTokenizer.from_pretrained(path) for path in (text_world / "encoder", tmp_path / "other"))
    assert len(read) == -(-SAMPLE // 24) and len({tuple(row) for row in read}) > 9
    for row in read[:9]:
        text = own.decode(row, skip_special_tokens=True)
        assert set(text.split()) & {word for words in WORDS.values() for word in words}
        assert row[0] == own.cls_token_id and row[-1] == own.sep_token_id
    assert own.get_vocab() != other.get_vocab()


@pytest.mark.parametrize("special", [1, -1])
def test_a_tokenizer_of_fewer_sub_words_is_read_by_the_teacher_too(special: int, text_world: Path, tmp_path: Path):
    """One trimmed from the teacher's has other ids, and the teacher reads its sub-words under its own.

    Where padding has another id, an XLM-R numbers its places otherwise, too.
    """
    from tokenizers import Tokenizer

    from isogloss.models.tokenizer import wrapped

    whole = json.loads((text_world / "encoder" / "tokenizer.json").read_text(encoding="utf-8"))
    kept = [piece for piece, _ in sorted(whole["model"]["vocab"].items(), key=lambda item: item[1])]
    merged = whole["model"]["merges"][:10]
    needed = {"".join(pair) for pair in merged} | {piece for piece in kept if len(piece) == 1 or piece[0] == "<"}
    kept = [piece for piece in kept if piece in needed][::1]
    order = [*kept[:5][::special], *reversed(kept[5:])]
    whole["added_tokens"] = [{**own, "id": order.index(own["content"])} for own in whole["added_tokens"]]
    whole["model"] |= {"vocab": {piece: number for number, piece in enumerate(order)}, "merges": merged}
    wrapped(Tokenizer.from_str(json.dumps(whole)), 512).save_pretrained(tmp_path / "trimmed")
    student = {"from_layers": [0], "tokenizer": str(tmp_path / "trimmed")}
    rows = isogloss.distil(
        text_world / "encoder",
        student=student,
        text=template(text_world),
        overrides=[*FEW, "steps=1", "learning_rate=1e-12", "dropout=0"],
        output=tmp_path / "run",
    )
    assert all(abs(row["value"]) < 1e-6 for row in rows)
    model = AutoModel.from_pretrained(tmp_path / "run" / "model", add_pooling_layer=False)
    assert (model.config.vocab_size, model.config.pad_token_id) == (len(order), order.index("<pad>"))


def other_tokenizer(folder: Path) -> str:
    train_tokenizer([" ".join(words) * 3 for words in WORDS.values()], 140).save_pretrained(folder / "other")
    return str(folder / "other")


def test_a_special_sub_word_that_the_teacher_lacks_is_one_that_it_has_not(text_world: Path, tmp_path: Path):
    """It reads its own around the texts then, since it has no row for the student's."""
    tokenizer = AutoTokenizer.from_pretrained(text_world / "encoder")
    tokenizer.add_special_tokens({"additional_special_tokens": ["<text>"]})
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<text> $A </s>",
        pair="<text> $A </s> $B </s>",
        special_tokens=[(piece, tokenizer.convert_tokens_to_ids(piece)) for piece in ("<text>", "</s>")],
    )
    tokenizer.save_pretrained(tmp_path / "other")
    given: dict[str, Any] = {
        "student": {"layers": 1, "hidden": 8, "tokenizer": str(tmp_path / "other")},
        "text": template(text_world),
        "overrides": FEW,
        "output": tmp_path / "run",
    }
    with pytest.raises(IsoglossError, match=r"found 1 that it has not, such as '<text>'; .*states alone"):
        isogloss.distil(text_world / "encoder", **given)
    assert not (tmp_path / "run").exists()
    rows = isogloss.distil(text_world / "encoder", **given, objective="states")
    assert all(math.isfinite(row["value"]) for row in rows)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"objective": "relation"}, r"objective: no objective 'relation'; did you mean 'relations'"),
        ({"text": "text/{language}.pdf"}, r"ends in one of txt, .*, found 'pdf'"),
        ({"student": {"layers": 2, "hidden": 10, "heads": 3}}, r"student\.heads: must divide hidden = 10, found 3"),
        (
            {"student": {"layers": 1, "hidden": 9, "config": {"model_type": "modernbert"}}},
            r"student\.hidden: must be even, since positions of a 'modernbert' model rotate .*found 9",
        ),
        ({"student": {"hiden": 10}}, r"unknown key 'student\.hiden'; did you mean 'hidden'"),
        (
            {"student": {"layers": 1, "hidden": 6}, "set": "sources.0.relations.heads=4"},
            r"heads: .* 16 and 6, found",
        ),
        ({"set": "sources.0.relations.layer=2"}, r"layer: must be from 1 to 1, the layers of the teacher, found 2"),
        (
            {"set": "sources=[{kind: distil, relations: null, states: {layer: 3}}]"},
            r"states\.layer: must be from 1 to 1, the layers of the teacher, found 3; nearest valid: 1",
        ),
        (
            {"set": "sources=[{kind: distil, relations: null, sentence: {layer: 3}}]"},
            r"sentence\.layer: must be from 1 to 1, the layers of the teacher, found 3; nearest valid: 1",
        ),
        ({"set": "sources=[{kind: distil, relations: null}]"}, r"relations, states or sentence: at least one of them"),
        ({"set": "stages.0.length=900"}, r"stages: length must be at most 512, the longest input of the student"),
        (
            {"student": {"layers": 1, "tokenizer": "{other}"}},
            r"found \d+ that it has not, .*states alone",
        ),
        ({"student": {"from_layers": [4]}}, r"a layer of the teacher is from 0 to 0, found 4; nearest valid: 0"),
        (
            {"student": {"layers": 1, "embedding": 8, "config": {"model_type": "bert"}}},
            r"embedding: makes an ELECTRA .* leave out config\.model_type, found 'bert'$",
        ),
        (
            {"student": {"from_layers": [0], "intermediate": 17}},
            r"student\.intermediate: with from_layers must be at most 16, the teacher's, found 17; nearest valid: 16",
        ),
        (
            {"student": {"from_layers": [0], "intermediate": 8, "config": {"intermediate_size": 16}}},
            r"intermediate: 8 beside config\.intermediate_size, found 16; leave out config\.intermediate_size",
        ),
        (
            {"student": {"from_layers": [0], "embedding": 16}},
            r"embedding: 16 is what a hidden state has, .*leave it out",
        ),
        ({"run": "runs/none", "teacher": None}, r"runs/none is no finished run of `isogloss train`"),
        ({"run": "runs/none"}, r"teacher: does not go with run"),
    ],
)
def test_bad_input_is_one_clear_error_before_anything_is_written(
    changes: dict[str, Any], message: str, text_world: Path, tmp_path: Path
):
    given = {"teacher": text_world / "encoder", "student": {"layers": 1, "hidden": 8}, "text": template(text_world)}
    given |= {key: value for key, value in changes.items() if key != "set"}
    if isinstance(given["student"], dict) and given["student"].get("tokenizer"):
        given["student"] = {**given["student"], "tokenizer": other_tokenizer(tmp_path)}
    overrides = [*FEW, *([changes["set"]] if "set" in changes else [])]
    with pytest.raises(IsoglossError, match=message):
        isogloss.distil(given.pop("teacher"), **given, overrides=overrides, output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"teacher": "runs/none/model"}, r"^teacher 'runs/none/model': no such folder, and no id of the hub"),
        ({"teacher": "isogloss-smal"}, r"^no model 'isogloss-smal'; did you mean 'isogloss-small'"),
        ({"student": "runs/none/model"}, r"^model 'runs/none/model': no such folder, and no id of the hub"),
        ({"student": "{layers: 1, tokenizer: ./none}"}, r"^student\.tokenizer './none': no such folder, and no id"),
        ({"teacher": "none/none"}, r"^model 'none/none' is neither a local folder nor to be had from the hub"),
        ({"student": "none/none"}, r"^model 'none/none' is neither a local folder nor to be had from the hub"),
        (
            {"student": "{layers: 1, tokenizer: none/none}"},
            r"^model 'none/none' is neither a local folder nor to be had from the hub",
        ),
        ({"student": "layers: 4, hidden: 8"}, r"^student: sizes stand in braces, --student '\{layers: 4, hidden: 8\}'"),
        (
            {"teacher": "{run}"},
            r"^teacher '.*run': the folder of a run, whose model is in it; name '.*run/model' instead",
        ),
        (
            {"student": "{run}"},
            r"^model '.*run': the folder of a run, whose model is in it; name '.*run/model' instead",
        ),
        (
            {"student": "{layers: 1, tokenizer: {run}}"},
            r"^student\.tokenizer '.*run': the folder of a run, whose model",
        ),
    ],
)
def test_a_name_that_leads_to_no_model_is_not_an_unreadable_tokenizer(
    changes: dict[str, str], message: str, text_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    shutil.copytree(text_world / "encoder", tmp_path / "run" / "model")
    given = {"teacher": str(text_world / "encoder"), "student": "{layers: 1, hidden: 8}", **changes}
    teacher, student = (given[key].replace("{run}", str(tmp_path / "run")) for key in ("teacher", "student"))
    with pytest.raises(IsoglossError, match=message):
        isogloss.distil(
            teacher, student=student, text=template(text_world), overrides=FEW, output=tmp_path / "distilled"
        )
    assert not (tmp_path / "distilled").exists()


def test_an_architecture_whose_attention_cannot_be_read_is_refused(text_world: Path, tmp_path: Path):
    student = {"layers": 1, "hidden": 8, "heads": 2, "config": {"model_type": "albert"}}
    given: dict[str, Any] = {"student": student, "text": template(text_world), "overrides": FEW}
    with pytest.raises(IsoglossError, match=r"of a 'albert' student cannot be read, only of bert, .*states alone"):
        isogloss.distil(text_world / "encoder", **given, output=tmp_path / "run")
    isogloss.distil(text_world / "encoder", **given, objective="states", output=tmp_path / "run")


def test_a_file_of_the_one_language_that_is_asked_for_needs_no_field(text_world: Path, tmp_path: Path):
    rows = isogloss.distil(
        text_world / "encoder",
        student={"layers": 1, "hidden": 8},
        text=f"{text_world}/plain/de.txt",
        languages="de",
        overrides=[*FEW, "steps=1"],
        output=tmp_path / "run",
    )
    assert {row["language"] for row in rows} == {"de"}
    with pytest.raises(IsoglossError, match=r"without \{language\} in it there must be exactly one language"):
        isogloss.distil(text_world / "encoder", text=f"{text_world}/plain/de.txt", languages="de,fr")


def test_a_student_learns_the_task_of_a_run(world: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    whole = labelled("multitask", world, model=str(world / "unigram"), steps=8)
    isogloss.train(whole, output=tmp_path / "run")
    rows = isogloss.distil(
        run=tmp_path / "run",
        student=world / "unigram",
        text=f"{world}/parallel/{{language}}.txt",
        overrides=["steps=6"],
    )
    assert (tmp_path / "run-distilled" / "model" / "config.json").exists()
    recipe = isogloss.show(tmp_path / "run-distilled" / "recipe.yaml")
    assert "kind: soft_labels" in recipe and "label: distilled" in recipe
    said = capfd.readouterr()
    table = said.out.splitlines()
    head = next(line for line in table if "teacher %" in line)
    assert head.index("teacher %") < head.index("student %")
    values = {row["language"]: row["value"] for row in rows if row["metric"] == "accuracy"}
    german = next(line.split() for line in table[table.index(head) :] if " de " in line)
    assert float(german[-1]) == pytest.approx(100 * values["de"], abs=0.06)
    assert "0 sentences left out, found in files of exclude" in said.err
    fingerprint = json.loads((tmp_path / "run-distilled" / "fingerprint.json").read_text(encoding="utf-8"))
    assert fingerprint["teacher_of_text"]

    with pytest.raises(IsoglossError, match=r"student: with run it is an encoder that there is"):
        isogloss.distil(run=tmp_path / "run", student={"layers": 1}, text="x.txt")
    with pytest.raises(IsoglossError, match=r"^student '.*run': the folder of a run, .*name '.*run/model' instead"):
        isogloss.distil(run=tmp_path / "run", student=tmp_path / "run", text="x.txt")
    with pytest.raises(IsoglossError, match=r"^student '\./none': no such folder, and no id of the hub"):
        isogloss.distil(run=tmp_path / "run", student="./none", text="x.txt")
    with pytest.raises(IsoglossError, match=r"sources: soft_labels\.teacher: .* has another tokenizer than this run"):
        isogloss.distil(
            run=tmp_path / "run",
            student=world / "encoder",
            text=f"{world}/parallel/{{language}}.txt",
            output=tmp_path / "other",
        )


def test_what_a_run_is_tested_on_is_no_text_to_answer_to(
    trained: Callable[[str], Path], world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    lines = (world / "pos" / "en" / "test.conllu").read_text(encoding="utf-8").splitlines()
    words = [line.split("\t")[1] for line in lines[: lines.index("")] if line[:1].isdigit()]
    (tmp_path / "en.txt").write_text(f"{' '.join(words)}\nwi ta lo ta\n", encoding="utf-8")
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr("isogloss.calls.distil_task.train", lambda given, **_: asked.append(given) or [])
    isogloss.distil(run=trained("pos"), student=world / "encoder", text=f"{tmp_path}/{{language}}.txt")
    texts = read_recipe_texts(resolve(asked[0]), Problems())
    assert texts.sentences == {"en": ["wi ta lo ta"]} and texts.left_out == 1
    kept = read_recipe_texts(resolve(asked[0], overrides=["exclude=[]"]), Problems())
    assert len(kept.sentences["en"]) == 2


@pytest.mark.parametrize("run", [".", "model/.."])
def test_the_current_folder_is_a_run_too(
    run: str, trained: Callable[[str], Path], world: Path, monkeypatch: pytest.MonkeyPatch
):
    written: list[Path] = []
    monkeypatch.setattr("isogloss.calls.distil_task.train", lambda _, *, output, **__: written.append(output) or [])
    monkeypatch.chdir(trained("pos"))
    isogloss.distil(run=run, student=world / "encoder", text=f"{world}/parallel/{{language}}.txt")
    assert written == [trained("pos").with_name("pos-distilled").resolve()]


def test_test_sentences_are_found_in_whatever_the_run_reads(
    trained: Callable[[str], Path], world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A run on Parquet breaks at no file of it, and passages of questions are found as texts."""
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr("isogloss.calls.distil_task.train", lambda given, **_: asked.append(given) or [])
    given: dict[str, Any] = {"student": world / "encoder", "text": f"{tmp_path}/{{language}}.txt"}

    run = tmp_path / "run"
    shutil.copytree(trained("pos"), run)
    recipe = yaml.safe_load((run / "recipe.yaml").read_text("utf-8"))
    for path in sorted(world.glob("pos/*/*.conllu")):
        sentences = ConllU().read(path, path.parent.name, Problems())
        (tmp_path / f"{path.parent.name}-{path.stem}.parquet").write_bytes(Parquet().dump(sentences))
    recipe["data"][0] |= {"path": f"{tmp_path}/{{language}}-{{split}}.parquet", "format": "parquet"}
    (run / "recipe.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    tested = ConllU().read(world / "pos/en/test.conllu", "en", Problems())
    (tmp_path / "en.txt").write_text(f"{' '.join(tested[0].tokens)}\nwi ta lo ta\n", encoding="utf-8")
    isogloss.distil(run=run, **given)
    texts = read_recipe_texts(resolve(asked[-1]), Problems())
    assert texts.sentences == {"en": ["wi ta lo ta"]} and texts.left_out == 1

    isogloss.distil(run=trained("qa"), **given)
    own = resolve(asked[-1])
    passage = Squad().read(Path(next(path for path in own.exclude if "en" in path)), "en", Problems())[0].context
    (tmp_path / "en.txt").write_text(f"{passage}\nwi ta lo ta\n", encoding="utf-8")
    texts = read_recipe_texts(own, Problems())
    assert texts.sentences == {"en": ["wi ta lo ta"]} and texts.left_out == 1


@pytest.mark.parametrize("trusted", [True, False])
def test_who_has_let_a_run_run_code_is_not_asked_again(
    trusted: bool, trained: Callable[[str], Path], world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    run = shutil.copytree(trained("pos"), tmp_path / "run")
    recipe = yaml.safe_load((run / "recipe.yaml").read_text("utf-8"))
    (run / "recipe.yaml").write_text(yaml.safe_dump({**recipe, "trust_remote_code": trusted}), encoding="utf-8")
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr("isogloss.calls.distil_task.train", lambda given, **_: asked.append(given) or [])
    isogloss.distil(run=run, student=world / "encoder", text=f"{world}/parallel/{{language}}.txt")
    assert resolve(asked[0]).trust_remote_code is trusted
