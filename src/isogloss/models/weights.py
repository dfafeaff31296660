"""The weights of an encoder: drawn under a seed, or read from a checkpoint."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.utils import logging as transformers_logging

from isogloss.common.errors import IsoglossError

_EXPECTED = re.compile(r"(^|\.)(pooler\.|position_ids$|word_embeddings\._weight$|inv_freq$)")
"""What checkpoints hold inside the encoder that a model may have no place for: a pooler, which only some tasks want,
and numbers that newer versions of transformers compute (``word_embeddings._weight`` comes with mDeBERTa)."""


def draw(auto_class: Any, config: PreTrainedConfig, seed: int, *, remote: bool) -> PreTrainedModel:  # noqa: ANN401
    """A model whose parameters are all random, a function of ``config`` and ``seed``.

    Raises:
        IsoglossError: ``auto_class`` has no model of this type.
    """
    try:
        with _seeded(seed):
            model: PreTrainedModel = auto_class.from_config(config, dtype=torch.float32, trust_remote_code=remote)
    # The many model classes check their sizes with whatever comes to hand.
    except (ValueError, TypeError, RuntimeError, AssertionError, ZeroDivisionError) as error:
        raise IsoglossError(f"a {config.model_type!r} model with this head cannot be built: {error}") from error
    return model


def read(
    source: str | Path,
    auto_class: Any,  # noqa: ANN401 - the auto classes of transformers have no common public type
    config: PreTrainedConfig,
    seed: int,
    *,
    revision: str | None,
    remote: bool,
) -> tuple[PreTrainedModel, frozenset[str], frozenset[str], frozenset[str]]:
    """A model from a checkpoint, and the names of parameters that the checkpoint lacks, has otherwise, has too many.

    Those that it lacks, or has in another shape, are random, a function of ``config`` and ``seed``.

    Raises:
        IsoglossError: The files cannot be read, lack parts of the encoder itself, or hold more of it than there is.
    """
    try:
        with _seeded(seed), without_load_report():
            model, report = auto_class.from_pretrained(
                str(source),
                config=config,
                # The default is the stored precision.
                dtype=torch.float32,
                # A head for another number of classes; what does not fit in the encoder is refused below.
                ignore_mismatched_sizes=True,
                output_loading_info=True,
                revision=revision,
                trust_remote_code=remote,
            )
    except (OSError, ValueError, RuntimeError, SafetensorError, UnpicklingError) as error:
        raise IsoglossError(f"model {str(source)!r}: its weights cannot be read: {error}") from error
    absent, misfits = frozenset(report["missing_keys"]), frozenset(name for name, *_ in report["mismatched_keys"])
    # Encoders are pre-trained and saved with or without a pooler.
    broken = sorted(name for name in (absent | misfits) - head(model) if "pooler" not in name)
    if broken:
        raise IsoglossError(
            f"model {str(source)!r}: its weights are not those of a {config.model_type!r} model with this config.json: "
            f"{len(broken)} parameters of the encoder are missing or of another shape, {broken[0]} among them"
        )
    unused = frozenset(report["unexpected_keys"])
    strange = sorted(name for name in unused if _is_of_encoder(name, model) and not _EXPECTED.search(name))
    if strange:
        raise IsoglossError(
            f"model {str(source)!r}: its weights hold {len(strange)} parameters inside the encoder that a "
            f"{config.model_type!r} model has no place for, {strange[0]!r} among them, so it would compute something "
            "else than it was trained to (are they of adapters? Merge them into the weights first)"
        )
    return model, absent, misfits, unused


def _is_of_encoder(name: str, model: PreTrainedModel) -> bool:
    """Whether a name in a checkpoint, of an encoder with a head or without, lies in the encoder."""
    first = name.partition(".")[0]
    return first == model.base_model_prefix or first in dict(model.base_model.named_children())


def head(model: PreTrainedModel) -> frozenset[str]:
    """Names of the parameters outside the encoder proper."""
    encoder = {id(parameter) for parameter in model.base_model.parameters()}
    named = model.named_parameters(remove_duplicate=False)  # tied parameters have several names
    return frozenset(name for name, parameter in named if id(parameter) not in encoder)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Draw under ``seed`` on the CPU, and leave the global random state as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


@contextmanager
def without_load_report() -> Iterator[None]:
    """Hide what transformers says of newly initialised heads, which `Loaded.fresh` says; any other message stays."""

    def keep(record: logging.LogRecord) -> bool:
        return not any(said in record.getMessage() for said in ("LOAD REPORT", "The tied weights mapping"))

    logger = logging.getLogger("transformers.modeling_utils")
    shown = transformers_logging.is_progress_bar_enabled()
    logger.addFilter(keep)
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logger.removeFilter(keep)
        if shown:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
