"""How many heads of attention the units of a hidden state can be cut into."""

from __future__ import annotations

from transformers import PreTrainedConfig

from isogloss.common.errors import IsoglossError


def numbers_of_heads(config: PreTrainedConfig, hidden: int) -> list[int]:
    """The numbers of heads, in ascending order, that a model of a configuration's type can have.

    They divide the units; where positions rotate the units of a head in pairs, each head has an even number of them.

    Args:
        config: A configuration of the type; its sizes do not count.
        hidden: Units of a hidden state.

    Example:
        >>> from transformers import BertConfig, ModernBertConfig
        >>> numbers_of_heads(BertConfig(), 18), numbers_of_heads(ModernBertConfig(), 18)
        ([1, 2, 3, 6, 9, 18], [1, 3, 9])
    """
    least = 2 if rotates(config) else 1
    return [number for number in range(1, hidden + 1) if hidden % (number * least) == 0]


def rotates(config: PreTrainedConfig) -> bool:
    """Whether positions rotate pairs of the units that a head has of a hidden state.

    Of types with a ``head_dim`` the units of a head are not those of a hidden state.
    """
    rotary = hasattr(config, "rope_parameters") and not hasattr(config, "head_dim")
    return rotary or config.model_type == "roformer" or getattr(config, "position_embedding_type", None) == "rotary"


def require_heads(config: PreTrainedConfig, hidden: int, heads: int, keys: tuple[str, str]) -> None:
    """Stop at heads that a model cannot have; of positions it would say so itself, but at its first text.

    Args:
        config: A configuration of its type.
        hidden: Units of a hidden state.
        heads: Heads of attention.
        keys: What the user calls the two.

    Raises:
        IsoglossError: They do not divide the units, or positions cannot rotate these in pairs.
    """
    valid = numbers_of_heads(config, hidden)
    if heads in valid:
        return
    why = f"positions of a {config.model_type!r} model rotate the units of a head in pairs"
    if not valid:
        raise IsoglossError(f"{keys[0]}: must be even, since {why}, found {hidden}; nearest valid: {hidden + 1}")
    rule = f"must divide {keys[0].rpartition('.')[2]} = {hidden}"
    if rotates(config):
        rule = f"{rule} into even numbers of units, since {why}"
    raise IsoglossError(
        f"{keys[1]}: {rule}, found {heads}; nearest valid: {min(valid, key=lambda own: abs(own - heads))}"
    )
