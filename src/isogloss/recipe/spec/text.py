"""The part of a typed recipe that says where text without labels is, and what is learned from it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from isogloss.recipe.spec.base import Spec, codes_as_text, each_kind_once
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


class MLM(Spec):
    """Masked language modelling on running text of one language a row."""

    kind: Literal["mlm"] = "mlm"
    share: float = Field(gt=0, le=1, description="share of all steps")
    temperature: float = Field(2.0, gt=0, description="rows are drawn from languages with N^(1/temperature)")
    masking: float = Field(0.15, gt=0, lt=1, description="share of sub-words to predict (BERT: 0.15)")


class TLM(Spec):
    """Masked language modelling on a text and its translation, side by side in a row."""

    kind: Literal["tlm"] = "tlm"
    share: float = Field(gt=0, le=1, description="share of all steps")
    temperature: float = Field(2.0, gt=0, description="rows are drawn from languages with N^(1/temperature)")
    masking: float = Field(0.15, gt=0, lt=1, description="share of sub-words to predict (BERT: 0.15)")


class SoftLabels(Spec):
    """What a finished run of the same task answers to sentences without labels."""

    kind: Literal["soft_labels"] = "soft_labels"
    share: float = Field(gt=0, le=1, description="share of all steps")
    temperature: float = Field(2.0, gt=0, description="sentences are drawn from languages with N^(1/temperature)")
    teacher: str = Field(description="run folder of `isogloss train`, with the same task, labels and sub-words")
    softening: float = Field(
        2.0, gt=0, description="T that the logits of both are divided by; the loss is multiplied by T² (Hinton et al.)"
    )


MaskedSource = MLM | TLM
"""What a masked-LM head learns from."""

TextSource = Annotated[MLM | TLM | SoftLabels, Field(discriminator="kind")]


class Stage(Spec):
    """A part of the run with rows of one length."""

    length: int = Field(ge=16, description="sub-words per row")
    batch_size: int = Field(ge=1, description="rows per step, over all processes")
    share: float = Field(gt=0, le=1, description="share of all steps; the shares add up to 1")


class Text(Spec):
    """Text without labels to learn from, and what is learned from it."""

    text: tuple[TextEntry, ...] = Field((), description="what to read; a single entry needs no list")
    sources: tuple[TextSource, ...] = Field(
        (), description="what is learned from it, and in which share of the steps; a single one needs no list"
    )
    exclude: tuple[str, ...] = Field((), description="patterns of files whose sentences must not be learned from")

    @field_validator("text", "sources", mode="before")
    @classmethod
    def _one_entry(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        return [value] if isinstance(value, dict) else value

    @field_validator("sources")
    @classmethod
    def _each_source_once(cls, value: tuple[TextSource, ...]) -> tuple[TextSource, ...]:
        return each_kind_once("source", value)

    @model_validator(mode="after")
    def _translations_for_tlm(self) -> Text:
        if any(isinstance(source, TLM) for source in self.sources) and not any(entry.parallel for entry in self.text):
            raise ValueError(
                "sources: tlm needs an entry of text with `parallel`; without one, let `sources` name mlm alone"
            )
        return self
