"""The typed recipe: every key a user can write, its type, default and meaning; `build` makes objects from it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from isogloss.recipe.presets import METHODS
from isogloss.recipe.spec.adapters import Adapters
from isogloss.recipe.spec.base import codes_as_text, each_kind_once
from isogloss.recipe.spec.data import DataEntry
from isogloss.recipe.spec.lora import Lora
from isogloss.recipe.spec.model import RandomModel
from isogloss.recipe.spec.objective import Objective, Penalty, Supervised, pairs_languages
from isogloss.recipe.spec.optimizer import AdamW, Optimizer, Rate
from isogloss.recipe.spec.partition import Partition
from isogloss.recipe.spec.probes import Probe
from isogloss.recipe.spec.run import Run
from isogloss.recipe.spec.sampling import Blocks, Joint, Mixed, Sampling
from isogloss.recipe.spec.task import Task
from isogloss.recipe.spec.text import MaskedSource, SoftLabels
from isogloss.recipe.spec.unfreezing import Everything, Schedule
from isogloss.recipe.spec.weighting import Gradients, Sum, Weighting


class Recipe(Run, Task, Rate):
    """A run, fully described."""

    method: str = Field("multitask", description="preset for the five answers below, see `isogloss list methods`")
    label: str | None = Field(
        None, min_length=1, description="what `isogloss compare` calls the run; default: its method"
    )

    model: str | RandomModel = Field(description="hub id, local folder, or {config: {...}} for random weights")
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
    partition: Partition | None = Field(
        None,
        description="parts of the training data of a single language, each sampled as if it were a language; null: one",
    )
    leave_one_out: bool = Field(False, description="one run per training language, which trains on the others only")

    sampling: Sampling = Field(Mixed(), description="which data does a step see?")
    objective: Objective = Field(default_factory=Supervised, description="what is the loss?")
    penalties: tuple[Penalty, ...] = Field((), description="what is added to it; a single one needs no list")
    weighting: Weighting = Field(default_factory=Sum, description="how do gradients meet?")
    gradients: Gradients = Field(
        default_factory=Gradients, description="how those of a step's languages are kept until they meet"
    )
    adapters: Adapters | None = Field(
        None, description="small modules that are trained in place of the encoder, which stays as it is; null: none"
    )
    lora: Lora | None = Field(
        None,
        description="changes of low rank that are trained in place of the encoder, which stays as it is, or on top of "
        "language adapters; null: none",
    )
    unfreezing: Schedule = Field(default_factory=Everything, description="what may move?")  # type: ignore[assignment]
    optimizer: Optimizer = Field(AdamW(), description="how does it move?")

    layer_decay: float = Field(
        1.0,
        gt=0,
        le=1,
        description="each layer's learning rate is that of the layer above times it, the embeddings being below the "
        "first one and the head above the last (0.8 to 0.95 are usual; 1: one rate for all)",
    )

    steps: int | None = Field(None, ge=1, description="optimizer steps; or give epochs")
    epochs: float | None = Field(None, gt=0, description="passes over as many examples as the training data holds")
    batch_size: int | None = Field(
        None,
        ge=1,
        description="sentences per language source and step, over all processes; default: the task's, 12, 16 or 32",
    )
    seed: int | tuple[int, ...] = Field(0, description="one seed, or a list: one run each")
    sweep: dict[str, tuple[Any, ...]] | None = Field(
        None, description="keys with a list of values each: one run for each combination, with every seed; null: none"
    )

    selection: Literal["source-dev", "target-dev", "last", "average"] = Field(
        "source-dev", description="which weights a run ends with"
    )
    average_from: float = Field(
        0.5, ge=0, lt=1, description="selection: average takes evaluations after this share of steps"
    )
    patience: int | None = Field(
        None,
        ge=1,
        description="early stopping: evaluations in a row whose dev score, that of selection, is not above the best so "
        "far, after which the run ends; null: it takes all steps",
    )
    evaluation_sample: int | None = Field(
        50,
        ge=0,
        description="on the way, sentences of each language that does not choose the weights, always the same ones; "
        "0: such a language is scored at the end alone; null: all. At the end all are scored on all",
    )
    probes: tuple[Probe, ...] = Field((), description="who looks at the run and changes nothing; one needs no list")
    test: bool = Field(False, description="score the test split at the end; each time is counted")

    @model_validator(mode="before")
    @classmethod
    def _lora_takes_the_place_of_a_task_adapter(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        adapters = value.get("adapters") if isinstance(value, dict) and value.get("lora") is not None else None
        if isinstance(adapters, dict) and "task" not in adapters:
            return {**value, "adapters": {**adapters, "task": None}}
        return value

    @field_validator("train_languages", "evaluate_languages", mode="before")
    @classmethod
    def _languages_as_text(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        return codes_as_text(value)

    @field_validator("optimizer", mode="before")
    @classmethod
    def _adamw_unless_named(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        return {"kind": "adamw", **value} if isinstance(value, dict) else value

    @field_validator("objective", mode="before")
    @classmethod
    def _supervised_unless_named(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        return {"kind": "supervised", **value} if isinstance(value, dict) else value

    @field_validator("data", "probes", "penalties", mode="before")
    @classmethod
    def _one_of_a_list(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        return [value] if isinstance(value, dict) else value

    @field_validator("seed", "train_languages", "evaluate_languages")
    @classmethod
    def _none_or_each_once(cls, value: Any) -> Any:  # noqa: ANN401 - one seed, or a list of seeds or languages
        if isinstance(value, tuple) and (not value or len(set(value)) < len(value)):
            raise ValueError("a list without repetition and with at least one entry")
        return value

    @field_validator("sweep")
    @classmethod
    def _values_to_sweep(cls, value: dict[str, tuple[Any, ...]] | None) -> dict[str, tuple[Any, ...]] | None:
        for key, values in (value or {}).items():
            if not values or any(one in values[:place] for place, one in enumerate(values)):
                raise ValueError(f"{key}: a list without repetition and with at least one value, found {list(values)}")
            if key in ("seed", "sweep", "name", "label"):
                raise ValueError(f"{key} cannot be swept; a list of seeds is `seed: [0, 1, 2]`")
        return value or None

    @field_validator("probes")
    @classmethod
    def _each_probe_once(cls, value: tuple[Probe, ...]) -> tuple[Probe, ...]:
        return each_kind_once("probe", value)

    @field_validator("penalties")
    @classmethod
    def _each_penalty_once(cls, value: tuple[Penalty, ...]) -> tuple[Penalty, ...]:
        return each_kind_once("penalty", value)

    @model_validator(mode="after")
    def _steps_or_epochs(self) -> Recipe:
        if (self.steps is None) == (self.epochs is None):
            raise ValueError(f"give either steps or epochs, found steps={self.steps} and epochs={self.epochs}")
        return self

    @model_validator(mode="after")
    def _one_thing_learns_the_task(self) -> Recipe:
        if self.adapters is None:
            return self
        if self.lora is not None and self.adapters.task is not None:
            raise ValueError(
                "adapters.task: lora learns the task in its place, so only adapters.language goes with it; give one of "
                f"the two, found {self.adapters.task.placement} adapters and lora of rank {self.lora.rank}"
            )
        if self.lora is not None and not self.adapters.language:
            raise ValueError(
                "adapters: beside lora there are those of languages alone, but adapters.language has none; leave "
                "adapters out (method: lora instead of method: adapters), or lora"
            )
        if self.lora is None and self.adapters.task is None:
            raise ValueError("adapters.task: null only beside lora, or nothing but the head would learn the task")
        return self

    @model_validator(mode="after")
    def _text_beside_the_task(self) -> Recipe:
        if bool(self.text) != bool(self.sources):
            raise ValueError(
                "text and sources go together: text says what to read beside the labelled data, sources what is "
                f"learned from it, such as {{kind: mlm, share: 0.3}}; found {'text' if self.text else 'sources'} alone"
            )
        if self.exclude and not self.text:
            raise ValueError(
                "exclude: it says which sentences of `text` not to learn from, but there is no text; found "
                f"{list(self.exclude)}"
            )
        if sum(source.share for source in self.sources) >= 1:
            raise ValueError(
                "sources: their shares must add up to less than 1, since the task has the rest of the steps; found "
                f"{[source.share for source in self.sources]}"
            )
        return self

    @property
    def masked_sources(self) -> tuple[MaskedSource, ...]:
        """The sources that a masked-LM head learns from."""
        return tuple(source for source in self.sources if not isinstance(source, SoftLabels))

    @property
    def soft_labels(self) -> SoftLabels | None:
        """The source that learns what a finished run answers."""
        return next((source for source in self.sources if isinstance(source, SoftLabels)), None)

    @model_validator(mode="after")
    def _left_out_is_not_shot(self) -> Recipe:
        if self.leave_one_out and self.few_shot is not None:
            raise ValueError(
                f"leave_one_out with few_shot={self.few_shot} would train on examples of the language left out: give "
                "one of the two"
            )
        return self

    @model_validator(mode="after")
    def _pairs_are_of_two_languages(self) -> Recipe:
        if self.partition is not None and pairs_languages(self.objective):
            raise ValueError(
                f"objective: {self.objective.kind} pairs texts of two languages, but partition makes parts of one; "
                "give one of the two"
            )
        return self

    @model_validator(mode="after")
    def _several_gradients_to_weigh(self) -> Recipe:
        if not isinstance(self.weighting, Sum) and not isinstance(self.sampling, Joint):
            raise ValueError(
                f"weighting: {self.weighting.kind} needs a gradient of each language in every step, which only "
                f"sampling: {{kind: joint}} gives, found sampling: {{kind: {self.sampling.kind}}}"
            )
        if not isinstance(self.weighting, Sum) and self.penalties:
            raise ValueError(
                f"penalties: {self.penalties[0].kind} would be part of every language's gradient, so weighting "
                f"{self.weighting.kind} would compare the penalty with itself: give one of the two"
            )
        return self

    @model_validator(mode="after")
    def _one_decay_of_rates(self) -> Recipe:
        own = getattr(self.unfreezing, "layer_rate_decay", 1)
        if self.layer_decay != 1 and own != 1:
            raise ValueError(
                f"layer_decay: {self.layer_decay:g} beside unfreezing.layer_rate_decay: {own:g}, which says the same "
                "as its inverse; give one of the two"
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
                f"inner_steps={slow.inner_steps or 'its default'}, or end a walk within one; leave length out"
            )
        return self

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds, one run each."""
        return (self.seed,) if isinstance(self.seed, int) else self.seed
