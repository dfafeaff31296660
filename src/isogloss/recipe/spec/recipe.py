"""The typed recipe: every key a user can write, its type, default and meaning; `build` makes objects from it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from isogloss.recipe.presets import METHODS
from isogloss.recipe.spec.base import Spec, codes_as_text
from isogloss.recipe.spec.data import DataEntry
from isogloss.recipe.spec.optimizer import AdamW, Optimizer
from isogloss.recipe.spec.partition import ByColumn, KMeans, RandomSplit
from isogloss.recipe.spec.probes import Probe
from isogloss.recipe.spec.weighting import Gradients, Sum, Weighting


class Mixed(Spec):
    """Batches mixed from all languages; an epoch holds the share N^(1/temperature) of each."""

    kind: Literal["mixed"] = "mixed"
    temperature: float = Field(1.0, gt=0, description="1: proportional to size; larger: flatter")


class Joint(Spec):
    """One batch per language in every step, their losses added up."""

    kind: Literal["joint"] = "joint"


class Temperature(Spec):
    """One language per step, drawn with probability proportional to N^(1/temperature)."""

    kind: Literal["temperature"] = "temperature"
    temperature: float = Field(1.0, gt=0, description="1: proportional to size; larger: flatter")


class RoundRobin(Spec):
    """One language per step, in turn."""

    kind: Literal["round_robin"] = "round_robin"


class Permuted(Spec):
    """Passes over the languages in random order, one per step; a language comes once a pass."""

    kind: Literal["permuted"] = "permuted"
    length: int | None = Field(
        None, ge=1, description="languages per pass, drawn anew for each; null: all (Fish calls them meta steps)"
    )


class Blocks(Spec):
    """One language for a whole block of steps; languages in turn."""

    kind: Literal["blocks"] = "blocks"
    length: int | None = Field(None, ge=1, description="steps per block; null: the optimizer's inner_steps")


class Supervised(Spec):
    """Cross-entropy with the gold labels."""

    kind: Literal["supervised"] = "supervised"
    l2_sp: float | None = Field(
        None,
        gt=0,
        description="λ: adds λ/2 · ‖θ − θ*‖² over the parameters with a pre-trained value θ* to the loss; null: none",
    )


class Everything(Spec):
    """All parameters move from the first step."""

    kind: Literal["everything"] = "everything"


class AllButEmbeddings(Spec):
    """The embeddings of sub-words, and an output layer tied to them, stay as they are; all else moves."""

    kind: Literal["all_but_embeddings"] = "all_but_embeddings"


Unfreezing = Annotated[Everything | AllButEmbeddings, Field(discriminator="kind")]


class RandomModel(Spec):
    """An encoder with random weights, and a tokenizer trained on the training text."""

    config: dict[str, Any] = Field(description="a Hugging Face config: model_type and its sizes")
    vocabulary_size: int = Field(8000, ge=16, description="sub-words of the tokenizer, at most")


SPACING: Literal["words", "text"] = "text"
"""The spacing of tagging where a recipe says nothing."""

Sampling = Annotated[Mixed | Joint | Temperature | RoundRobin | Permuted | Blocks, Field(discriminator="kind")]


class Recipe(Spec):
    """A run, fully described."""

    name: str | None = Field(None, description="name of the run folder; default: recipe and method")
    method: str = Field("multitask", description="preset for the five answers below, see `isogloss list methods`")

    model: str | RandomModel = Field(description="hub id, local folder, or {config: {...}} for random weights")
    random_weights: bool = Field(False, description="keep the model's architecture and tokenizer, forget its weights")
    trust_remote_code: bool = Field(False, description="run code that comes with the model")
    dropout: float | None = Field(None, ge=0, lt=1, description="default: as the model's config says")
    aggregation: Literal["first", "average"] = Field(
        "first",
        description="outputs of a tagged token: those at its first sub-word, or the average over its sub-words",
    )
    spacing: Literal["words", "text"] | None = Field(
        None,
        description="tagging: spaces as before every word (words: XTREME), or as the sentence is written (text); "
        f"default: {SPACING}",
    )
    max_length: int = Field(
        128,
        ge=8,
        description="sub-words per sentence or window; longer tagged sentences are cut, texts truncated, contexts of "
        "questions read in several windows",
    )
    doc_stride: int | None = Field(
        None, ge=1, description="questions: sub-words from window to window; default: a third of max_length"
    )
    max_answer_length: int | None = Field(
        None, ge=1, description="questions: sub-words of an answer, at most; default: 30 (BERT, XTREME)"
    )

    data: tuple[DataEntry, ...] = Field(description="the data sets, one entry each; a single entry needs no list")
    train_languages: tuple[str, ...] | None = Field(None, description="default: all with training data")
    evaluate_languages: tuple[str, ...] | None = Field(
        None,
        description="default: all with dev or test data; selection: source-dev looks at the dev data of the training "
        "languages too",
    )
    few_shot: int | None = Field(
        None,
        ge=1,
        description="training sentences of each language that is evaluated but not trained on, drawn by the seed; "
        "null: none",
    )
    translate_train: bool = Field(
        False,
        description="train also on the translations of the source language's training data into every language that is "
        "evaluated; needs translations.train in data",
    )
    partition: Annotated[KMeans | RandomSplit | ByColumn, Field(discriminator="kind")] | None = Field(
        None,
        description="parts of the training data of a single language, each sampled as if it were a language; null: one",
    )
    leave_one_out: bool = Field(False, description="one run per training language, which trains on the others only")

    sampling: Sampling = Field(Mixed(), description="which data does a step see?")
    objective: Supervised = Field(default_factory=Supervised, description="what is the loss?")
    weighting: Weighting = Field(default_factory=Sum, description="how do gradients meet?")
    gradients: Gradients = Field(
        default_factory=Gradients, description="how those of a step's languages are kept until they meet"
    )
    unfreezing: Unfreezing = Field(default_factory=Everything, description="what may move?")
    optimizer: Optimizer = Field(AdamW(), description="how does it move?")

    steps: int | None = Field(None, ge=1, description="optimizer steps; or give epochs")
    epochs: float | None = Field(None, gt=0, description="passes over as many examples as the training data holds")
    batch_size: int | None = Field(
        None,
        ge=1,
        description="sentences per language source and step, over all processes; default: the task's, 12, 16 or 32",
    )
    gradient_accumulation_steps: int = Field(1, ge=1, description="parts that each process cuts its batch into")
    learning_rate: float = Field(
        3e-5, gt=0, description="peak rate of the inner optimizer (3e-5: Sequential Reptile paper)"
    )
    schedule: Literal["constant", "constant_with_warmup", "linear", "cosine"] = Field(
        "constant_with_warmup", description="how the learning rate moves over all inner steps, as in transformers"
    )
    warmup_steps: float = Field(0.1, ge=0, description="steps, or below 1 a share of all steps")
    weight_decay: float = Field(
        0.01, ge=0, description="decay of matrices; vectors (biases, scales of norms) never decay"
    )
    max_grad_norm: float | None = Field(1.0, gt=0, description="null: no clipping")
    precision: Literal["fp32", "bf16"] = Field("fp32", description="bf16: autocast; weights stay float32")
    seed: int | tuple[int, ...] = Field(0, description="one seed, or a list: one run each")

    selection: Literal["source-dev", "target-dev", "last", "average"] = Field(
        "source-dev", description="which weights a run ends with"
    )
    average_from: float = Field(
        0.5, ge=0, lt=1, description="selection: average takes evaluations after this share of steps"
    )
    evaluation_steps: int | None = Field(
        None, ge=1, description="steps between dev evaluations; default: a tenth of all"
    )
    evaluation_batch_size: int = Field(64, ge=1, description="pieces of text per forward pass in evaluation")
    logging_steps: int | None = Field(
        None, ge=1, description="steps between logged losses; default: a hundredth of all"
    )
    save_steps: int | None = Field(None, ge=1, description="steps between checkpoints; default: as evaluation_steps")
    save_total_limit: int = Field(1, ge=1, description="checkpoints kept")
    probes: tuple[Probe, ...] = Field((), description="who looks at the run and changes nothing; one needs no list")
    limit: int | None = Field(None, ge=1, description="examples read per language and split; default: all")
    test: bool = Field(False, description="score the test split at the end; each time is counted")
    report_to: Literal["none", "tensorboard", "wandb"] = Field(
        "tensorboard", description="where the history goes besides trainer_state.json"
    )

    @field_validator("train_languages", "evaluate_languages", mode="before")
    @classmethod
    def _languages_as_text(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        return codes_as_text(value)

    @field_validator("optimizer", mode="before")
    @classmethod
    def _adamw_unless_named(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        return {"kind": "adamw", **value} if isinstance(value, dict) else value

    @field_validator("data", "probes", mode="before")
    @classmethod
    def _one_entry(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        return [value] if isinstance(value, dict) else value

    @field_validator("seed", "train_languages", "evaluate_languages")
    @classmethod
    def _none_or_each_once(cls, value: Any) -> Any:  # noqa: ANN401 - one seed, or a list of seeds or languages
        if isinstance(value, tuple) and (not value or len(set(value)) < len(value)):
            raise ValueError("a list without repetition and with at least one entry")
        return value

    @field_validator("probes")
    @classmethod
    def _each_kind_once(cls, value: tuple[Probe, ...]) -> tuple[Probe, ...]:
        kinds = [probe.kind for probe in value]
        if len(set(kinds)) < len(kinds):
            raise ValueError(f"one probe of each kind, found the kinds {', '.join(kinds)}")
        return value

    @model_validator(mode="after")
    def _steps_or_epochs(self) -> Recipe:
        if (self.steps is None) == (self.epochs is None):
            raise ValueError(f"give either steps or epochs, found steps={self.steps} and epochs={self.epochs}")
        return self

    @model_validator(mode="after")
    def _left_out_is_not_shot(self) -> Recipe:
        if self.leave_one_out and self.few_shot is not None:
            raise ValueError(
                f"leave_one_out with few_shot={self.few_shot} would train on examples of the language left out: give "
                "one of the two"
            )
        return self

    @model_validator(mode="after")
    def _several_gradients_to_weigh(self) -> Recipe:
        if not isinstance(self.weighting, Sum) and not isinstance(self.sampling, Joint):
            raise ValueError(
                f"weighting: {self.weighting.kind} needs a gradient of each language in every step, which only "
                f"sampling: {{kind: joint}} gives, found sampling: {{kind: {self.sampling.kind}}}"
            )
        if not isinstance(self.weighting, Sum) and self.objective.l2_sp is not None:
            raise ValueError(
                f"objective: l2_sp={self.objective.l2_sp} would be part of every language's gradient, so weighting "
                f"{self.weighting.kind} would compare the penalty with itself: give one of the two"
            )
        return self

    @model_validator(mode="after")
    def _slow_weights_are_not_lost(self) -> Recipe:
        preset = METHODS[self.method].answers.get("optimizer", {}) if self.method in METHODS else {}
        # Another kind of optimizer takes the place of the preset's, with all that was in it.
        if "lookahead" in preset and self.optimizer.lookahead is None and not isinstance(self.optimizer, AdamW):
            raise ValueError(
                f"optimizer: kind {self.optimizer.kind} replaces the slow weights of method {self.method}; give it "
                f"its own, such as {{kind: {self.optimizer.kind}, lookahead: {{inner_steps: 100}}}}"
            )
        return self

    @model_validator(mode="after")
    def _a_walk_is_on_one_language(self) -> Recipe:
        slow = self.optimizer.lookahead
        length = self.sampling.length if isinstance(self.sampling, Blocks) else None
        if slow is not None and slow.restarts != 1 and length is not None and length != slow.inner_steps:
            raise ValueError(
                f"sampling: blocks of length={length} would put several languages into a walk of "
                f"inner_steps={slow.inner_steps}, or end a walk within one; leave length out"
            )
        return self

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds, one run each."""
        return (self.seed,) if isinstance(self.seed, int) else self.seed
