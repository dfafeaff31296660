"""A masked-LM head beside the head of a task: both read the same encoder."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn
from transformers import PreTrainedModel

from isogloss.models.extensions.attaching import Extension


class MaskedHead(Extension):
    """The head of a masked-LM model, put over the encoder of another model of the same architecture.

    An output layer that was tied to the embeddings is tied to those of the other encoder.

    Args:
        masked: A model as ``AutoModelForMaskedLM`` loads it; its encoder is given up.
        encoder: The encoder to read, ``base_model`` of the model that is trained.
    """

    kind: ClassVar[str] = "masked_head"
    changes_outputs: ClassVar[bool] = False

    def __init__(self, masked: PreTrainedModel, encoder: nn.Module) -> None:
        super().__init__()
        own = {name: child for name, child in masked.named_children() if child is not masked.base_model}
        setattr(masked, masked.base_model_prefix, encoder)
        masked.tie_weights()
        self.parts = nn.ModuleDict(own)
        # Not a module of this one: the encoder in it is the trained model's own.
        self._masked = (masked,)

    @property
    def masked(self) -> PreTrainedModel:
        """The masked-LM model: the encoder with this head."""
        return self._masked[0]

    def forward(self, **inputs: Tensor) -> Tensor:
        """Logits ``[b, s, v]`` of all places."""
        logits: Tensor = self.masked(**inputs).logits
        return logits
