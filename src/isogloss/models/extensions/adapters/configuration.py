"""What a bottleneck adapter is: its shape and its place in a layer, in the words of AdapterHub."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from transformers.activations import ACT2FN

from isogloss.common.errors import IsoglossError, nearest

Reduction = float | Mapping[str, float]
"""One number, or one by number of the layer (from 0, as text) with ``default`` for the others."""

_WITH_WEIGHTS = {"prelu", "xielu"}
ACTIVATIONS = {"leakyrelu": "leaky_relu", **{name: name for name in ACT2FN if name not in _WITH_WEIGHTS}}
"""Names of functions for the bottleneck, as AdapterHub writes them, to those of transformers."""
_DRAWN = ("bert", "houlsby", "mam_adapter")


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _positive(value: object) -> bool:
    return _number(value) and value > 0  # type: ignore[operator]


@dataclass(frozen=True)
class AdapterConfig:
    """An adapter's configuration; names and meanings are those of AdapterHub.

    Write h for the output of an attention or feed-forward block before its residual r is added, and LN for the norm
    that the layer itself has there. An adapter makes h + s·Δ(x) of h, where Δ(x) = up(activation(down(x))); the layer
    then goes on with it as with h. What it reads is LN(h + r) (``original_ln_before``), h (not so), or r
    (``is_parallel``). LN is the layer's own, which adapters share and never train.

    Attributes:
        mh_adapter: Whether there is one after each attention block.
        output_adapter: Whether there is one after each feed-forward block.
        reduction_factor: Size of the hidden states over that of the bottleneck, > 0.
        non_linearity: Name of the activation.
        original_ln_before: Whether it reads LN(h + r).
        residual_before_ln: What Δ is added to where ``original_ln_before``: True, h; False, LN(h + r);
            ``post_add``, h + r.
        is_parallel: Whether it reads r, beside the block.
        scaling: s: a number, or ``learned`` (one number) or ``channel`` (one for each dimension), which start at 1.
        inv_adapter: ``nice`` for an invertible adapter after the embeddings; None for none.
        inv_adapter_reduction_factor: The same as ``reduction_factor`` for its halves.
        leave_out: Numbers of the layers, from 0, that have none.
        dropout: Probability in [0, 1) of dropout on s·Δ.
        init_weights: How fresh weights are drawn: ``bert``, all from N(0, 0.02²); ``houlsby``, from N(0, 0.01²) cut
            at two standard deviations; ``mam_adapter``, down as `torch.nn.Linear` has them, up zero. Biases are zero.

    Raises:
        IsoglossError: A value is not valid.

    Example:
        >>> PFEIFFER.width(768, layer=0), AdapterConfig(reduction_factor={"0": 2, "default": 16}).width(768, layer=0)
        (48, 384)
    """

    mh_adapter: bool = False
    output_adapter: bool = True
    reduction_factor: Reduction = 16
    non_linearity: str = "relu"
    original_ln_before: bool = True
    residual_before_ln: bool | Literal["post_add"] = True
    is_parallel: bool = False
    scaling: float | Literal["learned", "channel"] = 1.0
    inv_adapter: Literal["nice"] | None = None
    inv_adapter_reduction_factor: float | None = None
    leave_out: tuple[int, ...] = ()
    dropout: float = 0.0
    init_weights: Literal["bert", "houlsby", "mam_adapter"] = "bert"

    def __post_init__(self) -> None:
        if isinstance(self.leave_out, list):  # as JSON has it
            object.__setattr__(self, "leave_out", tuple(self.leave_out))
        if _number(self.scaling):  # AdapterHub's package knows a constant by its having a point
            object.__setattr__(self, "scaling", float(self.scaling))
        if self.activation not in ACTIVATIONS:
            raise IsoglossError(
                f"non_linearity: no activation {self.non_linearity!r}{nearest(self.activation, ACTIVATIONS)}"
            )
        factor, inverse = self.reduction_factor, self.inv_adapter_reduction_factor
        rules = {
            "reduction_factor": (
                all(map(_positive, factor.values() if isinstance(factor, Mapping) else [factor])),
                "a number > 0, or one for each layer",
            ),
            "residual_before_ln": (self.residual_before_ln in (True, False, "post_add"), "true, false or 'post_add'"),
            "scaling": (
                self.scaling in ("learned", "channel") or _number(self.scaling),
                "a number, 'learned' or 'channel'",
            ),
            "inv_adapter": (self.inv_adapter in (None, "nice"), "'nice' or none"),
            "inv_adapter_reduction_factor": (not self.inv_adapter or _positive(inverse), "a number > 0"),
            "leave_out": (
                isinstance(self.leave_out, tuple) and all(isinstance(number, int) for number in self.leave_out),
                "numbers of layers",
            ),
            "init_weights": (self.init_weights in _DRAWN, f"one of {', '.join(map(repr, _DRAWN))}"),
            "dropout": (_number(self.dropout) and 0 <= self.dropout < 1, "a number in [0, 1)"),
        }
        for name, (valid, rule) in rules.items():
            if not valid:
                raise IsoglossError(f"{name}: must be {rule}, found {getattr(self, name)!r}")
        if self.residual_before_ln == "post_add" and not self.original_ln_before:
            raise IsoglossError("residual_before_ln: 'post_add' has a meaning only with original_ln_before")

    @property
    def activation(self) -> str:
        """Name of the activation, in small letters as AdapterHub takes it."""
        return str(self.non_linearity).lower()

    def width(self, hidden: int, layer: int) -> int:
        """Size of the bottleneck in a layer for hidden states of a size, at least 1.

        Raises:
            IsoglossError: The reduction factors have none for the layer and no ``default``.
        """
        factor = self.reduction_factor
        if isinstance(factor, Mapping):
            if str(layer) not in factor and "default" not in factor:
                raise IsoglossError(
                    f"reduction_factor: none for layer {layer}, and no 'default' (found {dict(factor)})"
                )
            factor = factor.get(str(layer), factor.get("default", 1))
        return max(1, int(hidden // factor))

    def values(self) -> dict[str, Any]:
        """All of it as plain values for JSON."""
        return {**asdict(self), "leave_out": list(self.leave_out)}


PFEIFFER = AdapterConfig()
"""One after each feed-forward block (``seq_bn``)."""
PFEIFFER_INV = replace(PFEIFFER, inv_adapter="nice", inv_adapter_reduction_factor=2)
"""The same with an invertible adapter (``seq_bn_inv``), as language adapters have it."""
HOULSBY = AdapterConfig(mh_adapter=True, original_ln_before=False, non_linearity="swish")
"""One after each attention and feed-forward block (``double_seq_bn``)."""
HOULSBY_INV = replace(HOULSBY, inv_adapter="nice", inv_adapter_reduction_factor=2)
"""The same with an invertible adapter (``double_seq_bn_inv``)."""
PARALLEL = AdapterConfig(
    original_ln_before=False, is_parallel=True, reduction_factor=2, scaling=4.0, init_weights="mam_adapter"
)
"""One beside each feed-forward block (``par_bn``)."""

NAMES = tuple(field.name for field in fields(AdapterConfig))
