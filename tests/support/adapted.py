"""Small models with adapters, far from fresh ones, and what they compute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModelForTokenClassification, PreTrainedModel

from isogloss.models.extensions import attach
from isogloss.models.extensions.adapters import (
    FAMILIES,
    PFEIFFER_INV,
    AdapterConfig,
    Adapters,
)
from tests.support import encoders

KINDS = [kind for kind in encoders.KINDS if kind in FAMILIES]
IDS = torch.tensor([[5, 6, 7, 8, 9], [9, 10, 11, 12, 13], [20, 21, 22, 3, 3], [5, 9, 30, 3, 3]])
MASK = (IDS != 3).long()
LANGUAGES = ("en", "de", "en", "fr")


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
