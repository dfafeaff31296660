"""A finished run written as a folder that others load, and checked."""

from __future__ import annotations

import shutil
from pathlib import Path

from isogloss.calls.exporting.checks import LOOKED_AT, check_logits, loss_table, sample_of
from isogloss.calls.exporting.folders import OPENERS, WRITERS, Source
from isogloss.calls.exporting.graphs import FILE, Runtime, quantise
from isogloss.calls.exporting.kinds import adapters_of, check_kind
from isogloss.calls.exporting.manual import EXAMPLE, example, manual
from isogloss.calls.finished import modes_asked, open_run
from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.writing import hidden, publish, write_text, writing
from isogloss.models.extensions.pairing import pairing_of
from isogloss.models.open import Loaded
from isogloss.tasks.tagging import Tagging


def exported(
    run: str | Path,
    to: str,
    folder: Path,
    shown: Path,
    language: str | None,
    *,
    quantize: bool,
    split: str,
    sentences: int,
) -> str:
    """What `isogloss.export` does once its arguments have been looked at; see there.

    Args:
        run: Run folder.
        to: The kind.
        folder: The folder to write, as an absolute path.
        shown: The same as it was given.
        language: The language of a graph.
        quantize: Whether its weights are cut to 8 bits.
        split: The data that the check looks at.
        sentences: Examples of each language on which the loss of 8 bits is measured.

    Raises:
        IsoglossError: As there.
    """
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
        publish(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    told = [f"{shown}: {checked}"]
    if pairing_of(loaded.model) is not None:
        told.append("the model sees each text alone: its view of pairs of texts needs isogloss")
    return "\n\n".join([*told, *([] if loss is None else [loss])])


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
