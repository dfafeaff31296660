"""Parameter groups: what decays, what has options of its own, and what never moves and so is left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from torch import nn


def parameter_groups(
    model: nn.Module,
    *,
    weight_decay: float,
    own: Mapping[str, Mapping[str, Any]] | None = None,
    names: Collection[str] | None = None,
) -> list[dict[str, Any]]:
    """Groups for an optimizer over every parameter of ``model`` that will ever train.

    Vectors (biases and the scales of norms) never decay; tied weights appear once.

    Args:
        model: The model.
        weight_decay: Decay of matrices, at least 0.
        names: Names of the parameters that may move in some step; None: all.
        own: By name of a parameter the options that it has of its own, such as ``{"alpha": 1.0}`` for a fresh head.

    Returns:
        Two groups or fewer per set of options, each with ``params``, ``weight_decay`` and the options; empty ones are
        left out.

    Example:
        The bias of a layer does not decay; its matrix does, and has a learning rate of its own here:

        >>> groups = parameter_groups(nn.Linear(3, 2), weight_decay=0.1, own={"weight": {"lr": 0.5}})
        >>> [([tuple(p.shape) for p in g.pop("params")], g) for g in groups]
        [([(2,)], {'weight_decay': 0.0}), ([(2, 3)], {'weight_decay': 0.1, 'lr': 0.5})]
    """
    groups: dict[tuple[tuple[tuple[str, Any], ...], bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if names is not None and name not in names:
            continue
        options = tuple(sorted((own or {}).get(name, {}).items()))
        groups.setdefault((options, parameter.ndim >= 2), []).append(parameter)
    return [
        {"params": parameters, "weight_decay": weight_decay if decays else 0.0, **dict(options)}
        for (options, decays), parameters in sorted(groups.items(), key=lambda item: item[0])
    ]
