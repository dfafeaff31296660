"""Which tensors of a model's files have a row for each sub-word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import transformers
from torch import Tensor, nn
from transformers import AutoModel, AutoModelForMaskedLM, PreTrainedConfig

from isogloss.common.errors import IsoglossError


@dataclass(frozen=True)
class Tables:
    """The tensors of a model that have a row for each sub-word: embeddings, output layer and its bias.

    A tensor of that name, or of another that transformers does not know, is one of them if it has as many rows; so is
    one in a file of extensions whose name ends so, as that of a masked-LM head or of a lagging copy does.

    Attributes:
        rows: Rows of each.
        names: Their names in the model.
        others: Names of all other tensors of the model.
        padding_counts: Whether positions are numbered from the padding id + 1, as XLM-R does.
    """

    rows: int
    names: frozenset[str]
    others: frozenset[str]
    padding_counts: bool

    def cut(self, tensors: Mapping[str, Tensor], rows: Sequence[int]) -> dict[str, Tensor]:
        """The tensors of a file of weights, of the tables some rows only."""
        return {
            name: tensor[list(rows)] if tensor.shape[:1] == (self.rows,) and name not in self.others else tensor
            for name, tensor in tensors.items()
        }

    def cut_beside(self, tensors: Mapping[str, Tensor], rows: Sequence[int]) -> dict[str, Tensor]:
        """The same for the tensors of extensions, whose names hold those of the model's own at their end."""
        ends = tuple(f".{name}" for name in self.names)
        return {
            name: tensor[list(rows)]
            if tensor.shape[:1] == (self.rows,) and f".{name.replace('__', '.')}".endswith(ends)
            else tensor
            for name, tensor in tensors.items()
        }


def tables_of(config: PreTrainedConfig, *, remote: bool) -> Tables:
    """The tables of models of a configuration: what has one row more if the vocabulary has one sub-word more.

    Args:
        config: The configuration, left as it is.
        remote: Whether to run Python code that comes with the model.

    Raises:
        IsoglossError: transformers has no such model.
    """
    names, others, counts = set[str](), set[str](), False
    size = int(config.vocab_size)
    own = [getattr(transformers, name, None) for name in config.architectures or ()]
    for kind in [AutoModel, AutoModelForMaskedLM, *filter(None, own)]:
        smaller, larger = (_drawn(kind, config, rows, remote) for rows in (size, size + 1))
        if smaller is None or larger is None:
            continue
        prefix = f"{smaller.base_model_prefix}."
        longer = dict(larger.named_parameters(remove_duplicate=False))
        for name, parameter in smaller.named_parameters(remove_duplicate=False):
            # A checkpoint may be that of the encoder alone, or of one with a head.
            found = {name, name.removeprefix(prefix), f"{prefix}{name}"}
            (others if parameter.shape == longer[name].shape else names).update(found)
        counts |= any(
            module.padding_idx is not None
            for name, module in smaller.named_modules()
            if name.endswith("position_embeddings") and isinstance(module, nn.Embedding)
        )
    if not names:
        raise IsoglossError(f"a model of type {config.model_type!r} has no table of sub-words that could be cut")
    return Tables(size, frozenset(names), frozenset(others - names), counts)


def _drawn(kind: Any, config: PreTrainedConfig, rows: int, remote: bool) -> nn.Module | None:  # noqa: ANN401
    """A model without memory for its weights; None: there is no such class for this configuration."""
    other = type(config).from_dict({**config.to_dict(), "vocab_size": rows})
    try:
        with torch.device("meta"):
            model: nn.Module = (
                kind.from_config(other, trust_remote_code=remote) if hasattr(kind, "from_config") else kind(other)
            )
    except ValueError:
        return None
    return model
