"""The final model of a run as a folder that others load."""

from __future__ import annotations

from pathlib import Path

from isogloss.calls.destination import require_new_folder
from isogloss.calls.exporting.asked import require_kind
from isogloss.calls.required import finished_run, require_split
from isogloss.common.errors import IsoglossError

SENTENCES = 200
"""Examples of each language on which the loss of 8 bits is measured, where nothing is said."""


def export(
    run: str | Path,
    *,
    to: str,
    output: str | Path,
    language: str | None = None,
    quantize: bool = False,
    split: str = "dev",
    sentences: int = SENTENCES,
) -> str:
    """Write the final model of a run as a folder that loads without isogloss, and check that it computes the same.

    Every logit of examples of all languages that the run was measured on must lie within 1e-4 of that of the run's
    model; else nothing is written. Models that learned from pairs of texts (X-Mixup, FILTER) are exported as they see a
    text alone.

    Args:
        run: Run folder.
        to: ``hf``, a model of transformers, LoRA merged into its weights; ``onnx``, a graph for onnxruntime, in which
            batches and lengths may be any, with a program of ten lines that uses it (extra ``isogloss[onnx]``);
            ``adapterhub``, the adapters of the model, and ``peft``, its LoRA, each beside the model that it goes into.
        output: The folder; it must not exist, or be empty.
        language: Of a model with language adapters, the language whose adapter a graph has; for ``onnx`` alone.
        quantize: Whether the weights of a graph are cut to 8 bits; what that costs in each language is measured.
        split: The data of the run that the check looks at, dev or test. With ``quantize`` test data are scored, which
            is counted in the run folder as by `isogloss.evaluate`.
        sentences: Examples of each language, evenly spaced, on which the loss of 8 bits is measured, ≥ 1.

    Returns:
        What the check found, as printed.

    Raises:
        IsoglossError: There is no run, its model cannot be had as ``to``, the folder holds something, the data of the
            run are gone, the exported model computes something else, or a failed write.
    """
    # Without the name of a folder as in ".", there is no sibling to write to.
    folder = Path(output).resolve()
    require_kind(to)
    for name, given in (("quantize", quantize), ("language", language is not None)):
        if given and to != "onnx":
            raise IsoglossError(f"{name}: only of a graph, with to: onnx, found {to!r}")
    require_split(split)
    if sentences < 1:
        raise IsoglossError(f"sentences: must be 1 or more, found {sentences}")
    require_new_folder(folder)
    finished_run(run)
    # Here, since torch takes seconds, which whoever has mistyped a name need not wait.
    from isogloss.calls.exporting.exported import exported

    return exported(run, to, folder, Path(output), language, quantize=quantize, split=split, sentences=sentences)
