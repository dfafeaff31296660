"""The evidence for gradient weightings, pulls to the pre-trained weights and the Reptile family, on POS and NER.

python docs/results/gradient_methods.py run --runs runs/gradient-methods
python docs/results/gradient_methods.py tables --rows docs/results/gradient-methods.jsonl

Every arm sees the same number of sentences from the same start with the same seeds. Finished runs are skipped, so the
script can be stopped and started again, and started several times beside itself: each takes runs that no other has.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from tabulate import tabulate

import isogloss
from isogloss.reports import paired_interval, summarise
from isogloss.writing import append_lines, read_json, read_lines

POS_SOURCES = ("en", "fr", "ru", "fi", "tr", "zh")
POS_UNSEEN = ("de", "es", "ko", "te", "vi", "wo")
NER_SOURCES = ("en", "zh", "sw", "yo", "de", "ru")
NER_UNSEEN = ("es", "ha", "wo")
UNSEEN_TEXT = ("ko", "sw")
"""Languages of the forgetting probe that no run is trained on."""

MIXED_STEPS, MIXED_BATCH, JOINT_BATCH = 180, 16, 8
SAMPLES = MIXED_STEPS * MIXED_BATCH

BASE: dict[str, Any] = {
    "model": "isogloss-small",
    "max_length": 96,
    "batch_size": MIXED_BATCH,
    "steps": MIXED_STEPS,
    "learning_rate": 5e-4,
    "selection": "last",
    "test": True,
    "report_to": "none",
    "logging_steps": 10,
    "evaluation_steps": 18,
    "save_steps": MIXED_STEPS,
    "probes": [
        {"kind": "conflicts", "batches": 4},
        {
            "kind": "forgetting",
            "limit": 30,
            "text": {
                "format": "lines",
                "path": "../shared/data/parallel/ntrex/{language}.txt",
                "languages": ["en", "fi", "tr", "zh", *UNSEEN_TEXT],
            },
        },
    ],
}


def _entry(task: str, format: str, path: str, languages: Sequence[str], splits: Sequence[str], **more: Any) -> Any:  # noqa: ANN401
    return {"task": task, "format": format, "path": path, "languages": [*languages], "splits": [*splits], **more}


TASKS: dict[str, dict[str, Any]] = {
    "pos": {
        "train_languages": [*POS_SOURCES],
        "data": [
            _entry("pos", "conllu", "../shared/data/ud/{language}/{split}.conllu", (*POS_SOURCES, *POS_UNSEEN),
                   ("train", "test")),
        ],
    },
    "ner": {
        "train_languages": [*NER_SOURCES],
        "data": [
            _entry("ner", "conll", "../shared/data/ner/uner/{language}/{split}.tsv", ("en", "zh"), ("train", "test"),
                   name="uner"),
            _entry("ner", "conll", "../shared/data/ner/masakhaner/{language}/{split}.tsv", ("sw", "yo", "ha", "wo"),
                   ("train", "test"), name="masakhaner", label_map={"DATE": "O"}),
            _entry("ner", "conll", "../shared/data/ner/wikiann/{language}/{split}.tsv", ("de", "ru", "es"),
                   ("train", "test"), name="wikiann"),
        ],
    },
}  # fmt: skip

JOINT = {"batch_size": JOINT_BATCH, "steps": SAMPLES // (6 * JOINT_BATCH), "save_steps": SAMPLES // (6 * JOINT_BATCH)}


def _slow(inner_steps: int = 9, eta: float = 0.3, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"optimizer": {"lookahead": {"inner_steps": inner_steps, "outer_learning_rate": eta, **more}}}


ARMS: dict[str, dict[str, Any]] = {
    "multitask": {},
    "multitask_summed": JOINT,
    "pcgrad": JOINT,
    "gradvac": JOINT,
    "gradnorm": {**JOINT, "weighting": {"kind": "gradnorm", "initial_batches": 10}},
    # The pull per step of RecAdam's code at 3e-5 is 0.15; here it is over after a quarter of the run.
    "recadam": {
        "optimizer": {"kind": "recadam", "pull": 300, "annealing": {"kind": "sigmoid", "rate": 0.1, "middle": 45}}
    },
    "reptile": _slow(inner_steps=3, eta=0.5, restarts="languages"),
    "sequential_reptile": _slow(),
    "single": {"steps": MIXED_STEPS // 6, "save_steps": MIXED_STEPS // 6},
    "temperature_sampling": {},
    "lookahead": _slow(),
    "checkpoint_averaging": {"selection": "average"},
    "l2_sp": {},
    "fish": {},
}  # fmt: skip

ABLATIONS: dict[str, dict[str, Any]] = {
    "K = 3": _slow(inner_steps=3),
    "K = 36": _slow(inner_steps=36),
    "eta = 0.1": _slow(eta=0.1),
    "eta = 0.6": _slow(eta=0.6),
    "T = 5": {**_slow(), "sampling": {"kind": "temperature", "temperature": 5.0}},
}
"""Of Sequential Reptile with K = 9, eta = 0.3, T = 1."""


@dataclass(frozen=True)
class Run:
    """One run."""

    task: str
    arm: str
    seed: int

    @property
    def recipe(self) -> dict[str, Any]:
        """Its recipe."""
        ablation = self.arm in ABLATIONS
        method = "sequential_reptile" if ablation else self.arm
        own = ABLATIONS[self.arm] if ablation else ARMS[self.arm]
        return {**BASE, **TASKS[self.task], "method": method, **own, "seed": self.seed}

    def folder(self, root: Path) -> Path:
        """Where it is kept."""
        return root / self.task / self.arm.replace(" ", "") / f"seed-{self.seed}"


MAIN = tuple(ARMS)[:9]
"""The arms of the comparison; the others are controls."""


def plan() -> Iterator[Run]:
    """All runs, those that make a comparison complete first."""
    for seed in range(5):
        yield from (Run("pos", arm, seed) for arm in MAIN)
        if seed < 3:
            yield from (Run("ner", arm, seed) for arm in MAIN)
    for seed in range(3):
        yield from (Run("pos", arm, seed) for arm in ABLATIONS)
    for seed in range(5):
        yield from (Run("pos", arm, seed) for arm in ARMS if arm not in MAIN)


def run_all(root: Path) -> None:
    """Take runs that no other process has taken."""
    for run in plan():
        folder = run.folder(root)
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        begun = time.perf_counter()
        with redirect_stdout(sys.stderr):
            isogloss.train(run.recipe, output=folder / "run")
        print(f"{run.task}, {run.arm}, seed {run.seed}: {time.perf_counter() - begun:.0f} s", flush=True)
        (folder / "done").touch()


def collect(root: Path, destination: Path) -> None:
    """Final test scores, what probes saw at the end, and costs of all finished runs, as rows."""
    destination.unlink(missing_ok=True)
    for run in plan():
        folder = run.folder(root)
        if not (folder / "done").exists():
            continue
        shared = {"task": run.task, "arm": run.arm, "seed": run.seed}
        rows = []
        for results in sorted(folder.glob("run/**/results.jsonl")):
            place = results.parent
            keys = ("data", "language", "metric", "value", "train_languages")
            final = [row for row in read_lines(results) if row["split"] == "test" and row["selection"]]
            scores = [row for row in final if row["metric"] == METRIC[run.task]]
            rows += [{"of": "score", **shared, **{key: row[key] for key in keys}} for row in scores]
            cost = read_json(place / "cost.json")
            keys = ("seconds", "samples", "samples_per_second", "peak_memory_cpu", "flops", "passes", "steps")
            rows.append({"of": "cost", **shared, **{key: cost[key] for key in keys}})
            seen = read_lines(place / "diagnostics.jsonl")
            last = max((row["step"] for row in seen), default=0)
            rows += [
                {"of": "probe", **shared, **{key: value for key, value in row.items() if value is not None}}
                for row in seen
                if row["step"] == last and row["part"] in WHOLE and row["other"] is None and row["metric"] in PROBED
            ]
        append_lines(destination, rows)


Rows = Sequence[Mapping[str, Any]]
Values = dict[int, float]
"""One value per seed."""

WHOLE = (None, "model", "encoder")
PROBED = ("cosine", "within", "rise", "distance")
METRIC = {"pos": "accuracy", "ner": "f1"}
SOURCES = {"pos": POS_SOURCES, "ner": NER_SOURCES}


def scores(rows: Rows, task: str, arm: str, *, seen: bool) -> Values:
    """Mean test score in per cent over the training languages, or over the others, by seed.

    Of models of one language each counts for its own, and all of them for the others.
    """
    found: defaultdict[int, list[float]] = defaultdict(list)
    for row in rows:
        if row["of"] != "score" or (row["task"], row["arm"], row["metric"]) != (task, arm, METRIC[task]):
            continue
        known = row["language"] in SOURCES[task]
        own = arm != "single" or row["train_languages"] == [row["language"]]
        if known == seen and (own or not seen):
            found[row["seed"]].append(100 * row["value"])
    return {seed: mean(values) for seed, values in found.items()}


def probed(rows: Rows, task: str, arm: str, probe: str, metric: str, languages: Sequence[str | None]) -> Values:
    """Mean of what a probe saw of the whole model at the end, by seed."""
    found: defaultdict[int, list[float]] = defaultdict(list)
    for row in rows:
        asked = (row["of"], row["task"], row["arm"], row.get("probe"), row.get("metric"))
        if asked != ("probe", task, arm, probe, metric) or row.get("part") not in WHOLE:
            continue
        if row.get("language") in languages and not (probe == "conflicts" and row["part"] != "model"):
            found[row["seed"]].append(row["value"])
    return {seed: mean(values) for seed, values in found.items()}


def costs(rows: Rows, task: str, arm: str) -> Values:
    """Seconds of training by seed."""
    found: defaultdict[int, float] = defaultdict(float)
    for row in rows:
        if (row["of"], row["task"], row["arm"]) == ("cost", task, arm):
            found[row["seed"]] += row["seconds"]["training"]
    return dict(found)


def shown(values: Values, digits: int = 1) -> str:
    """Mean and range over seeds."""
    if not values:
        return "–"
    found = summarise(list(values.values()))
    return f"{found.mean:.{digits}f} ({found.low:.{digits}f} to {found.high:.{digits}f})"


def against(values: Values, reference: Values) -> str:
    """Difference paired by seed, with its 95 % interval; nothing for less than three pairs."""
    pairs = [value - reference[seed] for seed, value in sorted(values.items()) if seed in reference]
    if len(pairs) < 3 or not any(pairs):
        return ""
    interval = paired_interval(pairs)
    return f"{interval.mean:+.1f} [{interval.low:+.1f}, {interval.high:+.1f}]"


def score_table(rows: Rows, task: str, arms: Sequence[str], baseline: str) -> str:
    """Scores of arms beside a baseline."""
    body = []
    references = [scores(rows, task, baseline, seen=seen) for seen in (True, False)]
    for arm in arms:
        values = [scores(rows, task, arm, seen=seen) for seen in (True, False)]
        if not values[0]:
            continue
        cells = [cell for own, reference in zip(values, references, strict=True) for cell in (
            shown(own), "" if arm == baseline else against(own, reference)
        )]  # fmt: skip
        body.append([arm, *cells, len(values[0])])
    headers = ["arm", "training languages", f"minus {baseline}", "unseen languages", f"minus {baseline}", "seeds"]
    return tabulate(body, headers, tablefmt="github", disable_numparse=True)


def by_language(rows: Rows, task: str, arm: str, language: str) -> Values:
    """Test score in per cent on one training language by seed; of ``single`` that of the language's own model."""
    found: defaultdict[int, list[float]] = defaultdict(list)
    for row in rows:
        if row["of"] != "score" or (row["task"], row["arm"], row["metric"]) != (task, arm, METRIC[task]):
            continue
        if row["language"] == language and (arm != "single" or row["train_languages"] == [language]):
            found[row["seed"]].append(100 * row["value"])
    return {seed: mean(values) for seed, values in found.items()}


def negative_transfer(rows: Rows, task: str, arms: Sequence[str]) -> str:
    """Per training language what an arm gains over the language's own model, which saw a sixth of the sentences."""
    body = []
    for arm in arms:
        if arm == "single" or not scores(rows, task, arm, seen=True):
            continue
        pairs = [
            (by_language(rows, task, arm, code), by_language(rows, task, "single", code)) for code in SOURCES[task]
        ]
        body.append([arm, *(against(own, alone) for own, alone in pairs)])
    return tabulate(body, ["minus single", *SOURCES[task]], tablefmt="github", disable_numparse=True)


def probe_table(rows: Rows, task: str, arms: Sequence[str]) -> str:
    """What the probes saw at the end of training, and what training cost."""
    body = []
    seen_text = ("en", "fi", "tr", "zh")
    for arm in arms:
        if not scores(rows, task, arm, seen=True):
            continue
        body.append(
            [
                arm,
                shown(probed(rows, task, arm, "conflicts", "cosine", (None,)), 3),
                shown(probed(rows, task, arm, "conflicts", "within", (None,)), 3),
                shown(probed(rows, task, arm, "forgetting", "rise", seen_text), 2),
                shown(probed(rows, task, arm, "forgetting", "rise", UNSEEN_TEXT), 2),
                shown(probed(rows, task, arm, "forgetting", "distance", (None,)), 1),
                shown(costs(rows, task, arm), 0),
            ]
        )
    headers = [
        "arm",
        "cosine between languages",
        "cosine within a language",
        "rise of MLM loss, en fi tr zh",
        f"rise, {' '.join(UNSEEN_TEXT)}",
        "distance from the start",
        "seconds of training",
    ]
    return tabulate(body, headers, tablefmt="github", disable_numparse=True)


def tables(rows: Rows) -> str:
    """All tables, as Markdown."""
    parts = []
    for task in TASKS:
        arms = [*ARMS, *ABLATIONS]
        joint = [arm for arm in ARMS if ARMS[arm].get("batch_size") == JOINT_BATCH]
        parts += [
            f"### {task}: all methods",
            score_table(rows, task, list(ARMS), "multitask"),
            f"### {task}: one batch per language and step",
            score_table(rows, task, joint, "multitask_summed"),
            f"### {task}: what the probes saw at the end, and the cost",
            probe_table(rows, task, list(ARMS)),
        ]
        if len(scores(rows, task, "single", seen=True)) >= 3:
            parts += [f"### {task}: against a model of each language alone", negative_transfer(rows, task, MAIN)]
        if any(row["arm"] in ABLATIONS and row["task"] == task for row in rows):
            parts += [
                f"### {task}: Sequential Reptile with other settings",
                score_table(rows, task, ["sequential_reptile", *arms[len(ARMS) :]], "sequential_reptile"),
                probe_table(rows, task, ["sequential_reptile", *arms[len(ARMS) :]]),
            ]
    return "\n\n".join(parts)


def main() -> None:
    """Run, or make the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["run", "collect", "tables"])
    parser.add_argument("--runs", type=Path, default=Path("runs/gradient-methods"))
    parser.add_argument("--rows", type=Path, default=Path("docs/results/gradient-methods.jsonl"))
    options = parser.parse_args()
    if options.what == "run":
        run_all(options.runs)
    elif options.what == "collect":
        collect(options.runs, options.rows)
    else:
        print(tables(read_lines(options.rows)))


if __name__ == "__main__":
    main()
