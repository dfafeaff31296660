"""The typed recipe of `isogloss pretrain`: every key, its type, default and meaning."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from isogloss.recipe.spec.adapters import LanguageAdapters
from isogloss.recipe.spec.base import codes_as_text
from isogloss.recipe.spec.distillation import Distil
from isogloss.recipe.spec.knowledge import MEP, OE, Knowledge
from isogloss.recipe.spec.model import NewEncoder, NewTokenizer
from isogloss.recipe.spec.optimizer import AdamW, StableRate
from isogloss.recipe.spec.run import Run
from isogloss.recipe.spec.student import Student
from isogloss.recipe.spec.text import MLM, TLM, Stage, TextEntry

PretrainingSource = Annotated[MLM | TLM | MEP | OE | Distil, Field(discriminator="kind")]


class Pretraining(Run, StableRate):
    """A pre-training run, fully described."""

    model: str | NewEncoder | None = Field(
        None,
        description="hub id or folder of a masked-LM encoder to go on with, or a new one; null: the one that `student` "
        "describes",
    )
    tokenizer: NewTokenizer | None = Field(None, description="of a new encoder; one to go on with keeps its own")
    teacher: str | None = Field(
        None, description="hub id or folder of the encoder that source distil learns from; null: none"
    )
    student: Student | None = Field(
        None, description="a new encoder that is a smaller teacher, in the place of `model`"
    )
    compile: bool = Field(False, description="compile the layers with torch.compile, for fixed lengths")

    text: tuple[TextEntry, ...] = Field(
        (), description="what to read; a single entry needs no list; none: mlm learns from the sentences of `knowledge`"
    )
    knowledge: Knowledge | None = Field(None, description="entities and facts, for sources mep and oe; null: none")
    sources: tuple[PretrainingSource, ...] = Field(  # type: ignore[assignment]
        (MLM(share=0.5), TLM(share=0.5)),
        description="what is learned from it, and in which share of the steps; a single one needs no list",
    )
    languages: tuple[str, ...] | None = Field(None, description="default: all with text")
    held_out: int = Field(200, ge=0, description="most sentences per language kept apart to measure on")
    stages: tuple[Stage, ...] = Field(
        (Stage(length=128, batch_size=32, share=1.0),), description="lengths, one after the other"
    )

    adapters: LanguageAdapters | None = Field(
        None, description="train language adapters instead of the encoder, which must be one that there is; null: none"
    )
    optimizer: AdamW = Field(AdamW(betas=(0.9, 0.98)), description="how it moves")
    steps: int = Field(ge=1, description="optimizer steps")
    seed: int = Field(0, description="seed of everything")

    selection: Literal["last"] = Field("last", description="which weights a run ends with")

    @model_validator(mode="before")
    @classmethod
    def _what_the_teacher_says(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        """A student learns from its teacher, if nothing else is asked for."""
        if isinstance(value, dict) and value.get("teacher") is not None and "sources" not in value:
            return {**value, "sources": [{"kind": "distil"}]}
        return value

    @model_validator(mode="before")
    @classmethod
    def _one_language_a_row(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        """Language adapters learn from text of one language a row, if nothing else is asked for."""
        if isinstance(value, dict) and value.get("adapters") is not None and "sources" not in value:
            return {**value, "sources": [{"kind": "mlm", "share": 1.0}]}
        return value

    @field_validator("languages", mode="before")
    @classmethod
    def _languages_as_text(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        return codes_as_text(value)

    @model_validator(mode="after")
    def _fits_together(self) -> Pretraining:
        self._require_model()
        self._require_teacher()
        if abs(sum(stage.share for stage in self.stages) - 1) > 1e-6:
            raise ValueError(f"stages: the shares must add up to 1, found {[stage.share for stage in self.stages]}")
        if abs(sum(source.share for source in self.sources) - 1) > 1e-6:
            raise ValueError(f"sources: the shares must add up to 1, found {[own.share for own in self.sources]}")
        self._require_knowledge()
        if isinstance(self.tokenizer, NewTokenizer) and not self.text:
            raise ValueError("text: a new encoder needs some to learn its vocabulary from")
        if self.adapters is not None:
            if isinstance(self.model, NewEncoder):
                raise ValueError("adapters: belong to an encoder that there is; model must be a hub id or a folder")
            if any(isinstance(source, TLM) for source in self.sources):
                raise ValueError(
                    "adapters: each row goes through the adapter of its language, and rows of tlm have two; sources: "
                    "[{kind: mlm, share: 1.0}] has one"
                )
        aligned = isinstance(self.model, NewEncoder) and self.model.embeddings == "parallel"
        if aligned and not any(entry.parallel for entry in self.text):
            raise ValueError("model.embeddings: parallel needs an entry of text with `parallel`")
        return self

    def _require_model(self) -> None:
        if (self.model is None) == (self.student is None):
            raise ValueError(
                "model: one encoder is trained, either `model` or, of a teacher, `student`; found "
                f"{'neither' if self.model is None else 'both'}"
            )
        if isinstance(self.model, NewEncoder) and self.tokenizer is None:
            raise ValueError("tokenizer: needed for a new encoder (model: {config: ...}), and only for one")
        if isinstance(self.model, str) and self.tokenizer is not None:
            raise ValueError("tokenizer: an encoder to go on with keeps its own; it is needed for a new encoder only")
        if self.student is not None and self.student.from_layers is not None and self.tokenizer is not None:
            raise ValueError(
                "tokenizer: with student.from_layers a student begins with its teacher's embeddings, of which a new "
                "vocabulary may have none; leave it out, or name one that there is in student.tokenizer"
            )
        if self.student is not None and self.student.tokenizer is not None and self.tokenizer is not None:
            raise ValueError("tokenizer: a student has one; give this one, which is new, or student.tokenizer")

    def _require_teacher(self) -> None:
        if self.teacher is None:
            if self.student is not None:
                raise ValueError("teacher: is missing, and what a student is like follows from it")
            if self.distilling is not None:
                raise ValueError("teacher: is missing, and source distil learns from it")
            return
        if self.distilling is None:
            raise ValueError(
                "teacher: no source learns from it; {kind: distil} does, found "
                f"{', '.join(source.kind for source in self.sources)}"
            )
        for key in ("adapters", "compile"):
            if getattr(self, key):
                raise ValueError(f"{key}: does not go with source distil, which reads the layers of the encoder itself")

    def _require_knowledge(self) -> None:
        contrasting = self.contrasting
        if self.knowledge is None:
            if contrasting:
                raise ValueError(f"sources: {contrasting[0].kind} learns from `knowledge`, which is missing")
            if not self.text:
                raise ValueError("text: is missing, and there is no `knowledge` whose sentences could be learned from")
            return
        if contrasting and self.adapters is not None:
            raise ValueError(f"adapters: {contrasting[0].kind} trains the encoder itself; sources: mlm alone")
        for source in contrasting:
            if self.knowledge.faithful and source.masking == 0:
                raise ValueError(
                    f"sources: {source.kind} needs masking above 0 with knowledge.faithful, since the released code "
                    "weighs the loss by the sub-words to be found"
                )

    @property
    def masking(self) -> float | None:
        """The share of sub-words that the first source that hides any hides; None: there is none."""
        found = (source.masking for source in self.sources if not isinstance(source, Distil))
        return next((share for share in found if share), None)

    @property
    def distilling(self) -> Distil | None:
        """The source that learns from the teacher."""
        return next((source for source in self.sources if isinstance(source, Distil)), None)

    @property
    def contrasting(self) -> tuple[MEP | OE, ...]:
        """The sources that compare texts with descriptions."""
        return tuple(source for source in self.sources if isinstance(source, MEP | OE))

    @property
    def seeds(self) -> tuple[int, ...]:
        """The one seed, as recipes of `isogloss train` have it."""
        return (self.seed,)
