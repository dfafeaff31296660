"""Adapters in AdapterHub's folders: ``adapter_config.json`` and the weights, read and written."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from isogloss.common.errors import IsoglossError
from isogloss.common.writing import read_json, write_json, writing
from isogloss.models.extensions.adapters.adapter import Adapter
from isogloss.models.extensions.adapters.adapters import Adapters
from isogloss.models.extensions.adapters.configuration import AdapterConfig
from isogloss.models.extensions.adapters.hub_words import from_hub, to_hub
from isogloss.models.extensions.adapters.places import Base

DESCRIPTION, WEIGHTS, SAFE_WEIGHTS = "adapter_config.json", "pytorch_adapter.bin", "adapter.safetensors"
HEADS = ("head_config.json", "pytorch_model_head.bin", "model_head.safetensors")
FILES = (DESCRIPTION, WEIGHTS, SAFE_WEIGHTS, HEADS[0])

VERSION = "adapters.1.3.0"
"""The version of the format that is written, by the package that defines it."""

_FORMER = {
    **{f"{block}_text_{kind}_adapters": "adapters" for block in ("attention", "layer") for kind in ("task", "lang")},
    "invertible_lang_adapters": "invertible_adapters",
}
"""Names of modules in earlier versions."""


@dataclass(frozen=True)
class Read:
    """An adapter that was read.

    Attributes:
        name: Its name in the model.
        adapter: The adapter.
        trained_for: Name of the model that it was trained in; None: the file does not say.
        notes: What the user should know of the files.
    """

    name: str
    adapter: Adapter
    trained_for: str | None
    notes: tuple[str, ...]


def read_adapter(folder: Path, adapters: Adapters, name: str | None = None, *, leave_out: Sequence[int] = ()) -> Read:
    """Add an adapter from a folder of AdapterHub to a model's; nothing is added where it does not fit.

    Weights are read from safetensors where there are any, else with ``weights_only``, so that no code in them runs.

    Args:
        folder: The folder.
        adapters: The model's adapters.
        name: Name in the model; None: its own.
        leave_out: Numbers of layers, from 0, whose bottlenecks are not taken beside those that it has none for.

    Raises:
        IsoglossError: The folder is damaged, or the adapter is for another model or of an architecture that is not
            computed here, or the model has one of that name.
    """
    description = read_json(folder / DESCRIPTION)
    _require_base(folder / DESCRIPTION, description, adapters.base)
    path, stored = _stored(folder)
    own = str(description.get("name"))
    stored = {_present(key, adapters.base.prefix): tensor for key, tensor in stored.items()}
    configuration, notes = _configuration(folder / DESCRIPTION, description, stored)
    _require_layers(path, stored, configuration, adapters.base)
    if leave_out:
        configuration = replace(configuration, leave_out=tuple(sorted({*configuration.leave_out, *leave_out})))
        left = [place.hub for place in adapters.base.places if place.layer in leave_out]
        stored = {key: tensor for key, tensor in stored.items() if not key.startswith(tuple(f"{at}." for at in left))}
    name = own if name is None else name
    try:
        _require_common(configuration, adapters.base)
        adapter = adapters.add(name, configuration, seed=0)
    except IsoglossError as error:
        raise IsoglossError(f"{folder / DESCRIPTION}: {error}") from error
    try:
        _fill(path, stored, tensors_of(adapter, own, adapters.base))
    except IsoglossError:
        adapters.remove(name)
        raise
    if any((folder / head).exists() for head in HEADS):
        notes.append(f"adapter {str(folder)!r}: its prediction head is left out")
    return Read(name, adapter, description.get("model_name"), tuple(notes))


def write_adapter(folder: Path, adapters: Adapters, name: str, *, model_name: str | None = None) -> None:
    """Write an adapter as a folder that AdapterHub's package reads.

    Args:
        folder: The folder; files of an earlier adapter in it are replaced.
        adapters: The model's adapters.
        name: Which of them.
        model_name: Name of the model that it was trained in.

    Raises:
        IsoglossError: There is no adapter of that name, AdapterHub means another by its configuration, or it cannot be
            written.
    """
    adapter, base = adapters[name], adapters.base
    _require_common(adapter.configuration, base)
    tensors = {key: tensor.detach().cpu().contiguous() for key, tensor in tensors_of(adapter, name, base).items()}
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f".{WEIGHTS}.partial"
        torch.save(tensors, partial)
        partial.replace(folder / WEIGHTS)
        (folder / SAFE_WEIGHTS).unlink(missing_ok=True)
    description = {
        "config": to_hub(adapter.configuration),
        "hidden_size": base.hidden,
        "model_type": base.model_type,
        "model_name": model_name,
        "name": name,
        "version": VERSION,
    }
    write_json(folder / DESCRIPTION, description)


def tensors_of(adapter: Adapter, name: str, base: Base) -> dict[str, Tensor]:
    """An adapter's parameters under the names that they have in AdapterHub's files."""
    tensors: dict[str, Tensor] = {}
    for place in base.places:
        bottleneck = adapter.at(place.layer, place.block)
        if bottleneck is not None:
            at = f"{place.hub}.adapters.{name}"
            for ours, theirs in (("down", "adapter_down.0"), ("up", "adapter_up")):
                for kind in ("weight", "bias"):
                    tensors[f"{at}.{theirs}.{kind}"] = bottleneck.get_parameter(f"{ours}.{kind}")
            if isinstance(bottleneck.scaling, Tensor):
                tensors[f"{at}.scaling"] = bottleneck.scaling
    if adapter.invertible is not None:
        for key, tensor in adapter.invertible.named_parameters():
            tensors[f"invertible_adapters.{name}.{key}"] = tensor
    return tensors


def _require_base(path: Path, description: Mapping[str, Any], base: Base) -> None:
    if "peft_type" in description:
        raise IsoglossError(f"{path}: a file of peft ({description['peft_type']}), not of AdapterHub")
    for key in ("config", "name"):
        if not description.get(key):
            raise IsoglossError(f"{path}: no {key!r}, as a file of AdapterHub has it")
    found = {"model_type": base.model_type, "hidden_size": base.hidden}
    for key, own in found.items():
        if description.get(key) not in (own, None):
            raise IsoglossError(f"{path}: an adapter for {key} {description[key]!r}, but the model has {own!r}")


def unshared(configuration: AdapterConfig, base: Base) -> str | None:
    """Why an adapter cannot be exchanged with AdapterHub's package; None: it can be."""
    if base.model_type == "albert" and configuration.mh_adapter and not configuration.original_ln_before:
        return (
            "mh_adapter: AdapterHub's package computes it otherwise in ALBERT (it reads the residual of the attention "
            "block), so such adapters cannot be exchanged"
        )
    return None


def _require_common(configuration: AdapterConfig, base: Base) -> None:
    reason = unshared(configuration, base)
    if reason is not None:
        raise IsoglossError(reason)


def _configuration(
    path: Path, description: Mapping[str, Any], stored: Mapping[str, Tensor]
) -> tuple[AdapterConfig, list[str]]:
    try:
        configuration = from_hub(description["config"], versioned="version" in description)
    except IsoglossError as error:
        raise IsoglossError(f"{path}: {error}") from error
    # Task adapters of the first version name an invertible part that they do not have.
    invertible = any(key.startswith("invertible_adapters.") for key in stored)
    if configuration.inv_adapter and not invertible and description.get("type") == "text_task":
        note = f"adapter {str(path.parent)!r}: names an invertible part, and being one of a task has none"
        return replace(configuration, inv_adapter=None, inv_adapter_reduction_factor=None), [note]
    return configuration, []


def _stored(folder: Path) -> tuple[Path, dict[str, Tensor]]:
    safe = (folder / SAFE_WEIGHTS).exists()
    path = folder / (SAFE_WEIGHTS if safe else WEIGHTS)
    if not path.exists():
        raise IsoglossError(f"{folder}: no weights of an adapter: neither {WEIGHTS} nor {SAFE_WEIGHTS}")
    try:
        stored = load_file(path) if safe else torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:  # whose own message advises to let the code in it run
        raise IsoglossError(f"{path}: damaged, or it holds more than tensors, which are all that is read") from error
    except (OSError, SafetensorError, RuntimeError, EOFError, ValueError) as error:
        reason = str(error).splitlines() or ["it ends too early"]
        raise IsoglossError(f"{path}: damaged: {reason[0]}") from error
    named = isinstance(stored, dict) and all(isinstance(key, str) for key in stored)
    if not named or not all(isinstance(tensor, Tensor) for tensor in stored.values()):
        raise IsoglossError(f"{path}: damaged: tensors by name expected")
    return path, stored


def _present(key: str, prefix: str) -> str:
    """A tensor's name as the present version writes it, from the encoder down."""
    parts = key.removeprefix(f"{prefix}.").split(".")
    return ".".join(_FORMER.get(part, part) for part in parts)


def _require_layers(path: Path, stored: Collection[str], configuration: AdapterConfig, base: Base) -> None:
    numbers = {int(found[1]) for key in stored if (found := re.search(r"\blayers?\.(\d+)\.", key))}
    needed = {*numbers, *configuration.leave_out}
    if numbers and max(needed) + 1 != base.layers:
        raise IsoglossError(f"{path}: an adapter for {max(needed) + 1} layers, but the model has {base.layers}")


def _fill(path: Path, stored: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> None:
    both = tensors.keys() & stored.keys()
    misfits = {
        "no one's": stored.keys() - both,
        "missing": tensors.keys() - both,
        "of another shape": {key for key in both if tensors[key].shape != stored[key].shape},
        "not finite": {key for key in both if not stored[key].isfinite().all()},
    }
    for rule, names in misfits.items():
        if names:
            raise IsoglossError(f"{path}: {len(names)} tensors are {rule}, {min(names)!r} among them")
    with torch.no_grad():
        for key, tensor in tensors.items():
            tensor.copy_(stored[key])
