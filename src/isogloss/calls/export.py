"""The final model of a run as a folder that others load."""

from __future__ import annotations

import shutil
from pathlib import Path

from isogloss.calls.destination import require_new_folder
from isogloss.calls.exporting.checks import LOOKED_AT, check_logits, loss_table, sample_of
from isogloss.calls.exporting.folders import OPENERS, WRITERS, Source
from isogloss.calls.exporting.graphs import FILE, Runtime, quantise, require_onnx
from isogloss.calls.exporting.kinds import adapters_of, check_kind
from isogloss.calls.exporting.manual import EXAMPLE, example, manual
from isogloss.calls.finished import modes_asked, open_run
from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.writing import hidden, open_as_usual, write_text, writing
from isogloss.models.extensions.pairing import pairing_of
from isogloss.models.open import Loaded
from isogloss.tasks.tagging import Tagging

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
    _check_arguments(folder, to, language, quantize, split, sentences)
    own, recipe, task, loaded = open_run(run)
    check_kind(loaded.model, to)
    if to == "onnx" and isinstance(task, Tagging) and task.summed:
        raise IsoglossError(
            "to: 'onnx' is not possible: a graph gives the logits of sub-words, and with aggregation: sum a tag is of "
            "the sum of their states; nearest: hf"
        )
    language = _language(loaded, to, language)
    loaded.model.to("cpu").eval()  # type: ignore[arg-type] # the stubs of transformers take no device by name
    mode = modes_asked(own.path, recipe, loaded, None)[0]
    number = sentences if quantize else LOOKED_AT
    sample = sample_of(recipe, task, loaded, mode, split=split, number=number, language=language)
    source = Source(task, loaded, sample.two(), language)
    partial = hidden(folder)
    try:
        with writing(folder):
            WRITERS[to](partial, source)
        checked, loss = check_logits(loaded.model, OPENERS[to](partial, source), sample), None
        if quantize:
            with writing(folder):
                quantise(partial / FILE)
            if split == "test":
                for cell in sample.cells:
                    own.touch_test(cell)
            loss = loss_table(loaded.model, Runtime(partial / FILE), sample)
        if to == "onnx":
            write_text(partial / EXAMPLE, example(task, recipe.max_length))
        write_text(partial / "README.md", manual(to, task, loaded, language, checked, loss))
        with writing(folder):
            open_as_usual(partial)
            if folder.exists():
                folder.rmdir()
            partial.replace(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    told = [f"{output}: {checked}"]
    if pairing_of(loaded.model) is not None:
        told.append("the model sees each text alone: its view of pairs of texts needs isogloss")
    return "\n\n".join([*told, *([] if loss is None else [loss])])


def _check_arguments(folder: Path, to: str, language: str | None, quantize: bool, split: str, sentences: int) -> None:
    if to == "onnx":
        require_onnx()
    for name, given in (("quantize", quantize), ("language", language is not None)):
        if given and to != "onnx":
            raise IsoglossError(f"{name}: only of a graph, with to: onnx, found {to!r}")
    if split not in ("dev", "test"):
        raise IsoglossError(f"split: {split!r} is unknown{nearest(split, ('dev', 'test'))}")
    if sentences < 1:
        raise IsoglossError(f"sentences: must be 1 or more, found {sentences}")
    require_new_folder(folder)


def _language(loaded: Loaded, to: str, asked: str | None) -> str | None:
    """The language that a graph is for; None where all languages go through the same modules."""
    adapters = adapters_of(loaded.model)
    stacks = None if adapters is None else adapters.stacks
    if to != "onnx" or stacks is None or not stacks.languages:
        if asked is not None:
            raise IsoglossError(
                f"language: the model has no language adapters, so its graph is for all, found {asked!r}"
            )
        return None
    if asked is None:
        raise IsoglossError(
            "language: the model has language adapters, of which a graph has one; name a language"
            f"{nearest('', stacks.languages)}; to: adapterhub takes all of them"
        )
    if asked not in stacks.languages and stacks.source is None:
        raise IsoglossError(f"language: the model has no adapter for {asked!r}{nearest(asked, stacks.languages)}")
    return asked
