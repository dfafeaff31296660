"""Questions whose answer is a span of a passage."""

from __future__ import annotations

from isogloss.catalogue.entry import PublicSet, Repository, converted, same
from isogloss.catalogue.rows import Questions

TYDI = {
    "ar": "arabic", "bn": "bengali", "en": "english", "fi": "finnish", "id": "indonesian", "ko": "korean",
    "ru": "russian", "sw": "swahili", "te": "telugu",
}  # fmt: skip

SETS = {
    "squad": PublicSet(
        title="SQuAD 1.1",
        task="qa",
        languages=same("en"),
        splits={"train": "train", "dev": "validation"},
        rows=Questions(),
        metric="F1, exact match",
        licence="CC BY-SA 4.0",
        repository=converted("rajpurkar/squad", "plain_text"),
        missing="The test split is not public.",
        unverified=("files of the converted branch", "licence"),
    ),
    "xquad": PublicSet(
        title="XQuAD",
        task="qa",
        languages=same("ar de el en es hi ro ru th tr vi zh"),
        splits={"test": "validation"},
        rows=Questions(),
        metric="F1, exact match",
        licence="CC BY-SA 4.0",
        repository=Repository("google/xquad", "xquad.{word}"),
        missing="Its only split is a test split, which the hub calls validation; train on squad.",
    ),
    "mlqa": PublicSet(
        title="MLQA",
        task="qa",
        languages=same("ar de en es hi vi zh"),
        splits={"dev": "validation", "test": "test"},
        rows=Questions(),
        metric="F1, exact match, with MLQA's normalisation",
        licence="CC BY-SA 3.0",
        repository=Repository("google/xtreme", "MLQA.{word}.{word}"),
        missing="There is no train split; train on squad. Here context and question are in the same language; the hub "
        "has the other pairs too, as MLQA.CONTEXT.QUESTION.",
    ),
    "tydiqa": PublicSet(
        title="TyDiQA-GoldP",
        task="qa",
        languages=TYDI,
        splits={"train": "train", "dev": "validation"},
        rows=Questions(by_language=True),
        metric="F1, exact match",
        licence="Apache 2.0",
        repository=Repository("google-research-datasets/tydiqa", "secondary_task"),
        missing="The test split is not public; XTREME tests on dev.",
    ),
}
