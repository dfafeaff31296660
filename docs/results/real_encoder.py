"""The evidence with labels in several languages: every method on gradients and weights, on a real encoder.

python docs/results/real_encoder.py rates --model FOLDER    # choose learning rates on dev data, sources' alone
python docs/results/real_encoder.py run --model FOLDER
python docs/results/real_encoder.py collect
python docs/results/real_encoder.py tables

FOLDER holds a real encoder: intfloat/multilingual-e5-small, for the rows kept here. Languages and treebanks are those
of ``gradient_methods.py``, whose encoder is isogloss-small. Each run is a process of a thread; finished runs are
skipped, so the script can be stopped and started again, and started several times beside itself. `--task` and
`--arms` choose a part.

All arms see as many sentences. A rate is chosen for each kind of step: mixed batches, a batch of every language and
step, slow weights. The other arms follow the one of their kind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import arms
import gradient_methods
import study

SHARED = Path("../shared/data")
STEPS, BATCH = 144, 12
BASE: dict[str, Any] = {
    "schedule": "linear",
    "precision": "bf16",
    "attention": "eager",  # faster on a CPU, as are runs without dropout
    "dropout": 0.0,
    "unfreezing": {"kind": "all_but_embeddings"},
    "selection": "last",
    "report_to": "none",
}


@dataclass(frozen=True)
class Taught:
    """A task with labels in several languages.

    Attributes:
        metric: What is compared.
        kind: Keys of every data set.
        seen: By path below the shared data the languages that are trained on; the path has ``{split}``.
        unseen: The same of languages that are tested alone; the path may have ``{split}``.
        tests: The same of tests of the languages that are trained on, where they are not the test files of ``seen``.
        shorten: Writes fewer examples of a file to another.
        tested: How many (sentences, texts, passages) of each test file, and of each dev file.
        settings: Keys of every run's recipe.
        seeds: The paired seeds.
    """

    metric: str
    kind: dict[str, Any]
    seen: dict[str, tuple[str, ...]]
    unseen: dict[str, tuple[str, ...]]
    tests: dict[str, tuple[str, ...]] = field(default_factory=dict)
    shorten: Callable[[Path, Path, int], None] = study.sentences
    tested: int = 100
    settings: dict[str, Any] = field(default_factory=lambda: {"max_length": 96})
    seeds: tuple[int, ...] = (0, 1, 2)

    @property
    def languages(self) -> list[str]:
        """Those that are trained on."""
        return [one for seen in self.seen.values() for one in seen]

    def write_data(self, root: Path) -> None:
        """Write shortened dev and test files below ``root``."""
        for paths, split in ((self.seen, "dev"), (self.tests or self.seen, "test"), (self.unseen, "test")):
            for path, languages in paths.items():
                for place in (path.format(language=one, split=split) for one in languages):
                    if not (root / "data" / place).exists():
                        self.shorten(SHARED / place, root / "data" / place, self.tested)

    def data(self, root: Path, tuning: bool) -> list[dict[str, Any]]:
        """The data entries of a run: with dev data of the languages trained on, or with all test data."""
        entries = [self._entry(SHARED, "-train", "train", *one) for one in self.seen.items()]
        if tuning:
            return [*entries, *(self._entry(root / "data", "", "dev", *one) for one in self.seen.items())]
        for end, paths in (("", self.tests or self.seen), ("-unseen", self.unseen)):
            entries += [self._entry(root / "data", end, "test", *one) for one in paths.items()]
        return entries

    def _entry(self, folder: Path, end: str, split: str, path: str, languages: tuple[str, ...]) -> dict[str, Any]:
        own = {"label_map": {"DATE": "O"}} if "masakhaner" in path else {}
        place = str(folder / path.format(language="{language}", split=split))
        return {**self.kind, **own, "name": f"{_name(path)}{end}", "path": place, "languages": [*languages],
                "splits": [split]}  # fmt: skip

    def task(self) -> arms.Task:
        """The task, compared by the means over the languages trained on, and over the others."""
        groups = {
            name: [(f"{_name(path)}{end}", one) for path, own in paths.items() for one in own]
            for name, end, paths in (
                ("languages trained on", "", self.tests or self.seen),
                ("unseen languages", "-unseen", self.unseen),
            )
        }
        return arms.Task(self.metric, groups, self.write_data, self.seeds)


def _name(path: str) -> str:
    """The folder above the first part of a path that differs between languages."""
    return path[: path.index("{")].split("/")[-2]


TAUGHT = {
    "pos": Taught(
        "accuracy",
        {"task": "pos", "format": "conllu"},
        {"ud/{language}/{split}.conllu": gradient_methods.POS_SOURCES},
        {"ud/{language}/{split}.conllu": gradient_methods.POS_UNSEEN},
        seeds=(0, 1, 2, 3, 4),  # most arms are within two points of each other
    ),
    "ner": Taught(
        "f1",
        {"task": "ner", "format": "conll"},
        {
            "ner/uner/{language}/{split}.tsv": ("en", "zh"),
            "ner/masakhaner/{language}/{split}.tsv": ("sw", "yo"),
            "ner/wikiann/{language}/{split}.tsv": ("de", "ru"),
        },
        {
            "ner/masakhaner/{language}/{split}.tsv": ("ha", "wo"),
            "ner/wikiann/{language}/{split}.tsv": ("es",),
        },
    ),
    "topics": Taught(
        "accuracy",
        {"task": "topic", "format": "tsv"},
        {"sib200/{language}/{split}.tsv": ("en", "de", "hi", "ru", "sw", "zh")},
        {"sib200/{language}/{split}.tsv": ("ar", "fi", "te", "tr", "vi", "wo", "yo")},
        shorten=study.rows_of_table,
    ),
    "qa": Taught(
        "f1",
        {"task": "qa", "format": "squad"},
        {"qa/tydiqa/{language}/{split}.json": ("en", "ko", "sw")},
        {"qa/xquad/xquad.{language}.json": ("ar", "de", "es", "hi", "ru", "tr", "vi", "zh")},
        {"qa/xquad/xquad.{language}.json": ("en",)},
        study.passages,
        12,
        {"max_length": 128, "doc_stride": 64},
    ),
}

JOINT: dict[str, Any] = {"batch_size": 4}
"""A batch of every language and step."""


def _slow(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - settings of the optimizer
    return {"optimizer": {"lookahead": {"inner_steps": 10, "outer_learning_rate": 0.3, **more}}}


CONSTANT: dict[str, Any] = {"schedule": "constant_with_warmup"}
"""The schedule under which averaging gained on isogloss-small."""

ARMS: dict[str, dict[str, Any]] = {
    "multitask": {},
    "checkpoint_averaging": {"selection": "average"},
    "multitask, constant rate": CONSTANT,
    "checkpoint_averaging, constant rate": {"selection": "average", **CONSTANT},
    "temperature_sampling": {"method": "temperature_sampling"},
    "one language per step": {"method": "temperature_sampling", "sampling": {"kind": "temperature", "temperature": 1}},
    "multitask_summed": JOINT,
    "pcgrad": JOINT,
    "gradvac": JOINT,
    "cagrad": JOINT,
    "aligned_mtl": JOINT,
    "lookahead": _slow(),
    "fish": _slow(inner_steps="languages"),
    "reptile": _slow(inner_steps=2, outer_learning_rate=1.0, restarts="languages"),
    "sequential_reptile": _slow(),
    "sequential_reptile, a quarter": _slow(inner_steps=STEPS // 4),
    "recadam": {
        "optimizer": {
            "kind": "recadam",
            "pull": 300,
            "annealing": {"kind": "sigmoid", "rate": 0.1, "middle": STEPS // 4},
        }
    },
}
"""The arms: what a recipe says beside the method, which is the first part of the name unless it is given."""

RATES = (2e-4, 4e-4)
"""Tried first; where the best is at an end, the next one by a factor of two is tried, too, twice at most."""
FOLLOWS = {
    "checkpoint_averaging": "multitask",
    "checkpoint_averaging, constant rate": "multitask, constant rate",
    "temperature_sampling": "multitask",
    "one language per step": "multitask",
    "recadam": "multitask",
    "pcgrad": "multitask_summed",
    "gradvac": "multitask_summed",
    "cagrad": "multitask_summed",
    "aligned_mtl": "multitask_summed",
    "lookahead": "sequential_reptile",
    "fish": "sequential_reptile",
    "sequential_reptile, a quarter": "sequential_reptile",
}
COMPARED: dict[str, str | tuple[str, ...]] = {
    **dict.fromkeys((arm for arm in ARMS if arm != "multitask"), "multitask"),
    **dict.fromkeys(("pcgrad", "gradvac", "cagrad", "aligned_mtl"), "multitask_summed"),
    "checkpoint_averaging, constant rate": ("multitask, constant rate", "multitask"),
    "lookahead": ("multitask", "checkpoint_averaging, constant rate", "recadam"),
    "fish": ("multitask", "lookahead"),
    "sequential_reptile": ("multitask", "lookahead", "one language per step"),
}


def recipe(run: arms.Run, model: str, root: Path) -> dict[str, Any]:
    """The recipe of a run, with the shortened files below ``root``."""
    task = TAUGHT[run.task]
    own = {"method": run.arm.split(",")[0], "steps": STEPS, "batch_size": BATCH, **ARMS[run.arm]}
    if ARMS[run.arm] is JOINT:
        own["steps"] = STEPS * BATCH // (own["batch_size"] * len(task.languages))
    # Averages are of weights on the way, so there have to be some.
    looks = own["steps"] // 8 if own["method"] == "checkpoint_averaging" else own["steps"]
    return {
        **BASE, **task.settings, **own, "model": model, "train_languages": task.languages,
        "data": task.data(root, run.is_tuning), "seed": run.seed, "evaluation_steps": looks, "save_steps": own["steps"],
        "learning_rate": run.rate, "test": not run.is_tuning,
    }  # fmt: skip


STUDY = arms.Study(
    script=__file__,
    tasks={name: own.task() for name, own in TAUGHT.items()},
    rates=dict.fromkeys(ARMS, RATES),
    follows={arm: (other, 1.0) for arm, other in FOLLOWS.items()},
    compared=COMPARED,
    recipe=recipe,
)

if __name__ == "__main__":
    STUDY.main(__doc__, "real-encoder")
