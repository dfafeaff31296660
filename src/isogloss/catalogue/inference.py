"""Inference and paraphrases: pairs of texts with a label."""

from __future__ import annotations

from isogloss.catalogue.entry import PublicSet, Repository, converted, same
from isogloss.catalogue.rows import Texts

INFERENCE = Texts(("premise", "hypothesis"), labels=("entailment", "neutral", "contradiction"))

SETS = {
    "xnli": PublicSet(
        title="XNLI",
        task="nli",
        languages=same("ar bg de el en es fr hi ru sw th tr ur vi zh"),
        splits={"train": "train", "dev": "validation", "test": "test"},
        rows=INFERENCE,
        metric="accuracy",
        licence="CC BY-NC 4.0",
        repository=Repository("facebook/xnli", "{word}"),
        machine_translated=("train",),
        missing="train is MultiNLI, machine-translated outside English. XTREME's own files have no test labels; the "
        "hub's have them.",
    ),
    "multinli": PublicSet(
        title="MultiNLI",
        task="nli",
        languages=same("en"),
        splits={"train": "train", "dev": "validation_matched"},
        rows=INFERENCE,
        metric="accuracy",
        licence="CC BY 3.0, CC BY-SA 3.0, MIT and others, by genre",
        repository=Repository("nyu-mll/multi_nli", "default", ("data/{split}-*.parquet",)),
        missing="dev is the matched half. There is no test split on the hub.",
    ),
    "snli": PublicSet(
        title="SNLI",
        task="nli",
        languages=same("en"),
        splits={"train": "train", "dev": "validation", "test": "test"},
        rows=INFERENCE,
        metric="accuracy",
        licence="CC BY-SA 4.0",
        repository=converted("stanfordnlp/snli", "plain_text"),
        missing="Pairs without gold label (-1) are left out.",
        unverified=("files of the converted branch",),
    ),
    "americasnli": PublicSet(
        title="AmericasNLI",
        task="nli",
        languages=same("aym bzd cni gn hch nah oto quy shp tar"),
        splits={"dev": "validation", "test": "test"},
        rows=INFERENCE,
        metric="accuracy",
        licence="CC BY-SA 4.0",
        repository=Repository("nala-cub/americas_nli", "{word}"),
        missing="There is no train split: it extends XNLI.",
    ),
    "pawsx": PublicSet(
        title="PAWS-X",
        task="paraphrase",
        languages=same("de en es fr ja ko zh"),
        splits={"train": "train", "dev": "validation", "test": "test"},
        rows=Texts(("sentence1", "sentence2"), labels=("0", "1"), id="id"),
        metric="accuracy",
        licence="free for any purpose, with acknowledgement of Google LLC",
        repository=Repository("google-research-datasets/paws-x", "{word}"),
        machine_translated=("train",),
        missing="train is machine-translated outside English. dev and test share first sentences, though no pair.",
        unverified=("names of the labels on the hub",),
    ),
}
