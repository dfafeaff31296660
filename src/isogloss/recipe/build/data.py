"""From the entries of a recipe's data and text to a task, the files of data sets and their translations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from isogloss.common.errors import IsoglossError, nearest
from isogloss.data.choice_lines import ChoiceLines
from isogloss.data.collection import Collection
from isogloss.data.delimiters import Quoted, Unquoted
from isogloss.data.formats import Format
from isogloss.data.json_lines import JsonLines
from isogloss.data.patterns import one_file
from isogloss.data.soft_tags import SoftTagLines, holds_soft_tags
from isogloss.data.squad import Squad
from isogloss.data.tables import Table
from isogloss.data.texts import TextSet
from isogloss.data.translated_tables import layout
from isogloss.data.translations import TranslationFile
from isogloss.recipe.names import FORMATS, TASKS, TEXT_FORMATS, NamedTask
from isogloss.recipe.smoke_world import write_if_asked
from isogloss.recipe.spec.data import DataEntry, Translation
from isogloss.recipe.spec.text import TextEntry


def build_collections(entries: Sequence[DataEntry]) -> tuple[NamedTask, list[Collection]]:
    """The task of data entries, and where their files are; the small world of scale smoke is written if it is missing.

    Raises:
        IsoglossError: An unknown task or format, entries of several tasks, or the small world cannot be written.
    """
    names = [entry.task for entry in entries]
    for index, name in enumerate(names):
        if name not in TASKS:
            raise IsoglossError(f"data.{index}.task: no task {name!r}{nearest(name, TASKS)}")
    if len(set(names)) != 1:
        raise IsoglossError(
            f"data: all entries must be of one task, found {', '.join(sorted(set(names))) or 'no entry'}"
        )
    collections = [build_collection(entry, f"data.{index}") for index, entry in enumerate(entries)]
    for entry in entries:
        write_if_asked(entry.path)
    return TASKS[names[0]], collections


def build_collection(entry: DataEntry, where: str) -> Collection:
    """One data entry."""
    if entry.format not in FORMATS:
        raise IsoglossError(f"{where}.format: no format {entry.format!r}{nearest(entry.format, FORMATS)}")
    if entry.task in TASKS and entry.format not in TASKS[entry.task].formats:
        taken = " or ".join(TASKS[entry.task].formats)
        is_table = entry.format in ("tsv", "csv") and "conll" in TASKS[entry.task].formats
        hint = "; a token and its tag on a line are format conll" if is_table else ""
        raise IsoglossError(f"{where}.format: task {entry.task!r} takes {taken}, found {entry.format!r}{hint}")
    columns = None if entry.columns is None else entry.columns.model_dump(exclude_none=True)
    form = with_separator(FORMATS[entry.format].build(columns), entry.separator, f"{where}.separator")
    if entry.questions is not None:
        if not isinstance(form, ChoiceLines):
            raise IsoglossError(f"{where}.questions: only format choice_jsonl has questions, found {entry.format!r}")
        form = replace(form, questions=entry.questions)
    if entry.labels is not None:
        form = with_names(form, entry.labels, f"{where}.labels", entry.format)
    if entry.skip_empty:
        if not isinstance(form, Table):
            raise IsoglossError(f"{where}.skip_empty: only formats tsv and csv have rows, found {entry.format!r}")
        form = replace(form, skip_empty=True)
    if isinstance(form, Squad):
        form = Squad(entry.question_language)
        if entry.label_map:
            raise IsoglossError(f"{where}.label_map: questions have no labels to rename; leave it out")
    elif entry.question_language is not None:
        raise IsoglossError(f"{where}.question_language: format {entry.format!r} has no questions; leave it out")
    return Collection(
        name=entry.name or folder_of(entry.path) or entry.task,
        format=form,
        template=entry.path,
        languages=entry.languages,
        splits=None if entry.splits is None else {str(ours): theirs for ours, theirs in entry.splits.items()},
        label_map=entry.label_map,
        scripts={code: (found,) if isinstance(found, str) else found for code, found in entry.scripts.items()},
    )


def build_text_set(entry: TextEntry, where: str) -> TextSet:
    """One entry of text.

    Raises:
        IsoglossError: Columns for a format that has none, or a template that does not fit.
    """
    columns = None if entry.columns is None else entry.columns.model_dump(exclude_none=True)
    if columns is not None and entry.format in ("lines", "conllu"):
        raise IsoglossError(f"{where}.columns: format {entry.format!r} has no columns, found {columns}")
    form = with_separator(TEXT_FORMATS[entry.format].build(columns), entry.separator, f"{where}.separator")
    name = entry.name or folder_of(entry.path) or "text"
    collection = Collection(name, form, entry.path, entry.languages, {"train": "train"})
    return TextSet(collection, entry.parallel, entry.renamed)


def with_separator(form: Format, separator: str | None, where: str) -> Format:
    """The format with another separator of columns; None: with its own.

    Raises:
        IsoglossError: The format is no table, or the separator is not one character that can separate.
    """
    if separator is None:
        return form
    if not isinstance(form, Table) or not isinstance(form.delimiter, Quoted | Unquoted):
        raise IsoglossError(f"{where}: only formats tsv and csv have a separator; leave it out")
    if len(separator) != 1 or separator in '"\r\n':
        raise IsoglossError(f"{where}: one character, no quotation mark and no line break, found {separator!r}")
    return replace(form, delimiter=replace(form.delimiter, separator=separator))


def with_names(form: Format, names: tuple[str, ...], where: str, found: str) -> Format:
    """The format with names of labels that are numbers in its files.

    Raises:
        IsoglossError: It is neither jsonl nor parquet.
    """
    # What reads Parquet is imported only where it is asked for.
    if isinstance(form, JsonLines) or found == "parquet":
        return replace(form, names=names)  # type: ignore[type-var]
    raise IsoglossError(f"{where}: only formats jsonl and parquet have labels by number, found {found!r}")


def build_translation(entry: DataEntry, translation: Translation, language: str, split: str) -> TranslationFile:
    """The file of translations of a language and split.

    Raises:
        IsoglossError: The template holds other fields than language and split, or its ``*`` matches several files.
    """
    try:
        pattern = str(Path(translation.path.format(language=language, split=split)))
    except (KeyError, IndexError, ValueError) as error:
        raise IsoglossError(
            f"translations: path {translation.path!r} may hold {{language}} and {{split}} only, found {error}"
        ) from None
    path = one_file(pattern, f"translation of {split} of {language}")
    ending = (translation.id_ending or "").format(language=language)
    if translation.soft_tags:
        _require_tags(entry)
        return TranslationFile(path, SoftTagLines(), None, entry.label_map, ending)
    if "conll" in TASKS[entry.task].formats and path.is_file() and holds_soft_tags(path):
        raise IsoglossError(
            f"{path}:1: soft tags (probabilities of tags), but soft_tags is false in `translations`; "
            "translations.train.soft_tags: true reads them"
        )
    other = in_format(entry, translation.format or entry.format)
    separator = {} if translation.separator is None else {"separator": translation.separator}
    skipped = {"skip_empty": True} if translation.skip_missing and other.format in ("tsv", "csv") else {}
    changed = other.model_copy(update={"columns": translation.columns, **separator, **skipped})
    translated = _format(changed)
    untranslated: Format | None = None
    if isinstance(translated, Table) and translation.columns is None and path.exists():
        usual = None if other.columns is None else other.columns.model_dump(exclude_none=True)
        own, before = layout(path, translated.delimiter, usual)
        translated = replace(translated, columns=own)
        untranslated = None if before is None else replace(translated, columns=before)
    if translation.source_columns is not None:
        untranslated = _format(changed.model_copy(update={"columns": translation.source_columns}))
    return TranslationFile(path, translated, untranslated, entry.label_map, ending, _advice(entry, translation, other))


def _advice(entry: DataEntry, translation: Translation, read_as: DataEntry) -> str:
    """What to do with an empty translation, of which there may be some in training data alone."""
    if translation is not entry.translations.train:
        return "each of these texts needs a translation; the original can stand in its place"
    if read_as.format in ("tsv", "csv"):
        return "translations.train.skip_missing: true leaves them out"
    return "take them out of the file; translations.train.skip_missing: true then leaves out their originals"


def _format(entry: DataEntry) -> Format:
    return build_collection(entry, "translations").format


def _require_tags(entry: DataEntry) -> None:
    if "conll" not in TASKS[entry.task].formats:
        raise IsoglossError(f"translations.train.soft_tags: task {entry.task!r} has no tags of tokens; leave it out")


def in_format(entry: DataEntry, name: str) -> DataEntry:
    """The entry for files of another format: what only its own format has is left out."""
    own = {
        "columns": None,
        "separator": None,
        "labels": None,
        "skip_empty": False,
        "questions": None,
        "question_language": None,
    }
    return entry if name == entry.format else entry.model_copy(update={"format": name, **own})


def folder_of(template: str) -> str:
    """The folder before the first brace of a template, or that before a ``*`` there; empty if there is none."""
    before = template.split("{")[0]
    if "*" in before:
        before = before.split("*")[0].rpartition("/")[0]
    return before.rstrip("/").rsplit("/", 1)[-1]
