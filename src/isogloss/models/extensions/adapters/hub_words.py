"""AdapterHub's words for configurations, those of its earlier versions too, to ours and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from isogloss.common.errors import IsoglossError, nearest
from isogloss.models.extensions.adapters.configuration import (
    HOULSBY,
    HOULSBY_INV,
    NAMES,
    PARALLEL,
    PFEIFFER,
    PFEIFFER_INV,
    AdapterConfig,
)

ARCHITECTURES = {
    "seq_bn": PFEIFFER,
    "seq_bn_inv": PFEIFFER_INV,
    "double_seq_bn": HOULSBY,
    "double_seq_bn_inv": HOULSBY_INV,
    "par_bn": PARALLEL,
    "scaled_par_bn": replace(PARALLEL, scaling="learned"),
}
"""The architectures that are computed here, under AdapterHub's present names."""
FORMER = {
    "pfeiffer": "seq_bn",
    "pfeiffer+inv": "seq_bn_inv",
    "houlsby": "double_seq_bn",
    "houlsby+inv": "double_seq_bn_inv",
    "parallel": "par_bn",
    "scaled_parallel": "scaled_par_bn",
}
"""Names that these had before."""
_OTHERS = (
    *("adapter_plus", "compacter", "compacter++", "direft", "dora", "dvora", "ia3", "lora", "loreft", "mam"),
    *("mtl_lora", "noreft", "prefix_tuning", "prefix_tuning_flat", "prompt_tuning", "reft", "unipelt", "union", "vera"),
)
"""Architectures of AdapterHub that are no bottleneck adapters, or not such as are computed here."""

_NEUTRAL: dict[str, Any] = {
    "original_ln_after": True,
    "ln_before": False,
    "ln_after": False,
    "use_gating": False,
    "cross_adapter": False,
    "phm_layer": False,
    "stochastic_depth": 0.0,
}
"""Options that are not computed here, and what they must be."""
_WITHOUT_EFFECT = {"architecture", "adapter_residual_before_ln", "init_weights_seed", "attention_type"} | {
    *("new_attention_norm", "phm_dim", "factorized_phm_w", "shared_w_phm", "shared_phm_rule", "factorized_phm_rule"),
    *("phm_c_init", "phm_init_range", "learn_phm", "hypercomplex_nonlinearity", "phm_rank", "phm_bias"),
}
"""Options that say nothing where the others are neutral: of norms and products that are not there, of fusion."""
_GELU = {"gelu": "gelu_new", "gelu_orig": "gelu"}
"""What the first version called these activations; its files have no ``version``."""
_DEFAULTS = AdapterConfig(original_ln_before=False)
"""What AdapterHub takes where a configuration is silent."""


def from_hub(words: str | Mapping[str, Any], *, versioned: bool) -> AdapterConfig:
    """The configuration that AdapterHub means.

    Args:
        words: ``config`` of an ``adapter_config.json``: the name of an architecture or all options.
        versioned: Whether the file has a ``version``; one without is read as the first version wrote it.

    Raises:
        IsoglossError: It is of an unknown architecture, or one that is not computed here, or has such an option.

    Example:
        >>> from_hub("pfeiffer+inv", versioned=True) == PFEIFFER_INV
        True
    """
    if isinstance(words, str):
        return _architecture(words)
    if not isinstance(words, Mapping):
        raise IsoglossError(f"config: must be the name of an architecture or its options, found {words!r}")
    if words.get("architecture"):
        return _architecture(str(words["architecture"]))
    # The first version wrote some names in capitals (``LN_after``), and the invertible part as one option.
    options = {name.lower(): value for name, value in words.items()}
    options |= _invertible(options.pop("invertible_adapter", None), options.get("non_linearity"))
    for name, neutral in _NEUTRAL.items():
        if options.pop(name, neutral) not in (neutral, None):
            raise IsoglossError(f"{name}: is not computed here, must be {_json(neutral)}")
    ours = {name: value for name, value in options.items() if name not in _WITHOUT_EFFECT}
    unknown = sorted(ours.keys() - set(NAMES))
    if unknown:
        raise IsoglossError(f"no option {unknown[0]!r} of a bottleneck adapter{nearest(unknown[0], NAMES)}")
    ours["leave_out"] = ours.get("leave_out") or ()
    if not versioned:
        ours["non_linearity"] = _GELU.get(ours.get("non_linearity", ""), ours.get("non_linearity"))
    for name in ("mh_adapter", "output_adapter", "reduction_factor", "non_linearity"):
        if ours.get(name) is None:
            raise IsoglossError(f"option {name!r} is missing")
    return replace(_DEFAULTS, **ours)


def to_hub(configuration: AdapterConfig) -> dict[str, Any]:
    """All options of AdapterHub for a configuration, as plain values for JSON."""
    return {**configuration.values(), **_NEUTRAL, "adapter_residual_before_ln": False}


def _architecture(name: str) -> AdapterConfig:
    present = FORMER.get(name, name)
    if present in ARCHITECTURES:
        return ARCHITECTURES[present]
    if present in _OTHERS:
        raise IsoglossError(f"architecture {name!r} is not computed here (valid: {', '.join(ARCHITECTURES)})")
    raise IsoglossError(f"no architecture {name!r}{nearest(name, [*ARCHITECTURES, *FORMER])}")


def _invertible(block: Mapping[str, Any] | None, activation: str | None) -> dict[str, Any]:
    if not block:
        return {}
    if block.get("non_linearity", activation) != activation:
        raise IsoglossError(
            f"invertible_adapter: non_linearity {block['non_linearity']!r} differs from the adapter's, {activation!r}"
        )
    return {"inv_adapter": block.get("block_type"), "inv_adapter_reduction_factor": block.get("reduction_factor")}


def _json(value: object) -> str:
    return str(value).lower()
