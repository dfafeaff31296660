"""``isogloss export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import isogloss


def export(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    to: Annotated[
        str,
        typer.Option(
            help="hf: a model of transformers (LoRA merged); onnx: a graph for onnxruntime; adapterhub: the adapters; "
            "peft: LoRA."
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder; must not exist yet, or be empty.")],
    language: Annotated[
        str | None, typer.Option(help="Of a model with language adapters, the language that a graph is for.")
    ] = None,
    quantize: Annotated[
        bool, typer.Option("--quantize", help="Cut a graph's weights to 8 bits, and measure the loss in each language.")
    ] = False,
    split: Annotated[str, typer.Option(help="Data that the check looks at: dev or test.")] = "dev",
    sentences: Annotated[
        int, typer.Option(min=1, help="Examples of each language on which the loss of 8 bits is measured.")
    ] = 200,
) -> None:
    """Write the final model of a run as a folder that loads without isogloss; its logits are checked.

    Example: isogloss export runs/first --to onnx --quantize -o exported
    """
    print(
        isogloss.export(
            run, to=to, output=output, language=language, quantize=quantize, split=split, sentences=sentences
        )
    )
