"""Causes, effects and other choices."""

from __future__ import annotations

from isogloss.catalogue.entry import PublicSet, Repository, converted, same
from isogloss.catalogue.rows import Choices

SETS = {
    "copa": PublicSet(
        title="COPA",
        task="choice",
        languages=same("en"),
        splits={"train": "train", "dev": "validation"},
        rows=Choices(labels=("choice1", "choice2")),
        metric="accuracy",
        licence="BSD 2-Clause",
        repository=converted("aps/super_glue", "copa"),
        missing="Test labels are stripped on the hub, so test is not fetched.",
        unverified=("order of the labels", "that the hub has no test labels"),
    ),
    "siqa": PublicSet(
        title="Social IQa",
        task="choice",
        languages=same("en"),
        splits={"train": "train", "dev": "validation"},
        rows=Choices(("answerA", "answerB", "answerC"), premise="context", first=1),
        metric="accuracy",
        licence="CC BY 4.0",
        repository=converted("allenai/social_i_qa", "default"),
        missing="There is no test split on the hub. Three choices, a question in words.",
    ),
    "xcopa": PublicSet(
        title="XCOPA",
        task="choice",
        languages=same("et ht id it qu sw ta th tr vi zh"),
        splits={"dev": "validation", "test": "test"},
        rows=Choices(),
        metric="accuracy",
        licence="CC BY 4.0",
        repository=Repository("cambridgeltl/xcopa", "{word}"),
        missing="There is no train split; train on copa or siqa. In its own repository the question of some items of "
        "tr and sw says effect where it should say cause.",
    ),
}
