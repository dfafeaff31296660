"""The evidence for adapters and scheduled unfreezing: trained on English, tested on other languages.

python docs/results/unfreezing.py rates --model FOLDER    # choose each arm's learning rate on English dev data
python docs/results/unfreezing.py run --model FOLDER
python docs/results/unfreezing.py collect
python docs/results/unfreezing.py tables

FOLDER holds a real encoder: intfloat/multilingual-e5-small, for the rows kept here. Each run is a process of a thread;
finished runs are skipped, so the script can be stopped and started again, and started several times beside itself:
each takes runs that no other has. A run that was broken off is taken again when its folder has been removed.
`--task` and `--arms` choose a part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import arms
import study

from isogloss.common.writing import read_lines

SHARED = Path("../shared/data")
ADAPTED = ("de", "fi", "hi", "ko", "ru", "tr", "vi", "zh")
"""Targets with an adapter of their own in the arm that has adapters of languages."""
EVERY = 0.025
LAYERS = 12
BASE: dict[str, Any] = {
    "train_languages": ["en"],
    "schedule": "linear",
    "precision": "bf16",
    "attention": "eager",  # faster on a CPU, as are runs without dropout
    "dropout": 0.0,
    "selection": "last",
    "report_to": "none",
}


@dataclass(frozen=True)
class English:
    """Training on English, and tests on other languages.

    Attributes:
        settings: Keys of every run's recipe; ``steps`` is the length of training.
        kind: Keys of every data set.
        train: Keys of the training data, beside those.
        dev: The English dev data, below the shared data.
        tests: By data set the path below the shared data, and its languages.
        shorten: Writes fewer test examples of a file to another.
        tested: How many (sentences, pairs, passages) of each test file; so many of the dev file times two.
    """

    settings: dict[str, Any]
    kind: dict[str, Any]
    train: dict[str, Any]
    dev: str
    tests: dict[str, tuple[str, tuple[str, ...]]]
    shorten: Callable[[Path, Path, int], None]
    tested: int

    def data(self, root: Path, tuning: bool) -> list[dict[str, Any]]:
        """The data of a recipe: with test sets, or, for the choice of a rate, with dev data."""
        sets = [{**self.kind, **self.train, "languages": ["en"], "splits": ["train"]}]
        if tuning:
            return [*sets, {**self.kind, "name": "dev", "path": str(root / "data" / self.dev), "languages": ["en"],
                            "splits": ["dev"]}]  # fmt: skip
        for name, (path, languages) in self.tests.items():
            labels = {"label_map": {"DATE": "O"}} if name == "masakhaner" else {}
            sets.append({**self.kind, **labels, "name": name, "path": str(root / "data" / path),
                         "languages": [*languages], "splits": ["test"]})  # fmt: skip
        return sets

    def write_data(self, root: Path) -> None:
        """Write the shortened files below ``root``."""
        files = [path.format(language=language) for path, languages in self.tests.values() for language in languages]
        for place, number in [*((place, self.tested) for place in files), (self.dev, 2 * self.tested)]:
            if not (root / "data" / place).exists():
                self.shorten(SHARED / place, root / "data" / place, number)

    def task(self, metric: str, seeds: tuple[int, ...] = (0, 1, 2)) -> arms.Task:
        """The task, compared by the mean over all test sets of other languages."""
        sets = [(name, language) for name, (_, languages) in self.tests.items() for language in languages]
        groups = {
            "targets": [one for one in sets if one[1] != "en"],
            "targets with a language adapter": [one for one in sets if one[1] in ADAPTED],
            "English": [one for one in sets if one[1] == "en"],
        }
        return arms.Task(metric, groups, self.write_data, seeds)


TAUGHT = {
    "pos": English(
        {"max_length": 128, "batch_size": 16, "steps": 160},
        {"task": "pos", "format": "conllu"},
        {"name": "ud_train", "path": f"{SHARED}/ud/{{language}}/train.conllu"},
        "ud/en/dev.conllu",
        {
            "pud": ("pud/{language}.conllu", ("en", "ar", "de", "es", "fi", "fr", "hi", "ko", "ru", "tr", "zh")),
            "ud": ("ud/{language}/test.conllu", ("te", "vi", "wo")),
        },
        study.sentences,
        100,
    ),
    "qa": English(
        {"max_length": 128, "doc_stride": 64, "batch_size": 12, "steps": 150},
        {"task": "qa", "format": "squad"},
        {"name": "tydiqa_train", "path": f"{SHARED}/qa/tydiqa/en/train.json"},
        "qa/tydiqa/en/dev.json",
        {"xquad": ("qa/xquad/xquad.{language}.json", ("en", "de", "hi", "ru", "tr", "vi", "zh"))},
        study.passages,
        12,
    ),
    "ner": English(
        {"max_length": 128, "batch_size": 16, "steps": 400},
        {"task": "ner", "format": "conll"},
        {"name": "wikiann_train", "path": f"{SHARED}/ner/wikiann/{{language}}/train.tsv"},
        "ner/wikiann/en/dev.tsv",
        {
            "uner_pud": ("ner/uner_pud/{language}.tsv", ("de", "ru", "zh")),
            "wikiann": ("ner/wikiann/{language}/test.tsv", ("en", "de", "es", "ru")),
            "masakhaner": ("ner/masakhaner/{language}/test.tsv", ("sw",)),
        },
        study.sentences,
        150,
    ),
    "nli": English(
        {"max_length": 96, "batch_size": 16, "steps": 320},
        {"task": "nli", "format": "tsv"},
        {"name": "snli_train", "path": f"{SHARED}/nli/snli/en/train.tsv"},
        "nli/xnli/en/dev.tsv",
        {"xnli": ("nli/xnli/{language}/test.tsv", ("en", "de", "fr", "hi", "ru", "sw", "tr", "vi", "zh"))},
        study.rows_of_table,
        200,
    ),
}

TASKS = {
    "pos": TAUGHT["pos"].task("accuracy", (0, 1, 2, 3, 4)),
    "qa": TAUGHT["qa"].task("f1"),
    "ner": TAUGHT["ner"].task("f1"),
    "nli": TAUGHT["nli"].task("accuracy"),
}

_ADAPTERS = {"adapters": {}}
_LORA = {"lora": {}}
FULL, SMALL = (2e-4, 4e-4), (2e-3, 4e-3)
"""Rates that are tried first; where the best is at an end, the next one by a factor of two is tried, too."""


def _fewer(task: English) -> int:
    """Steps in which all layers, open from the start, take as many layer-steps as in gradual unfreezing."""
    steps = task.settings["steps"]
    return int(steps - round(EVERY * steps) * (LAYERS - 1) / 2)


def _arm(method: str, first: Sequence[float], **more: Any) -> tuple[dict[str, Any], Sequence[float]]:  # noqa: ANN401
    return {"method": method, **more}, first


def _scheduled(method: str, **more: Any) -> tuple[dict[str, Any], Sequence[float]]:  # noqa: ANN401
    every = {} if method == "lpft" else {"every": EVERY}
    return _arm(method, SMALL, **_ADAPTERS, unfreezing={**every, **more})


ARMS: dict[str, tuple[dict[str, Any], Sequence[float]]] = {
    "full": _arm("multitask", FULL, unfreezing={"kind": "all_but_embeddings"}),
    "adapters": _arm("adapters", SMALL),
    "gradual": _scheduled("gradual_unfreezing"),
    "fun": _scheduled("fun", batches=10),
    "reverse": _scheduled("reverse_unfreezing"),
    "random": _scheduled("random_unfreezing"),
    "lpft": _scheduled("lpft"),
    "fewer steps": _arm("adapters", SMALL),
    "fun, argmax": _scheduled("fun", batches=10, labels="argmax"),
    "ulmfit": _arm("ulmfit", FULL, unfreezing={"every": EVERY, "embeddings": False}),
    "lora": _arm("lora", SMALL),
    "lora, gradual": _arm("gradual_unfreezing", SMALL, **_LORA, unfreezing={"every": EVERY}),
    "language adapters": _arm("adapters", SMALL, adapters={"at_test": "both"}),
    "full, half the rate": _arm("multitask", (), unfreezing={"kind": "all_but_embeddings"}),
    "adapters, half the rate": _arm("adapters", ()),
    "gradual, half the rate": _scheduled("gradual_unfreezing"),
}
"""The arms, with the rates that are tried first; `fewer steps`: `adapters` with as many layer-steps as `gradual`.

`language adapters` takes what ``pretrain-adapter`` has left in ``LANGUAGE_ADAPTERS``, and is measured both ways."""
FOLLOWS = {arm: (arm.removesuffix(", half the rate"), 0.5) for arm in ARMS if arm.endswith(", half the rate")}
LANGUAGE_ADAPTERS = "language-adapters/adapters"
"""Below the folder of the runs."""

COMPARED = {
    "ulmfit": "full",
    "adapters": "full",
    "gradual": "adapters",
    "fun": "adapters",
    "fun, argmax": "fun",
    "lpft": "adapters",
    "random": "gradual",
    "reverse": "gradual",
    "fewer steps": "adapters",
    "lora": "adapters",
    "lora, gradual": "lora",
    "language adapters, swap": "adapters",
    "language adapters, keep": "language adapters, swap",
    "adapters, half the rate": "full, half the rate",
    "gradual, half the rate": "adapters, half the rate",
}
"""What each arm is compared with."""


def recipe(run: arms.Run, model: str, root: Path) -> dict[str, Any]:
    """The recipe of a run, with the shortened files below ``root``."""
    task = TAUGHT[run.task]
    steps = _fewer(task) if run.arm == "fewer steps" else task.settings["steps"]
    own = dict(ARMS[run.arm][0])
    if run.arm == "language adapters":
        found = {folder.name: str(folder) for folder in sorted((root / LANGUAGE_ADAPTERS).iterdir())}
        own["adapters"] = {**own["adapters"], "language": found}
    return {
        **BASE, **task.settings, **own, "model": model, "data": task.data(root, run.is_tuning), "seed": run.seed,
        "steps": steps, "evaluation_steps": steps, "save_steps": steps, "learning_rate": run.rate,
        "test": not run.is_tuning,
    }  # fmt: skip


def label(arm: str, row: Mapping[str, Any]) -> str:
    """The arm, with how its languages were measured where that can be told apart."""
    return arm if row["at_test"] is None else f"{arm}, {row['at_test']}"


def opened(folder: Path) -> Iterator[dict[str, Any]]:
    """When each layer opened in a run."""
    seen = folder / "diagnostics.jsonl"
    for row in read_lines(seen) if seen.exists() else []:
        if row["probe"] == "unfreezing" and row["metric"] == "opened":
            yield {"kind": "opened", "step": row["step"], "part": row["part"]}


STUDY = arms.Study(
    script=__file__,
    tasks=TASKS,
    rates={arm: first for arm, (_, first) in ARMS.items()},
    compared=COMPARED,
    recipe=recipe,
    label=label,
    rows=opened,
    follows=FOLLOWS,
)

if __name__ == "__main__":
    STUDY.main(__doc__, "unfreezing")
