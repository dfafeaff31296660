"""A folder of each kind written, and opened again as others will open it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from torch import nn
from transformers import PreTrainedModel

from isogloss.calls.exporting.graphs import FILE, Runtime, write_graph
from isogloss.calls.exporting.kinds import adapters_of
from isogloss.calls.exporting.plain import lora_of, plain_copy
from isogloss.models.extensions import attach
from isogloss.models.extensions.adapters import NAME, Adapters, read_adapter, write_adapter
from isogloss.models.open import Loaded
from isogloss.models.stored import save_model, without_bars
from isogloss.protocols import Batch
from isogloss.tasks.task import Task

BASE = "base"
"""Folder of the model that adapters or LoRA go into, in that of the export."""


@dataclass(frozen=True)
class Source:
    """What is exported.

    Attributes:
        task: The task.
        loaded: The run's model, on the CPU.
        batch: Examples by which a graph is made.
        language: The language that a graph with language adapters is for; None: there are none.
    """

    task: Task
    loaded: Loaded
    batch: Batch
    language: str | None


def write_hf(folder: Path, source: Source) -> None:
    """A model of transformers, LoRA merged into its weights."""
    save_model(folder, plain_copy(source.loaded), source.loaded.tokenizer)


def write_onnx(folder: Path, source: Source) -> None:
    """A graph, the tokenizer and the configuration; adapters are in the graph."""
    folder.mkdir(parents=True)
    model, adapters = source.loaded.model, adapters_of(source.loaded.model)
    source.loaded.tokenizer.save_pretrained(folder)
    model.config.save_pretrained(folder)
    if adapters is None:
        write_graph(folder / FILE, plain_copy(source.loaded), source.batch, nullcontext())
    else:
        nn.Module.eval(model)
        write_graph(folder / FILE, model, source.batch, _stack(adapters, source.language))


def write_adapterhub(folder: Path, source: Source) -> None:
    """Each adapter in a folder of its name, and the model without them, head included, in ``base``."""
    adapters = adapters_of(source.loaded.model)
    assert adapters is not None
    save_model(folder / BASE, plain_copy(source.loaded), source.loaded.tokenizer)
    name = source.loaded.identity.get("source")
    for own in adapters.names:
        write_adapter(folder / own, adapters, own, model_name=None if name is None else str(name))


def write_peft(folder: Path, source: Source) -> None:
    """LoRA as peft has it, and the model without it, head included, in ``base``."""
    model, lora = source.loaded.model, lora_of(source.loaded.model)
    assert lora is not None
    save_model(folder / BASE, plain_copy(source.loaded, merge=False), source.loaded.tokenizer)
    lora.write_files(folder, model)


def open_hf(folder: Path, source: Source) -> nn.Module:
    """The model as transformers opens it."""
    return _opened(folder, source)


def open_onnx(folder: Path, source: Source) -> nn.Module:
    """The graph in onnxruntime."""
    return Runtime(folder / FILE)


def open_adapterhub(folder: Path, source: Source) -> nn.Module:
    """The model in ``base`` with the adapters as their files have them; AdapterHub's package need not be here."""
    own = adapters_of(source.loaded.model)
    assert own is not None
    model = _opened(folder / BASE, source)
    adapters = Adapters(model)
    attach(model, NAME, adapters)
    for name in own.names:
        read_adapter(folder / name, adapters, name)
    adapters.stacks = own.stacks
    return model


def open_peft(folder: Path, source: Source) -> nn.Module:
    """The model in ``base`` with LoRA as peft opens it."""
    from peft import PeftModel  # takes seconds

    base = _opened(folder / BASE, source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft 0.21 asks transformers 5.23 by former names
        model: nn.Module = PeftModel.from_pretrained(base, folder)
    return model


WRITERS: Mapping[str, Callable[[Path, Source], None]] = {
    "hf": write_hf,
    "onnx": write_onnx,
    "adapterhub": write_adapterhub,
    "peft": write_peft,
}
OPENERS: Mapping[str, Callable[[Path, Source], nn.Module]] = {
    "hf": open_hf,
    "onnx": open_onnx,
    "adapterhub": open_adapterhub,
    "peft": open_peft,
}


def _opened(folder: Path, source: Source) -> PreTrainedModel:
    with without_bars():
        model: PreTrainedModel = type(source.loaded.model).from_pretrained(folder)
    return model


def _stack(adapters: Adapters, language: str | None) -> AbstractContextManager[None]:
    """The adapters that the texts of a graph go through."""
    stacks = adapters.stacks
    if stacks is None:
        return nullcontext()
    first = [] if language is None or stacks.source is None else [stacks.languages.get(language, stacks.source)]
    return adapters.using(*first, *stacks.then)
