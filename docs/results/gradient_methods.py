"""The evidence for gradient weightings, pulls to the pre-trained weights and the Reptile family, on POS and NER.

python docs/results/gradient_methods.py rates      # try learning rates on dev data
python docs/results/gradient_methods.py run
python docs/results/gradient_methods.py collect
python docs/results/gradient_methods.py time
python docs/results/gradient_tables.py docs/results/gradient-methods.jsonl

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
from statistics import mean, median
from tempfile import TemporaryDirectory
from typing import Any

import isogloss
from isogloss.common.writing import append_lines, read_json, read_lines

POS_SOURCES = ("en", "fr", "ru", "fi", "tr", "zh")
POS_UNSEEN = ("de", "es", "ko", "te", "vi", "wo")
NER_SOURCES = ("en", "zh", "sw", "yo", "de", "ru")
NER_UNSEEN = ("es", "ha", "wo")
TEXT = ("en", "fi", "tr", "zh", "ko", "sw")
"""Languages of the forgetting probe."""

LANGUAGES = 6
MIXED_STEPS, MIXED_BATCH, JOINT_BATCH = 384, 16, 8
SAMPLES = MIXED_STEPS * MIXED_BATCH
EVALUATIONS = 8


def _steps(steps: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"steps": steps, "save_steps": steps, "evaluation_steps": steps // EVALUATIONS, **more}


BASE: dict[str, Any] = {
    "model": "isogloss-small",
    # As the numbers on the page were measured, before the encoder had defaults of its own.
    "unfreezing": {"kind": "everything"},
    "aggregation": "first",
    "max_length": 96,
    # As the numbers on the page were measured, before sentences were read as they are written.
    "spacing": "words",
    "batch_size": MIXED_BATCH,
    **_steps(MIXED_STEPS),
    "precision": "bf16",
    "selection": "last",
    "test": True,
    "report_to": "none",
}
FORGETTING = {
    "kind": "forgetting",
    "limit": 30,
    "text": {"format": "lines", "path": "../shared/data/parallel/ntrex/{language}.txt", "languages": [*TEXT]},
}


def _entry(task: str, format: str, path: str, seen: Sequence[str], unseen: Sequence[str], **more: Any) -> list[Any]:  # noqa: ANN401
    """Training and dev data of the training languages, test data of all."""
    shared = {"task": task, "format": format, "path": path, **more}
    entries = [{**shared, "languages": [*seen], "splits": ["train", "dev", "test"]}] if seen else []
    name = more.get("name", "ud")
    if unseen:
        entries.append({**shared, "name": f"{name}-unseen", "languages": [*unseen], "splits": ["test"]})
    return entries


_UD = "../shared/data/ud/{language}/{split}.conllu"
_NER = "../shared/data/ner"
TASKS: dict[str, dict[str, Any]] = {
    "pos": {
        "train_languages": [*POS_SOURCES],
        "data": _entry("pos", "conllu", _UD, POS_SOURCES, POS_UNSEEN),
    },
    "ner": {
        "train_languages": [*NER_SOURCES],
        "data": [
            *_entry("ner", "conll", f"{_NER}/uner/{{language}}/{{split}}.tsv", ("en", "zh"), (), name="uner"),
            *_entry("ner", "conll", f"{_NER}/masakhaner/{{language}}/{{split}}.tsv", ("sw", "yo"), ("ha", "wo"),
                    name="masakhaner", label_map={"DATE": "O"}),
            *_entry("ner", "conll", f"{_NER}/wikiann/{{language}}/{{split}}.tsv", ("de", "ru"), ("es",),
                    name="wikiann"),
        ],
    },
    "pos from English": {
        "train_languages": ["en"],
        "data": _entry("pos", "conllu", _UD, ("en",), (*POS_SOURCES[1:], *POS_UNSEEN)),
    },
}  # fmt: skip

JOINT = {"batch_size": JOINT_BATCH, **_steps(SAMPLES // (LANGUAGES * JOINT_BATCH))}
LOOKAHEAD: dict[str, Any] = {"inner_steps": 12, "outer_learning_rate": 0.3}


def _slow(**more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"optimizer": {"lookahead": {**LOOKAHEAD, **more}}}


def _parted(kind: str) -> dict[str, Any]:
    return {"method": "sequential_reptile", "partition": {"kind": kind, "parts": 4}, **_slow()}


ARMS: dict[str, dict[str, Any]] = {
    "multitask": {},
    "multitask_summed": JOINT,
    "pcgrad": JOINT,
    "gradvac": JOINT,
    "gradnorm": {**JOINT, "weighting": {"kind": "gradnorm", "initial_batches": 10}},
    # The pull per step of RecAdam's code at 3e-5 is 0.15; here it is over after a quarter of the run.
    "recadam": {
        "optimizer": {"kind": "recadam", "pull": 300, "annealing": {"kind": "sigmoid", "rate": 0.05, "middle": 96}}
    },
    "reptile": _slow(inner_steps=2, outer_learning_rate=1.0, restarts="languages"),
    "sequential_reptile": _slow(),
    "single": {"steps": MIXED_STEPS // LANGUAGES, "save_steps": MIXED_STEPS // LANGUAGES},
}
"""The comparison; keys of a recipe each."""

CONTROLS: dict[str, dict[str, Any]] = {
    "one language per step": {"method": "temperature_sampling", "sampling": {"kind": "temperature", "temperature": 1}},
    "lookahead": _slow(),
    "checkpoint_averaging": {"selection": "average"},
    "l2_sp": {"weight_decay": 0},
    "fish": _slow(inner_steps="languages"),
    "cagrad": JOINT,
    "imtl_g": JOINT,
    "aligned_mtl": JOINT,
    "mgda": JOINT,
}

ABLATIONS: dict[str, dict[str, Any]] = {
    "K = 4": _slow(inner_steps=4),
    "K = 48": _slow(inner_steps=48),
    "η = 0.1": _slow(outer_learning_rate=0.1),
    "η = 0.6": _slow(outer_learning_rate=0.6),
    "T = 2": {**_slow(), "sampling": {"kind": "temperature", "temperature": 2}},
    "T = 5": {**_slow(), "sampling": {"kind": "temperature", "temperature": 5}},
}
"""Of Sequential Reptile with K = 12, η = 0.3, T = 1; ``one language per step`` is η = 1."""

PARTED: dict[str, dict[str, Any]] = {
    "multitask": {},
    "sequential_reptile, kmeans": _parted("kmeans"),
    "sequential_reptile, random": _parted("random"),
    "sequential_reptile, whole": {"method": "sequential_reptile", **_slow()},
}
"""With the training data of one language, in four parts or whole."""

RATES = (2.5e-4, 5e-4, 1e-3, 2e-3)
HIGHER = 4e-3
"""Tried where the largest of these was the best."""
TUNED = ("multitask", "multitask_summed", "recadam", "reptile", "sequential_reptile", "single")
TUNING_SEED = 9
"""No seed of the comparison."""

CHOSEN = {
    "multitask": 5e-4,
    "multitask_summed": 1e-3,
    "recadam": 5e-4,
    "reptile": 2e-3,
    "sequential_reptile": 2e-3,
    "single": 1e-3,
}
"""The rates with the best mean dev score of the training languages on POS; other arms take that of the nearest."""


def _rate(arm: str) -> float:
    if arm in CHOSEN:
        return CHOSEN[arm]
    own = {**CONTROLS, **ARMS}.get(arm, _slow())
    if own.get("batch_size") == JOINT_BATCH:
        return CHOSEN["multitask_summed"]
    return CHOSEN["sequential_reptile" if "optimizer" in own else "multitask"]


@dataclass(frozen=True)
class Run:
    """One run."""

    task: str
    arm: str
    seed: int
    rate: float | None = None
    """Learning rate; None: the chosen one."""

    @property
    def recipe(self) -> dict[str, Any]:
        """Its recipe."""
        arms = PARTED if self.task == "pos from English" else {**ARMS, **CONTROLS, **ABLATIONS}
        method = "sequential_reptile" if self.arm in ABLATIONS else self.arm
        rate = self.rate or _rate(self.arm)
        own = {"method": method, **arms[self.arm], "learning_rate": rate, "seed": self.seed}
        conflicts = {"kind": "conflicts", "batches": 4, "batch_size": own.get("batch_size", MIXED_BATCH)}
        alone = self.arm == "single" or self.task == "pos from English"
        probes = [FORGETTING] if alone else [conflicts, FORGETTING]
        tuning = {} if self.rate is None else {"test": False, "probes": []}
        return {**BASE, **TASKS[self.task], "probes": probes, **own, **tuning}

    def folder(self, root: Path) -> Path:
        """Where it is kept."""
        rate = "" if self.rate is None else f" {self.rate:g}"
        return root / self.task / f"{self.arm}{rate}" / f"seed-{self.seed}"


def plan() -> Iterator[Run]:
    """All runs of the comparison, those that make a table complete first."""
    for seed in range(3):
        yield from (Run("pos", arm, seed) for arm in ARMS)
        yield from (Run("ner", arm, seed) for arm in ARMS)
    for seed in (3, 4):
        yield from (Run("pos", arm, seed) for arm in ARMS)
    for seed in range(3):
        yield from (Run("pos", arm, seed) for arm in (*ABLATIONS, *CONTROLS))
    for seed in range(3):
        yield from (Run("pos from English", arm, seed) for arm in PARTED)
        yield from (Run("ner", arm, seed) for arm in CONTROLS)
    for seed in (3, 4):
        yield from (Run("pos", arm, seed) for arm in CONTROLS)


def tuning() -> Iterator[Run]:
    """Runs that choose a learning rate on dev data."""
    yield from (Run("pos", arm, TUNING_SEED, rate) for arm in TUNED for rate in RATES)
    yield from (Run("pos", arm, TUNING_SEED, HIGHER) for arm in ("reptile", "sequential_reptile"))


SHARES = (0.25, 0.5, 0.75)
"""Of WiSE-FT."""


def run_all(root: Path, runs: Iterator[Run]) -> None:
    """Take runs that no other process has taken."""
    for run in runs:
        folder = run.folder(root)
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        begun = time.perf_counter()
        with redirect_stdout(sys.stderr):
            isogloss.train(run.recipe, output=folder / "run")
            if run.arm == "multitask" and run.rate is None:
                isogloss.evaluate(folder / "run", split="test", interpolate=SHARES)
        print(f"{run.task}, {run.arm}, seed {run.seed}, {run.rate}: {time.perf_counter() - begun:.0f} s", flush=True)
        (folder / "done").touch()


METRIC = {"pos": "accuracy", "ner": "f1", "pos from English": "accuracy"}
PROBED = ("cosine", "corrected", "within", "rise", "distance")
WHOLE = {"conflicts": ("model",), "forgetting": (None, "encoder")}
"""The part of the model that counts, by probe."""


def collect(root: Path, rows: Path) -> None:
    """What finished runs have found, as rows.

    Rates (mean dev score of the training languages), final test scores, curves of dev scores, what probes saw at the
    end, and costs. Rows of speed are kept.
    """
    kept = [row for row in read_lines(rows) if row["of"] == "speed"] if rows.exists() else []
    rows.unlink(missing_ok=True)
    append_lines(rows, kept)
    for run in (*tuning(), *plan()):
        folder = run.folder(root)
        if not (folder / "done").exists():
            continue
        shared = {"task": run.task, "arm": run.arm, "seed": run.seed}
        for results in sorted(folder.glob("run/**/results.jsonl")):
            own = [row for row in read_lines(results) if row["metric"] == METRIC[run.task]]
            curve = _curve(own)
            if run.rate is not None:
                append_lines(rows, [{"of": "rate", **shared, "rate": run.rate, "value": curve[max(curve)]}])
                continue
            append_lines(rows, list(_found(results.parent, own, curve, shared)))


def _curve(rows: Sequence[Mapping[str, Any]]) -> dict[int, float]:
    """Mean dev score of the training languages by step."""
    found: defaultdict[int, list[float]] = defaultdict(list)
    for row in rows:
        if row["split"] == "dev" and row["selection"] is None and row["language"] in row["train_languages"]:
            found[row["step"]].append(row["value"])
    return {step: mean(values) for step, values in found.items()}


def _found(
    place: Path, rows: Sequence[Mapping[str, Any]], curve: Mapping[int, float], shared: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    keys = ("data", "language", "metric", "value", "train_languages", "interpolation")
    for row in rows:
        if row["split"] == "test":
            yield {"of": "score", **shared, **{key: row[key] for key in keys}}
    for step, value in curve.items():
        yield {"of": "curve", **shared, "share": step / max(curve), "value": value}
    cost = read_json(place / "cost.json")
    yield {"of": "cost", **shared, **{key: cost[key] for key in ("seconds", "samples", "passes", "steps", "flops")}}
    seen = read_lines(place / "diagnostics.jsonl")
    last = max((row["step"] for row in seen), default=0)
    for row in seen:
        whole = row["part"] in WHOLE.get(row["probe"], ()) and row["other"] is None
        if row["step"] == last and whole and row["metric"] in PROBED:
            yield {"of": "probe", **shared, **{key: value for key, value in row.items() if value is not None}}


def measure(rows: Path, rounds: int) -> None:
    """Seconds of training for an eighth of the sentences of every arm on POS, the median of some rounds.

    Nothing else should run on the machine meanwhile.
    """
    arms = [arm for arm in (*ARMS, *CONTROLS) if arm != "single"]
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        for arm in arms:
            recipe = Run("pos", arm, 0).recipe
            steps = recipe["steps"] // 8
            short = {**recipe, "steps": steps, "save_steps": steps, "evaluation_steps": steps}
            with TemporaryDirectory() as folder, redirect_stdout(sys.stderr):
                isogloss.train({**short, "test": False, "probes": []}, output=Path(folder) / "run")
                seconds[arm].append(read_json(Path(folder) / "run" / "cost.json")["seconds"]["training"])
    append_lines(
        rows, [{"of": "speed", "arm": arm, "seconds": median(own), "all": own} for arm, own in seconds.items()]
    )


def main() -> None:
    """Run, or make the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["rates", "run", "collect", "time"])
    parser.add_argument("--runs", type=Path, default=Path("runs/gradient-methods"))
    parser.add_argument("--rows", type=Path, default=Path("docs/results/gradient-methods.jsonl"))
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if options.what == "rates":
        run_all(options.runs, tuning())
    elif options.what == "run":
        run_all(options.runs, plan())
    elif options.what == "collect":
        collect(options.runs, options.rows)
    else:
        measure(options.rows, options.rounds)


if __name__ == "__main__":
    main()
