from __future__ import annotations

import pytest
import torch
from torch import nn

from isogloss import IsoglossError
from isogloss.common.randomness import derive
from isogloss.diagnostics.flatness import flatness
from tests.laws.small import LANGUAGES, Tagger, mean_loss, sources, weights


@pytest.fixture
def model() -> Tagger:
    return Tagger(dropout=0.3)


def loss(model: Tagger, language: str, batches: int = 3) -> float:
    model.eval()
    with torch.no_grad():
        return float(torch.stack([mean_loss(model, sources()[language].stream(k)) for k in range(batches)]).mean())


def test_the_loss_around_is_that_of_filter_normalised_noise(model: Tagger):
    seen = flatness(model, sources(), batches=3, radii=(0.1, 0.5), draws=2, seed=4)
    assert (seen.names, seen.radii, seen.shaken.shape) == (LANGUAGES, (0.1, 0.5), (2, 2, 3))
    assert seen.losses.tolist() == pytest.approx([loss(model, language) for language in LANGUAGES], rel=1e-5)
    before = weights(model)
    for place, radius in enumerate(seen.radii):
        for draw in range(2):
            generator = torch.Generator().manual_seed(derive(4, "flatness", draw))
            for name, parameter in model.named_parameters():
                if parameter.dim() == 1:
                    continue
                noise = torch.randn(parameter.shape, generator=generator)
                rows = [
                    radius * row / row.norm() * still.norm() for row, still in zip(noise, before[name], strict=True)
                ]
                parameter.data = before[name] + torch.stack(rows)
            expected = [loss(model, language) for language in LANGUAGES]
            assert seen.shaken[place, draw].tolist() == pytest.approx(expected, rel=1e-4)
    torch.testing.assert_close(seen.rises, seen.shaken.mean(dim=1) - seen.losses)


def test_scale_does_not_matter():
    # Twice the weights before a normalisation: the same function, and the same rise.
    class Normed(nn.Module):
        def __init__(self, scale: float) -> None:
            super().__init__()
            self.embeddings = nn.Embedding(11, 3)
            torch.manual_seed(1)
            self.embeddings.weight.data = scale * torch.randn(11, 3)

        def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
            return nn.functional.normalize(self.embeddings(input_ids), dim=-1)

    one, twice = (flatness(Normed(scale), sources(), batches=2, radii=(0.3,)).rises for scale in (1.0, 2.0))
    torch.testing.assert_close(one, twice, rtol=1e-4, atol=1e-6)


def test_it_leaves_no_trace(model: Tagger):
    model.train()
    model.head.weight.requires_grad_(False)
    before, state = weights(model), torch.get_rng_state()
    flatness(model, sources(), batches=1)
    assert all(torch.equal(value, before[name]) for name, value in weights(model).items())
    assert torch.equal(torch.get_rng_state(), state)
    assert model.training and model.dropout.training and not model.head.weight.requires_grad
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"radii": (0.1, 0.0)}, "radii: must be above 0"),
        ({"draws": 0}, "draws: must be at least 1, found 0"),
        ({"batches": 0}, "batches: must be at least 1"),
    ],
)
def test_errors(options: dict, message: str, model: Tagger):
    with pytest.raises(IsoglossError, match=message):
        flatness(model, sources(), **options)
