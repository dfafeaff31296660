"""Label a file with the final model of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from isogloss.calls.arguments import check_code
from isogloss.calls.beside import read_beside
from isogloss.calls.destination import check_destination, check_replaced
from isogloss.calls.given import LINES, labelled
from isogloss.calls.probabilities import layout_of
from isogloss.calls.readable import table as table_of
from isogloss.calls.required import finished_run, require_mode
from isogloss.common.errors import IsoglossError
from isogloss.common.packing import ENDING, with_name_before_ending
from isogloss.common.writing import write_bytes, write_text
from isogloss.data.formats import Format
from isogloss.data.labels import NO_NUMBER
from isogloss.data.misread import read_file
from isogloss.data.plain import Lines
from isogloss.data.problems import Problems
from isogloss.data.tables import Table
from isogloss.examples import Example, LabelledText
from isogloss.recipe.build import data as build_data
from isogloss.recipe.names import TASKS
from isogloss.recipe.resolve import resolve
from isogloss.recipe.spec.data import DataEntry
from isogloss.run.predicted import Predicted
from isogloss.start.raw_text import from_text
from isogloss.tasks.tagging import Tagging
from isogloss.tasks.task import Task


def predict(
    run: str | Path,
    file: str | Path,
    *,
    language: str,
    format: str | None = None,
    output: str | Path | None = None,
    xtreme: bool = False,
    probabilities: bool = False,
    table: bool = False,
    adapters: str | None = None,
    beside: str | Path | Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> Path:
    """Label a file with the final model of a run.

    Args:
        run: Run folder.
        file: The file, with or without labels.
        language: Its language.
        format: Its format; default: that of the recipe's first data entry whose files end alike (``.tsv``), or else of
            the first. ``lines``: raw text, one sentence a line,
            see `isogloss.start.raw_text.from_text`; tags are written as ``conll``, labels as ``jsonl``.
        output: Where to write: a file in the format that was read, packed if it is called ``*.gz``, or with ``xtreme``
            a folder. Default: beside the file, as ``<name>.predicted<ending>``.
        xtreme: Write ``test-<language>`` as the scorers of XTREME and XTREME-R read it: labels only, one a line, a
            blank line after each sentence (``.tsv``); positions of alternatives as JSON lines (``.jsonl``); answers
            by id (``.json``). No row is left out, whatever ``skip_empty`` says.
        probabilities: Write how probable each tag, label, alternative or answer is, see
            `isogloss.calls.probabilities.layout_of`; default beside the file, as ``<name>.probabilities.tsv`` (tags) or
            ``.jsonl``.
        table: Write a table to be read: text, gold, predicted, probability, see `isogloss.calls.readable.table`;
            default beside the file, as ``<name>.table.tsv``.
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
    check_code(language)
    require_mode(adapters)
    if adapters == "both":
        raise IsoglossError("adapters: a file is labelled once, with swap or with keep, found 'both'")
    asked = [name for name, on in (("xtreme", xtreme), ("probabilities", probabilities), ("table", table)) if on]
    if len(asked) > 1:
        raise IsoglossError(f"{' and '.join(asked)} are {len(asked)} files; ask for one of them")
    raw = format == LINES
    if raw and beside is not None:
        raise IsoglossError(
            "beside: lines of raw text have no ids to join others by; take another format, such as jsonl"
        )
    folder, source = finished_run(run), Path(file)
    entry = _entry_of(resolve(folder.recipe).data, source, None if raw else format)
    if entry.columns is not None:
        # Only training data are parted.
        entry = entry.model_copy(update={"columns": entry.columns.model_copy(update={"part": None})})
    if xtreme:
        # The scorer pairs predictions with gold labels by their place.
        entry = entry.model_copy(update={"skip_empty": False})
    # What stands in place of lost labels is overwritten as well as labels are.
    label_map = {**dict.fromkeys(NO_NUMBER, "-"), **entry.label_map}
    reader, examples, problems = _lines(source, language) if raw else _read(entry, source, language, label_map)
    if output is not None and not xtreme:
        check_destination(Path(output), source, overwrite=overwrite)

    # Here, since torch takes seconds, which whoever has mistyped a name need not wait.
    from isogloss.calls.finished import as_shown, build_evaluator, modes_asked, open_run, predicted_in, print_warnings

    _, recipe, task, loaded = open_run(run)
    mode = modes_asked(folder.path, recipe, loaded, adapters)[0]
    if raw:
        examples = [from_text(text, task) for text in examples if isinstance(text, LabelledText)]
    if not asked and isinstance(reader, Table) and len(reader.read(source, "", Problems(), label_map)) != len(examples):
        raise IsoglossError(
            f"{source} holds rows of other languages than {language} too, and whole files are written; "
            f"cut out the rows of {language} first, or take --xtreme"
        )
    if not (probabilities or table):
        check_replaced(examples, task.labels, [entry.label_map for entry in recipe.data])
    place, write = _writer(task, reader, source, examples, label_map, language, output, asked)
    check_destination(place, source, overwrite=overwrite)
    evaluator = build_evaluator(recipe, task, loaded, mode)
    other = None if beside is None else read_beside(beside, entry, source, examples, language, problems)
    whole = as_shown(evaluator, examples, other, problems)
    print_warnings(problems)
    found = predicted_in(evaluator, loaded, whole, language)
    if evaluator.group.rank == 0:
        write(found)
    return place


def _entry_of(entries: Sequence[DataEntry], source: Path, format: str | None) -> DataEntry:
    """The first entry whose files are like this one, by the format asked for or by the end of their names."""
    if format is not None:
        return build_data.in_format(next((entry for entry in entries if entry.format == format), entries[0]), format)
    ending = Path(source.name.removesuffix(ENDING)).suffix
    alike = (entry for entry in entries if Path(entry.path.removesuffix(ENDING)).suffix == ending)
    return next(alike, entries[0])


def _writer(
    task: Task,
    reader: Format | None,
    source: Path,
    examples: Sequence[Example],
    label_map: Mapping[str, str],
    language: str,
    output: str | Path | None,
    asked: Sequence[str],
) -> tuple[Path, Callable[[Predicted], None]]:
    """Where predictions go, and what writes them there."""
    own, stem = None if output is None else Path(output), Path(source.name.removesuffix(ENDING)).stem
    if "xtreme" in asked:
        submission = TASKS[task.name].submission
        submission.check(source, examples, task.labels)
        place = submission.path(own or source.parent, language)
        return place, lambda found: write_text(place, submission.text(examples, found.predictions))
    if "probabilities" in asked:
        layout = layout_of(task, own)
        place = own or source.with_name(f"{stem}.probabilities{layout.ending}")
        return place, lambda found: write_bytes(place, layout.content(examples, found.shares))
    if "table" in asked:
        place = own or source.with_name(f"{stem}.table.tsv")
        return place, lambda found: write_bytes(place, table_of(task, examples, found))
    if reader is None:
        place = own or source.with_name(f"{stem}.predicted{'.conll' if isinstance(task, Tagging) else '.jsonl'}")
        return place, lambda found: write_bytes(place, labelled(examples, found.predictions))
    place = own or with_name_before_ending(source, ".predicted")
    return place, lambda found: reader.write(source, found.predictions, place, label_map)


def _lines(source: Path, language: str) -> tuple[None, Sequence[Example], Problems]:
    """The lines of a file of raw text, of which a task makes its examples."""
    problems = Problems()
    texts = Lines().read(source, language, problems)
    problems.raise_errors()
    return None, texts, problems


def _read(
    entry: DataEntry, source: Path, language: str, label_map: Mapping[str, str]
) -> tuple[Format, Sequence[Example], Problems]:
    """The examples of a file, by the entry's format; it may lack the column of labels or tags that the entry names."""
    reader, problems = build_data.build_collection(entry, "predict").format, Problems()
    examples = read_file(reader, source, language, problems, label_map)
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
