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

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import arms
import gradient_methods
import study

SHARED = Path("../shared/data")
STEPS, BATCH = 144, 12
LANGUAGES = 6
BASE: dict[str, Any] = {
    "schedule": "linear",
    "precision": "bf16",
    "attention": "eager",  # faster on a CPU, as are runs without dropout
    "dropout": 0.0,
    "unfreezing": {"kind": "all_but_embeddings"},
    "max_length": 96,
    "selection": "last",
    "report_to": "none",
}


@dataclass(frozen=True)
class Tagging:
    """Tags of words in several languages.

    Attributes:
        metric: What is compared.
        kind: Keys of every data set.
        seen: By path below the shared data the languages that are trained on; the path has ``{split}``.
        unseen: The same of those that are tested alone.
        tested: How many sentences of each test file, and of each dev file.
    """

    metric: str
    kind: dict[str, Any]
    seen: dict[str, tuple[str, ...]]
    unseen: dict[str, tuple[str, ...]]
    tested: int = 100

    def write_data(self, root: Path) -> None:
        """Write shortened dev and test files below ``root``."""
        for paths, splits in ((self.seen, ("dev", "test")), (self.unseen, ("test",))):
            for path, languages in paths.items():
                for place in (path.format(language=one, split=split) for one in languages for split in splits):
                    if not (root / "data" / place).exists():
                        study.sentences(SHARED / place, root / "data" / place, self.tested)

    def data(self, root: Path, tuning: bool) -> list[dict[str, Any]]:
        """The data entries of a run: with dev data of the languages trained on, or with all test data."""
        entries = []
        for path, languages in self.seen.items():
            train = path.format(language="{language}", split="train")
            held = path.format(language="{language}", split="dev" if tuning else "test")
            own = {**self.kind, **_labels(path), "languages": [*languages]}
            entries.append({**own, "name": f"{_name(path)}-train", "path": str(SHARED / train), "splits": ["train"]})
            entries.append({**own, "name": _name(path), "path": str(root / "data" / held),
                            "splits": ["dev" if tuning else "test"]})  # fmt: skip
        for path, languages in self.unseen.items() if not tuning else ():
            held = path.format(language="{language}", split="test")
            entries.append({**self.kind, **_labels(path), "languages": [*languages], "name": f"{_name(path)}-unseen",
                            "path": str(root / "data" / held), "splits": ["test"]})  # fmt: skip
        return entries

    def task(self) -> arms.Task:
        """The task, compared by the means over the languages trained on, and over the others."""
        groups = {
            "languages trained on": [(_name(path), one) for path, own in self.seen.items() for one in own],
            "unseen languages": [(f"{_name(path)}-unseen", one) for path, own in self.unseen.items() for one in own],
        }
        return arms.Task(self.metric, groups, self.write_data)


def _name(path: str) -> str:
    return Path(path).parts[-3]


def _labels(path: str) -> dict[str, Any]:
    return {"label_map": {"DATE": "O"}} if "masakhaner" in path else {}


TAGGED = {
    "pos": Tagging(
        "accuracy",
        {"task": "pos", "format": "conllu"},
        {"ud/{language}/{split}.conllu": gradient_methods.POS_SOURCES},
        {"ud/{language}/{split}.conllu": gradient_methods.POS_UNSEEN},
    ),
    "ner": Tagging(
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
}

JOINT = {"steps": STEPS * BATCH // (LANGUAGES * 4), "batch_size": 4}
"""A batch of every language and step."""


def _slow(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - settings of the optimizer
    return {"optimizer": {"lookahead": {"inner_steps": 10, "outer_learning_rate": 0.3, **more}}}


ARMS: dict[str, dict[str, Any]] = {
    "multitask": {},
    "checkpoint_averaging": {"selection": "average"},
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
COMPARED = {
    **dict.fromkeys((arm for arm in ARMS if arm != "multitask"), "multitask"),
    **dict.fromkeys(("pcgrad", "gradvac", "cagrad", "aligned_mtl"), "multitask_summed"),
}


def recipe(run: arms.Run, model: str, root: Path) -> dict[str, Any]:
    """The recipe of a run, with the shortened files below ``root``."""
    task = TAGGED[run.task]
    own = {"method": run.arm.split(",")[0], "steps": STEPS, "batch_size": BATCH, **ARMS[run.arm]}
    # Averages are of weights on the way, so there have to be some.
    looks = own["steps"] // 8 if run.arm == "checkpoint_averaging" else own["steps"]
    return {
        **BASE, **own, "model": model, "train_languages": [one for seen in task.seen.values() for one in seen],
        "data": task.data(root, run.is_tuning), "seed": run.seed, "evaluation_steps": looks, "save_steps": own["steps"],
        "learning_rate": run.rate, "test": not run.is_tuning,
    }  # fmt: skip


STUDY = arms.Study(
    script=__file__,
    tasks={name: own.task() for name, own in TAGGED.items()},
    rates=dict.fromkeys(ARMS, RATES),
    follows={arm: (other, 1.0) for arm, other in FOLLOWS.items()},
    compared=COMPARED,
    recipe=recipe,
)

if __name__ == "__main__":
    STUDY.main(__doc__, "real-encoder")
