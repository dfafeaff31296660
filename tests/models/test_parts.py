from __future__ import annotations

import pytest
from transformers import AutoModel, AutoModelForMaskedLM

from isogloss.models.parts import last_layer, parts_of
from tests.support.encoders import KINDS, build

LAYERS = ["layer_1", "layer_2", "layer_3"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_is_in_one_part(kind: str):
    model = build(kind)
    parts = parts_of(model)
    layers = LAYERS[:1] if kind == "albert" else LAYERS  # all layers share one
    assert [name for name in parts if name != "rest"] == ["embeddings", *layers, "head"]
    found = [id(parameter) for part in parts.values() for parameter in part]
    assert sorted(found) == sorted(id(parameter) for parameter in model.parameters())
    named = {id(parameter): name for name, parameter in model.named_parameters()}
    assert all("emb" in named[id(parameter)] for parameter in parts["embeddings"])
    outside = [parameter for name, part in parts.items() if name != "embeddings" for parameter in part]
    assert not any("emb" in named[id(parameter)] for parameter in outside)
    of_encoder = set(map(id, model.base_model.parameters()))
    assert not of_encoder & set(map(id, parts["head"]))
    assert len({sum(p.numel() for p in parts[layer]) for layer in layers}) == (2 if kind == "modernbert" else 1)
    assert last_layer(model) == parts[layers[-1]]


@pytest.mark.parametrize(
    ("kind", "rest"),
    [("bert", []), ("modernbert", ["model.final_norm.weight"]), ("xlm", []), ("albert", []), ("deberta-v2", [])],
)
def test_what_is_in_no_layer(kind: str, rest: list[str]):
    model = build(kind)
    named = {id(parameter): name for name, parameter in model.named_parameters()}
    assert [named[id(parameter)] for parameter in parts_of(model).get("rest", [])] == rest


def test_a_layer_of_xlm_is_in_four_lists():
    model = build("xlm")
    named = {id(parameter): name for name, parameter in model.named_parameters()}
    second = {named[id(parameter)] for parameter in parts_of(model)["layer_2"]}
    assert second == {name for name in named.values() if ".1." in name}
    assert {name.split(".")[1] for name in second} == {"attentions", "layer_norm1", "ffns", "layer_norm2"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_tied_output_layer_is_in_the_embeddings(kind: str):
    tied = build(kind, AutoModelForMaskedLM)
    parts = parts_of(tied)
    found = [id(parameter) for part in parts.values() for parameter in part]
    assert sorted(found) == sorted(id(parameter) for parameter in tied.parameters())
    assert any(parameter is tied.get_output_embeddings().weight for parameter in parts["embeddings"])


def test_an_encoder_without_a_head():
    parts = parts_of(build("bert", AutoModel))
    assert list(parts) == ["embeddings", *LAYERS, "rest"]  # the pooler
