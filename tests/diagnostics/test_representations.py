from __future__ import annotations

import pytest
import torch

from isogloss import IsoglossError
from isogloss.diagnostics.representations import linear_cka, similarities


@pytest.fixture
def x() -> torch.Tensor:
    return torch.randn(40, 6, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def y(x: torch.Tensor) -> torch.Tensor:
    return 0.7 * x[:, :4] + torch.randn(40, 4, generator=torch.Generator().manual_seed(1))


def test_by_centred_kernels(x: torch.Tensor, y: torch.Tensor):
    # HSIC(K, L) = tr(K H L H) with K = X X^T, L = Y Y^T: another way to the same value.
    centre = torch.eye(40, dtype=torch.float64) - 1 / 40

    def hsic(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        k, l = (side.double() @ side.double().T for side in (left, right))  # noqa: E741
        return torch.trace(k @ centre @ l @ centre)

    expected = hsic(x, y) / (hsic(x, x) * hsic(y, y)).sqrt()
    assert linear_cka(x, y) == pytest.approx(float(expected), rel=1e-9)
    assert 0.2 < linear_cka(x, y) < 0.9


def test_what_it_does_not_see(x: torch.Tensor, y: torch.Tensor):
    rotation, _ = torch.linalg.qr(torch.randn(6, 6, generator=torch.Generator().manual_seed(2)))
    assert linear_cka(x, x) == pytest.approx(1)
    assert linear_cka(3 * x @ rotation + 5, y) == pytest.approx(linear_cka(x, y), rel=1e-4)
    assert linear_cka(x, y) == pytest.approx(linear_cka(y, x))
    order = torch.randperm(40, generator=torch.Generator().manual_seed(3))
    assert linear_cka(x, x[order]) < 0.3


def test_all_pairs_layer_by_layer(x: torch.Tensor):
    other = x + 0.01
    vectors = {"en": torch.stack([x, x]), "de": torch.stack([other, -x]), "sw": torch.stack([x.flip(0), x])}
    found = similarities(vectors)
    assert list(found) == [("en", "de"), ("en", "sw"), ("de", "sw")]
    (cka, accuracy), (mirrored, none) = found["en", "de"]
    assert (cka, accuracy) == (pytest.approx(1), 1.0)
    # Mirrored vectors are alike to CKA, and retrieval finds nothing.
    assert (mirrored, none) == (pytest.approx(1), 0.0)


def test_errors(x: torch.Tensor):
    with pytest.raises(IsoglossError, match=r"equally many rows.*\[40, 6\] and \[39, 6\]"):
        linear_cka(x, x[1:])
    with pytest.raises(IsoglossError, match="at least 2"):
        linear_cka(x[:1], x[:1])
    with pytest.raises(IsoglossError, match="all finite"):
        linear_cka(x, x / 0)
