"""The part of a typed recipe that says where running text is: to pre-train on, or for probes to look at."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from isogloss.recipe.spec.base import Spec, codes_as_text
from isogloss.recipe.spec.data import Columns


class TextEntry(Spec):
    """Files of text, one per language."""

    format: Literal["lines", "tsv", "csv", "jsonl", "conllu"] = Field(
        description="lines: a sentence a line; tsv, csv, jsonl: a text a row; conllu: running text of a treebank"
    )
    path: str = Field(description='template such as "text/{language}.tsv.gz"; .gz is unpacked')
    name: str | None = Field(None, description="name in messages; default: the folder before the first brace")
    languages: tuple[str, ...] | None = Field(None, description="default: all that the template finds")
    columns: Columns | None = Field(None, description="columns of a table or keys of JSON lines: text and id")
    separator: str | None = Field(
        None, description='only for tsv and csv: what separates columns, such as ";"; default: tsv a tab, csv a comma'
    )
    parallel: str | None = Field(
        None,
        description="name of a parallel text: sentences of its entries with the same id (in lines: the same line) are "
        "translations; null: no translations",
    )
    renamed: dict[str, str] = Field(
        default_factory=dict, description="beginnings of ids to replace before joining, such as {MAT.: Matt.}"
    )

    @field_validator("languages", mode="before")
    @classmethod
    def _languages_as_text(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        return codes_as_text(value)
