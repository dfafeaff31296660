"""LoRA: a change of low rank beside linear modules of a frozen encoder."""

from __future__ import annotations

from isogloss.models.extensions.lora.lora import NAME, Lora
from isogloss.models.extensions.lora.peft_files import FOLDER
from isogloss.models.extensions.lora.targets import WORDS, told

__all__ = ["FOLDER", "NAME", "WORDS", "Lora", "told"]
