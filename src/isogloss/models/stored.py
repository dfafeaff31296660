"""Models in folders: plain Hugging Face folders, and beside them what extensions a model has."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_model
from torch import nn
from transformers import PreTrainedModel
from transformers.utils import logging

from isogloss.common.errors import IsoglossError
from isogloss.common.writing import open_as_usual, write_text, writing
from isogloss.models.extensions import load_extensions, plain, save_extensions


def write_model(
    folder: Path,
    model: Any,  # noqa: ANN401 - anything with save_pretrained
    tokenizer: Any,  # noqa: ANN401
    card: str | None = None,
) -> None:
    """Write a plain Hugging Face folder, with a card if there is one, as a whole, in place of an earlier one."""
    partial, earlier = (folder.with_name(f".{folder.name}.{name}") for name in ("partial", "old.partial"))
    with writing(folder):
        try:
            for left in (partial, earlier):
                shutil.rmtree(left, ignore_errors=True)
            save_model(partial, model, tokenizer)
            if card is not None:
                write_text(partial / "README.md", card)
            if folder.exists():
                folder.replace(earlier)
            partial.replace(folder)
            shutil.rmtree(earlier, ignore_errors=True)
        except BaseException:
            if earlier.exists() and not folder.exists():
                earlier.replace(folder)
            shutil.rmtree(partial, ignore_errors=True)
            raise


def save_model(folder: Path, model: Any, tokenizer: Any) -> None:  # noqa: ANN401 - anything with save_pretrained
    """``save_pretrained`` without the progress bar that would tear our own, and the model's extensions beside it."""
    with without_bars(), plain(model):
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    save_extensions(folder, model)
    open_as_usual(folder)


@contextmanager
def without_bars() -> Iterator[None]:
    """Inside, transformers shows no progress bars."""
    was_shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if was_shown:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def read_weights(folder: Path, model: nn.Module) -> None:
    """Give a model the weights in ``folder``, which were saved from a model of the same configuration and extensions.

    Raises:
        IsoglossError: They are not there, damaged, or those of another model.
    """
    path = folder / "model.safetensors"
    try:
        with plain(model):
            load_model(model, str(path), device=str(next(model.parameters()).device))
    except (OSError, RuntimeError, SafetensorError) as error:
        raise IsoglossError(f"{path}: damaged: {error}") from error
    if isinstance(model, PreTrainedModel):
        load_extensions(folder, model)
