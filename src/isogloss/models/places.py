"""The rows of a table of absolute positions that places of a text have; XLM-R and its kin number these otherwise."""

from __future__ import annotations

from torch import Tensor, nn
from transformers import PreTrainedModel


def places(model: PreTrainedModel) -> dict[str, Tensor]:
    """The row of each place of a text, from the first on ``[n, d]``, by the name of its parameter in the encoder.

    Without a table (relative, rotary positions) there is none.

    Example:
        >>> from transformers import RobertaConfig, RobertaModel
        >>> sizes = {"hidden_size": 4, "intermediate_size": 4, "num_hidden_layers": 1, "num_attention_heads": 1}
        >>> model = RobertaModel(RobertaConfig(vocab_size=9, max_position_embeddings=20, pad_token_id=1, **sizes))
        >>> {name: len(rows) for name, rows in places(model).items()}
        {'embeddings.position_embeddings.weight': 18}
    """
    return {
        f"{name}.weight": table.weight[0 if table.padding_idx is None else table.padding_idx + 1 :]
        for name, table in _tables(model).items()
    }


def as_many_places(teacher: PreTrainedModel, padding: int) -> dict[str, int]:
    """The value of a configuration that gives a student of the teacher's type as many places as the teacher has.

    Types that number places from the padding id + 1 need other rows where that id is another; the others need nothing.

    Args:
        teacher: The teacher's encoder.
        padding: The student's padding id.
    """
    for table in _tables(teacher).values():
        if table.padding_idx is not None:
            return {"max_position_embeddings": table.num_embeddings - table.padding_idx + padding}
    return {}


def _tables(model: PreTrainedModel) -> dict[str, nn.Embedding]:
    return {
        name: module
        for name, module in model.base_model.named_modules()
        if name.endswith("position_embeddings") and isinstance(module, nn.Embedding)
    }
