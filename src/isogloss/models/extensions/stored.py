"""Extensions in a model's folder: ``extensions.json`` says what they are, ``extensions.safetensors`` has their weights.

So the folder's ``model.safetensors`` stays what transformers reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import PreTrainedModel

from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.writing import read_json, write_json, write_text
from isogloss.models.extensions.attaching import Extension, attach, extensions_of

DESCRIPTION, WEIGHTS, CARD = "extensions.json", "extensions.safetensors", "README.md"

Kind = Callable[[PreTrainedModel, Mapping[str, Any]], Extension]
"""Builds an extension for a model from its settings."""


def save_extensions(folder: Path, model: PreTrainedModel) -> None:
    """Write a model's extensions into its folder, and a card that says what they mean there; nothing if there are none.

    Weights that an extension shares with the model, such as a tied output layer, are the model's.
    """
    found = extensions_of(model)
    if not found:
        return
    description = {
        name: {"kind": own.kind, "changes_outputs": own.changes_outputs, "settings": dict(own.settings())}
        for name, own in found.items()
    }
    write_json(folder / DESCRIPTION, description)
    save_file({name: tensor.detach().cpu().contiguous() for name, tensor in _tensors(model).items()}, folder / WEIGHTS)
    hints = {name: own.write_beside(folder, model) for name, own in found.items()}
    write_text(folder / CARD, _card(found, hints))


def load_extensions(folder: Path, model: PreTrainedModel) -> None:
    """Give the extensions that a model has the weights in ``folder``.

    Raises:
        IsoglossError: The folder's extensions are not those of the model, or damaged.
    """
    stored = _description(folder)
    if stored.keys() != extensions_of(model).keys():
        raise IsoglossError(
            f"{folder}: has the extensions {_listed(stored)}, but the model has {_listed(extensions_of(model))}"
        )
    if stored:
        _fill(folder / WEIGHTS, _tensors(model))


def attach_stored(folder: Path, model: PreTrainedModel, kinds: Mapping[str, Kind]) -> list[str]:
    """Attach the extensions of a folder that change what the model computes.

    Args:
        folder: The model's folder.
        model: The model, as transformers reads it from there.
        kinds: What can be built, by kind.

    Returns:
        A note for each extension that was passed over since the model computes the same without it.

    Raises:
        IsoglossError: An extension is of an unknown kind or damaged.
    """
    stored = _description(folder)
    notes = []
    for name, entry in stored.items():
        if not entry["changes_outputs"]:
            notes.append(f"model {str(folder)!r}: its extension {name!r} ({entry['kind']}) changes no output of it")
            continue
        if entry["kind"] not in kinds:
            raise IsoglossError(
                f"{folder / DESCRIPTION}: extension {name!r} is of kind {entry['kind']!r}, without which the model "
                f"computes something else{nearest(str(entry['kind']), kinds)}"
            )
        attach(model, name, kinds[entry["kind"]](model, entry["settings"]))
    if extensions_of(model):
        _fill(folder / WEIGHTS, _tensors(model), others=set(stored) - set(extensions_of(model)))
    return notes


def fill_stored(folder: Path, model: PreTrainedModel, name: str) -> bool:
    """Give an extension that a model has the weights that a folder holds for one of its name and kind.

    Args:
        folder: A model's folder.
        model: A model.
        name: Name of the extension.

    Returns:
        Whether the folder holds one.

    Raises:
        IsoglossError: It is damaged, or was saved from another model.
    """
    stored = _description(folder)
    if name not in stored or stored[name]["kind"] != extensions_of(model)[name].kind:
        return False
    own = {full: tensor for full, tensor in _tensors(model).items() if full.partition(".")[0] == name}
    _fill(folder / WEIGHTS, own, others=set(stored) - {name})
    return True


def stored_settings(folder: Path, name: str) -> Mapping[str, Any] | None:
    """The settings of an extension that a model's folder holds; None: it holds none of that name."""
    found = _description(folder).get(name)
    return None if found is None else dict(found["settings"])


def _description(folder: Path) -> dict[str, dict[str, Any]]:
    """What the folder says of its extensions; nothing where it has none."""
    path = folder / DESCRIPTION
    stored: dict[str, dict[str, Any]] = read_json(path) if path.exists() else {}
    for name, entry in stored.items():
        if not isinstance(entry, dict) or not {"kind", "changes_outputs", "settings"} <= entry.keys():
            raise IsoglossError(f"{path}: damaged: extension {name!r} needs kind, changes_outputs and settings")
    return stored


def _tensors(model: PreTrainedModel) -> dict[str, Tensor]:
    """An extension's own parameters and buffers by name, each once."""
    found = extensions_of(model)
    inside = {id(p) for own in found.values() for p in own.parameters()}
    shared = {id(p) for name, p in model.named_parameters() if id(p) in inside and not name.startswith("extensions.")}
    tensors: dict[str, Tensor] = {}
    for name, own in found.items():
        for inner, tensor in [*own.named_parameters(), *own.named_buffers()]:
            if id(tensor) not in shared:
                tensors[f"{name}.{inner}"] = tensor
    return tensors


def _fill(path: Path, tensors: Mapping[str, Tensor], others: set[str] = frozenset()) -> None:  # type: ignore[assignment]
    try:
        stored = load_file(path)
    except (OSError, SafetensorError) as error:
        raise IsoglossError(f"{path}: damaged: {error}") from error
    stored = {name: tensor for name, tensor in stored.items() if name.partition(".")[0] not in others}
    wrong = sorted(stored.keys() ^ tensors.keys())
    wrong += sorted(name for name in stored.keys() & tensors.keys() if stored[name].shape != tensors[name].shape)
    if wrong:
        raise IsoglossError(
            f"{path}: {len(wrong)} tensors are missing, of another shape or no one's, {wrong[0]!r} among them"
        )
    with torch.no_grad():
        for name, tensor in tensors.items():
            tensor.copy_(stored[name])


def _card(found: Mapping[str, Extension], hints: Mapping[str, str]) -> str:
    lines = [
        "# A model with extensions",
        "",
        "This folder is read by `transformers`, but holds modules that `transformers` does not know "
        f"(`{DESCRIPTION}`, `{WEIGHTS}`):",
        "",
    ]
    for name, own in found.items():
        effect = (
            "without it the model computes something else: open the folder with `isogloss` (`isogloss predict`, "
            "`isogloss evaluate`, or `isogloss.models.open_model`)"
            if own.changes_outputs
            else "the model's outputs are the same without it, so nothing need be done"
        )
        lines.append(f"- `{name}` ({own.kind}): {effect}.")
    return "\n\n".join(["\n".join(lines), *(hint.rstrip() for hint in hints.values() if hint)]) + "\n"


def _listed(names: object) -> str:
    return ", ".join(map(str, names)) or "none"  # type: ignore[call-overload]
