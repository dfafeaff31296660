"""LoRA in a model: two small matrices beside each linear module that it changes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import derive
from isogloss.models.extensions.attaching import Extension
from isogloss.models.extensions.lora.peft_files import FOLDER, card, write
from isogloss.models.extensions.lora.targets import targets_of

NAME = "lora"
"""Name under which a model's LoRA is attached."""


class Lora(Extension):
    """A change of low rank in linear modules of an encoder: W x + b becomes W x + b + (α / r) · B A dropout(x).

    W and b are the model's own and stay as they are. A is ``[r, in]``, drawn as `torch.nn.Linear` draws its weights, B
    is ``[out, r]`` and starts at zero, so that a fresh one changes nothing, to the last bit. Outputs are those of
    peft's ``get_peft_model`` with the same weights, and parameters have the names in the encoder that they have
    there, whatever head is on it.

    Args:
        model: A model of transformers, with or without a head.
        rank: r, ≥ 1 (FUN: 8).
        alpha: α, > 0 (FUN: 8).
        targets: The modules that are changed, in all layers, see `isogloss.models.extensions.lora.WORDS` (FUN: query
            and value).
        dropout: Probability in [0, 1) of dropout on what A reads.
        seed: Seed of A; the global random state is left alone.

    Attributes:
        layers: By number of the layer, from 1, its parameters. Layers that share their modules (ALBERT) are one layer.

    Raises:
        IsoglossError: A value is not valid, or a target names no linear module of a layer.

    Example:
        >>> from transformers import BertConfig, BertModel
        >>> from isogloss.models.extensions import attach
        >>> model = BertModel(BertConfig(hidden_size=8, intermediate_size=8, num_attention_heads=1, vocab_size=9))
        >>> ids = torch.tensor([[1, 2, 3]])
        >>> plain = model.eval()(ids).last_hidden_state
        >>> lora = Lora(model, rank=2, targets=["query", "value"])
        >>> attach(model, "lora", lora)
        >>> bool((model(ids).last_hidden_state == plain).all())
        True
        >>> next(name for name, _ in lora.named_parameters())
        'beside.encoder.layer.0.attention.self.query.lora_A.weight'

    Reference:
        Hu et al., *LoRA: Low-Rank Adaptation of Large Language Models*, ICLR 2022, arXiv 2106.09685.
    """

    kind: ClassVar[str] = "lora"
    changes_outputs: ClassVar[bool] = True

    def __init__(
        self,
        model: PreTrainedModel,
        *,
        rank: int = 8,
        alpha: float = 8.0,
        targets: Sequence[str] = ("query", "value"),
        dropout: float = 0.0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        rules = {
            "rank": (rank >= 1, "at least 1", rank),
            "alpha": (alpha > 0, "above 0", alpha),
            "targets": (bool(targets), "at least one", list(targets)),
            "dropout": (0 <= dropout < 1, "in [0, 1)", dropout),
        }
        for name, (valid, rule, found) in rules.items():
            if not valid:
                raise IsoglossError(f"lora.{name}: must be {rule}, found {found!r}")
        self.rank, self.alpha, self.targets, self.dropout = rank, alpha, tuple(targets), dropout
        self.beside = nn.Module()
        self.layers: dict[int, list[nn.Parameter]] = {}
        generator = torch.Generator().manual_seed(derive(seed, "lora"))
        for number, modules in targets_of(model, targets).items():
            pairs = [self._put(name, module, generator) for name, module in modules.items()]
            self.layers[number] = [parameter for pair in pairs for parameter in pair.parameters()]
        self.train(model.training)

    def settings(self) -> Mapping[str, Any]:
        """Rank, α, targets and dropout."""
        return {"rank": self.rank, "alpha": self.alpha, "targets": list(self.targets), "dropout": self.dropout}

    def changes(self) -> dict[Tensor, Tensor]:
        """What it amounts to: by the weight of each module what is added to it, (α / r) · B A ``[out, in]``."""
        return dict(pair.change() for pair in self.modules() if isinstance(pair, Pair))

    def undone(self) -> dict[nn.Parameter, Tensor]:
        """By parameter the weights with which it changes nothing, as at the start: each B of zeros."""
        return {own: torch.zeros_like(own) for name, own in self.named_parameters() if name.endswith("lora_B.weight")}

    def write_beside(self, folder: Path, model: PreTrainedModel) -> str:
        """Write it as peft has it into ``folder/lora``, and say how it is read."""
        self.write_files(folder / FOLDER, model)
        return card(type(model).__name__)

    def write_files(self, folder: Path, model: PreTrainedModel) -> None:
        """Write it as peft has it.

        Args:
            folder: The folder.
            model: The model, without which it means nothing.
        """
        at = "" if model.base_model is model else f"{model.base_model_prefix}."
        tensors = {f"{at}{name}": tensor for name, tensor in self.beside.named_parameters()}
        write(folder, tensors, rank=self.rank, alpha=self.alpha, dropout=self.dropout)

    def _put(self, name: str, module: nn.Linear, generator: torch.Generator) -> Pair:
        """Two matrices beside a module, under its name."""
        pair = Pair(module, self.rank, self.alpha / self.rank, self.dropout, generator)
        *path, last = name.split(".")
        holder = self.beside
        for part in path:
            if part not in holder._modules:
                holder.add_module(part, nn.Module())
            holder = holder.get_submodule(part)
        holder.add_module(last, pair)
        return pair


class Pair(nn.Module):
    """A and B beside one linear module, whose output they change by a hook.

    Args:
        module: The module.
        rank: r.
        scaling: α / r.
        dropout: Probability of dropout on what A reads.
        generator: What A is drawn from.
    """

    def __init__(
        self, module: nn.Linear, rank: int, scaling: float, dropout: float, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.dropout, self.scaling = nn.Dropout(dropout), scaling
        # Not a module of this one, but the model's own.
        self._module = (module,)
        self.lora_A = _without_bias(module.in_features, rank)
        self.lora_B = _without_bias(rank, module.out_features)
        nn.init.kaiming_uniform_(self.lora_A.weight, a=math.sqrt(5), generator=generator)
        nn.init.zeros_(self.lora_B.weight)
        # Before what others have put there: this belongs to the module itself.
        module.register_forward_hook(self._change, prepend=True)

    def forward(self, inputs: Tensor) -> Tensor:
        """What is added to the module's output ``[..., out]`` for its inputs ``[..., in]``."""
        return self.lora_B(self.lora_A(self.dropout(inputs))) * self.scaling  # type: ignore[no-any-return]

    @torch.no_grad()
    def change(self) -> tuple[Tensor, Tensor]:
        """The module's weight, and what is added to it ``[out, in]``."""
        return self._module[0].weight, self.lora_B.weight @ self.lora_A.weight * self.scaling

    def _change(self, module: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> Tensor:
        return output + self(arguments[0])  # type: ignore[no-any-return]


def _without_bias(source: int, target: int) -> nn.Linear:
    """A linear layer whose weights are not drawn yet, since `torch.nn.Linear` draws from the global random state."""
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, source, target, bias=False)  # type: ignore[no-untyped-call]
    return layer
