"""Adapters in every family of encoders: what they change, what they leave alone, stacks, languages, storing."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoModelForMaskedLM, AutoModelForTokenClassification, PreTrainedModel

from isogloss.common.errors import IsoglossError
from isogloss.models.extensions import MaskedHead, attach
from isogloss.models.extensions.adapters import (
    FAMILIES,
    HOULSBY,
    HOULSBY_INV,
    PARALLEL,
    PFEIFFER,
    PFEIFFER_INV,
    AdapterConfig,
    Adapters,
)
from isogloss.models.open import open_model
from isogloss.models.stored import read_weights, write_model
from isogloss.objectives.masked_lm import masked_logits
from tests.support import encoders
from tests.support.loading import TAGGING

KINDS = [kind for kind in encoders.KINDS if kind in FAMILIES]
IDS = torch.tensor([[5, 6, 7, 8, 9], [9, 10, 11, 12, 13], [20, 21, 22, 3, 3], [5, 9, 30, 3, 3]])
MASK = (IDS != 3).long()


def with_adapters(
    kind: str,
    *names: str,
    configuration: AdapterConfig = PFEIFFER_INV,
    auto_class: Any = AutoModelForTokenClassification,
) -> tuple[PreTrainedModel, Adapters]:
    """A model with adapters far from fresh ones, none active."""
    model = encoders.build(kind, auto_class).eval()
    adapters = Adapters(model)
    attach(model, "adapters", adapters)
    for name in names:
        stirred(adapters.add(name, replace(configuration, reduction_factor=4), seed=0))
    return model, adapters


@torch.no_grad()
def stirred(module: nn.Module) -> None:
    generator = torch.Generator().manual_seed(len(list(module.parameters())))
    for parameter in module.parameters():
        parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.3)


def layers_of(model: PreTrainedModel) -> nn.ModuleList:
    return next(m for m in model.base_model.modules() if isinstance(m, nn.ModuleList) and len(m) == 3)


@torch.no_grad()
def logits(model: PreTrainedModel, rows: Sequence[int] = (0, 1, 2, 3)) -> Tensor:
    chosen = list(rows)
    return model(input_ids=IDS[chosen], attention_mask=MASK[chosen]).logits


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


# Stacks


def test_a_stack_goes_in_order() -> None:
    model, adapters = with_adapters("bert", "en", "ner")
    results = []
    for stack in (("en", "ner"), ("ner", "en"), ("en",), ("ner",)):
        with adapters.using(*stack):
            results.append(logits(model))
    assert all(not torch.allclose(a, b, atol=1e-3) for i, a in enumerate(results) for b in results[:i])


def test_only_the_first_of_a_stack_supplies_the_invertible_part() -> None:
    model, adapters = with_adapters("bert", "en", "ner")
    with adapters.using("en", "ner"):
        both = logits(model)
        stirred(adapters["ner"].invertible)
        assert torch.equal(logits(model), both)
        stirred(adapters["en"].invertible)
        assert not torch.allclose(logits(model), both, atol=1e-3)


def test_a_first_adapter_without_an_invertible_part_leaves_the_embeddings_alone() -> None:
    model, adapters = with_adapters("bert", "en")
    stirred(adapters.add("ner", PFEIFFER, seed=0))
    with adapters.using("ner", "en"):
        before = logits(model)
        stirred(adapters["en"].invertible)
        assert torch.equal(logits(model), before)


def test_contexts_nest_and_end_after_an_error() -> None:
    model, adapters = with_adapters("bert", "en", "ner")
    plain = logits(model)
    with pytest.raises(RuntimeError), adapters.using("en"):
        with adapters.using("ner"):
            inner = logits(model)
        assert not torch.equal(logits(model), inner)
        raise RuntimeError
    assert torch.equal(logits(model), plain)


# Languages

LANGUAGES = ("en", "de", "en", "fr")


@pytest.mark.parametrize("kind", KINDS)
def test_each_row_goes_through_the_adapter_of_its_language(kind: str) -> None:
    """As if each language were alone, the task's adapter for all, and the invertible part of each language's own."""
    model, adapters = with_adapters(kind, "en", "de", "ner")
    with adapters.by_language(LANGUAGES, {"en": "en", "de": "de"}, then=["ner"], fallback="en"):
        together = logits(model)
    for name, rows in (("en", [0, 2, 3]), ("de", [1])):
        with adapters.using(name, "ner"):
            torch.testing.assert_close(together[rows], logits(model, rows))


def test_gradients_of_a_mixed_batch_are_those_of_its_languages() -> None:
    model, adapters = with_adapters("bert", "en", "de")

    def gradients(act: Callable[[], None]) -> list[Tensor]:
        adapters.zero_grad()
        act()
        return [parameter.grad.clone() for name in ("en", "de") for parameter in adapters[name].parameters()]

    def together() -> None:
        with adapters.by_language(LANGUAGES, {"en": "en", "de": "de", "fr": "de"}):
            model(input_ids=IDS, attention_mask=MASK).logits.sum().backward()

    def apart() -> None:
        for name, rows in (("en", [0, 2]), ("de", [1, 3])):
            with adapters.using(name):
                model(input_ids=IDS[rows], attention_mask=MASK[rows]).logits.sum().backward()

    for ours, expected in zip(gradients(together), gradients(apart), strict=True):
        torch.testing.assert_close(ours, expected, atol=1e-5, rtol=1e-4)


def test_examples_with_several_rows_each() -> None:
    """As those with alternatives: two rows for each example, one after the other."""
    model, adapters = with_adapters("bert", "en", "de")
    with adapters.by_language(("de", "en"), {"en": "en", "de": "de"}):
        together = logits(model)
    with adapters.using("de"):
        torch.testing.assert_close(together[:2], logits(model, (0, 1)))
    with adapters.by_language(("de", "en", "en"), {"en": "en", "de": "de"}), pytest.raises(ValueError, match="4 rows"):
        logits(model)


def test_a_language_without_an_adapter_needs_a_fallback() -> None:
    _, adapters = with_adapters("bert", "en")
    message = r"no adapter for language 'fr' \(valid: en\)"
    with pytest.raises(IsoglossError, match=message), adapters.by_language(("en", "fr"), {"en": "en"}):
        pass


# The inverse before a masked-LM head


@pytest.mark.parametrize("kind", KINDS)
def test_the_head_reads_what_the_inverse_leaves(kind: str) -> None:
    """Without the inverse the output layer would read what the invertible part makes of what it reads."""
    model, adapters = with_adapters(kind, "en", auto_class=AutoModelForMaskedLM)
    read: list[Tensor] = []
    layer = model.get_output_embeddings()
    inverse, adapters["en"].invertible.inverse = adapters["en"].invertible.inverse, lambda vectors: vectors
    layer.register_forward_hook(lambda module, arguments, output: read.append(arguments[0]))
    with adapters.using("en"):
        logits(model)
        adapters["en"].invertible.inverse = inverse
        logits(model)
    before, after = read
    torch.testing.assert_close(adapters["en"].invertible(after), before, atol=1e-5, rtol=1e-4)
    assert not torch.allclose(after, before, atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_a_head_that_is_cut_to_some_places_knows_their_examples(kind: str) -> None:
    model, adapters = with_adapters(kind, "en", "de", auto_class=AutoModelForMaskedLM)
    places = torch.zeros_like(IDS, dtype=torch.bool)
    places[0, 1] = places[1, :3] = places[2, 2] = places[3, 0] = True
    inputs = {"input_ids": IDS, "attention_mask": MASK}
    languages = {"en": "en", "de": "de", "fr": "en"}
    with torch.no_grad():
        with adapters.by_language(LANGUAGES, languages, places=places):
            torch.testing.assert_close(
                masked_logits(model, inputs, places), logits(model)[places], atol=1e-5, rtol=1e-4
            )
        with adapters.by_language(LANGUAGES, languages), pytest.raises(ValueError, match="6 places"):
            masked_logits(model, inputs, places)
        with adapters.using("de"):
            torch.testing.assert_close(
                masked_logits(model, inputs, places), logits(model)[places], atol=1e-5, rtol=1e-4
            )


def test_a_head_beside_the_model_is_told() -> None:
    task, adapters = with_adapters("xlm-roberta", "en")
    masked = encoders.build("xlm-roberta", AutoModelForMaskedLM).eval()
    twin, others = with_adapters("xlm-roberta", "en", auto_class=AutoModelForMaskedLM)
    twin.load_state_dict(masked.state_dict(), strict=False)
    twin.base_model.load_state_dict(task.base_model.state_dict())
    twin.tie_weights()
    head = MaskedHead(masked, task.base_model)
    attach(task, "masked_head", head)
    adapters.invert_before_head(head.masked)
    with torch.no_grad(), adapters.using("en"), others.using("en"):
        torch.testing.assert_close(head(input_ids=IDS, attention_mask=MASK), logits(twin))


def test_the_inverse_is_taken_once_however_often_it_is_asked_for() -> None:
    model, adapters = with_adapters("bert", "en", auto_class=AutoModelForMaskedLM)
    with adapters.using("en"):
        before = logits(model)
        adapters.invert_before_head(model)
        assert torch.equal(logits(model), before)


def test_a_head_that_reads_another_size_allows_no_invertible_part() -> None:
    config = AutoConfig.for_model("deberta-v2", **encoders.SMALL, embedding_size=8)
    model = AutoModelForMaskedLM.from_config(config)
    model.set_output_embeddings(nn.Linear(8, 40))
    adapters = Adapters(model)
    adapters.add("ner", PFEIFFER, seed=0)
    with pytest.raises(
        IsoglossError, match="inv_adapter: the output layer reads vectors of size 8, but the embeddings"
    ):
        adapters.add("en", PFEIFFER_INV, seed=0)


# Side by side


def test_adding_one_leaves_the_others_alone() -> None:
    model, adapters = with_adapters("bert", "de", "en")
    adapters["en"].requires_grad_(False)
    values = [parameter.clone() for parameter in adapters["en"].parameters()]
    adapters.add("ner", PFEIFFER, seed=0)
    assert not any(parameter.requires_grad for parameter in adapters["en"].parameters())
    assert all(
        parameter.requires_grad for part in (adapters["de"], model.base_model) for parameter in part.parameters()
    )
    assert all(parameter.requires_grad for parameter in adapters["ner"].parameters())
    assert all(map(torch.equal, adapters["en"].parameters(), values))


def test_no_adapter_holds_a_norm_of_the_base() -> None:
    model, adapters = with_adapters("bert", "en")
    base = {id(parameter) for parameter in model.base_model.parameters()}
    assert not base & {id(parameter) for parameter in adapters.parameters()}
    assert not any(isinstance(module, nn.LayerNorm) for module in adapters.modules())


def test_fresh_weights_depend_on_the_seed_and_the_name_alone() -> None:
    _, adapters = with_adapters("bert")
    _, again = with_adapters("bert")
    state = torch.random.get_rng_state()
    first, other = adapters.add("en", PFEIFFER, seed=0), adapters.add("de", PFEIFFER, seed=0)
    assert torch.equal(torch.random.get_rng_state(), state)
    again.add("de", PFEIFFER, seed=0), again.add("fr", PFEIFFER, seed=1)
    same = again["de"].layers["0"]["output"].down.weight
    assert torch.equal(other.layers["0"]["output"].down.weight, same)
    assert not torch.equal(first.layers["0"]["output"].down.weight, same)
    assert first.layers["0"]["output"].down.weight.std().item() == pytest.approx(0.02, rel=0.5)


@pytest.mark.parametrize("name", ["to", "double", "zh-Hant"])
def test_any_language_is_a_name(name: str) -> None:
    """Tongan is ``to``, which is a method of every module."""
    model, adapters = with_adapters("bert", name)
    plain = logits(model)
    with adapters.using(name):
        assert not torch.equal(logits(model), plain)


def test_names_that_cannot_be(tmp_path: Path) -> None:
    _, adapters = with_adapters("bert", "en")
    with pytest.raises(IsoglossError, match="adapter 'en': the model has one of that name"):
        adapters.add("en", PFEIFFER, seed=0)
    with pytest.raises(IsoglossError, match=r"adapter 'a\.b': a name must be given, and hold no dot"):
        adapters.add("a.b", PFEIFFER, seed=0)
    with pytest.raises(IsoglossError, match=r"no adapter 'em' in the model; did you mean 'en'\? \(valid: en\)"):
        adapters.activate("em")


def test_an_active_adapter_is_not_removed() -> None:
    _, adapters = with_adapters("bert", "en", "de")
    with adapters.using("en"):
        adapters.remove("de")
        with pytest.raises(IsoglossError, match="adapter 'en': it is active"):
            adapters.remove("en")
    adapters.remove("en")
    assert adapters.names == () and not list(adapters.parameters())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"leave_out": (7,)}, r"leave_out: there is no layer 7 \(valid: 0 to 2\)"),
        ({"output_adapter": False}, "mh_adapter, output_adapter: one of them must be true"),
        ({"reduction_factor": {"0": 2}}, r"reduction_factor: none for layer 1, and no 'default'"),
    ],
)
def test_a_configuration_that_does_not_fit_the_encoder(change: dict[str, Any], message: str) -> None:
    _, adapters = with_adapters("bert")
    with pytest.raises(IsoglossError, match=message):
        adapters.add("en", replace(PFEIFFER, **change), seed=0)
    assert adapters.names == ()


def test_modernbert_has_no_norm_to_read_after_attention() -> None:
    _, adapters = with_adapters("modernbert")
    with pytest.raises(IsoglossError, match="mh_adapter: this encoder has no norm"):
        adapters.add("en", replace(PFEIFFER, mh_adapter=True), seed=0)


# Stored with a model


@pytest.mark.parametrize("model_type", ["xlm-roberta", "modernbert"])
def test_a_model_comes_back_with_its_adapters_and_what_is_active(
    model_type: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    loaded = open_model(folders[model_type], TAGGING.auto_class, TAGGING.labels, seed=0)
    model = loaded.model.eval()
    adapters = Adapters(model)
    attach(model, "adapters", adapters)
    stirred(adapters.add("en", replace(PFEIFFER_INV, reduction_factor={"0": 2, "default": 4}), seed=0))
    stirred(adapters.add("to", replace(PARALLEL, scaling="learned"), seed=0))
    adapters.activate("en", "to")
    expected = logits(model)
    write_model(tmp_path / "model", model, loaded.tokenizer)
    kinds = {Adapters.kind: Adapters}
    again = open_model(tmp_path / "model", TAGGING.auto_class, TAGGING.labels, seed=5, complete=True, kinds=kinds)
    assert torch.equal(logits(again.model.eval()), expected)
    with torch.no_grad():
        for parameter in adapters.parameters():
            parameter.zero_()
    read_weights(tmp_path / "model", model)
    assert torch.equal(logits(model), expected)
    with pytest.raises(IsoglossError, match="extension 'adapters' is of kind 'adapters', without which"):
        open_model(tmp_path / "model", TAGGING.auto_class, TAGGING.labels, seed=0)


def test_a_copy_of_a_model_has_adapters_of_its_own() -> None:
    model, adapters = with_adapters("bert", "en")
    adapters.activate("en")
    expected, twin = logits(model), copy.deepcopy(model)
    with torch.no_grad():
        for parameter in adapters.parameters():
            parameter.zero_()
    assert torch.equal(logits(twin), expected)
    assert not torch.equal(logits(model), expected)
