"""Several adapters in one model: adding, naming, removing and storing them."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from isogloss.common.errors import IsoglossError
from isogloss.models.extensions import attach
from isogloss.models.extensions.adapters import (
    PARALLEL,
    PFEIFFER,
    PFEIFFER_INV,
    Adapters,
)
from isogloss.models.extensions.adapters.by_language import Stacks
from isogloss.models.extensions.stored import save_extensions
from isogloss.models.open import open_model
from isogloss.models.stored import read_weights, write_model
from tests.support.adapted import logits, stirred, with_adapters
from tests.support.loading import TAGGING


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
    with pytest.raises(IsoglossError, match=r"no adapter 'em' in the model \(valid: en\)"):
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


def test_the_folder_s_card_names_the_adapters_and_who_goes_through_which(tmp_path: Path) -> None:
    model, adapters = with_adapters("bert", "en", "de", "ner")
    for name in ("alone", "swapped", "kept"):
        (tmp_path / name).mkdir()
    save_extensions(tmp_path / "alone", model)
    assert "Its adapters: en, de, ner.\n" in (tmp_path / "alone" / "README.md").read_text()
    adapters.stacks = Stacks({"en": "en", "de": "de"}, ("ner",), "en")
    save_extensions(tmp_path / "swapped", model)
    said = ["Texts in en go through en, then ner.", "Texts in de go through de, then ner."]
    assert (
        "\n".join([*said, "Other texts go through en, then ner."]) in (tmp_path / "swapped" / "README.md").read_text()
    )
    adapters.stacks = Stacks({"en": "en", "de": "de"}, ("ner",), "en", keep=True)
    save_extensions(tmp_path / "kept", model)
    assert "ner.\nAll texts go through en, then ner." in (tmp_path / "kept" / "README.md").read_text()
