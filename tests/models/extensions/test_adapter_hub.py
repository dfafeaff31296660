"""AdapterHub's folders: what its package computes (recorded by `tests.support.record_adapters`), what it wrote before,
what fits no model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
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
    read_adapter,
    write_adapter,
)
from isogloss.models.extensions.adapters.hub_words import from_hub, to_hub
from tests.support.hub_adapters import BIN, CONFIG, SAFE, copied, model_with
from tests.support.record_adapters import BASES, FIXTURES, names_on, outputs, stacks_on


@pytest.fixture(scope="module")
def recorded() -> dict[str, torch.Tensor]:
    return load_file(FIXTURES / "recorded.safetensors")


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
