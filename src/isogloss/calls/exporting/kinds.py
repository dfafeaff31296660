"""Which kinds of folder a model can be exported as, and why not the others."""

from __future__ import annotations

from transformers import PreTrainedModel

from isogloss.calls.exporting.plain import lora_of
from isogloss.common.errors import IsoglossError
from isogloss.models.extensions import extensions_of
from isogloss.models.extensions.adapters import NAME as ADAPTERS
from isogloss.models.extensions.adapters import Adapters, unshared


def adapters_of(model: PreTrainedModel) -> Adapters | None:
    """The adapters of a model, if it has any."""
    found = extensions_of(model).get(ADAPTERS)
    return found if isinstance(found, Adapters) else None


def check_kind(model: PreTrainedModel, kind: str) -> None:
    """Stop unless a model can be exported as a kind.

    Raises:
        IsoglossError: It cannot; the nearest kind that it can be is named.
    """
    reason = _refusals(model)[kind]
    if reason is not None:
        others = [name for name, against in _refusals(model).items() if against is None]
        raise IsoglossError(f"to: {kind!r} is not possible: {reason}; nearest: {' or '.join(others)}")


def _refusals(model: PreTrainedModel) -> dict[str, str | None]:
    """By kind why a model cannot be exported as it; None: it can be."""
    adapters, lora = adapters_of(model), lora_of(model)
    apart = None
    if adapters is None:
        apart = "the model has no adapters"
    else:
        reasons = (unshared(adapters[name].configuration, adapters.base) for name in adapters.names)
        apart = next((reason for reason in reasons if reason is not None), None)
    beside = "the model has no LoRA"
    if lora is not None:
        beside = "beside LoRA the model has adapters, which peft does not load" if adapters is not None else ""
    return {
        "hf": None
        if adapters is None
        else "adapters cannot be merged into weights, and transformers has no modules for them",
        "onnx": None,
        "adapterhub": apart,
        "peft": beside or None,
    }
