"""Feed-forward blocks keep the units of most energy on text, and lose nothing where the others do nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import AutoModel, PreTrainedModel

from isogloss.common.errors import IsoglossError
from isogloss.models.feed_forward import keep_units, most_energy, require_fewer_units, unit_energies
from isogloss.models.layer_modules import layer_modules
from tests.support.encoders import build

ROWS = [np.array([5, 6, 7, 9, 30]), np.array([11, 39, 3]), np.array([8, 8, 21, 13])]
IDS = torch.tensor([[5, 6, 7, 9, 30], [11, 39, 3, 2, 2]])


def far(kind: str, seed: int = 0) -> PreTrainedModel:
    """A model with weights far from the start, where all units are alike."""
    model = build(kind, AutoModel, intermediate_size=12)
    torch.manual_seed(seed)
    for parameter in model.parameters():
        parameter.data.add_(torch.randn_like(parameter) * 0.3)
    return model.eval()


def states(model: PreTrainedModel) -> Tensor:
    found: Tensor = model(input_ids=IDS).last_hidden_state
    return found


@pytest.mark.parametrize("kind", ["bert", "xlm-roberta", "electra"])
@torch.no_grad()
def test_with_all_units_it_is_the_same_to_the_last_bit(kind: str):
    model, other = far(kind), far(kind)
    keep_units(model, most_energy(unit_energies(other, ROWS), 12).units)
    assert torch.equal(states(model), states(other))
    for name, value in model.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name


@pytest.mark.parametrize("kind", ["bert", "xlm-roberta", "electra"])
@torch.no_grad()
def test_units_that_add_nothing_are_left_out_and_nothing_is_lost(kind: str):
    model = far(kind)
    alive = [torch.randperm(12, generator=torch.Generator().manual_seed(own))[:6].sort().values for own in range(3)]
    for layer, own in zip(layer_modules(model), alive, strict=True):
        dead = np.setdiff1d(np.arange(12), own.numpy())
        layer.get_submodule("0.output.dense").get_parameter("weight")[:, dead] = 0
    expected = states(model)
    kept = most_energy(unit_energies(model, ROWS), 6)
    assert [own.tolist() for own in kept.units] == [own.tolist() for own in alive]
    assert kept.shares == pytest.approx([1, 1, 1])
    keep_units(model, kept.units)
    torch.testing.assert_close(states(model), expected, atol=1e-5, rtol=1e-5)
    assert model.config.intermediate_size == 6
    narrow = AutoModel.from_config(model.config)
    assert {name: own.shape for name, own in narrow.state_dict().items()} == {
        name: own.shape for name, own in model.state_dict().items()
    }


@torch.no_grad()
def test_energies_are_the_mean_squared_length_of_what_a_unit_adds():
    """Written out place by place and unit by unit, from the hidden states that the blocks read."""
    model = far("bert")
    energies = unit_energies(model, ROWS)
    read: list[list[Tensor]] = [[], [], []]
    for number, layer in enumerate(model.encoder.layer):
        layer.intermediate.register_forward_pre_hook(lambda _, given, number=number: read[number].append(given[0][0]))
    for row in ROWS:
        model(input_ids=torch.from_numpy(row)[None], attention_mask=torch.ones(1, len(row)))
    for number, layer in enumerate(model.encoder.layer):
        into, out = layer.intermediate.dense, layer.output.dense
        places = torch.cat(read[number])
        assert len(places) == 12
        wanted = []
        for unit in range(12):
            lengths = []
            for place in places:
                a = torch.nn.functional.gelu(into.weight[unit] @ place + into.bias[unit])
                lengths.append(float((a * out.weight[:, unit]).norm()) ** 2)
            wanted.append(sum(lengths) / len(lengths))
        np.testing.assert_allclose(energies[number].numpy(), wanted, rtol=1e-4)
        kept = most_energy([energies[number]], 5)
        best = sorted(sorted(range(12), key=lambda unit: -wanted[unit])[:5])
        assert kept.units[0].tolist() == best
        assert kept.shares[0] == pytest.approx(sum(wanted[unit] for unit in best) / sum(wanted), rel=1e-4)


@torch.no_grad()
def test_one_unit_less_loses_its_energy():
    """What is kept is each unit's own weights: the block's output moves by what the unit added, and by no more."""
    model, other = far("bert"), far("bert")
    energies = unit_energies(model, ROWS)[0]
    kept = most_energy([energies] * 3, 11).units
    least = int(energies.argmin())
    assert least not in kept[0].tolist()
    keep_units(model, kept)
    x = torch.randn(7, 16)
    outs = [own.encoder.layer[0].output.dense(own.encoder.layer[0].intermediate(x)) for own in (other, model)]
    layer = other.encoder.layer[0]
    added = layer.intermediate(x)[:, least : least + 1] * layer.output.dense.weight[:, least]
    torch.testing.assert_close(outs[0] - outs[1], added, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", ["modernbert", "deberta-v2", "distilbert", "albert"])
def test_a_teacher_of_other_layers_is_refused(kind: str):
    message = rf"one of bert, .*xlm-roberta, found '{kind}'; leave out intermediate, or from_layers"
    with pytest.raises(IsoglossError, match=message):
        require_fewer_units(build(kind, AutoModel).config, 8)


def test_more_units_than_the_teacher_has_are_refused():
    with pytest.raises(IsoglossError, match=r"must be at most 16, the teacher's, found 17; nearest valid: 16"):
        require_fewer_units(build("bert", AutoModel).config, 17)
