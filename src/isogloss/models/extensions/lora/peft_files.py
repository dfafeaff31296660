"""LoRA in a folder of peft's: ``adapter_config.json`` and ``adapter_model.safetensors``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor

from isogloss.common.writing import write_json

FOLDER = "lora"
"""Name of the folder, in that of the model."""

DESCRIPTION, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"


def write(folder: Path, tensors: Mapping[str, Tensor], *, rank: int, alpha: float, dropout: float) -> None:
    """Write LoRA of a model so that ``PeftModel.from_pretrained(model, folder)`` computes the same.

    Modules are named in full, since short names would reach modules of the head too.

    Args:
        folder: The folder.
        tensors: A and B of each module, ``NAME.lora_A.weight`` and ``NAME.lora_B.weight``.
        rank: r.
        alpha: α.
        dropout: Probability of dropout.
    """
    from peft import LoraConfig  # takes seconds

    targets = sorted({name.rpartition(".lora_")[0] for name in tensors})
    config = LoraConfig(
        r=rank,
        lora_alpha=int(alpha) if alpha == int(alpha) else alpha,  # type: ignore[arg-type] # peft computes with either
        target_modules=targets,
        lora_dropout=dropout,
        inference_mode=True,
    )
    folder.mkdir(parents=True, exist_ok=True)
    # peft holds them as a set, of which the order is another in every process.
    write_json(folder / DESCRIPTION, {**config.to_dict(), "target_modules": targets})  # type: ignore[no-untyped-call]
    named = {f"base_model.model.{name}": tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    save_file(named, folder / WEIGHTS, metadata={"format": "pt"})


def card(model_class: str) -> str:
    """How the folder is read with peft, in Markdown.

    Args:
        model_class: Name of the model's class in transformers.
    """
    return f"""It is in `{FOLDER}/` as peft has it, too, where it can be merged into the weights:

```python
from peft import PeftModel
from transformers import {model_class}

model = {model_class}.from_pretrained("FOLDER")
model = PeftModel.from_pretrained(model, "FOLDER/{FOLDER}")
model = model.merge_and_unload()  # the same function as a plain model, which save_pretrained writes
```
"""
