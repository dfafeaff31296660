"""LoRA in every family of encoders: it computes what peft computes, and a folder of it is one of peft's."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoModelForTokenClassification, PreTrainedModel

from isogloss.calls.interpolation import interpolated
from isogloss.common.errors import IsoglossError
from isogloss.diagnostics.forgetting import distances
from isogloss.models.extensions import attach
from isogloss.models.extensions.adapters import PFEIFFER, Adapters, Stacks
from isogloss.models.extensions.lora import Lora, told
from isogloss.models.kinds import KINDS
from isogloss.models.open import open_model
from isogloss.models.parts import last_layer, layer_groups, whole_and_parts
from isogloss.models.stored import read_weights, write_model
from tests.support import encoders
from tests.support.loading import TAGGING

IDS = torch.tensor([[5, 6, 7, 8, 9], [9, 10, 11, 12, 13], [20, 21, 22, 3, 3]])
MASK = (IDS != 3).long()
SETTINGS: dict[str, Any] = {"rank": 3, "alpha": 5.0, "targets": ("query", "value", "output"), "dropout": 0.2}


def with_lora(model: PreTrainedModel, **settings: Any) -> Lora:
    """LoRA far from a fresh one."""
    lora = Lora(model, **{**SETTINGS, **settings})
    attach(model, "lora", lora)
    stirred(lora)
    return lora


@torch.no_grad()
def stirred(module: nn.Module) -> None:
    generator = torch.Generator().manual_seed(1)
    for parameter in module.parameters():
        parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.3)


def logits(model: nn.Module) -> Tensor:
    return model(input_ids=IDS, attention_mask=MASK).logits


def in_peft(kind: str, lora: Lora) -> PeftModel:
    """The same base with the same weights of LoRA, made by peft alone."""
    model = encoders.build(kind)
    modules = sorted({f"{model.base_model_prefix}.{name.rpartition('.lora_')[0]}" for name in parameters_of(lora)})
    config = LoraConfig(r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=modules)
    peft = get_peft_model(model, config)
    with torch.no_grad():
        for name, parameter in parameters_of(lora).items():
            there(peft, name).copy_(parameter)
    return peft


def parameters_of(lora: Lora) -> dict[str, nn.Parameter]:
    return dict(lora.beside.named_parameters())


def there(peft: PeftModel, name: str) -> nn.Parameter:
    """A parameter of ours in a model of peft's."""
    encoder = peft.get_submodule("base_model.model").base_model
    return encoder.get_parameter(name.replace(".weight", ".default.weight"))


@pytest.mark.parametrize("kind", encoders.KINDS)
def test_a_fresh_one_changes_nothing(kind: str) -> None:
    plain = logits(encoders.build(kind).eval())
    model = encoders.build(kind).eval()
    attach(model, "lora", Lora(model))
    assert torch.equal(logits(model), plain)


@pytest.mark.parametrize("kind", encoders.KINDS)
def test_outputs_and_gradients_are_those_of_peft(kind: str) -> None:
    """Dropout included: both draw the same numbers."""
    model = encoders.build(kind).train()
    lora = with_lora(model)
    theirs = in_peft(kind, lora).train()
    found = []
    for own in (model, theirs):
        torch.manual_seed(7)
        found.append(logits(own))
        found[-1].square().sum().backward()
    assert torch.equal(*found)
    for name, parameter in parameters_of(lora).items():
        assert parameter.grad.abs().sum() > 0 and torch.equal(parameter.grad, there(theirs, name).grad)
    assert not torch.allclose(found[0], logits(encoders.build(kind).eval()), atol=1e-3)


def test_under_autocast_too() -> None:
    model = encoders.build("xlm-roberta").eval()
    theirs = in_peft("xlm-roberta", with_lora(model)).eval()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(logits(model), logits(theirs))


@torch.no_grad()
@pytest.mark.parametrize("kind", encoders.KINDS)
def test_a_folder_is_read_by_transformers_by_peft_and_by_us(
    kind: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    tokenizer = open_model(folders["bert"], AutoModel, None, seed=0).tokenizer
    plain = logits(encoders.build(kind).eval())
    model = encoders.build(kind).eval()
    with_lora(model)
    write_model(tmp_path / "model", model, tokenizer)

    base = AutoModelForTokenClassification.from_pretrained(tmp_path / "model").eval()
    assert torch.equal(logits(base), plain)
    theirs = PeftModel.from_pretrained(base, tmp_path / "model" / "lora").eval()
    assert torch.equal(logits(theirs), logits(model))
    torch.testing.assert_close(logits(theirs.merge_and_unload()), logits(model))

    again = encoders.build(kind).eval()
    attach(again, "lora", Lora(again, **SETTINGS))
    before = {name: parameter.requires_grad_("bias" in name).requires_grad for name, parameter in named(again).items()}
    read_weights(tmp_path / "model", again)
    assert torch.equal(logits(again), logits(model))
    # Loading opens nothing and closes nothing (peft #3580).
    assert {name: parameter.requires_grad for name, parameter in named(again).items()} == before


def named(model: nn.Module) -> dict[str, nn.Parameter]:
    return dict(model.named_parameters())


def test_the_one_door_opens_it(folders: dict[str, Path], tmp_path: Path) -> None:
    loaded = open_model(folders["bert"], TAGGING.auto_class, TAGGING.labels, seed=0)
    with_lora(loaded.model.eval())
    write_model(tmp_path / "model", loaded.model, loaded.tokenizer)
    again = open_model(tmp_path / "model", TAGGING.auto_class, TAGGING.labels, seed=1, complete=True, kinds=KINDS)
    assert torch.equal(logits(again.model.eval()), logits(loaded.model))
    with pytest.raises(IsoglossError, match=r"extensions\.json: extension 'lora' is of kind 'lora', without which"):
        open_model(tmp_path / "model", TAGGING.auto_class, TAGGING.labels, seed=1)


def test_the_files_are_peft_s_and_the_same_each_time(folders: dict[str, Path], tmp_path: Path) -> None:
    loaded = open_model(folders["bert"], TAGGING.auto_class, TAGGING.labels, seed=0)
    with_lora(loaded.model)
    write_model(tmp_path / "model", loaded.model, loaded.tokenizer)
    found = json.loads((tmp_path / "model" / "lora" / "adapter_config.json").read_text())
    values = {"peft_type": "LORA", "r": 3, "lora_alpha": 5, "lora_dropout": 0.2, "bias": "none"}
    assert {key: found[key] for key in values} == values
    assert found["target_modules"] == sorted(found["target_modules"])
    assert all(name.startswith("bert.encoder.layer.") for name in found["target_modules"])
    weights = tmp_path / "model" / "lora" / "adapter_model.safetensors"
    assert "base_model.model.bert.encoder.layer.0.attention.self.query.lora_A.weight" in load_file(weights)
    usual = stat.S_IMODE((tmp_path / "model" / "config.json").stat().st_mode)
    assert stat.S_IMODE(weights.stat().st_mode) == usual
    card = (tmp_path / "model" / "README.md").read_text()
    assert "BertForTokenClassification.from_pretrained" in card and "merge_and_unload()" in card


ATTENTION = {
    "bert": ("attention.self.query", "attention.output.dense"),
    "camembert": ("attention.self.query", "attention.output.dense"),
    "roberta": ("attention.self.query", "attention.output.dense"),
    "xlm-roberta": ("attention.self.query", "attention.output.dense"),
    "electra": ("attention.self.query", "attention.output.dense"),
    "deberta-v2": ("attention.self.query_proj", "attention.output.dense"),
    "distilbert": ("attention.q_lin", "attention.out_lin"),
    "albert": ("attention.query", "attention.dense"),
    "modernbert": ("attn.Wqkv", "attn.Wo"),
    "xlm": ("q_lin", "out_lin"),
    "flaubert": ("q_lin", "out_lin"),
}


@pytest.mark.parametrize("kind", ATTENTION)
def test_words_mean_the_same_in_every_family(kind: str) -> None:
    known = kind in encoders.KINDS
    config = None if known else AutoConfig.for_model(kind, **encoders.SMALL)
    model = encoders.build(kind) if known else AutoModelForTokenClassification.from_config(config)
    lora = Lora(model, targets=["query", "output"])
    modules = {name.rpartition(".lora_")[0] for name in parameters_of(lora)}
    layers = 1 if kind == "albert" else 3  # those of ALBERT are one
    assert len(modules) == 2 * layers and list(lora.layers) == list(range(1, layers + 1))
    assert all(name.endswith(tuple(f".{own}" for own in ATTENTION[kind])) for name in modules)


def test_where_attention_is_fused_it_is_said() -> None:
    model = encoders.build("modernbert")
    (line,) = told(model, ["query", "value"])
    assert line == (
        "lora.targets: a 'modernbert' model has query, key, value in one module, 'attn.Wqkv', so all of them are "
        "changed"
    )
    assert told(model, ["query", "key", "value", "output"]) == told(model, ["attn.Wqkv"]) == []
    assert told(encoders.build("bert"), ["query", "value"]) == []
    twice, once = Lora(model, targets=["query", "value"]), Lora(encoders.build("modernbert"), targets=["attn.Wqkv"])
    assert [name for name, _ in twice.named_parameters()] == [name for name, _ in once.named_parameters()]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rank": 0}, "lora.rank: must be at least 1, found 0"),
        ({"alpha": -1.0}, "lora.alpha: must be above 0, found -1.0"),
        ({"dropout": 1.0}, r"lora.dropout: must be in \[0, 1\), found 1.0"),
        ({"targets": ()}, r"lora.targets: must be at least one, found \[\]"),
        (
            {"targets": ("query", "qeury")},
            r"lora.targets: no linear module 'qeury' in the layers; did you mean 'query' or 'key'\? \(valid: "
            r"attention.output.dense, attention.self.key, attention.self.query, attention.self.value, "
            r"intermediate.dense, key, output, output.dense, query, value\)",
        ),
        # Linear, but outside the layers: it belongs to the head.
        ({"targets": ("classifier",)}, "lora.targets: no linear module 'classifier' in the layers"),
        # Inside, but not linear.
        ({"targets": ("attention.output.LayerNorm",)}, "no linear module 'attention.output.LayerNorm'"),
    ],
)
def test_what_cannot_be(settings: dict[str, Any], message: str) -> None:
    model = encoders.build("bert")
    with pytest.raises(IsoglossError, match=message):
        Lora(model, **settings)


def test_a_name_means_what_it_means_in_peft_but_in_layers_alone() -> None:
    model = encoders.build("bert")
    lora = Lora(model, targets=["output.dense"])
    modules = {name.rpartition(".lora_")[0] for name in parameters_of(lora)}
    assert {name.partition("layer.0.")[2] for name in modules if "layer.0." in name} == {
        "attention.output.dense",
        "output.dense",
    }


def test_weights_depend_on_the_seed_and_leave_the_global_random_state_alone() -> None:
    model = encoders.build("bert")
    state = torch.random.get_rng_state()
    first, same, other = (Lora(model, seed=seed).state_dict().values() for seed in (0, 0, 1))
    assert all(map(torch.equal, first, same)) and not all(map(torch.equal, first, other))
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("kind", ["bert", "albert", "modernbert", "xlm"])
def test_its_layers_are_what_schedules_open(kind: str) -> None:
    model = encoders.build(kind)
    lora = with_lora(model, targets=["query", "value"])
    groups = layer_groups(model)
    layers = [name for name in groups if name.startswith("layer_")]
    assert [len(groups[name]) for name in layers] == [2 if kind == "modernbert" else 4] * len(layers)
    assert {id(p) for name in layers for p in groups[name]} == {id(p) for p in lora.parameters()}
    assert sum(p.numel() for own in groups.values() for p in own) == sum(p.numel() for p in model.parameters())
    head = {name for name, p in model.named_parameters() if any(p is own for own in groups["head"])}
    assert head and not any(name.startswith((model.base_model_prefix, "extensions")) for name in head)
    # Who looks at layers looks at these.
    assert last_layer(model) == groups[layers[-1]]
    for parameter in groups["frozen"]:
        parameter.requires_grad_(False)
    seen = whole_and_parts(model, per_layer=True)
    assert seen["encoder"] == [p for name in layers for p in groups[name]] and "layer_1" in seen


@pytest.mark.parametrize("kind", [kind for kind in encoders.KINDS if kind != "albert"])
def test_backward_ends_at_the_lowest_open_layer(kind: str) -> None:
    model = encoders.build(kind)
    lora = with_lora(model, targets=["query"])
    model.requires_grad_(False)
    for parameter in lora.layers[3]:
        parameter.requires_grad_(True)
    states = model(input_ids=IDS, attention_mask=MASK, output_hidden_states=True).hidden_states
    assert [state.requires_grad for state in states] == [False, False, False, True]


def _language_adapters(model: PreTrainedModel) -> None:
    adapters = Adapters(model)
    attach(model, "adapters", adapters)
    stirred(adapters.add("en", PFEIFFER, seed=0))
    adapters.stacks = Stacks({"en": "en"}, (), "en")
    adapters.activate("en")


@torch.no_grad()
def test_it_belongs_to_its_module_whatever_reads_that() -> None:
    """An adapter that reads the output of a changed module (DistilBERT's feed-forward block) reads it changed."""

    def lora(model: PreTrainedModel) -> None:
        with_lora(model, targets=["out_lin", "lin2"])

    found: list[Tensor] = []
    orders: Sequence[Sequence[Callable[[PreTrainedModel], None]]] = [
        (lora, _language_adapters),
        (_language_adapters, lora),
    ]
    for order in orders:
        model = encoders.build("distilbert").eval()
        for put in order:
            put(model)
        found.append(logits(model))
    model = encoders.build("distilbert").eval()
    merged = {name: p.clone() for name, p in encoders.build("distilbert").named_parameters()}
    other = encoders.build("distilbert")
    names = {id(p): name for name, p in other.named_parameters()}
    for weight, change in with_lora(other, targets=["out_lin", "lin2"]).changes().items():
        merged[names[id(weight)]] += change
    model.load_state_dict(merged)
    _language_adapters(model)
    assert torch.equal(*found)
    torch.testing.assert_close(found[0], logits(model))


def test_under_language_adapters_it_alone_trains() -> None:
    model = encoders.build("bert")
    _language_adapters(model)
    lora = with_lora(model, targets=["query", "value"])
    groups = layer_groups(model)
    assert list(groups) == ["layer_1", "layer_2", "layer_3", "head", "frozen"]
    frozen = {id(p) for p in groups["frozen"]}
    assert {id(p) for p in model.get_submodule("extensions.adapters").parameters()} <= frozen
    assert {id(p) for p in model.base_model.parameters()} <= frozen
    assert frozen.isdisjoint(map(id, lora.parameters()))


@torch.no_grad()
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_between_start_and_end(share: float) -> None:
    """What is interpolated is what it amounts to, not A and B each for itself."""
    model, expected = encoders.build("bert").eval(), encoders.build("bert").eval()
    lora = with_lora(model)
    start = {name: p.clone() for name, p in expected.named_parameters()}
    names = {id(p): name for name, p in model.named_parameters()}
    for weight, change in lora.changes().items():
        expected.get_parameter(names[id(weight)]).add_(share * change)
    end = logits(model)
    with interpolated(model, start, share):
        torch.testing.assert_close(logits(model), logits(expected))
        assert share < 1 or torch.equal(logits(model), end)
    assert torch.equal(logits(model), end)


def test_how_far_it_has_moved_the_weights() -> None:
    start = encoders.build("bert")
    model = encoders.build("bert")
    lora = with_lora(model)
    assert distances(model, start)["layer_1"][0] > 0
    merged = in_peft("bert", lora).merge_and_unload()
    for part, values in distances(merged, start).items():
        assert values == pytest.approx(distances(model, start)[part], rel=1e-5, abs=1e-7)
