"""The part of a typed recipe that says where data are and how they are written."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from isogloss.common.errors import nearest
from isogloss.data.labels import as_text
from isogloss.data.translated_tables import ADVICE
from isogloss.recipe.spec.base import Spec, codes_as_text


def _label(value: Any) -> Any:  # noqa: ANN401 - raw input
    """A label as data files have it: a number or truth value of Python, or of JSON, as text."""
    return as_text(value) if isinstance(value, int | float) else value


class Columns(Spec):
    """The file's columns that hold what an example is made of."""

    text: str | int | None = Field(None, description="the text; in inference the premise")
    pair: str | int | None = Field(None, description="the second text; in inference the hypothesis")
    label: str | int | None = Field(None, description="the gold label")
    id: str | int | None = Field(None, description="an identifier, kept in predictions")
    part: str | int | None = Field(
        None, description="tsv, csv and jsonl: what partition: {kind: column} parts the training data by, such as genre"
    )
    tokens: str | int | None = Field(
        None, description="conll: the token of a line; jsonl, parquet: the list of tokens, in place of text"
    )
    tags: str | int | None = Field(
        None, description="conll: the tag of a line; jsonl, parquet: the list of tags, one per token"
    )
    language: str | int | None = Field(
        None, description="the language, in a table of several; rows of other languages are passed over"
    )


class Translation(Spec):
    """Files with machine translations of texts, one per language, joined to the texts by id or by the text itself."""

    path: str = Field(
        description='template such as "translate-test/{language}-en.tsv"; with {split} in it, for every split'
    )
    format: str | None = Field(None, description="default: that of the data entry")
    separator: str | None = Field(None, description="default: that of the data entry, in its format")
    columns: Columns | None = Field(
        None,
        description="columns of the translation; with id, rows are joined by it; null: by their usual names with an "
        "id, or XTREME's five (both texts, both translated, label)",
    )
    source_columns: Columns | None = Field(
        None, description="columns of the same file with the texts before translation, by which rows are joined"
    )
    soft_tags: bool = Field(
        False,
        description="the file holds how probable each tag is (`isogloss predict --probabilities`), to be learned from",
    )
    skip_missing: bool = Field(
        False,
        description="of training texts: leave out those without a translation, or with an empty one, with a warning; "
        "else they are errors",
    )
    id_ending: str | None = Field(
        None, description='what ids of the file end with, and those of the data do not, such as "_{language}"'
    )

    @model_validator(mode="after")
    def _joined(self) -> Translation:
        if self.source_columns is None and self.columns is not None and self.columns.id is None:
            raise ValueError(ADVICE)
        return self


class Translations(Spec):
    """Machine translations of an entry's texts."""

    train: Translation | None = Field(
        None, description="the training texts of the source language, translated into {language} (translate-train)"
    )
    back: Translation | None = Field(
        None,
        description="the training texts of the source language, translated into {language} and back (X-Mixup); tags "
        "and answers in them are passed over",
    )
    test: Translation | None = Field(
        None,
        description="the dev or test texts of {language}, translated into the source language (translate-test); "
        "`isogloss evaluate --view translate-test` scores on them",
    )


class DataEntry(Spec):
    """Labelled files, one per language and split."""

    task: str = Field(description="see `isogloss list tasks`")
    format: str = Field(description="see `isogloss list formats`")
    path: str = Field(
        description='template such as "data/{language}/{split}.conllu", in which * stands for any part of a name; '
        "relative to the working directory"
    )
    name: str | None = Field(
        None,
        description="name in results; default: the folder before the first brace. Alone, that of a public data set: "
        "the copy that `isogloss data get` has made of it in data/NAME",
    )
    question_language: str | None = Field(
        None, description="language of the questions where it is not that of the contexts, which is {language}"
    )
    languages: tuple[str, ...] | None = Field(None, description="default: all that the template finds")
    splits: dict[Literal["train", "dev", "test"], str] | None = Field(
        None, description="splits to use, as a list or as {our name: name in the path}; default: all found"
    )
    columns: Columns | None = Field(
        None,
        description="columns by name, or by position from 0 in a table without header; default: by their usual names, "
        "and in conll the first column and the last one",
    )
    separator: str | None = Field(
        None, description='only for tsv and csv: what separates columns, such as ";"; default: tsv a tab, csv a comma'
    )
    scripts: dict[str, str | Annotated[tuple[str, ...], Field(min_length=1)]] = Field(
        default_factory=dict,
        description="scripts that the files of a language are in, codes of ISO 15924, such as {hi: Latn} for romanised "
        "or {hi: [Deva, Latn]} for mixed text; default: that of the code (hi-Latn), or those of the usual spelling",
    )
    label_map: dict[str, str] = Field(
        default_factory=dict, description="labels to rename, as they stand in the file, such as {DATE: O}"
    )
    labels: tuple[str, ...] | None = Field(
        None,
        min_length=2,
        description="only for jsonl and parquet: names of the labels or tags that are numbers in the file, counted "
        "from 0, such as [O, B-PER, I-PER]; default: those that a Parquet file has, or else the numbers themselves",
    )
    skip_empty: bool = Field(
        False,
        description="only for tsv and csv: pass over rows with an empty text or NS (in PAWS-X: no translation), with a "
        "warning; else they are errors",
    )
    questions: dict[str, str] | None = Field(
        None,
        description="only for choice_jsonl: what a question means that is a mere word in the file; default: that of "
        "COPA, in English, {cause: What was the cause of this?, effect: What happened as a result?}",
    )
    translations: Translations = Field(default_factory=Translations, description="machine translations of the texts")

    @model_validator(mode="before")
    @classmethod
    def _of_the_catalogue(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        if not isinstance(value, dict) or "task" in value or "format" in value:
            return value
        if not isinstance(value.get("name"), str):
            return value
        from isogloss.catalogue import SETS  # not needed by most recipes, and pyarrow takes a while

        if value["name"] not in SETS:
            found = f"{value['name']!r} in the catalogue{nearest(str(value['name']), SETS)}"
            raise ValueError(f"no data set {found}; your own needs a task and a format")
        return {**SETS[value["name"]].entry(value["name"]), **value}

    @field_validator("splits", mode="before")
    @classmethod
    def _list_of_splits(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        if isinstance(value, str):
            value = [value]
        return {split: split for split in value} if isinstance(value, list | tuple) else value

    @field_validator("scripts", mode="before")
    @classmethod
    def _scripts_of_codes(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        return dict(zip(codes_as_text(list(value)), value.values(), strict=True)) if isinstance(value, dict) else value

    @field_validator("label_map", mode="before")
    @classmethod
    def _labels_as_text(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        if not isinstance(value, dict):
            return value
        texts = {_label(old): _label(new) for old, new in value.items()}
        if "" in (*texts, *texts.values()):
            raise ValueError("a label is not empty, neither the old one nor the new one")
        return texts

    @field_validator("labels", mode="before")
    @classmethod
    def _names_as_text(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        if not isinstance(value, list | tuple):
            return value
        names = [_label(name) for name in value]
        if len(set(names)) < len(names) or "" in names:
            raise ValueError("every label has a name of its own, none empty")
        return names

    @field_validator("languages", mode="before")
    @classmethod
    def _languages_as_text(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        return codes_as_text(value)
