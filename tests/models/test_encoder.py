from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForMaskedLM, AutoModelForSequenceClassification, PreTrainedConfig

from isogloss.common.errors import IsoglossError
from isogloss.examples import Example, LabelledText, TaggedSentence
from isogloss.models import Loaded, build_encoder, load_encoder, train_tokenizer
from isogloss.models.configuration import prepare
from isogloss.models.dropout import set_dropout
from isogloss.models.relabelling import output_layer
from isogloss.models.weights import head
from isogloss.objectives import Supervised
from isogloss.tasks import Classification, Spans, Task, part_of_speech

TYPES = ("xlm-roberta", "bert", "deberta-v2", "modernbert")
SIZE = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
TEXTS = ["der Hund schläft auf dem Sofa", "the dogs sleep on the sofa", "他 喜欢 在 公园 散步"] * 4
TAGGING = part_of_speech(("A", "B", "C"))
NLI = Classification("nli", ("yes", "no"))
EXAMPLES: dict[str, list[Example]] = {
    "pos": [
        TaggedSentence("1", "de", ("der", "Hund", "schläft"), ("A", "B", "C"), "a", 1),
        TaggedSentence("2", "zh", ("他", "喜欢"), ("A", "C"), "a", 5),
    ],
    "nli": [
        LabelledText("1", "de", "der Hund", "schläft", "yes", "b", 1),
        LabelledText("2", "zh", "他", "喜欢 在 公园", "no", "b", 2),
    ],
}


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(TEXTS, 70, max_length=64)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, tokenizer: Any) -> dict[str, Path]:
    """Per model type a half-precision masked language model, as one finds them on the hub."""
    made = {}
    for model_type in TYPES:
        folder = made[model_type] = tmp_path_factory.mktemp(model_type)
        loaded = build_encoder({"model_type": model_type, **SIZE}, tokenizer, AutoModelForMaskedLM, None, seed=1)
        loaded.model.half().save_pretrained(folder)
        loaded.tokenizer.save_pretrained(folder)
    return made


@pytest.fixture(params=["safetensors", "bin"])
def stored(request: pytest.FixtureRequest, folders: dict[str, Path], tmp_path: Path):
    """The folder of a model type, in one of the two formats."""

    def get(model_type: str) -> Path:
        if request.param == "safetensors":
            return folders[model_type]
        folder = tmp_path / model_type
        shutil.copytree(folders[model_type], folder)
        (folder / "model.safetensors").unlink()
        model = AutoModelForMaskedLM.from_pretrained(folders[model_type], dtype=torch.float16)
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
        return folder

    return get


def load(folder: Path, task: Task = TAGGING, seed: int = 0, **options: Any) -> Loaded:
    return load_encoder(folder, task.auto_class, task.labels, seed=seed, **options)


def weights(loaded: Loaded, names: frozenset[str]) -> dict[str, list[float]]:
    return {name: loaded.model.get_parameter(name).flatten().tolist() for name in sorted(names)}


@pytest.mark.parametrize("task", [TAGGING, NLI], ids=["tagging", "classification"])
@pytest.mark.parametrize("model_type", TYPES)
def test_loads_in_float32_and_trains(stored: Any, model_type: str, task: Task) -> None:
    folder = stored(model_type)
    loaded = load(folder, task)
    assert {parameter.dtype for parameter in loaded.model.parameters()} == {torch.float32}
    assert loaded.model.training
    # The encoder is the stored one; what is fresh lies in the head or the pooler.
    reference = AutoModelForMaskedLM.from_pretrained(folder, dtype=torch.float32).base_model.state_dict()
    for name, tensor in loaded.model.base_model.state_dict().items():
        assert "pooler" in name or torch.equal(tensor, reference[name])
    assert loaded.fresh
    assert all("classifier" in name or "pooler" in name for name in loaded.fresh)
    assert loaded.model.config.id2label == dict(enumerate(task.labels))
    examples = EXAMPLES[task.name]
    features = task.encode(examples, loaded.tokenizer, 32).features
    batch = task.collate(features, loaded.tokenizer)
    losses = Supervised()(loaded.model, batch)["task"]
    losses.sum().backward()
    assert torch.isfinite(losses).all()
    assert all(loaded.model.get_parameter(name).grad is not None for name in loaded.fresh)
    logits = loaded.model(**batch.inputs).logits
    predictions = task.assemble(examples, features, task.decode(logits, features))
    assert set(task.score([task.gold(example) for example in examples], predictions)) == set(task.metrics)


def test_padding_changes_no_logits(folders: dict[str, Path]) -> None:
    for model_type in TYPES:
        loaded = load(folders[model_type])
        loaded.model.eval()
        features = TAGGING.encode(EXAMPLES["pos"], loaded.tokenizer, 32).features
        short = min(features, key=len)
        with torch.no_grad():
            alone = loaded.model(**TAGGING.collate([short], loaded.tokenizer).inputs).logits[0]
            both = loaded.model(**TAGGING.collate(features, loaded.tokenizer).inputs).logits[features.index(short)]
        assert torch.allclose(both[: len(short)], alone, atol=1e-5), model_type


@pytest.mark.parametrize("model_type", TYPES)
def test_heads_depend_on_the_seed_alone(folders: dict[str, Path], model_type: str) -> None:
    torch.manual_seed(5)
    first = load(folders[model_type])
    state = torch.get_rng_state()
    torch.rand(7)
    second, other = load(folders[model_type]), load(folders[model_type], seed=1)
    torch.manual_seed(5)
    assert torch.equal(torch.get_rng_state(), state)
    assert weights(first, first.fresh) == weights(second, first.fresh)
    assert weights(first, first.fresh) != weights(other, first.fresh)
    assert all("classifier" in name or "pooler" in name for name in first.fresh)


def test_random_weights_keep_architecture_and_tokenizer(folders: dict[str, Path]) -> None:
    folder = folders["bert"]
    first, second = load(folder, random_weights=True), load(folder, random_weights=True)
    trained = load(folder)
    everything = frozenset(name for name, _ in first.model.named_parameters())
    assert first.fresh == everything
    assert weights(first, everything) == weights(second, everything)
    name = "bert.encoder.layer.0.attention.self.query.weight"
    assert not torch.equal(first.model.get_parameter(name), trained.model.get_parameter(name))
    assert first.tokenizer.get_vocab() == trained.tokenizer.get_vocab()
    assert first.identity == {"source": str(folder), "weights": "random", "seed": 0}
    assert {parameter.dtype for parameter in first.model.parameters()} == {torch.float32}


def test_identity_is_of_the_weights(stored: Any) -> None:
    folder = stored("bert")
    identity = load(folder).identity
    (name, digest), *others = identity["sha256"].items()
    assert (identity["source"], others, len(digest)) == (str(folder), [], 64)
    assert (folder / name).is_file()
    assert json.loads(json.dumps(identity)) == identity


def test_the_head_of_pre_training_is_unused(folders: dict[str, Path]) -> None:
    assert any(name.startswith("cls.predictions") for name in load(folders["bert"]).unused)


def tuned_head(folder: Path, target: Path, task: Task, **config: Any) -> tuple[Loaded, list[str]]:
    """A checkpoint with a head for the task in ``target``, and the names of its output layer."""
    tuned = load(folder, task, seed=3)
    names = sorted(output_layer(tuned.model, task.labels))
    for name in names:  # biases begin as 0, and would not be told apart
        tuned.model.get_parameter(name).data.normal_(generator=torch.Generator().manual_seed(7))
    for name, value in config.items():
        setattr(tuned.model.config, name, value)
    tuned.model.save_pretrained(target)
    tuned.tokenizer.save_pretrained(target)
    return tuned, names


OUTPUT = {
    ("pos", "xlm-roberta"): "classifier",
    ("nli", "xlm-roberta"): "classifier.out_proj",
    ("pos", "bert"): "classifier",
    ("nli", "bert"): "classifier",
    ("pos", "deberta-v2"): "classifier",
    ("nli", "deberta-v2"): "classifier",
    ("pos", "modernbert"): "classifier",
    ("nli", "modernbert"): "classifier",
}


@pytest.mark.parametrize("make", [part_of_speech, partial(Classification, "nli")], ids=["pos", "nli"])
@pytest.mark.parametrize("model_type", TYPES)
def test_rows_of_a_fine_tuned_head_are_kept_by_label(
    folders: dict[str, Path], tmp_path: Path, model_type: str, make: Callable[[tuple[str, ...]], Task]
) -> None:
    stored = ("A", "B", "C")
    task = make(stored)
    tuned, names = tuned_head(folders[model_type], tmp_path, task)
    layer = OUTPUT[task.name, model_type]
    assert names == [f"{layer}.bias", f"{layer}.weight"]
    again = load(tmp_path, task)
    assert (again.fresh, again.notes) == (frozenset(), ())
    assert weights(again, frozenset(names)) == weights(tuned, frozenset(names))
    begin = f"warning: model '{tmp_path}': its head is for "
    for labels, note in (
        (("C", "A", "B"), "the same labels in another order, and is kept"),
        (("C", "A"), "other labels; kept: C, A; dropped: B"),
        (("D", "C", "E"), "other labels; kept: C; new, from random weights: D, E; dropped: A, B"),
        (("A", "B", "C", "D"), "other labels; kept: A, B, C; new, from random weights: D"),
        (("X", "Y", "Z"), "other labels; new, from random weights: X, Y, Z; dropped: A, B, C"),
        (("X", "Y"), "other labels; new, from random weights: X, Y; dropped: A, B, C"),
    ):
        other = load(tmp_path, make(labels))
        assert other.notes == (begin + note,)
        assert other.fresh == (frozenset() if set(labels) <= set(stored) else frozenset(names))
        assert other.model.config.id2label == dict(enumerate(labels))
        for name in names:
            rows = other.model.get_parameter(name)
            assert len(rows) == len(labels)
            for row, label in zip(rows, labels, strict=True):
                matches = [torch.equal(row, old) for old in tuned.model.get_parameter(name)]
                assert matches == [label == old for old in stored], (name, label)
        everything = frozenset(name for name, _ in other.model.named_parameters()) - frozenset(names)
        assert weights(other, everything) == weights(again, everything)


@pytest.mark.parametrize("labels", [("X", "Y"), ("X", "Y", "Z"), ("A", "X", "Y"), ("A", "X")])
def test_new_rows_are_those_of_a_fresh_head(folders: dict[str, Path], tmp_path: Path, labels: tuple[str, ...]) -> None:
    _, names = tuned_head(folders["xlm-roberta"], tmp_path, TAGGING)
    task = part_of_speech(labels)
    rows, fresh = (load(folder, task, seed=5) for folder in (tmp_path, folders["xlm-roberta"]))
    new = [index for index, label in enumerate(labels) if label != "A"]
    for name in names:
        weight, expected = rows.model.get_parameter(name)[new], fresh.model.get_parameter(name)[new]
        # Of as many labels the head is drawn together with all other parameters.
        assert torch.equal(weight, expected) == (len(labels) != 3 or name.endswith("bias"))
        assert torch.equal(weight, load(tmp_path, task, seed=5).model.get_parameter(name)[new])
        assert name.endswith("bias") or not torch.equal(weight, load(tmp_path, task).model.get_parameter(name)[new])


def test_labels_without_names_are_no_ones(folders: dict[str, Path], tmp_path: Path) -> None:
    unnamed = part_of_speech(("LABEL_0", "LABEL_1", "LABEL_2"))
    tuned, names = tuned_head(folders["bert"], tmp_path, unnamed, problem_type="multi_label_classification")
    for task in (TAGGING, part_of_speech(("LABEL_1", "LABEL_0"))):
        other = load(tmp_path, task)
        (note,) = other.notes
        assert note.endswith(
            f"its head is for labels without names (LABEL_0 and so on), and is dropped; new: {', '.join(task.labels)}"
        )
        assert other.fresh == frozenset(names)
        assert other.model.config.problem_type is None
    assert load(tmp_path, unnamed).notes == ()
    assert weights(load(tmp_path, unnamed), frozenset(names)) == weights(tuned, frozenset(names))


@pytest.mark.parametrize("model_type", TYPES)
def test_a_head_of_another_kind_is_dropped_and_said(folders: dict[str, Path], tmp_path: Path, model_type: str) -> None:
    if model_type == "xlm-roberta":
        tuned_head(folders[model_type], tmp_path, Classification("nli", ("A", "B", "C")))
        (note,) = load(tmp_path).notes
        assert note.endswith(
            "its head (XLMRobertaForSequenceClassification) is for another kind of task, and is dropped"
        )
    tuned_head(folders[model_type], tmp_path, TAGGING)
    spans = Spans("qa")
    answering = load_encoder(tmp_path, spans.auto_class, None, seed=0)
    (note,) = answering.notes
    assert "ForTokenClassification) is for another kind of task, and is dropped" in note
    layer = "classifier" if model_type == "modernbert" else "qa_outputs"
    assert answering.model.get_parameter(f"{layer}.weight").shape[0] == 2
    assert f"{layer}.weight" in answering.fresh
    assert load(folders[model_type]).notes == ()


def test_as_many_rows_as_the_hidden_layer_is_wide(folders: dict[str, Path], tmp_path: Path) -> None:
    labels = tuple("ABCDEFGHIJKLMNOP")
    tuned, names = tuned_head(folders["xlm-roberta"], tmp_path, Classification("topic", labels))
    other = load(tmp_path, Classification("topic", labels[::-1]))
    assert names == ["classifier.out_proj.bias", "classifier.out_proj.weight"]
    dense = frozenset({"classifier.dense.weight", "classifier.dense.bias"})
    assert weights(other, dense) == weights(tuned, dense)


def test_loading_is_quiet_of_fresh_heads_only(
    folders: dict[str, Path], capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    load(folders["bert"])
    assert "Loading weights" not in capfd.readouterr().err
    assert not caplog.records
    AutoModelForSequenceClassification.from_pretrained(folders["bert"])
    assert "LOAD REPORT" in caplog.text


def test_dropout(folders: dict[str, Path], tokenizer: Any) -> None:
    for model_type in TYPES:
        loaded = load(folders[model_type], NLI, dropout=0.25)
        rates = {module.p for module in loaded.model.modules() if isinstance(module, torch.nn.Dropout)}
        # ModernBERT's and DeBERTa's classes hold further dropouts that are functions.
        assert rates <= {0.25}, model_type
        assert rates, model_type
    built = build_encoder({"model_type": "bert", **SIZE}, tokenizer, NLI.auto_class, NLI.labels, seed=0, dropout=0.0)
    assert built.model.config.classifier_dropout == built.model.config.hidden_dropout_prob == 0.0
    with pytest.raises(IsoglossError, match=r"dropout is 1\.0"):
        load(folders["bert"], dropout=1.0)
    with pytest.raises(IsoglossError, match="'llama' is no encoder"):
        prepare(AutoConfig.for_model("llama"), None, 0.1)
    with pytest.raises(IsoglossError, match="has none to set"):
        set_dropout(PreTrainedConfig(), 0.1)


@pytest.mark.parametrize("model_type", TYPES)
def test_built_models_take_the_longest_input(tokenizer: Any, model_type: str) -> None:
    loaded = build_encoder({"model_type": model_type, **SIZE}, tokenizer, TAGGING.auto_class, TAGGING.labels, seed=0)
    longest = loaded.tokenizer.model_max_length
    assert longest == 64
    ids = torch.full((1, longest), 7)
    assert loaded.model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits.shape == (1, 64, 3)
    assert loaded.fresh == {name for name, _ in loaded.model.named_parameters()}
    assert head(loaded.model) < loaded.fresh
    config = loaded.model.config
    assert (config.vocab_size, config.pad_token_id, config.bos_token_id, config.eos_token_id) == (70, 1, 0, 2)


def test_built_models_depend_on_the_seed_alone(tokenizer: Any) -> None:
    config = {"model_type": "xlm-roberta", **SIZE}
    first, second, other = (
        build_encoder(config, tokenizer, TAGGING.auto_class, TAGGING.labels, seed=seed) for seed in (0, 0, 1)
    )
    assert weights(first, first.fresh) == weights(second, first.fresh)
    assert weights(first, first.fresh) != weights(other, first.fresh)
    assert first.identity == {"config": config, "weights": "random", "seed": 0}


def test_fewer_positions_shorten_the_tokenizer(tokenizer: Any) -> None:
    config = {"model_type": "xlm-roberta", **SIZE, "max_position_embeddings": 34}
    loaded = build_encoder(config, tokenizer, TAGGING.auto_class, TAGGING.labels, seed=0)
    assert (loaded.tokenizer.model_max_length, tokenizer.model_max_length) == (32, 64)
    with pytest.raises(IsoglossError, match="to 32 "):
        TAGGING.encode(EXAMPLES["pos"], loaded.tokenizer, 33)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"model_type": "xlmroberta"}, "did you mean 'xlm-roberta'"),
        ({}, "model_type 'None' is unknown"),
        ({"model_type": "bert", "hidden_sise": 3}, "no 'hidden_sise'; did you mean 'hidden_size'"),
        ({"model_type": "bert", "hidden_size": "big"}, "configuration of a 'bert' model"),
        ({"model_type": "bert", "hidden_size": 10, "num_attention_heads": 3}, "cannot be built|multiple"),
        ({"model_type": "gpt2"}, "'gpt2' is no encoder"),
        ({"model_type": "t5"}, "'t5' is no encoder"),
        ({"model_type": "bart"}, "'bart' is no encoder"),
        ({"model_type": "canine"}, "'canine' reads characters, by no sub-words and without a fast tokenizer"),
        ({"model_type": "lilt"}, "'lilt' is none that transformers can pre-train by masked language modelling"),
    ],
)
def test_configuration_errors(tokenizer: Any, config: dict[str, Any], message: str) -> None:
    with pytest.raises(IsoglossError, match=message):
        build_encoder(config, tokenizer, AutoModelForSequenceClassification, ("a", "b"), seed=0)


def copy_of(folder: Path, target: Path, *without: str) -> Path:
    shutil.copytree(folder, target, dirs_exist_ok=True)
    for name in without:
        (target / name).unlink()
    return target


def test_folder_errors(folders: dict[str, Path], tmp_path: Path) -> None:
    bert = folders["bert"]
    with pytest.raises(IsoglossError, match=r"has no config\.json"):
        load(copy_of(bert, tmp_path / "a", "config.json"))
    with pytest.raises(IsoglossError, match="has no weights"):
        load(copy_of(bert, tmp_path / "b", "model.safetensors"))
    with pytest.raises(IsoglossError, match="has no tokenizer"):
        load(copy_of(bert, tmp_path / "c", "tokenizer.json", "tokenizer_config.json"))
    broken = copy_of(bert, tmp_path / "d")
    (broken / "model.safetensors").write_bytes((bert / "model.safetensors").read_bytes()[:999])
    with pytest.raises(IsoglossError, match="weights cannot be read"):
        load(broken)
    (broken / "config.json").write_text("{")
    with pytest.raises(IsoglossError, match=r"config\.json cannot be used"):
        load(broken)
    assert load(copy_of(bert, tmp_path / "e", "model.safetensors"), random_weights=True).identity["seed"] == 0


def test_weights_of_another_model_are_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    for change in ({"num_hidden_layers": 3}, {"intermediate_size": 32}):
        folder = copy_of(folders["bert"], tmp_path / next(iter(change)))
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | change))
        with pytest.raises(IsoglossError, match="missing or of another shape"):
            load(folder)


def test_a_tokenizer_of_another_model_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = copy_of(folders["bert"], tmp_path / "model")
    train_tokenizer([*TEXTS, "many more words than before : Straßenbahnhaltestelle"], 130).save_pretrained(folder)
    with pytest.raises(IsoglossError, match="sub-words, but the model has embeddings for 70 only"):
        load(folder)


class Command:
    """Runs when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_code_in_a_pickle_does_not_run(folders: dict[str, Path], tmp_path: Path) -> None:
    folder, proof = copy_of(folders["bert"], tmp_path / "model", "model.safetensors"), tmp_path / "ran"
    torch.save({"bert.embeddings.word_embeddings.weight": Command(proof)}, folder / "pytorch_model.bin")
    with pytest.raises(IsoglossError, match="weights cannot be read"):
        load(folder)
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Command(proof), protocol=2))
    with pytest.raises(IsoglossError, match="weights cannot be read"):
        load(folder)
    assert not proof.exists()


def test_an_unreachable_hub_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(IsoglossError, match=r"(?s)neither a local folder nor to be had from the hub.*hf download"):
        load_encoder("nobody/nothing", TAGGING.auto_class, TAGGING.labels, seed=0)


def test_a_hub_model_is_identified_by_its_commit(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    cache = tmp_path / "models--someone--model"
    copy_of(folders["bert"], cache / "snapshots" / commit)
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("transformers.utils.hub.constants.HF_HUB_CACHE", str(tmp_path))
    loaded = load_encoder("someone/model", TAGGING.auto_class, TAGGING.labels, seed=0)
    assert loaded.identity == {"source": "someone/model", "commit": commit}
    assert weights(loaded, loaded.fresh) == weights(load(folders["bert"]), loaded.fresh)
