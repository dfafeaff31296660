"""Layers in which the two texts of a pair are one (FILTER)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from isogloss.common.errors import IsoglossError, nearest
from isogloss.models.extensions.attaching import extensions_of
from isogloss.models.extensions.pairing import Pairing
from isogloss.models.layer_modules import layer_modules

NAME = "fusion"
"""The name under which it is attached to a model."""

FAMILIES = ("bert", "camembert", "distilbert", "electra", "roberta", "xlm-roberta")
"""The model types that can be fused: positions are in their embeddings, and all layers attend to all places."""

IMPLEMENTATIONS = ("eager", "sdpa")
"""The implementations of attention whose masks can be made for two texts."""


class Fusion(Pairing):
    """Lets both texts of a pair attend to both in some layers, and to themselves alone in all others.

    Layers 1 to m see each text for itself. Before layer m + 1 the states of both are put one after the other,
    ``[b, 2s, d]``; layers m + 1 to m + k attend to all places of both that are no padding; after layer m + k the texts
    are parted again. All with the layers' own weights; it has none itself. Positions are those that each text has for
    itself. Outside `pairs` the model computes what it computes without this module, to the last bit.

    Args:
        model: A model of transformers, with or without a head.
        local: m ≥ 0, layers before.
        fused: k ≥ 1, layers in which both texts are one.

    Raises:
        IsoglossError: The model has fewer layers, or its layers cannot be fused.

    Reference:
        Fang et al., *FILTER: An Enhanced Fusion Method for Cross-lingual Language Understanding*, AAAI 2021.
    """

    kind: ClassVar[str] = "fusion"
    changes_outputs: ClassVar[bool] = True
    both_predict: ClassVar[bool] = False

    def __init__(self, model: PreTrainedModel, local: int, fused: int) -> None:
        super().__init__()
        self.local, self.fused = local, fused
        _require_family(model)
        layers = [layer[0] for layer in layer_modules(model)]
        if local < 0 or fused < 1 or local + fused > len(layers):
            raise IsoglossError(
                f"objective: {local} local layers and {fused} fused ones, but the model has {len(layers)}, of which at "
                "least one must be fused"
            )
        self._additive = model.config._attn_implementation == "eager"
        chosen = layers[local : local + fused]
        for layer in chosen:
            layer.register_forward_pre_hook(self._before(first=layer is chosen[0]), with_kwargs=True)
        chosen[-1].register_forward_hook(self._after)

    @classmethod
    def restored(cls, model: PreTrainedModel, settings: Mapping[str, Any]) -> Fusion:
        """The same module for another model, from what `settings` returned."""
        return cls(model, settings["local"], settings["fused"])

    def settings(self) -> Mapping[str, Any]:
        """Its arguments beside the model."""
        return {"local": self.local, "fused": self.fused}

    def _before(self, *, first: bool) -> Any:  # noqa: ANN401 - a hook of torch
        def hook(module: nn.Module, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:  # noqa: ANN401
            if self._real is None:
                return None
            states, mask, *rest = (*arguments, None) if len(arguments) == 1 else arguments
            if first:
                states = torch.cat(states.chunk(2), dim=1)
            mask = self._mask(states)
            if "attention_mask" in named:
                return (states,), {**named, "attention_mask": mask}
            return (states, mask, *rest), named

        return hook

    def _mask(self, states: Tensor) -> Tensor:
        assert self._real is not None
        real = torch.cat(self._real.chunk(2), dim=1)[:, None, None, :]  # [b, 1, 1, 2s]
        if not self._additive:
            return real.expand(-1, -1, states.shape[1], -1)
        return torch.zeros_like(real, dtype=states.dtype).masked_fill(~real, torch.finfo(states.dtype).min)

    def _after(self, module: nn.Module, arguments: object, output: Any) -> Any:  # noqa: ANN401 - states, or first of some
        if self._real is None:
            return None
        states = output[0] if isinstance(output, tuple) else output
        parted = torch.cat(states.chunk(2, dim=1))
        return (parted, *output[1:]) if isinstance(output, tuple) else parted


def fusion_of(model: nn.Module) -> Fusion | None:
    """The fusion of a model, if it has one."""
    found = extensions_of(model).get(NAME)
    return found if isinstance(found, Fusion) else None


def _require_family(model: PreTrainedModel) -> None:
    family, implementation = model.config.model_type, model.config._attn_implementation
    if family not in FAMILIES:
        raise IsoglossError(
            f"objective: kind filter puts two texts into one attention, which a {family!r} model, with relative "
            f"positions or layers that look at near places only, cannot do{nearest(family, FAMILIES)}"
        )
    if implementation not in IMPLEMENTATIONS:
        raise IsoglossError(
            f"attention: kind filter makes masks of its own, for {' and '.join(IMPLEMENTATIONS)}, found "
            f"{implementation!r}"
        )
