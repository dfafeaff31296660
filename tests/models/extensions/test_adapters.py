"""Adapters in every family of encoders: what they change, what they leave alone, and where they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoConfig, AutoModel, AutoModelForMaskedLM, AutoModelForTokenClassification

from isogloss.common.errors import IsoglossError
from isogloss.models.extensions.adapters import (
    HOULSBY,
    HOULSBY_INV,
    PARALLEL,
    PFEIFFER,
    PFEIFFER_INV,
    AdapterConfig,
    Adapters,
)
from tests.support import encoders
from tests.support.adapted import IDS, KINDS, LANGUAGES, MASK, layers_of, logits, stirred, with_adapters


@pytest.mark.parametrize("kind", KINDS)
def test_without_an_active_adapter_the_model_is_what_it_was(kind: str) -> None:
    plain = logits(encoders.build(kind).eval())
    model, adapters = with_adapters(kind, "en", "ner")
    assert torch.equal(logits(model), plain)
    with adapters.using("en"), adapters.using():
        assert torch.equal(logits(model), plain)
    assert torch.equal(logits(model), plain)


@pytest.mark.parametrize("configuration", [PFEIFFER, PFEIFFER_INV, HOULSBY, HOULSBY_INV, PARALLEL])
@pytest.mark.parametrize("kind", KINDS)
def test_every_part_of_an_active_adapter_counts_and_only_those(kind: str, configuration: AdapterConfig) -> None:
    """Each parameter of the active adapter has a gradient that is not zero, nothing frozen has one."""
    model, adapters = with_adapters(kind, "en", "de", configuration=configuration)
    model.base_model.requires_grad_(False)
    with adapters.using("en"):
        model(input_ids=IDS, attention_mask=MASK).logits.square().sum().backward()
    silent = [name for name, parameter in adapters["en"].named_parameters() if parameter.grad is None]
    assert not silent
    assert all(parameter.grad.abs().sum() > 0 for parameter in adapters["en"].parameters())
    assert all(parameter.grad is None for parameter in adapters["de"].parameters())
    assert all(parameter.grad is None for parameter in model.base_model.parameters())


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "albert"])
def test_closed_adapters_run_and_backward_ends_at_the_lowest_open_layer(kind: str) -> None:
    model, adapters = with_adapters(kind, "en", "ner")
    model.base_model.requires_grad_(False)
    adapters.requires_grad_(False)
    adapters["ner"].layers["2"].requires_grad_(True)
    with adapters.using("en", "ner"):
        states = model(input_ids=IDS, attention_mask=MASK, output_hidden_states=True).hidden_states
    assert [state.requires_grad for state in states] == [False, False, False, True]
    with adapters.using("en"):
        other = model(input_ids=IDS, attention_mask=MASK, output_hidden_states=True).hidden_states
    assert not torch.allclose(states[1], other[1], atol=1e-3)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "albert"])
def test_below_the_lowest_open_layer_nothing_is_kept_and_nothing_runs_backward(kind: str) -> None:
    """Tensors that autograd saves, and modules that it goes back through, by the layer that runs."""
    model, adapters = with_adapters(kind, "en", "ner")
    model.base_model.requires_grad_(False)
    adapters.requires_grad_(False)
    adapters["ner"].layers["1"].requires_grad_(True)
    running, saved, backward = ["embeddings"], list[str](), list[str]()

    def watch(output: Any, number: int) -> None:
        """A call that autograd makes once it comes to a module's output."""
        for tensor in output if isinstance(output, tuple) else (output,):
            if isinstance(tensor, Tensor) and tensor.requires_grad:
                tensor.register_hook(lambda _: backward.append(f"layer {number}"))

    for number, layer in enumerate(layers_of(model)):
        layer.register_forward_pre_hook(lambda *_, number=number: running.append(f"layer {number}"))
        for module in layer.modules():
            module.register_forward_hook(lambda module, given, output, number=number: watch(output, number))

    def note(tensor: torch.Tensor) -> torch.Tensor:
        saved.append(running[-1])
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor), adapters.using("en", "ner"):
        loss = model(input_ids=IDS, attention_mask=MASK).logits.square().sum()
    loss.backward()
    assert running[1:] == ["layer 0", "layer 1", "layer 2"]
    assert set(saved) == set(backward) == {"layer 1", "layer 2"}
    assert all(p.grad is None for p in adapters["ner"].layers["0"].parameters())


@pytest.mark.parametrize("kind", KINDS)
def test_an_adapter_is_where_its_configuration_says(kind: str) -> None:
    _, adapters = with_adapters(kind)
    layers = 1 if kind == "albert" else 3  # those of ALBERT are one
    both = adapters.add("both", HOULSBY, seed=0)
    assert [sorted(layer) for layer in both.layers.values()] == [["attention", "output"]] * layers
    one = adapters.add("one", PFEIFFER, seed=0)
    assert [sorted(layer) for layer in one.layers.values()] == [["output"]] * layers
    if layers > 1:
        partly = adapters.add("partly", replace(PFEIFFER, leave_out=(1,)), seed=0)
        assert list(partly.layers) == ["0", "2"]


@pytest.mark.parametrize("model_type", ["camembert", "roberta"])
def test_kin_of_bert(model_type: str) -> None:
    config = AutoConfig.for_model(model_type, **encoders.SMALL)
    model = AutoModelForTokenClassification.from_config(config).eval()
    plain, adapters = logits(model), Adapters(model)
    stirred(adapters.add("en", PFEIFFER, seed=0))
    with adapters.using("en"):
        assert not torch.allclose(logits(model), plain, atol=1e-3)


@pytest.mark.parametrize("kind", ["xlm", "flaubert"])
def test_other_families_are_refused(kind: str) -> None:
    with pytest.raises(
        IsoglossError, match=rf"cannot be put into a '{kind}' model.*\(valid: albert, bert, .*xlm-roberta"
    ):
        Adapters(encoders.build(kind))


def test_a_model_without_a_head() -> None:
    model = encoders.build("bert", AutoModel).eval()
    adapters = Adapters(model)
    stirred(adapters.add("en", PFEIFFER, seed=0))
    plain = model(IDS).last_hidden_state
    with adapters.using("en"):
        assert not torch.allclose(model(IDS).last_hidden_state, plain, atol=1e-3)


def test_dropout_follows_the_mode_of_the_model() -> None:
    model, adapters = with_adapters("bert")
    stirred(adapters.add("en", replace(PFEIFFER, dropout=0.5), seed=0))
    with adapters.using("en"):
        assert torch.equal(logits(model), logits(model))
        model.train()
        assert not torch.equal(logits(model), logits(model))


def test_under_autocast() -> None:
    model, adapters = with_adapters("xlm-roberta", "en", "de", "ner", auto_class=AutoModelForMaskedLM)
    with adapters.by_language(LANGUAGES, {"en": "en", "de": "de"}, then=["ner"], fallback="en"):
        exact = logits(model)
        with torch.autocast("cpu", torch.bfloat16):
            rounded = logits(model)
    torch.testing.assert_close(rounded.float(), exact, atol=0.05, rtol=0.05)
