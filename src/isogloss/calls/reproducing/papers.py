"""The papers and their settings, as ``recipes/papers/*.yaml`` hold them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, get_args

from pydantic import Field, ValidationError

from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.strict import Strict
from isogloss.recipe.loading import load_yaml
from isogloss.recipe.resolve import SHIPPED

FOLDER = SHIPPED / "papers"

Scale = Literal["smoke", "small", "paper"]
SCALES = get_args(Scale)


class Before(Strict):
    """An encoder that an arm starts from, made by `isogloss pretrain`.

    Attributes:
        recipe: Name of a shipped recipe of pre-training.
        set: Keys of it that change.
    """

    recipe: str
    set: tuple[str, ...] = ()


class Arm(Strict):
    """One of the models that a setting compares.

    Attributes:
        recipe: Name of a shipped recipe.
        set: Keys of it that change, at every scale.
        at: Keys that change at one scale, by its name; after ``set``.
        pretraining: What its encoder comes from; None: the recipe's own.
        remark: What the paper does not have, or does otherwise.
    """

    recipe: str
    set: tuple[str, ...] = ()
    at: Mapping[Scale, tuple[str, ...]] = Field(default_factory=dict)
    pretraining: Before | None = None
    remark: str = ""

    def changes(self, scale: str) -> list[str]:
        """All keys of the recipe that change at a scale."""
        return [*self.set, *(change for name, own in self.at.items() if name == scale for change in own)]


class Figures(Strict):
    """What a source states of an arm, in per cent.

    Attributes:
        arm: The arm.
        source: Table of the paper, or who else says it.
        data: Data set, as result rows name it.
        metric: Metric, as result rows name it.
        values: Figures by language.
        mean: Mean over the setting's targets of the data set; None: not stated.
        deviation: Standard deviation of the mean over runs; None: not stated.
        runs: Number of runs behind the figures; None: not stated.
    """

    arm: str
    source: str
    data: str
    metric: str
    values: Mapping[str, float] = Field(default_factory=dict)
    mean: float | None = None
    deviation: float | None = None
    runs: int | None = Field(None, ge=1)


class Setting(Strict):
    """A training set with its test sets, and the arms that are compared on them.

    Attributes:
        title: What it is.
        metric: Metric of its tables, as result rows name it.
        scored_as: By language the metric that stands for it: Chinese is scored by characters.
        arms: The arms by name.
        targets: By test set the languages of its mean.
        needs: By scale the commands that fetch or make what it reads.
        stated: What the paper and others state at scale paper.
        unlike: Languages whose figures say nothing of our runs, with the reason.
        like: Setting of the paper with the same runs at all scales but paper.
        pages: What we have measured near it, in Markdown.
        remark: What is ours in it.
    """

    title: str
    metric: str
    scored_as: Mapping[str, str] = Field(default_factory=dict)
    arms: Mapping[str, Arm]
    targets: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    needs: Mapping[Scale, tuple[str, ...]] = Field(default_factory=dict)
    stated: tuple[Figures, ...] = ()
    unlike: Mapping[str, str] = Field(default_factory=dict)
    like: str | None = None
    pages: tuple[str, ...] = ()
    remark: str = ""


class Paper(Strict):
    """A paper.

    Attributes:
        title: Authors, title, place.
        url: Where it is.
        known: What of its figures is known to us, and from where.
        claims: What it says in words.
        tolerance: By scale the points that ours may lie off where no spread over runs says more.
        settings: Its settings by name.
        left_out: Settings that are not here, with the reason.
    """

    title: str
    url: str
    known: str
    claims: tuple[str, ...] = ()
    tolerance: Mapping[Scale, float]
    settings: Mapping[str, Setting]
    left_out: Mapping[str, str] = Field(default_factory=dict)


def papers() -> dict[str, Paper]:
    """All papers by name."""
    return {path.stem: _read(path.stem) for path in sorted(FOLDER.glob("*.yaml"))}


def setting_of(name: str) -> tuple[Paper, Setting]:
    """The paper and the setting that ``PAPER/SETTING`` names.

    Raises:
        IsoglossError: There is no such paper or setting.
    """
    first, slash, second = name.partition("/")
    known = papers()
    if not slash or first not in known or second not in known[first].settings:
        every = [f"{paper}/{setting}" for paper, own in known.items() for setting in own.settings]
        raise IsoglossError(f"reproduce: no setting {name!r}{nearest(name, every)}")
    return known[first], known[first].settings[second]


@cache
def _read(name: str) -> Paper:
    raw: Any = load_yaml((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    raw.pop("shared", None)  # holds what other places refer to
    try:
        return Paper.model_validate(raw)
    except ValidationError as error:
        raise IsoglossError(f"{FOLDER / name}.yaml: {error}") from None
