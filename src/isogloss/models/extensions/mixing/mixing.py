"""A layer in which the first text of each pair is mixed with what it attends to in the second one (X-Mixup)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor
from transformers import PreTrainedModel

from isogloss.models.extensions.attaching import extensions_of
from isogloss.models.extensions.mixing.attention import attended, attention_of
from isogloss.models.extensions.mixing.ratio import RATIOS, Ratio
from isogloss.models.extensions.pairing import Pairing

NAME = "mixing"
"""The name under which it is attached to a model."""


class Mixing(Pairing):
    """Mixes each target text, at one layer, with what it finds when it attends to its source text.

    With the weights W of the layer's own attention, and u_t and u_s what this leaves of both texts, residual and norm
    included, the target goes on with z in the place of u_t:

        S = (W_q u_t) (W_k u_s)ᵀ / √d,  c = W_o · softmax(S) W_v u_s,  λ = ratio(S),  z = LN(λ · c + (1 − λ) · u_t),

    each head apart, with the source's padding left out. The source text goes its own way. A model without norm after
    the residual (ModernBERT) has z = λ · c + (1 − λ) · u_t. Outside `pairs` the model computes what it computes without
    this module, to the last bit. The only weights of its own are those of the ratio.

    Args:
        model: A model of transformers, with or without a head.
        layer: The layer, from 1 for the lowest.
        ratio: Makes λ.
        renormalise: Whether the layer's norm is applied to the mixture too. Without it λ = 0 is the plain encoder.
        places: The length that pairs are padded to, which matters for a ratio that sees padding (`released_entropy`);
            None: that of the longest text of a batch.

    Attributes:
        ratios: λ of each pair of the last forward pass ``[b]``, without gradient; None before the first.

    Raises:
        IsoglossError: The model has no such layer, or its attention cannot be read.

    Reference:
        Yang, Chen, Zhou, Li, *Enhancing Cross-lingual Transfer by Manifold Mixup*, ICLR 2022, arXiv 2205.04182.
    """

    kind: ClassVar[str] = "mixing"
    changes_outputs: ClassVar[bool] = True
    both_predict: ClassVar[bool] = True

    def __init__(
        self,
        model: PreTrainedModel,
        layer: int,
        ratio: Ratio,
        *,
        renormalise: bool = True,
        places: int | None = None,
    ) -> None:
        super().__init__()
        self.layer, self.ratio, self.renormalise, self.places = layer, ratio, renormalise, places
        self.ratios: Tensor | None = None
        self._attention = attention_of(model, layer)
        self._attention.watch(self._mixed)
        self.train(model.training)

    @classmethod
    def restored(cls, model: PreTrainedModel, settings: Mapping[str, Any]) -> Mixing:
        """The same module for another model, from what `settings` returned; its weights are the ratio's first ones."""
        ratio = RATIOS[settings["ratio"]](**settings["ratio_settings"])
        return cls(model, settings["layer"], ratio, renormalise=settings["renormalise"], places=settings.get("places"))

    def settings(self) -> Mapping[str, Any]:
        """Layer and ratio."""
        return {
            "layer": self.layer,
            "ratio": self.ratio.kind,
            "ratio_settings": dict(self.ratio.settings()),
            "renormalise": self.renormalise,
            "places": self.places,
        }

    def _mixed(self, left: Tensor) -> Tensor | None:
        if self._real is None:
            return None
        (target, source), (here, there) = left.chunk(2), self._real.chunk(2)
        own = self._attention
        scores = own.queries(target) @ own.keys(source).transpose(2, 3) * own.scale
        share = self.ratio(scores, here, there)
        self.ratios = share.detach()
        weights = torch.softmax(scores.float().masked_fill(~there[:, None, None, :], -torch.inf), dim=-1)
        found = attended(own, weights, own.values(source), training=self.training)
        share = share[:, None, None].to(target.dtype)
        mixed = share * found + (1 - share) * target
        return own.norm(mixed) if self.renormalise else mixed


def mixing_of(model: torch.nn.Module) -> Mixing | None:
    """The mixing of a model, if it has one."""
    found = extensions_of(model).get(NAME)
    return found if isinstance(found, Mixing) else None
