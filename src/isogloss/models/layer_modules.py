"""The layers of an encoder, found in its module tree."""

from __future__ import annotations

from torch import nn
from transformers import PreTrainedModel


def layer_modules(model: PreTrainedModel) -> list[nn.ModuleList]:
    """The modules of each layer of a model's encoder, from the lowest to the top.

    They come from the lists with a module for each layer: one, or several beside each other (XLM has its attentions in
    one list). Where none has that length, layers share their modules (ALBERT), and the list that holds most parameters
    counts.

    Args:
        model: A model of transformers, with or without a head.

    Example:
        >>> from transformers import BertConfig, BertModel
        >>> sizes = {"hidden_size": 4, "intermediate_size": 4, "num_attention_heads": 1, "vocab_size": 9}
        >>> len(layer_modules(BertModel(BertConfig(num_hidden_layers=3, **sizes))))
        3
    """
    number = int(model.config.num_hidden_layers)
    lists = {name: module for name, module in model.base_model.named_modules() if isinstance(module, nn.ModuleList)}
    outermost = [module for name, module in lists.items() if not any(name.startswith(f"{other}.") for other in lists)]
    stacks = [module for module in outermost if len(module) == number]
    stacks = stacks or [max(outermost, key=lambda module: sum(parameter.numel() for parameter in module.parameters()))]
    return [nn.ModuleList(pieces) for pieces in zip(*stacks, strict=True)]
