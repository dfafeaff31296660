"""Label a file with the final model of a run."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from isogloss.calls.beside import read_beside
from isogloss.calls.destination import check_destination, check_replaced
from isogloss.calls.finished import as_shown, build_evaluator, modes_asked, open_run, print_warnings
from isogloss.calls.probabilities import layout_of
from isogloss.common.errors import IsoglossError
from isogloss.common.packing import with_name_before_ending
from isogloss.common.writing import write_bytes, write_text
from isogloss.data.collection import CODE
from isogloss.data.corpus import Cell
from isogloss.data.formats import Format
from isogloss.data.labels import NO_NUMBER
from isogloss.data.problems import Problems
from isogloss.data.tables import Table
from isogloss.examples import Example
from isogloss.recipe.build import data as build_data
from isogloss.recipe.names import TASKS
from isogloss.recipe.spec.data import DataEntry


def predict(
    run: str | Path,
    file: str | Path,
    *,
    language: str,
    format: str | None = None,
    output: str | Path | None = None,
    xtreme: bool = False,
    probabilities: bool = False,
    adapters: str | None = None,
    beside: str | Path | Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> Path:
    """Label a file with the final model of a run.

    Args:
        run: Run folder.
        file: The file, with or without labels.
        language: Its language.
        format: Its format; default: that of the recipe's first data entry.
        output: Where to write: a file in the format that was read, packed if it is called ``*.gz``, or with ``xtreme``
            a folder. Default: beside the file, as ``<name>.predicted<ending>``.
        xtreme: Write ``test-<language>`` as the scorers of XTREME and XTREME-R read it: labels only, one a line, a
            blank line after each sentence (``.tsv``); positions of alternatives as JSON lines (``.jsonl``); answers
            by id (``.json``). No row is left out, whatever ``skip_empty`` says.
        probabilities: Write how probable each tag or label is, see `isogloss.calls.probabilities.layout_of`; default
            beside the file, as ``<name>.probabilities.tsv`` or ``.jsonl``. Nothing of the file is overwritten.
        adapters: Through which language adapter the texts go: ``swap``, that of their language, or where it has none as
            in ``keep``, which is printed; ``keep``, that of the source language. Default: as the recipe says, for
            ``both`` ``swap``.
        beside: The texts in the source language, which the model then sees beside those of the file, as X-Mixup has it:
            a file, joined by id or, with XTREME's five columns, by text; the keys of ``translations.test`` in a recipe;
            or ``{columns: {text: ...}}`` alone, columns of the file itself. With machine translations it is what
            `isogloss evaluate --view with-translate-test` scores, with a human's texts what ``with-gold-source`` does.
            Default: the texts alone.
        overwrite: Whether a file that is there already is replaced; never the one that is read.

    Returns:
        The path written.

    Raises:
        IsoglossError: No such run or file, no language adapters as asked for, bad content, a text without translation
            beside it, values where labels are
            expected that are no labels of the model, predictions that XTREME's scorer would misread, a file where they
            are to go, or a place that cannot be written to; all before anything is predicted. Or a failed write.
    """
    if not re.fullmatch(CODE, language):
        raise IsoglossError(f"language: {language!r} is no language code such as sw or zh-CN")
    if adapters == "both":
        raise IsoglossError("adapters: a file is labelled once, with swap or with keep, found 'both'")
    if xtreme and probabilities:
        raise IsoglossError("xtreme and probabilities are two files; ask for one of the two")
    folder, recipe, task, loaded = open_run(run)
    layout = layout_of(task) if probabilities else None
    mode = modes_asked(folder.path, recipe, loaded, adapters)[0]
    source = Path(file)
    entry = recipe.data[0] if format is None else build_data.in_format(recipe.data[0], format)
    if entry.columns is not None:
        # Only training data are parted.
        entry = entry.model_copy(update={"columns": entry.columns.model_copy(update={"part": None})})
    if xtreme:
        # The scorer pairs predictions with gold labels by their place.
        entry = entry.model_copy(update={"skip_empty": False})
    # What stands in place of lost labels is overwritten as well as labels are.
    label_map = {**dict.fromkeys(NO_NUMBER, "-"), **entry.label_map}
    reader, examples, problems = _read(entry, source, language, label_map)
    if (
        not (xtreme or probabilities)
        and isinstance(reader, Table)
        and len(reader.read(source, "", Problems(), label_map)) != len(examples)
    ):
        raise IsoglossError(
            f"{source} holds rows of other languages than {language} too, and whole files are written; "
            f"cut out the rows of {language} first, or take --xtreme"
        )
    if not probabilities:
        check_replaced(examples, task.labels, [entry.label_map for entry in recipe.data])
    submission = TASKS[task.name].submission
    if xtreme:
        submission.check(source, examples, task.labels)
        destination = submission.path(source.parent if output is None else Path(output), language)
    elif layout is not None:
        destination = layout.path(source) if output is None else Path(output)
    else:
        destination = with_name_before_ending(source, ".predicted") if output is None else Path(output)
    check_destination(destination, source, overwrite=overwrite)
    evaluator = build_evaluator(recipe, task, loaded, mode)
    other = None if beside is None else read_beside(beside, entry, source, examples, language, problems)
    whole = as_shown(evaluator, examples, other, problems)
    print_warnings(problems)
    cell = Cell("predict", language, "test")
    if mode.at_test == "swap" and mode.adapters(cell) == "keep":
        print(f"no language adapter for {language}: labelled as in keep", file=sys.stderr)
    with mode.around(cell, loaded.model):
        if layout is not None:
            shares = evaluator.probabilities(loaded.model, whole)
        else:
            predictions = evaluator.predict(loaded.model, whole)
    if evaluator.group.rank == 0:
        if layout is not None:
            write_bytes(destination, layout.content(task.labels, examples, shares))
        elif xtreme:
            write_text(destination, submission.text(examples, predictions))
        else:
            reader.write(source, predictions, destination, label_map)
    return destination


def _read(
    entry: DataEntry, source: Path, language: str, label_map: Mapping[str, str]
) -> tuple[Format, Sequence[Example], Problems]:
    """The examples of a file, by the entry's format; it may lack the column of labels or tags that the entry names."""
    reader, problems = build_data.build_collection(entry, "predict").format, Problems()
    examples = reader.read(source, language, problems, label_map)
    # Without the column nothing can be read; where something can, the errors are others.
    if (
        problems.errors
        and not examples
        and entry.columns is not None
        and (entry.columns.label, entry.columns.tags) != (None, None)
    ):
        without = entry.columns.model_copy(update={"label": None, "tags": None})
        unlabelled = entry.model_copy(update={"columns": without})
        other, others = build_data.build_collection(unlabelled, "predict").format, Problems()
        found = other.read(source, language, others, label_map)
        if not others.errors:
            return other, found, others
    problems.raise_errors()
    return reader, examples, problems
