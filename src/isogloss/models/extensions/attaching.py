"""A model with modules of its own beside those that transformers gave it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, cast

from torch import nn
from transformers import PreTrainedModel

from isogloss.common.errors import IsoglossError

ATTRIBUTE = "extensions"


class Extension(nn.Module):
    """A module that transformers does not know; its parameters are trained and saved with the model's.

    Attributes:
        kind: Name under which it is built again from its settings.
        changes_outputs: Whether the model's own outputs are others without it.
    """

    kind: ClassVar[str]
    changes_outputs: ClassVar[bool]

    def settings(self) -> Mapping[str, Any]:
        """What it is built from beside the model, as plain values for JSON."""
        return {}

    def write_beside(self, folder: Path, model: PreTrainedModel) -> str:
        """Write into a model's folder what other libraries read of it, and say how, in Markdown; nothing to write: ''.

        Args:
            folder: The model's folder.
            model: The model.
        """
        return ""


def attach(model: PreTrainedModel, name: str, extension: Extension) -> None:
    """Make an extension a part of a model: it moves to the model's device, and trains and is saved with it.

    Args:
        model: The model.
        name: Name of the extension, unique in the model, without a dot.
        extension: The extension, which has put its hooks, if any, itself.

    Raises:
        IsoglossError: The model has an extension of that name.

    Example:
        >>> from transformers import BertConfig, BertModel
        >>> class Scale(Extension):
        ...     kind, changes_outputs = "scale", True
        >>> model = BertModel(BertConfig(hidden_size=4, intermediate_size=4, num_attention_heads=1, vocab_size=9))
        >>> attach(model, "scale", Scale())
        >>> list(extensions_of(model))
        ['scale']
    """
    if ATTRIBUTE not in model._modules:
        model.add_module(ATTRIBUTE, nn.ModuleDict())
    held = cast(nn.ModuleDict, model.get_submodule(ATTRIBUTE))
    if name in held:
        raise IsoglossError(f"extension {name!r}: the model has one of that name already")
    held[name] = extension.to(next(model.parameters()).device)


def extensions_of(model: nn.Module) -> dict[str, Extension]:
    """A model's extensions by name."""
    held = model._modules.get(ATTRIBUTE) if isinstance(model, nn.Module) else None  # any callable may be looked at
    return dict(cast(Mapping[str, Extension], held)) if isinstance(held, nn.ModuleDict) else {}


@contextmanager
def plain(model: nn.Module) -> Iterator[None]:
    """Inside, the model has no modules but those of transformers, as one that is saved for transformers must."""
    held = model._modules.pop(ATTRIBUTE, None)
    try:
        yield
    finally:
        if held is not None:
            model._modules[ATTRIBUTE] = held
