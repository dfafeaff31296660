"""One adapter over a whole encoder: a bottleneck for each place, and an invertible part if it has one."""

from __future__ import annotations

from typing import cast

import torch
from torch import nn

from isogloss.common.errors import IsoglossError
from isogloss.models.extensions.adapters.bottleneck import Bottleneck
from isogloss.models.extensions.adapters.configuration import AdapterConfig
from isogloss.models.extensions.adapters.invertible import Invertible
from isogloss.models.extensions.adapters.places import Base, Block


class Adapter(nn.Module):
    """The modules of one adapter; `Adapters` runs them.

    Args:
        configuration: Its configuration.
        base: The encoder that it must fit.
        seed: Seed of the fresh weights; the global random state is left alone.

    Attributes:
        configuration: Its configuration.
        layers: By number of the layer, from 0, a bottleneck for each block that has one (``attention``, ``output``).
        invertible: The invertible part; None: it has none.

    Raises:
        IsoglossError: The configuration does not fit the encoder.
    """

    def __init__(self, configuration: AdapterConfig, base: Base, seed: int) -> None:
        super().__init__()
        _require_fit(configuration, base)
        self.configuration = configuration
        self.layers = nn.ModuleDict()
        generator = torch.Generator().manual_seed(seed)
        for place in base.places:
            wanted = configuration.mh_adapter if place.block == "attention" else configuration.output_adapter
            if wanted and place.layer not in configuration.leave_out:
                key, width = str(place.layer), configuration.width(base.hidden, place.layer)
                layer = self.layers[key] if key in self.layers else nn.ModuleDict()
                layer[place.block] = Bottleneck(configuration, base.hidden, width, generator)  # type: ignore[operator]
                self.layers[key] = layer
        self.invertible = Invertible(configuration, base.embedding, generator) if configuration.inv_adapter else None

    def at(self, layer: int, block: Block) -> Bottleneck | None:
        """The bottleneck of a block; None where the adapter has none."""
        key = str(layer)
        blocks = cast(nn.ModuleDict, self.layers[key]) if key in self.layers else None
        return cast(Bottleneck, blocks[block]) if blocks is not None and block in blocks else None


def _require_fit(configuration: AdapterConfig, base: Base) -> None:
    outside = [number for number in configuration.leave_out if not 0 <= number < base.layers]
    if outside:
        raise IsoglossError(f"leave_out: there is no layer {outside[0]} (valid: 0 to {base.layers - 1})")
    if not configuration.inv_adapter and len(set(configuration.leave_out)) == base.layers:
        raise IsoglossError(f"leave_out: has every layer of the {base.layers}, so that the adapter is nowhere")
    if not (configuration.mh_adapter or configuration.output_adapter):
        raise IsoglossError("mh_adapter, output_adapter: one of them must be true, or the adapter is nowhere")
    normless = any(place.norm is None for place in base.places)
    reads_norm = configuration.original_ln_before and not configuration.is_parallel
    if normless and configuration.mh_adapter and reads_norm:
        raise IsoglossError(
            "mh_adapter: this encoder has no norm after the sum of an attention block, as original_ln_before wants; "
            "set mh_adapter or original_ln_before to false"
        )
