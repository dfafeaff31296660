"""One dropout probability for all of a model."""

from __future__ import annotations

from transformers import PreTrainedConfig

from isogloss.common.errors import IsoglossError


def set_dropout(config: PreTrainedConfig, probability: float) -> None:
    """Set all dropout probabilities that a configuration has.

    They bear other names in every family: ``hidden_dropout_prob``, ``attention_probs_dropout_prob`` and
    ``classifier_dropout`` in BERT and XLM-R, ``embedding_dropout`` and ``mlp_dropout`` in ModernBERT.

    Args:
        config: Configuration, changed in place.
        probability: From 0, no dropout, to less than 1.

    Raises:
        IsoglossError: ``probability`` is out of range, or the configuration has no dropout to set.
    """
    if not 0 <= probability < 1:
        raise IsoglossError(f"dropout is {probability}, but must be at least 0 and less than 1")
    names = [
        name
        for name, value in config.to_dict().items()
        if ("dropout" in name or name.endswith("pdrop")) and _is_probability(value)
    ]
    if not names:
        raise IsoglossError(f"dropout is {probability}, but a model of type {config.model_type!r} has none to set")
    for name in names:
        setattr(config, name, float(probability))


def _is_probability(value: object) -> bool:
    # None: the same as elsewhere in the model (BERT's classifier_dropout).
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
