"""AdapterHub's folders: what its package computes (recorded by `tests.support.record_adapters`), what it wrote before,
what fits no model."""

from __future__ import annotations

import copy
import json
import math
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AlbertConfig, AlbertModel

from isogloss.common.errors import IsoglossError
from isogloss.models.extensions.adapters import (
    HOULSBY,
    HOULSBY_INV,
    PARALLEL,
    PFEIFFER,
    PFEIFFER_INV,
    AdapterConfig,
    Adapters,
    adapter_folder,
    read_adapter,
    write_adapter,
)
from isogloss.models.extensions.adapters.hub_words import from_hub, to_hub
from tests.support.record_adapters import BASES, FIXTURES, base_model, names_on, outputs, stacks_on

CONFIG, SAFE, BIN = "adapter_config.json", "adapter.safetensors", "pytorch_adapter.bin"


@pytest.fixture(scope="module")
def recorded() -> dict[str, torch.Tensor]:
    return load_file(FIXTURES / "recorded.safetensors")


@cache
def plain(base: str) -> Any:
    return base_model(FIXTURES / base / "base")


def model_with(base: str, *names: str) -> tuple[Any, Adapters]:
    model = copy.deepcopy(plain(base))
    adapters = Adapters(model)
    for name in names:
        read_adapter(FIXTURES / base / name, adapters)
    return model, adapters


@pytest.mark.parametrize("base", BASES)
def test_outputs_are_those_of_the_package(base: str, recorded: dict[str, torch.Tensor]) -> None:
    """Hidden states, and where the package undoes the invertible part logits of a masked-LM head too."""
    model, adapters = model_with(base, *names_on(base))
    for stack in stacks_on(base):
        with adapters.using(*stack):
            for key, found in outputs(model, base).items():
                expected = recorded[f"{base}/{'+'.join(stack)}/{key}"]
                torch.testing.assert_close(found, expected, atol=1e-5, rtol=0, msg=lambda m, s=stack: f"{s}: {m}")


def test_what_is_recorded_tells_adapters_apart(recorded: dict[str, torch.Tensor]) -> None:
    found = [tensor for name, tensor in recorded.items() if name.startswith("bert/") and name.endswith("/hidden")]
    assert all(not torch.allclose(a, b, atol=1e-2) for number, a in enumerate(found) for b in found[:number])


# What we write


def test_the_package_read_what_we_wrote_then_and_we_write_the_same_now(tmp_path: Path) -> None:
    """``written`` was written by us and read by the package, which computed ``written.safetensors``."""
    model, adapters = model_with("bert")
    read = read_adapter(FIXTURES / "written", adapters)
    with adapters.using(read.name):
        for key, expected in load_file(FIXTURES / "written.safetensors").items():
            torch.testing.assert_close(outputs(model, "bert")[key], expected, atol=1e-5, rtol=0)
    write_adapter(tmp_path / "again", adapters, read.name, model_name="bert")
    assert (tmp_path / "again" / CONFIG).read_bytes() == (FIXTURES / "written" / CONFIG).read_bytes()
    then, now = (torch.load(folder / BIN, weights_only=True) for folder in (FIXTURES / "written", tmp_path / "again"))
    assert then.keys() == now.keys() and all(torch.equal(then[key], now[key]) for key in then)
    assert sorted(path.name for path in (tmp_path / "again").iterdir()) == [CONFIG, BIN]


@pytest.mark.parametrize("name", ["en", "twice", "beside", "partly", "scaled", "normed"])
def test_what_is_written_is_read_again(name: str, tmp_path: Path) -> None:
    model, adapters = model_with("bert", name)
    (tmp_path / SAFE).write_bytes(b"of an earlier adapter")
    write_adapter(tmp_path, adapters, name)
    read = read_adapter(tmp_path, adapters, "again")
    assert read.adapter.configuration == adapters[name].configuration
    results = []
    for one in (name, "again"):
        with adapters.using(one):
            results.append(outputs(model, "bert")["logits"])
    assert torch.equal(*results)


@pytest.mark.parametrize("configuration", [PFEIFFER, PFEIFFER_INV, HOULSBY, HOULSBY_INV, PARALLEL])
def test_words_for_a_configuration_mean_it(configuration: AdapterConfig) -> None:
    assert from_hub(json.loads(json.dumps(to_hub(configuration))), versioned=True) == configuration


# What was written before


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pfeiffer", PFEIFFER),
        ("pfeiffer+inv", PFEIFFER_INV),
        ("houlsby", HOULSBY),
        ("houlsby+inv", HOULSBY_INV),
        ("parallel", PARALLEL),
        ("seq_bn", PFEIFFER),
        ("seq_bn_inv", PFEIFFER_INV),
        ("double_seq_bn", HOULSBY),
        ("double_seq_bn_inv", HOULSBY_INV),
        ("par_bn", PARALLEL),
    ],
)
def test_names_of_architectures_old_and_new(name: str, expected: AdapterConfig) -> None:
    assert from_hub(name, versioned=True) == expected


FIRST = {
    "LN_after": False,
    "LN_before": False,
    "MH_Adapter": False,
    "Output_Adapter": True,
    "adapter_residual_before_ln": False,
    "attention_type": "sent-lvl-dynamic",
    "invertible_adapter": {"block_type": "nice", "non_linearity": "relu", "reduction_factor": 2},
    "new_attention_norm": False,
    "non_linearity": "relu",
    "original_ln_after": True,
    "original_ln_before": True,
    "reduction_factor": 2,
    "residual_before_ln": True,
}
"""A configuration as the first version of the package wrote it."""


def as_first_written(folder: Path, kind: str = "lang", **options: Any) -> Path:
    """The language adapter of BERT as the first version would have written it."""
    source = FIXTURES / "bert" / "en"
    description = json.loads((source / CONFIG).read_text())
    del description["version"]
    description |= {"config": {**FIRST, **options}, "type": f"text_{kind}", "config_id": "9076f36a74755ac4"}
    tensors = {}
    for key, tensor in torch.load(source / BIN, weights_only=True).items():
        key = key.replace("output.adapters.", f"output.layer_text_{kind}_adapters.")
        tensors[key.replace("invertible_adapters.", f"invertible_{kind}_adapters.")] = tensor
    folder.mkdir()
    torch.save(tensors, folder / BIN)
    (folder / CONFIG).write_text(json.dumps(description))
    return folder


def test_a_folder_of_the_first_version(tmp_path: Path, recorded: dict[str, torch.Tensor]) -> None:
    model, adapters = model_with("bert")
    read_adapter(as_first_written(tmp_path / "en"), adapters)
    with adapters.using("en"):
        torch.testing.assert_close(outputs(model, "bert")["logits"], recorded["bert/en/logits"], atol=1e-5, rtol=0)


@pytest.mark.parametrize(("then", "now"), [("gelu", "gelu_new"), ("gelu_orig", "gelu"), ("swish", "swish")])
def test_the_first_version_called_activations_otherwise(then: str, now: str, tmp_path: Path) -> None:
    _, adapters = model_with("bert")
    block = {**FIRST["invertible_adapter"], "non_linearity": then}
    folder = as_first_written(tmp_path / "en", non_linearity=then, invertible_adapter=block)
    assert read_adapter(folder, adapters).adapter.configuration.non_linearity == now


def test_a_task_of_the_first_version_names_an_invertible_part_that_it_has_not(tmp_path: Path) -> None:
    _, adapters = model_with("bert")
    folder = as_first_written(tmp_path / "ner", "task")
    stored = torch.load(folder / BIN, weights_only=True)
    torch.save({key: tensor for key, tensor in stored.items() if "invertible" not in key}, folder / BIN)
    read = read_adapter(folder, adapters)
    assert read.adapter.invertible is None
    assert read.notes == (f"adapter {str(folder)!r}: names an invertible part, and being one of a task has none",)


# Reading


def test_an_adapter_can_have_another_name_here_and_its_head_is_left_out(
    tmp_path: Path, recorded: dict[str, torch.Tensor]
) -> None:
    model, adapters = model_with("bert")
    folder = copied(tmp_path, name="en")
    (folder / "head_config.json").write_text("{}")
    read = read_adapter(folder, adapters, "english")
    assert (read.name, read.trained_for) == ("english", "bert")
    assert read.notes == (f"adapter {str(folder)!r}: its prediction head is left out",)
    with adapters.using("english"):
        torch.testing.assert_close(outputs(model, "bert")["hidden"], recorded["bert/en/hidden"], atol=1e-5, rtol=0)


def test_layers_can_be_left_out(recorded: dict[str, torch.Tensor]) -> None:
    """As MAD-X 2.0 leaves out the last; the others are as they were."""
    model, adapters = model_with("bert", "ner")
    read = read_adapter(FIXTURES / "bert" / "ner", adapters, "cut", leave_out=[1])
    assert read.adapter.configuration.leave_out == (1,) and list(read.adapter.layers) == ["0"]
    assert torch.equal(
        read.adapter.at(0, "output").down.weight,
        adapters["ner"].at(0, "output").down.weight,  # type: ignore[union-attr]
    )
    with adapters.using("cut"):
        assert not torch.allclose(outputs(model, "bert")["hidden"], recorded["bert/ner/hidden"], atol=1e-2)


def test_reading_leaves_other_adapters_alone() -> None:
    _, adapters = model_with("bert", "ner", "twice")
    adapters["ner"].requires_grad_(False)
    read = read_adapter(FIXTURES / "bert" / "de", adapters)
    assert not any(parameter.requires_grad for parameter in adapters["ner"].parameters())
    assert all(parameter.requires_grad for parameter in adapters["twice"].parameters())
    assert all(parameter.requires_grad for parameter in read.adapter.parameters())
    assert adapters.active == ()


def copied(tmp_path: Path, name: str = "ner") -> Path:
    shutil.copytree(FIXTURES / "bert" / name, tmp_path / name)
    return tmp_path / name


def described(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        description = json.loads((folder / CONFIG).read_text())
        (folder / CONFIG).write_text(json.dumps({**description, **changes}))

    return change


def configured(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        description = json.loads((folder / CONFIG).read_text())
        described(config={**description["config"], **changes})(folder)

    return change


def stored(change_of: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        tensors = change_of(load_file(folder / SAFE))
        save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, folder / SAFE)

    return change


def renamed(old: str, new: str) -> Callable[[Path], None]:
    return stored(lambda tensors: {key.replace(old, new): tensor for key, tensor in tensors.items()})


def without(part: str) -> Callable[[Path], None]:
    return stored(lambda tensors: {key: tensor for key, tensor in tensors.items() if part not in key})


def cut(folder: Path) -> None:
    (folder / SAFE).write_bytes((folder / SAFE).read_bytes()[:50])


def only(folder: Path, content: bytes) -> None:
    (folder / SAFE).unlink()
    (folder / BIN).write_bytes(content)


def pickled(folder: Path) -> None:
    (folder / SAFE).unlink()
    torch.save({"x": Path("x")}, folder / BIN)


def numbered(folder: Path) -> None:
    (folder / SAFE).unlink()
    torch.save({1: torch.ones(1)}, folder / BIN)


@pytest.mark.parametrize(
    ("damage", "where", "message"),
    [
        (described(hidden_size=768), CONFIG, "an adapter for hidden_size 768, but the model has 16"),
        (described(model_type="xlm-roberta"), CONFIG, "for model_type 'xlm-roberta', but the model has 'bert'"),
        (described(config=None), CONFIG, "no 'config', as a file of AdapterHub has it"),
        (described(config=[8]), CONFIG, "config: must be the name of an architecture or its options"),
        (described(peft_type="LORA"), CONFIG, r"a file of peft \(LORA\), not of AdapterHub"),
        (described(config="pfeifer"), CONFIG, r"no architecture 'pfeifer'; did you mean 'pfeiffer'"),
        (described(config="compacter"), CONFIG, r"architecture 'compacter' is not computed here \(valid: seq_bn, "),
        (described(config={"architecture": "lora", "r": 8}), CONFIG, "architecture 'lora' is not computed here"),
        (configured(phm_layer=True), CONFIG, "phm_layer: is not computed here, must be false"),
        (configured(original_ln_after=False), CONFIG, "original_ln_after: is not computed here, must be true"),
        (configured(ln_before=True), CONFIG, "ln_before: is not computed here, must be false"),
        (configured(ln_after=True), CONFIG, "ln_after: is not computed here, must be false"),
        # The norms of the encoder trained along with the adapter, as Houlsby et al. do.
        (
            stored(lambda tensors: {**tensors, "encoder.layer.0.output.LayerNorm.weight": torch.ones(16)}),
            SAFE,
            r"1 tensors are no one's, 'encoder\.layer\.0\.output\.LayerNorm\.weight' among them",
        ),
        (configured(use_gating=True), CONFIG, "use_gating: is not computed here, must be false"),
        (configured(inv_adapter="glow"), CONFIG, "inv_adapter: must be 'nice' or none, found 'glow'"),
        (configured(leaveout=[1]), CONFIG, r"no option 'leaveout' .*did you mean 'leave_out'"),
        (configured(reduction_factor=None), CONFIG, "option 'reduction_factor' is missing"),
        (configured(leave_out=[5]), SAFE, "an adapter for 6 layers, but the model has 2"),
        (renamed("layer.1.", "layer.11."), SAFE, "an adapter for 12 layers, but the model has 2"),
        (without("layer.1."), SAFE, "an adapter for 1 layers, but the model has 2"),
        (configured(reduction_factor=2), SAFE, r"6 tensors are of another shape, 'encoder\.layer\.0\.output"),
        (renamed("adapter_up.bias", "adapter_up.other"), SAFE, r"2 tensors are no one's, 'encoder.*adapter_up\.other'"),
        (without("adapter_up.bias"), SAFE, r"2 tensors are missing, 'encoder.*adapter_up\.bias' among them"),
        (stored(lambda tensors: {key: own * math.nan for key, own in tensors.items()}), SAFE, "8 tensors are not fin"),
        (cut, SAFE, "damaged: "),
        (pickled, BIN, "damaged, or it holds more than tensors, which are all that is read$"),
        (lambda folder: only(folder, b""), BIN, "damaged: "),
        (lambda folder: only(folder, b"version https://git-lfs"), BIN, "damaged, or it holds more than"),
        (numbered, BIN, "damaged: tensors by name expected"),
        (lambda folder: (folder / SAFE).unlink(), "ner", "no weights of an adapter: neither pytorch_adapter.bin nor"),
        (lambda folder: (folder / CONFIG).write_text("{"), CONFIG, "damaged: "),
    ],
)
def test_what_does_not_fit_is_one_error_that_names_the_file_and_adds_nothing(
    damage: Callable[[Path], None], where: str, message: str, tmp_path: Path
) -> None:
    _, adapters = model_with("bert")
    folder = copied(tmp_path)
    damage(folder)
    with pytest.raises(IsoglossError, match=message) as caught:
        read_adapter(folder, adapters)
    assert str(caught.value).startswith(str(folder if where == "ner" else folder / where))
    assert "\n" not in str(caught.value)
    assert adapters.names == ()


def test_a_name_that_is_taken() -> None:
    _, adapters = model_with("bert", "ner")
    with pytest.raises(IsoglossError, match=r"adapter_config\.json: adapter 'ner': the model has one of that name"):
        read_adapter(FIXTURES / "bert" / "ner", adapters)
    assert adapters.names == ("ner",)


def test_albert_means_another_adapter_after_attention(tmp_path: Path) -> None:
    _, adapters = model_with("albert")
    adapters.add("double", HOULSBY, seed=0)
    with pytest.raises(IsoglossError, match="mh_adapter: AdapterHub's package computes it otherwise in ALBERT"):
        write_adapter(tmp_path, adapters, "double")


def test_albert_with_several_groups_of_layers(tmp_path: Path) -> None:
    sizes = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 8, "vocab_size": 20, "embedding_size": 8}
    groups = {"num_hidden_layers": 4, "num_hidden_groups": 2, "inner_group_num": 2}
    adapters = Adapters(AlbertModel(AlbertConfig(**sizes, **groups)))
    adapters.add("en", PFEIFFER, seed=0)
    write_adapter(tmp_path, adapters, "en")
    read = read_adapter(tmp_path, adapters, "again")
    assert list(read.adapter.layers) == ["0", "1", "2", "3"]
    for ours, theirs in zip(read.adapter.parameters(), adapters["en"].parameters(), strict=True):
        assert torch.equal(ours, theirs)


# Where a folder is


def test_a_folder_on_this_machine(tmp_path: Path) -> None:
    folder, identity = adapter_folder(FIXTURES / "bert" / "en")
    assert (folder, identity["source"]) == (FIXTURES / "bert" / "en", str(FIXTURES / "bert" / "en"))
    assert identity["sha256"].keys() == {CONFIG, BIN}
    assert identity["sha256"] != adapter_folder(FIXTURES / "bert" / "de")[1]["sha256"]
    with pytest.raises(IsoglossError, match=r"adapter folder '.*' has no adapter_config\.json"):
        adapter_folder(tmp_path)
    with pytest.raises(IsoglossError, match="neither a folder nor an id on the hub"):
        adapter_folder("nowhere")


def test_a_former_id_says_what_it_is_called_now() -> None:
    with pytest.raises(IsoglossError, match=r"'AdapterHub/xlm-roberta-base-en-wiki_pfeiffer'"):
        adapter_folder("en/wiki@ukp")


COMMIT = "a" * 40


def test_an_id_on_the_hub_is_found_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a network: the commit that the branch had when it was last asked for."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub._snapshot_download.constants.HF_HUB_CACHE", str(tmp_path))
    repository = tmp_path / "models--AdapterHub--bert-en-wiki_pfeiffer"
    shutil.copytree(FIXTURES / "bert" / "en", repository / "snapshots" / COMMIT)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    folder, identity = adapter_folder("AdapterHub/bert-en-wiki_pfeiffer")
    assert folder == repository / "snapshots" / COMMIT
    assert identity == {"source": "AdapterHub/bert-en-wiki_pfeiffer", "commit": COMMIT}
    _, adapters = model_with("bert")
    assert read_adapter(folder, adapters).name == "en"
    with pytest.raises(IsoglossError, match="adapter 'AdapterHub/none' is neither a local folder nor to be had"):
        adapter_folder("AdapterHub/none")


def test_an_id_on_the_hub_is_fetched_at_its_newest_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def download(identifier: str, **options: Any) -> str:
        asked.update(options, identifier=identifier)
        shutil.copytree(FIXTURES / "bert" / "en", tmp_path / COMMIT)
        return str(tmp_path / COMMIT)

    class Hub:
        def model_info(self, identifier: str, timeout: float) -> Any:
            return type("Info", (), {"sha": COMMIT})

    monkeypatch.setattr("isogloss.models.extensions.adapters.hub_ids.HfApi", Hub)
    monkeypatch.setattr("isogloss.models.extensions.adapters.hub_ids.snapshot_download", download)
    folder, identity = adapter_folder("AdapterHub/bert-en-wiki_pfeiffer")
    assert (folder, identity["commit"]) == (tmp_path / COMMIT, COMMIT)
    assert (asked["identifier"], asked["revision"]) == ("AdapterHub/bert-en-wiki_pfeiffer", COMMIT)
    assert BIN in asked["allow_patterns"] and not asked["local_files_only"]
