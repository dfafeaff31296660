"""CAGrad by inner products alone solves the problem of its paper."""

from __future__ import annotations

import pytest
import torch

from isogloss import IsoglossError
from isogloss.gradients import CAGrad
from tests.laws.grams import GROUPS, drawn, met


@pytest.mark.parametrize("c", [0.2, 0.5, 0.9])
def test_cagrad_serves_the_worst_off_source_best(c: float):
    random = torch.Generator().manual_seed(1)
    for step in range(8):
        gradients = drawn(step, agreement=0.3 * (step % 3))
        found, mean = met(CAGrad(c), step, gradients), gradients.mean(dim=0)
        assert float((found - mean).norm()) == pytest.approx(c * float(mean.norm()))
        worst = (gradients @ found).min()
        assert worst > (gradients @ mean).min()
        around = torch.randn(3000, 12, generator=random, dtype=torch.float64)
        far, near = (
            mean + scale * c * mean.norm() * around / around.norm(dim=1, keepdim=True) + (1 - scale) * (found - mean)
            for scale in (1.0, 0.05)
        )
        for others in (far, near):
            assert ((others - mean).norm(dim=1) <= c * mean.norm() * (1 + 1e-9)).all()
            assert (others @ gradients.T).amin(dim=1).max() <= worst + 1e-8


def test_cagrad_of_two_is_its_literal_dual():
    shares = torch.linspace(0, 1, 20001, dtype=torch.float64)[:, None]
    for step in range(5):
        gradients = drawn(step, number=2)
        mean = gradients.mean(dim=0)
        mixed = shares * gradients[0] + (1 - shares) * gradients[1]
        mixed = mixed[(mixed @ mean + 0.5 * mean.norm() * mixed.norm(dim=1)).argmin()]
        expected = mean + 0.5 * mean.norm() / mixed.norm() * mixed
        torch.testing.assert_close(met(CAGrad(0.5), step, gradients), expected, rtol=1e-3, atol=1e-3)


def test_cagrad_without_room_is_the_mean_and_scales_with_gradients():
    gradients = drawn(3)
    torch.testing.assert_close(met(CAGrad(0.0), 0, gradients), gradients.mean(dim=0))
    for scale in (1e-8, 1e6):
        torch.testing.assert_close(met(CAGrad(), 0, scale * gradients), scale * met(CAGrad(), 0, gradients))
    by_group = torch.cat([met(CAGrad(), 0, gradients[:, group]) for group in GROUPS])
    torch.testing.assert_close(met(CAGrad(), 0, gradients, GROUPS), by_group)


def test_cagrad_where_nothing_serves_all():
    opposite = torch.tensor([[1.0, 0.0], [-2.0, 0.0]], dtype=torch.float64)
    assert met(CAGrad(), 0, opposite).isfinite().all()
    torch.testing.assert_close(met(CAGrad(), 0, torch.zeros(4, 12).double()), torch.zeros(12).double())
    with pytest.raises(IsoglossError, match=r"c must be in \[0, 1\), found 1"):
        CAGrad(1)
