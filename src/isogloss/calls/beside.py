"""Translations beside the texts of a file that is to be labelled, in a file or in columns of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from isogloss.common.errors import IsoglossError
from isogloss.common.packing import ENDING
from isogloss.data.problems import Problems
from isogloss.data.translations import translate
from isogloss.examples import Example, LabelledText
from isogloss.recipe.build import data as build_data
from isogloss.recipe.explain import explain
from isogloss.recipe.loading import load_yaml
from isogloss.recipe.spec.data import Columns, DataEntry, Translation


def read_beside(
    asked: str | Path | Mapping[str, Any],
    entry: DataEntry,
    source: Path,
    examples: Sequence[Example],
    language: str,
    problems: Problems,
) -> list[Example]:
    """The text beside each example.

    Args:
        asked: A file, joined to the examples as ``translations.test`` of a recipe is; its keys there; or ``columns``
            alone, which are those of the file itself.
        entry: How the file is read.
        source: The file.
        examples: What it holds.
        language: Its language.
        problems: Takes what is wrong with the texts beside.

    Raises:
        IsoglossError: No such file, bad content, an example without translation, or columns where there are none.
    """
    keys = _keys(asked)
    # A bare path is all that there is: its ending says how a table is cut.
    ending = Path(str(asked).removesuffix(ENDING)).suffix[1:]
    if keys.keys() == {"path"} and {ending, entry.format} <= {"csv", "tsv"}:
        keys["format"] = ending
    if "path" not in keys and keys.keys() == {"columns"}:
        return _of_the_same_rows(keys["columns"], entry, source, examples, language, problems)
    try:
        translation = Translation.model_validate(keys)
    except ValidationError as error:
        raise IsoglossError(explain(error, "beside", Translation)) from None
    return translate(examples, build_data.build_translation(entry, translation, language, "test"), language, problems)


def _keys(asked: str | Path | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(asked, Mapping):
        return dict(asked)
    if str(asked).lstrip().startswith("{") and not Path(asked).exists():
        try:
            found = load_yaml(str(asked))
        except yaml.YAMLError as error:
            raise IsoglossError(f"beside {asked}: not YAML: {' '.join(str(error).split())}") from None
        return dict(found)
    # Braces in the name of a file are no fields.
    return {"path": str(asked).replace("{", "{{").replace("}", "}}")}


def _of_the_same_rows(
    columns: Any,  # noqa: ANN401 - raw input
    entry: DataEntry,
    source: Path,
    examples: Sequence[Example],
    language: str,
    problems: Problems,
) -> list[Example]:
    try:
        own = entry.model_copy(update={"columns": Columns.model_validate(columns)})
    except ValidationError as error:
        raise IsoglossError(explain(error, "beside: columns", Columns)) from None
    found = {
        one.line: one for one in build_data.build_collection(own, "beside").format.read(source, language, problems)
    }
    problems.raise_errors()
    rows = []
    for example in examples:
        other = found.get(example.line)
        if other is None or _texts(other) != _texts(example):
            raise IsoglossError(
                f"{source}:{example.line}: the text has {_texts(example)} part(s), what is beside it "
                f"{0 if other is None else _texts(other)}; `columns` must name a column for each (text, pair)"
            )
        rows.append(other)
    return rows


def _texts(example: Example) -> int:
    """Number of texts of an example."""
    return 2 if isinstance(example, LabelledText) and example.pair is not None else 1
