"""The adapters that a run trains, in folders that others can load: the task's, or those of languages."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from isogloss.models.extensions.adapters.adapters import Adapters
from isogloss.models.extensions.adapters.hub_files import unshared, write_adapter
from isogloss.models.extensions.adapters.stacks import NAME
from isogloss.models.extensions.attaching import extensions_of
from isogloss.models.extensions.lora import NAME as LORA


def trained_adapters(model: nn.Module) -> tuple[str, ...]:
    """Names of the adapters that a run trains: the last of the stack, the task's, or all where languages have no task.

    Adapters that are attached and never used by language are none, and so are those of languages under LoRA.
    """
    adapters = extensions_of(model).get(NAME)
    if not isinstance(adapters, Adapters) or adapters.stacks is None or LORA in extensions_of(model):
        return ()
    return adapters.stacks.then[-1:] or adapters.names


def write_trained_adapters(folder: Path, model: nn.Module, *, model_name: str | None = None) -> list[Path]:
    """Write each adapter that a run trains as a folder of AdapterHub's, ``folder/NAME``; the folders.

    One that AdapterHub would compute otherwise is left out, see `isogloss.models.extensions.adapters.unshared`.

    Args:
        folder: Where to write.
        model: The model.
        model_name: Name of the model that they were trained in.

    Raises:
        IsoglossError: They cannot be written.
    """
    adapters, written = extensions_of(model).get(NAME), list[Path]()
    for name in trained_adapters(model):
        assert isinstance(adapters, Adapters)
        if unshared(adapters[name].configuration, adapters.base) is None:
            write_adapter(folder / name, adapters, name, model_name=model_name)
            written.append(folder / name)
    return written
