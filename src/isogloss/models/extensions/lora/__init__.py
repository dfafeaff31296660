"""LoRA: a change of low rank beside linear modules of a frozen encoder."""

from __future__ import annotations

from isogloss.models.extensions.lora.lora import NAME, Lora
from isogloss.models.extensions.lora.targets import WORDS, told

__all__ = ["NAME", "WORDS", "Lora", "told"]
