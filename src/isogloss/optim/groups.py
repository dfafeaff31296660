"""Parameter groups: what decays, and what is fresh."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from torch import nn


def parameter_groups(
    model: nn.Module, *, weight_decay: float, fresh: Collection[str] = (), fresh_options: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Groups for an optimizer over every parameter of ``model``, frozen ones included.

    The optimizer must know all parameters that will ever train, before anything is frozen. Vectors (biases and the
    scales of norms) never decay; tied weights appear once.

    Args:
        model: The model.
        weight_decay: Decay of matrices, at least 0.
        fresh: Names of parameters that no checkpoint filled, such as a new task head.
        fresh_options: What their groups have of their own, such as ``{"alpha": 1.0}``.

    Returns:
        Up to four groups, each with ``params``, ``weight_decay`` and the options; empty ones are left out.
    """
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        groups.setdefault((name in fresh, parameter.ndim >= 2), []).append(parameter)
    return [
        {
            "params": parameters,
            "weight_decay": weight_decay if decays else 0.0,
            **((fresh_options or {}) if is_fresh else {}),
        }
        for (is_fresh, decays), parameters in sorted(groups.items(), key=lambda item: item[0])
    ]
