"""The evidence for X-Mixup and its relatives, on sets that humans translated.

python docs/results/xmixup.py rates --model FOLDER    # choose each arm's learning rate on English dev data
python docs/results/xmixup.py run --model FOLDER
python docs/results/xmixup.py collect
python docs/results/xmixup.py tables

FOLDER holds a real encoder: intfloat/multilingual-e5-small, for the rows kept here. Each run is a process of a thread;
finished runs are skipped, so the script can be stopped and started again, and started several times beside itself.
`--task` and `--arms` choose a part.

No machine translations are at hand. Training pairs are humans' translations; at test time the English text is a human's
too (view with-gold-source), or, in the place of a machine's (with-translate-test, translate-test), the human's text
degraded: one word in six left out, and the others moved by up to two places. So is what stands for back-translations.
What X-Mixup's ratio is of good and of degraded pairs, is counted while these are scored.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import arms
import torch
from torch.nn.modules.module import register_module_forward_hook

import isogloss
from isogloss.common.writing import append_lines, read_lines, write_text
from isogloss.models.extensions.mixing.ratio import Ratio

SHARED = Path("../shared/data")
SOURCE, DROPPED, MOVED = "en", 1 / 6, 2
BASE: dict[str, Any] = {
    "schedule": "linear",
    "precision": "bf16",
    "attention": "eager",  # faster on a CPU, as are runs without dropout
    "dropout": 0.0,
    "unfreezing": {"kind": "all_but_embeddings"},
    "selection": "last",
    "report_to": "none",
}


def degraded(words: Sequence[str], seed: str) -> list[int]:
    """Places of the words that are left, in their new order; at least one is left."""
    draw = random.Random(seed)
    kept = [place for place in range(len(words)) if draw.random() >= DROPPED] or [0]
    moved = {place: number + draw.uniform(0, MOVED + 1) for number, place in enumerate(kept)}
    return sorted(kept, key=moved.__getitem__)


def _degraded_text(text: str) -> str:
    words = [*text] if " " not in text else text.split()
    return ("" if " " not in text else " ").join(words[place] for place in degraded(words, text))


@dataclass(frozen=True)
class Parallel:
    """A labelled set that stands in several languages.

    Attributes:
        settings: Keys of every run's recipe.
        kind: Keys of every data set.
        ending: Of file names.
        seen: The languages that are trained on, English first.
        unseen: Those that are tested alone.
        read: A part (train, dev, test) of the set in a language, as the text of a file.
        degrade: The text of a file with degraded sentences, where labels allow that.
        more: Further data entries for training, in English.
    """

    settings: dict[str, Any]
    kind: dict[str, Any]
    ending: str
    seen: tuple[str, ...]
    unseen: tuple[str, ...]
    read: Callable[[str, str], str]
    degrade: Callable[[str], str] | None = None
    more: tuple[dict[str, Any], ...] = ()

    def write_data(self, folder: Path) -> None:
        """Write all files below ``folder``."""
        for part, languages in (("train", self.seen), ("dev", self.seen), ("test", (*self.seen, *self.unseen))):
            for language in languages:
                text = self.read(language, part)
                _write(folder / part / f"{language}{self.ending}", text)
                if self.degrade is not None and part == "train":
                    poor = text if language == SOURCE else self.degrade(text)
                    _write(folder / "degraded" / f"{language}{self.ending}", poor)
                if self.degrade is not None and part in ("train", "test"):
                    kind = "back" if part == "train" else "translate-test"
                    _write(folder / kind / f"{language}{self.ending}", self.degrade(self.read(SOURCE, part)))

    def data(self, folder: Path, arm: str, tuning: bool) -> list[dict[str, Any]]:
        """The data entries of a run.

        Args:
            folder: Where the files are.
            arm: The arm; ``poor`` and ``coin`` in its name ask for degraded texts and for back-translations.
            tuning: Whether dev data are read, and no test data.
        """
        path = f"{{language}}{self.ending}"
        place = folder / ("degraded" if "poor" in arm else "train")
        sets = [{**self.kind, "name": "train", "path": str(place / path), "splits": ["train"]}, *self.more]
        if "coin" in arm:
            sets[0]["translations"] = {"back": {"path": str(folder / "back" / path)}}
        if tuning:
            return [*sets, {**self.kind, "name": "dev", "path": str(folder / "dev" / path), "languages": [SOURCE],
                            "splits": ["dev"]}]  # fmt: skip
        test = {**self.kind, "name": "test", "path": str(folder / "test" / path), "splits": ["test"]}
        if self.degrade is not None:
            test["translations"] = {"test": {"path": str(folder / "translate-test" / path)}}
        return [*sets, test]

    def task(self, metric: str, name: str, tuning_seeds: tuple[int, ...] = arms.TUNING_SEEDS[:1]) -> arms.Task:
        """The task, compared by the means over the languages trained on, but for English, and over the others."""
        groups = {
            "languages trained on": [("test", one) for one in self.seen if one != SOURCE],
            "unseen languages": [("test", one) for one in self.unseen],
            "English": [("test", SOURCE)],
        }
        return arms.Task(metric, groups, lambda root: self.write_data(root / "data" / name), tuning_seeds=tuning_seeds)


def _write(path: Path, text: str) -> None:
    if not path.exists():
        write_text(path, text)


def _rows(text: str) -> tuple[list[str], list[list[str]]]:
    header, *rows = (line.split("\t") for line in text.splitlines())
    return header, rows


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "".join("\t".join(row) + "\n" for row in (header, *rows))


def _degraded_table(text: str) -> str:
    header, rows = _rows(text)
    texts = [place for place, name in enumerate(header) if name in ("text", "premise", "hypothesis")]
    return _table(
        header,
        [[_degraded_text(cell) if place in texts else cell for place, cell in enumerate(row)] for row in rows],
    )


def topics(language: str, part: str) -> str:
    """SIB-200's own parts; every second text of its test set."""
    header, rows = _rows((SHARED / "sib200" / language / f"{part}.tsv").read_text("utf-8"))
    return _table(header, rows[::2] if part == "test" else rows)


def nli(language: str, part: str) -> str:
    """XNLI's dev premises but the last tenth, the last tenth, and every third premise of its test set."""
    header, rows = _rows(
        (SHARED / "nli/xnli" / language / f"{'test' if part == 'test' else 'dev'}.tsv").read_text("utf-8")
    )
    premises = [rows[start : start + 3] for start in range(0, len(rows), 3)]
    cut = len(premises) * 9 // 10
    chosen = {"train": premises[:cut], "dev": premises[cut:], "test": premises[::3]}[part]
    return _table(header, [row for three in chosen for row in three])


def pos(language: str, part: str) -> str:
    """PUD's first 700 sentences, the next 100, and every second one of the last 200."""
    blocks = (SHARED / "pud" / f"{language}.conllu").read_text("utf-8").strip().split("\n\n")
    chosen = {"train": blocks[:700], "dev": blocks[700:800], "test": blocks[800::2]}[part]
    return "".join(f"{block}\n\n" for block in chosen)


def _degraded_sentences(text: str) -> str:
    """Tags move with their words; a sentence is then as its words are, one space apart."""
    blocks = []
    for block in text.strip().split("\n\n"):
        lines = block.split("\n")
        words = [line.split("\t") for line in lines if line[0].isdigit() and line.split("\t")[0].isdigit()]
        name = next(line for line in lines if line.startswith("# sent_id"))
        order = degraded([word[1] for word in words], block)
        kept = [[str(number), *words[place][1:9], "_"] for number, place in enumerate(order, start=1)]
        blocks.append("\n".join([name, *("\t".join(word) for word in kept)]) + "\n\n")
    return "".join(blocks)


def qa(language: str, part: str) -> str:
    """XQuAD's first 30 articles, the next 6, and every third one of the last 12."""
    articles = json.loads((SHARED / "qa/xquad" / f"xquad.{language}.json").read_text("utf-8"))["data"]
    chosen = {"train": articles[:30], "dev": articles[30:36], "test": articles[36::3]}[part]
    return json.dumps({"version": "1.1", "data": chosen}, ensure_ascii=False)


SETS = {
    "topics": Parallel(
        {"max_length": 96, "batch_size": 16, "steps": 200},
        {"task": "topic", "format": "tsv"},
        ".tsv",
        ("en", "de", "hi", "ru", "tr", "zh"),
        ("ar", "fi", "sw", "te", "vi", "wo", "yo"),
        topics,
        _degraded_table,
    ),
    "pos": Parallel(
        {"max_length": 128, "batch_size": 12, "steps": 160},
        {"task": "pos", "format": "conllu"},
        ".conllu",
        ("en", "de", "hi", "ru", "tr", "zh"),
        ("ar", "es", "fi", "fr", "ko"),
        pos,
        _degraded_sentences,
    ),
    "nli": Parallel(
        {"max_length": 96, "batch_size": 16, "steps": 250},
        {"task": "nli", "format": "tsv"},
        ".tsv",
        ("en", "de", "hi", "ru", "tr", "zh"),
        ("ar", "es", "fr", "sw", "vi"),
        nli,
        _degraded_table,
        ({"task": "nli", "format": "tsv", "name": "snli", "path": f"{SHARED}/nli/snli/en/train.tsv",
          "languages": ["en"], "splits": ["train"]},),
    ),
    "qa": Parallel(
        {"max_length": 192, "doc_stride": 64, "batch_size": 8, "steps": 200},
        {"task": "qa", "format": "squad"},
        ".json",
        ("en", "de", "hi", "ru", "tr", "zh"),
        ("ar", "es", "vi"),
        qa,
    ),
}  # fmt: skip
"""The public sets that stand in several languages."""

TASKS = {
    "topics": SETS["topics"].task("accuracy", "topics"),
    "pos": SETS["pos"].task("accuracy", "pos"),
    "nli": SETS["nli"].task("accuracy", "nli"),
    "qa": SETS["qa"].task("f1", "qa"),
}

FULL = (2e-4, 4e-4)
"""Rates that are tried first; where the best is at an end, the next one by a factor of two is tried, too."""
PAIRS = ("with-translate-test", "with-gold-source")
RATIOS = "ratios.jsonl"

ARMS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "English": ({"method": "multitask", "train_languages": [SOURCE]}, ("translate-test",)),
    "all": ({"method": "multitask"}, ()),
    "consistency": ({"method": "consistency"}, PAIRS),
    "x_mixup": ({"method": "x_mixup"}, PAIRS),
    "mean_of_logits": ({"method": "mean_of_logits"}, PAIRS),
    "manifold_mixup": ({"method": "manifold_mixup", "objective": {"partners": "translations"}}, ()),
    "x_tune": ({"method": "x_tune", "objective": {"augment": {"kind": "translation"}}}, ()),
    "filter": ({"method": "filter"}, PAIRS),
    "English, one rate": ({"method": "multitask", "train_languages": [SOURCE]}, ("translate-test",)),
    "all, one rate": ({"method": "multitask"}, ()),
    "x_mixup, one rate": ({"method": "x_mixup"}, PAIRS),
    "x_tune, one rate": ({"method": "x_tune", "objective": {"augment": {"kind": "translation"}}}, ()),
    "mean_of_logits, one rate": ({"method": "mean_of_logits"}, PAIRS),
    "manifold_mixup, one rate": ({"method": "manifold_mixup", "objective": {"partners": "translations"}}, ()),
    "x_mixup, poor pairs": ({"method": "x_mixup"}, PAIRS),
    "all, poor texts": ({"method": "multitask"}, ()),
    "x_mixup, middle layer": ({"method": "x_mixup", "objective": {"layer": 0.5}}, PAIRS),
    "x_mixup, upper layer": ({"method": "x_mixup", "objective": {"layer": 0.8}}, PAIRS),
    "x_mixup, constant": ({"method": "x_mixup", "objective": {"ratio": {"kind": "constant", "value": 0.3}}}, PAIRS),
    "x_mixup, untrained": ({"method": "x_mixup", "objective": {"ratio": {"kind": "entropy", "learned": False}}}, PAIRS),
    "x_mixup, coin": ({"method": "x_mixup", "objective": {"halving": 0.5}}, PAIRS),
    "x_mixup, no kl": ({"method": "x_mixup", "objective": {"kl": 0.0}}, PAIRS),
    "x_mixup, no mse": ({"method": "x_mixup", "objective": {"mse": 0.0}}, PAIRS),
}
"""The arms: what a recipe says, and the views of the test texts beside the plain one.

With `one rate`, an arm trains at the rate of consistency. In `poor` arms the training texts of all languages but
English are degraded; with the `coin`, half of the sources are.
"""

FOLLOWS = {arm: ("x_mixup", 1.0) for arm in ARMS if arm.startswith("x_mixup, ")}
FOLLOWS |= {arm: ("consistency", 1.0) for arm in ARMS if arm.endswith(", one rate")}
FOLLOWS["all, poor texts"] = ("all", 1.0)
"""Ablations differ from an arm in what they are named for, and in nothing else: they train at its rate."""

COMPARED = {
    "all": "English",
    "English, translate-test": "English",
    "consistency": "all",
    "x_mixup": "all",
    "x_mixup, with-translate-test": "consistency, with-translate-test",
    "x_mixup, with-gold-source": "consistency, with-gold-source",
    "consistency, with-translate-test": "consistency",
    "mean_of_logits, with-translate-test": "x_mixup, with-translate-test",
    "all, one rate": "consistency",
    "English, one rate": "consistency",
    "English, one rate, translate-test": "consistency, with-translate-test",
    "x_mixup, one rate": "consistency",
    "x_mixup, one rate, with-translate-test": "consistency, with-translate-test",
    "consistency, with-gold-source": "consistency",
    "x_mixup, one rate, with-gold-source": "consistency, with-gold-source",
    "x_tune, one rate": "consistency",
    "mean_of_logits, one rate, with-translate-test": "consistency, with-translate-test",
    "manifold_mixup, one rate": "consistency",
    "manifold_mixup": "all",
    "x_tune": "all",
    "filter, with-translate-test": "x_mixup, with-translate-test",
    "x_mixup, poor pairs, with-translate-test": "x_mixup, with-translate-test",
    "all, poor texts": "all",
    "x_mixup, middle layer, with-translate-test": "x_mixup, with-translate-test",
    "x_mixup, upper layer, with-translate-test": "x_mixup, with-translate-test",
    "x_mixup, constant, with-translate-test": "x_mixup, with-translate-test",
    "x_mixup, untrained, with-translate-test": "x_mixup, with-translate-test",
    "x_mixup, coin, with-translate-test": "x_mixup, with-translate-test",
    "x_mixup, no kl, with-translate-test": "x_mixup, with-translate-test",
    "x_mixup, no mse, with-translate-test": "x_mixup, with-translate-test",
}
"""What each arm is compared with, each in one view."""


def recipe(run: arms.Run, model: str, root: Path) -> dict[str, Any]:
    """The recipe of a run, with the files below ``root``."""
    own, given = SETS[run.task], ARMS[run.arm][0]
    steps = own.settings["steps"]
    return {
        **BASE, **own.settings, "train_languages": list(own.seen), **given, "model": model,
        "data": own.data(root / "data" / run.task, run.arm, run.is_tuning), "seed": run.seed,
        "evaluation_steps": steps, "save_steps": steps, "learning_rate": run.rate, "test": not run.is_tuning,
    }  # fmt: skip


@contextmanager
def ratios() -> Iterator[list[torch.Tensor]]:
    """The ratios of all pairs that are mixed inside."""
    seen: list[torch.Tensor] = []

    def keep(module: torch.nn.Module, arguments: object, output: torch.Tensor) -> None:
        if isinstance(module, Ratio):
            seen.append(output.detach())

    handle = register_module_forward_hook(keep)
    try:
        yield seen
    finally:
        handle.remove()


def evaluate(run: arms.Run, folder: Path) -> None:
    """Measure a model in the other views of the test texts that it can be shown, and the mean ratio of their pairs."""
    for view in ARMS[run.arm][1]:
        files = view == "with-gold-source" or SETS[run.task].degrade is not None
        if files and (view != "translate-test" or run.task != "pos"):  # translated words have no tags
            with ratios() as seen:
                isogloss.evaluate(folder, split="test", view=view)
            if seen:
                found = torch.cat(seen)
                row = {"kind": "ratio", "view": view, "value": found.mean().item(), "sd": found.std().item()}
                append_lines(folder / RATIOS, [{**row, "n": len(found)}])


def ratios_of(folder: Path) -> list[dict[str, Any]]:
    """The mean ratios of a run's test pairs."""
    return read_lines(folder / RATIOS) if (folder / RATIOS).exists() else []


def label(arm: str, row: Mapping[str, Any]) -> str:
    """The arm, with the view of the test texts where it is not the plain one."""
    return arm if row["view"] == "original" else f"{arm}, {row['view']}"


STUDY = arms.Study(
    script=__file__,
    tasks=TASKS,
    rates=dict.fromkeys(ARMS, FULL),
    follows=FOLLOWS,
    compared=COMPARED,
    recipe=recipe,
    label=label,
    evaluate=evaluate,
    rows=ratios_of,
)

if __name__ == "__main__":
    STUDY.main(__doc__, "xmixup")
