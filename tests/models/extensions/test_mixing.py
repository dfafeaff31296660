"""Mixing of a text with its translation inside an encoder."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoConfig, AutoModel

from isogloss.common.errors import IsoglossError
from isogloss.models.extensions import attach
from isogloss.models.extensions.mixing import (
    FAMILIES,
    NAME,
    ConstantRatio,
    EntropyRatio,
    Mixing,
    entropy,
    released_entropy,
)

SIZES = {
    "vocab_size": 30, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 3, "num_attention_heads": 2,
    "pad_token_id": 1,
}  # fmt: skip
MORE: dict[str, dict[str, Any]] = {
    "deberta-v2": {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_buckets": 4},
    "distilbert": {"dim": 16, "hidden_dim": 24, "n_layers": 3, "n_heads": 2},
    "modernbert": {"global_attn_every_n_layers": 2, "local_attention": 4, "cls_token_id": 0, "sep_token_id": 2},
}


def _model(family: str, layer: int = 2, ratio: Any = None, **mixing: Any) -> tuple[Any, Mixing]:
    torch.manual_seed(3)
    model = AutoModel.from_config(AutoConfig.for_model(family, **SIZES, **MORE.get(family, {}))).eval()
    for parameter in model.parameters():  # far from the nearly linear start
        parameter.data.add_(torch.randn_like(parameter) * 0.2)
    attach(model, NAME, module := Mixing(model, layer, ratio or EntropyRatio(), **mixing))
    return model, module


def _pairs(lengths: tuple[int, ...] = (4, 6, 7, 3), size: int = 7) -> tuple[Tensor, Tensor]:
    torch.manual_seed(5)
    ids = torch.randint(3, 30, (len(lengths), size))
    real = torch.arange(size)[None] < torch.tensor(lengths)[:, None]
    return ids.masked_fill(~real, 1), real


def _states(model: Any, ids: Tensor, real: Tensor) -> Tensor:
    return model(input_ids=ids, attention_mask=real.long()).last_hidden_state


@pytest.mark.parametrize("family", FAMILIES)
def test_the_source_goes_its_own_way_and_the_target_does_not(family: str):
    model, mixing = _model(family)
    ids, real = _pairs()
    plain = _states(model, ids, real)
    with mixing.pairs(real):
        mixed = _states(model, ids, real)
    assert torch.equal(mixed[2:][real[2:]], plain[2:][real[2:]])
    assert not torch.allclose(mixed[:2][real[:2]], plain[:2][real[:2]], atol=1e-3)
    assert torch.equal(_states(model, ids, real), plain)  # outside nothing is mixed
    assert mixing.ratios is not None
    assert ((mixing.ratios > 0) & (mixing.ratios < 0.5)).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_padding_does_not_matter(family: str):
    model, mixing = _model(family)
    ids, real = _pairs()
    wider = torch.nn.functional.pad(ids, (0, 3), value=1), torch.nn.functional.pad(real, (0, 3))
    with mixing.pairs(real):
        narrow = _states(model, ids, real)
    shares = mixing.ratios
    with mixing.pairs(wider[1]):
        wide = _states(model, *wider)
    torch.testing.assert_close(wide[:, :7][real], narrow[real], atol=2e-6, rtol=1e-4)
    torch.testing.assert_close(mixing.ratios, shares)


def test_padding_matters_in_the_released_form():
    model, mixing = _model("bert", ratio=EntropyRatio(released=True))
    ids, real = _pairs()
    with mixing.pairs(real):
        _states(model, ids, real)
    shares = mixing.ratios
    assert shares is not None
    wider = torch.nn.functional.pad(real, (0, 9))
    with mixing.pairs(wider):
        _states(model, torch.nn.functional.pad(ids, (0, 9), value=1), wider)
    assert mixing.ratios is not None
    assert not torch.allclose(mixing.ratios, shares, atol=1e-3)


@pytest.mark.parametrize("family", FAMILIES)
def test_without_ratio_and_norm_it_is_the_plain_encoder(family: str):
    model, mixing = _model(family, ratio=ConstantRatio(0.0), renormalise=False)
    ids, real = _pairs()
    plain = _states(model, ids, real)
    with mixing.pairs(real):
        torch.testing.assert_close(_states(model, ids, real)[real], plain[real], atol=1e-5, rtol=1e-5)


def test_the_mixture_is_that_of_the_equations():
    """A literal transcription, head by head and pair by pair, on BERT."""
    model, mixing = _model("bert", layer=2)
    ids, real = _pairs()
    with mixing.pairs(real):
        found = _states(model, ids, real)
    layer = model.encoder.layer[1]
    attention, output = layer.attention.self, layer.attention.output
    with torch.no_grad():
        for pair in range(2):
            texts = []
            for row in (pair, pair + 2):
                hidden = model.embeddings(input_ids=ids[row : row + 1, : int(real[row].sum())])
                hidden = model.encoder.layer[0](hidden)
                texts.append(layer.attention(hidden)[0][0])
            u_t, u_s = texts
            heads, both = [], 0.0
            for head in range(2):
                cut = slice(8 * head, 8 * head + 8)
                q = u_t @ attention.query.weight[cut].T + attention.query.bias[cut]
                k = u_s @ attention.key.weight[cut].T + attention.key.bias[cut]
                v = u_s @ attention.value.weight[cut].T + attention.value.bias[cut]
                scores = q @ k.T / math.sqrt(8)
                for way in (scores, scores.T):
                    p = way.softmax(dim=1)
                    both += float(-(p * p.log()).sum(dim=1).mean()) / 2
                heads.append(scores.softmax(dim=1) @ v)
            share = 0.5 / (1 + math.exp(-both))
            assert mixing.ratios is not None
            assert mixing.ratios[pair].item() == pytest.approx(share, abs=1e-6)
            c = torch.cat(heads, dim=1) @ output.dense.weight.T + output.dense.bias
            z = output.LayerNorm(share * c + (1 - share) * u_t)
            left = layer.output(layer.intermediate(z), z)[None]
            expected = model.encoder.layer[2](left)[0]
            torch.testing.assert_close(found[pair, : len(expected)], expected, atol=1e-5, rtol=1e-4)


def test_gradients_reach_the_ratio_and_the_source():
    model, mixing = _model("xlm-roberta")
    ids, real = _pairs()
    with mixing.pairs(real):
        _states(model, ids, real)[:2].square().sum().backward()
    assert isinstance(mixing.ratio, EntropyRatio)
    assert mixing.ratio.weight.grad is not None
    assert mixing.ratio.bias.grad is not None
    assert mixing.ratio.weight.grad.abs() > 0
    assert mixing.ratio.bias.grad.abs() > 0
    words = set(ids[2:][real[2:]].tolist()) - set(ids[:2].flatten().tolist())
    assert all(model.embeddings.word_embeddings.weight.grad[word].abs().sum() > 0 for word in words)


@pytest.mark.parametrize("keys", [1, 2, 5])
def test_equal_attention_has_the_entropy_of_its_number_of_keys(keys: int):
    real = torch.arange(8)[None] < keys
    seen = entropy(torch.full((1, 3, 4, 8), 2.5), torch.ones(1, 4, dtype=torch.bool), real)
    assert seen.item() == pytest.approx(math.log(keys), abs=1e-6)


def test_the_released_entropy_is_that_of_its_code():
    torch.manual_seed(0)
    scores, visible = torch.randn(1, 1, 2, 3), torch.tensor([[1.0, 1.0, 0.0]])
    p = torch.softmax(scores + (1 - visible) * -1e4, dim=-1)
    q = torch.log_softmax(scores * visible, dim=-1)
    by_hand = -(p * q).sum() / 2
    found = released_entropy(scores, torch.ones(1, 2, dtype=torch.bool), visible.bool())
    torch.testing.assert_close(found, by_hand[None])


def test_a_ratio_by_hand():
    ratio = EntropyRatio(ceiling=0.8)
    ratio.weight.data.fill_(-2.0)
    ratio.bias.data.fill_(0.5)
    real = torch.ones(1, 2, dtype=torch.bool)
    scores = torch.tensor([[[[math.log(3), 0.0], [0.0, 0.0]]]])  # rows 3/4 and 1/4, 1/2 and 1/2; columns alike
    each = (-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)) + math.log(2)) / 2
    expected = 0.8 / (1 + math.exp(2 * 2 * each - 0.5))
    assert ratio(scores, real, real).item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("family", "layer", "said"),
    [
        ("bert", 4, "layer must be from 1 to 3, the layers of the model, found 4"),
        ("bert", 0, "found 0"),
        ("albert", 1, "attention of a 'albert' model cannot be read"),
    ],
)
def test_what_cannot_be_mixed_is_said(family: str, layer: int, said: str):
    with pytest.raises(IsoglossError, match=said):
        _model(family, layer)


def test_ratios_out_of_range_are_refused():
    with pytest.raises(IsoglossError, match="ceiling must be in"):
        EntropyRatio(ceiling=0)
    with pytest.raises(IsoglossError, match=r"value must be in \[0, 1\], found 1.5"):
        ConstantRatio(1.5)


@pytest.mark.parametrize("ratio", [EntropyRatio(0.3, learned=False, released=True), ConstantRatio(0.2), EntropyRatio()])
def test_settings_build_it_again(ratio: Any):
    model, mixing = _model("bert", ratio=ratio, renormalise=False)
    again = Mixing.restored(AutoModel.from_config(model.config), mixing.settings())
    assert again.settings() == mixing.settings()
    assert again.state_dict().keys() == mixing.state_dict().keys()
