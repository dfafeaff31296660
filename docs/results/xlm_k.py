"""The evidence for XLM-K: encoders trained on by masked language modelling, and with knowledge beside it, then probed.

python docs/results/xlm_k.py pretrain --encoder shipped
python docs/results/xlm_k.py pretrain --encoder real --model FOLDER     # trains and probes
python docs/results/xlm_k.py collect
python docs/results/xlm_k.py tables

The shipped encoder is isogloss-small. FOLDER holds a real one: intfloat/multilingual-e5-small, for the rows kept here.
The first call builds the corpus (see ``xlm_k_corpus.py``). Each run is a process of a thread; finished runs are
skipped, so the script can be stopped and started again. What the encoders are worth after fine-tuning is in
``xlm_k_tasks.py``.

A fifth of the entities and a fifth of the facts are kept apart from training: probes are of entities and facts that
were seen, and of those.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import study
import torch
import xlm_k_corpus
from tabulate import tabulate

import isogloss
from isogloss.common.writing import append_lines, read_json, read_lines
from isogloss.reports.statistics import crossed_interval, paired_interval

SEEDS = (0, 1, 2)
UNTOUCHED, CONTROL = "untouched", "mlm"
SOURCES: dict[str, dict[str, Any]] = {
    "mlm": {"temperature": 2.0, "masking": 0.15},
    "mep": {"temperature": 2.0, "length": 48, "description_length": 32, "masking": 0.15},
    "oe": {"temperature": 2.0, "length": 48, "description_length": 32, "masking": 0.15},
}
BASE: dict[str, Any] = {
    "unfreezing": {"kind": "all_but_embeddings"},
    "stages": [{"length": 48, "batch_size": 32, "share": 1.0}],
    "schedule": "linear",
    "warmup_steps": 0.1,
    "precision": "bf16",
    "attention": "eager",
    "dropout": 0.0,
    "held_out": 100,
    "logging_steps": 50,
    "report_to": "none",
}


@dataclass(frozen=True)
class Encoder:
    """An encoder that is trained on.

    Attributes:
        model: What it is loaded from, where nothing else is said.
        steps: Updates of a run.
        rate: The peak rate.
    """

    model: str
    steps: int
    rate: float


ENCODERS = {
    "shipped": Encoder("isogloss-small", 900, 1.0e-3),
    "real": Encoder("intfloat/multilingual-e5-small", 300, 2.0e-4),
}


def _shares(**shares: float) -> list[dict[str, Any]]:
    return [{"kind": kind, "share": share, **SOURCES[kind]} for kind, share in shares.items()]


def _with_mep(**changes: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - settings of the source
    mlm, mep = _shares(mlm=0.25, mep=0.75)
    return [mlm, {**mep, **changes}]


ARMS: dict[str, list[dict[str, Any]]] = {
    CONTROL: _shares(mlm=1.0),
    "mlm + mep": _with_mep(),
    "mlm + oe": _shares(mlm=0.25, oe=0.75),
    "mlm + mep + oe": _shares(mlm=0.2, mep=0.4, oe=0.4),
    "mlm + mep, repeats hidden": _with_mep(hide_repeats=True),
    "mlm + mep, languages mixed": _with_mep(one_language=False),
    "mlm, as many sub-words": _shares(mlm=1.0),
    "mlm, a fifth of the updates": _shares(mlm=1.0),
}
"""The sources of the arms, all of as many updates but the last two: these read as many sub-words as ``mlm + mep + oe``,
and make as many updates of masked language modelling alone as it does.

With ``repeats hidden``, the mention is hidden in the description, too, where comparing sub-words would find it. With
``languages mixed``, the sentences of a micro-batch are each in a language of its own."""

KINDS = {"entity-retrieval": "mep", "object-entailment": "oe"}
"""Kinds of probe, with the source whose heads they can use."""
PROBED = ("bn", "en", "hy", "uk", "vi", "zh")
LIMIT, CANDIDATES = 100, 500
"""Languages, items of a language and view, and descriptions of a language, at most."""


@dataclass(frozen=True)
class Run:
    """An encoder trained on, or the one that there was before."""

    encoder: str
    arm: str
    seed: int

    def folder(self, root: Path) -> Path:
        """Where it is kept; the encoder that there was is one, whatever the seed."""
        seed = SEEDS[0] if self.arm == UNTOUCHED else self.seed
        return root / "encoders" / self.encoder / self.arm / f"seed-{seed}"

    @property
    def arguments(self) -> list[str]:
        """What `one` is told."""
        return ["--encoder", self.encoder, "--arms", self.arm, "--seed", str(self.seed)]


def plan(encoder: str, arms: Sequence[str]) -> Iterator[Run]:
    """All runs, seed after seed, so that tables can be made at any time; the encoder that there was has no seed."""
    for seed in SEEDS:
        yield from (Run(encoder, arm, seed) for arm in arms if arm != UNTOUCHED or seed == SEEDS[0])


def steps_of(run: Run, root: Path) -> int:
    """The updates of a run."""
    steps = ENCODERS[run.encoder].steps
    if run.arm == "mlm, a fifth of the updates":
        return steps // 5
    if run.arm != "mlm, as many sub-words":
        return steps
    read = {arm: _subwords(replace(run, arm=arm).folder(root) / "run") for arm in (CONTROL, "mlm + mep + oe")}
    return round(steps * read["mlm + mep + oe"] / read[CONTROL])


def _subwords(folder: Path) -> int:
    return int(read_json(folder / "cost.json")["subwords"])


def recipe(run: Run, model: str, root: Path) -> dict[str, Any]:
    """The recipe of a run; corpus and list of what is kept apart are below ``root``."""
    steps = steps_of(run, root)
    knowledge = {"corpus": str(root / "corpus"), "leave_out": str(root / "apart.tsv"), "queue": 1024}
    return {**BASE, "sources": ARMS[run.arm], "learning_rate": ENCODERS[run.encoder].rate, "model": model,
            "seed": run.seed, "steps": steps, "evaluation_steps": steps, "save_steps": steps,
            "knowledge": knowledge}  # fmt: skip


def has_heads(arm: str, kind: str) -> bool:
    """Whether an arm has learned heads for a kind of probe."""
    return any(source["kind"] == KINDS[kind] for source in ARMS.get(arm, ()))


def make(run: Run, model: str, root: Path) -> None:
    """Train an encoder on, and probe it: by its heads where it has some, and by the states that all encoders have."""
    folder = run.folder(root)
    encoder = model if run.arm == UNTOUCHED else str(folder / "run")
    with redirect_stdout(sys.stderr):
        if run.arm != UNTOUCHED:
            isogloss.pretrain(recipe(run, model, root), output=encoder)
        # In bf16, as in training: half the time on a CPU.
        for kind in KINDS:
            for heads in (True, False) if has_heads(run.arm, kind) else (False,):
                with torch.autocast("cpu", torch.bfloat16):
                    found = isogloss.probe(
                        encoder, kind=kind, corpus=str(root / "corpus"), leave_out=str(root / "apart.tsv"), heads=heads,
                        centred=not heads, languages=PROBED, limit=LIMIT, candidates=CANDIDATES, batch_size=64,
                        items=folder / f"items-{kind}-{by(heads)}.jsonl",
                    )  # fmt: skip
                append_lines(folder / "probes.jsonl", [{**row, "by": by(heads)} for row in found])
    for checkpoint in (folder / "run").glob("checkpoint-*"):  # hundreds of megabytes that no one resumes
        shutil.rmtree(checkpoint)
    (folder / "done").touch()


def by(heads: bool) -> str:
    """What vectors are compared."""
    return "heads" if heads else "states"


def where(row: Mapping[str, Any]) -> str:
    """Whether text and description are in one language."""
    return "same language" if row["context_language"] in (None, row["language"]) else "other language"


Cell = tuple[str, str, str, str]
"""Kind of probe, what vectors are compared, seen or unseen, same or other language."""


def items(run: Run, root: Path) -> dict[Cell, dict[tuple[str, ...], float]]:
    """By cell the accuracy (0 or 1) of each item of a run."""
    found: dict[Cell, dict[tuple[str, ...], float]] = defaultdict(dict)
    for path in sorted(run.folder(root).glob("items-*.jsonl")):
        kind, _, vectors = path.stem.removeprefix("items-").rpartition("-")
        for row in read_lines(path):
            if row["metric"].startswith("accuracy"):
                key = (row["unit"], row["id"], row["language"], row["context_language"] or "")
                found[kind, vectors, row["view"], where(row)][key] = row["value"]
    return found


def compared(encoder: str, arm: str, other: str, root: Path) -> Iterator[dict[str, Any]]:
    """Per cell the paired difference of two arms in accuracy, with both intervals; units are drawn, not items."""
    runs = [(Run(encoder, arm, seed), Run(encoder, other, seed)) for seed in SEEDS]
    pairs = [[items(run, root) for run in pair] for pair in runs if all(is_done(run, root) for run in pair)]
    for cell in sorted({cell for own, _ in pairs for cell in own}):
        theirs = cell if cell in pairs[0][1] else (cell[0], by(False), *cell[2:])  # heads against states
        differences = []
        for own, control in pairs:
            keys = sorted(own[cell].keys() & control[theirs].keys())
            differences.append([own[cell][key] - control[theirs][key] for key in keys])
        units = np.unique([key[0] for key in keys], return_inverse=True)[1]
        per_seed = [float(np.mean(values)) for values in differences]
        sums = np.bincount(units, weights=np.mean(differences, axis=0))
        draws = np.random.default_rng(0).multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=1000)
        redrawn = draws @ sums / (draws @ np.bincount(units))
        seen, wide = paired_interval(per_seed), crossed_interval(per_seed, redrawn)
        yield {"kind": "difference", "encoder": encoder, "cell": cell, "arm": arm, "other": other,
               "seeds": len(per_seed), "n": len(keys),
               "difference": seen.mean, "over_seeds": [seen.low, seen.high],
               "over_seeds_and_items": [wide.low, wide.high]}  # fmt: skip


def is_done(run: Run, root: Path) -> bool:
    """Whether a run has ended."""
    return (run.folder(root) / "done").exists()


def collect(encoder: str, root: Path, kept: Path) -> None:
    """Write what finished runs have found, in the place of what was kept of the encoder."""
    rows = [row for row in read_lines(kept) if row["encoder"] != encoder] if kept.exists() else []
    rows += _collected(encoder, root)
    kept.unlink(missing_ok=True)
    append_lines(kept, rows)


def _collected(encoder: str, root: Path) -> Iterator[dict[str, Any]]:
    for run in plan(encoder, [UNTOUCHED, *ARMS]):
        if not is_done(run, root):
            continue
        own = {"encoder": encoder, "arm": run.arm, "seed": None if run.arm == UNTOUCHED else run.seed}
        for row in read_lines(run.folder(root) / "probes.jsonl"):
            yield {"kind": "probe", **own, **_short(row)}
        if run.arm != UNTOUCHED:
            subwords = _subwords(run.folder(root) / "run")
            yield {"kind": "read", **own, "steps": steps_of(run, root), "subwords": subwords}
            for row in read_lines(run.folder(root) / "run" / "results.jsonl"):
                if row["selection"] is not None:
                    yield {
                        "kind": "masked",
                        **own,
                        **{name: row[name] for name in ("language", "metric", "value", "n")},
                    }
    for arm in ARMS:
        if arm != CONTROL:
            yield from compared(encoder, arm, CONTROL, root)
    for arm in ("mlm + mep, repeats hidden", "mlm + mep, languages mixed"):
        yield from compared(encoder, arm, "mlm + mep", root)
    for arm in (CONTROL, "mlm + mep + oe"):
        yield from compared(encoder, arm, UNTOUCHED, root)
    yield from compared(encoder, "mlm + mep + oe", "mlm, a fifth of the updates", root)


def _short(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("task", "by", "view", "language", "context_language", "metric", "value", "chance", "floor", "n")
    return {name: row[name] for name in names}


def tables(kept: Path) -> str:
    """Per encoder accuracy by cell and arm, with chance, masked loss by arm, and differences."""
    rows = read_lines(kept)
    return "\n\n".join(
        f"{encoder}\n\n{_tables([row for row in rows if row['encoder'] == encoder])}"
        for encoder in ENCODERS
        if any(row["encoder"] == encoder for row in rows)
    )


def _tables(rows: Sequence[Mapping[str, Any]]) -> str:
    scores: dict[Cell, dict[str, list[tuple[float, int]]]] = defaultdict(lambda: defaultdict(list))
    differences: dict[Cell, dict[str, str]] = defaultdict(dict)
    losses: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row["kind"] == "probe" and row["metric"].startswith("accuracy"):
            cell = (row["task"], row["by"], row["view"], where(row))
            scores[cell][row["arm"]].append((row["value"], row["n"]))
            for given in ("chance", "floor"):  # the same for all arms; floors came after most of them had been probed
                if row[given] is not None:
                    scores[cell][given].append((row[given], row["n"]))
        elif row["kind"] == "difference":
            found = f"{100 * row['difference']:+.1f} {_ends(row['over_seeds_and_items'])}"
            differences[tuple(row["cell"])][f"{row['arm']} − {row['other']} ({row['seeds']})"] = found
        elif row["kind"] == "masked" and "loss" in row["metric"]:
            losses[row["arm"]][row["language"]].append(row["value"])
    accuracies = {cell: {arm: _percent(values) for arm, values in own.items()} for cell, own in scores.items()}
    masked = [[arm, *(f"{np.mean(values):.2f}" for values in own.values())] for arm, own in losses.items()]
    return "\n\n".join(
        [
            *(_by_cell(probe, part, name) for probe in KINDS for part, name in (
                (accuracies, "accuracy"), (differences, "difference (seeds)"))),
            _table(["masked loss", *next(iter(losses.values()))], masked),
        ]
    )  # fmt: skip


def _by_cell(probe: str, found: Mapping[Cell, Mapping[str, str]], name: str) -> str:
    """A table of a probe: a line for each entry of the cells, a column for each view and description."""
    own = {cell: entries for cell, entries in found.items() if cell[0] == probe}
    columns = sorted({cell[2:] for cell in own})
    lines = dict.fromkeys((cell[1], entry) for cell, entries in own.items() for entry in entries)
    order = {arm: number for number, arm in enumerate(("chance", "floor", UNTOUCHED, *ARMS))}
    body = [
        [entry, vectors, *(own.get((probe, vectors, *column), {}).get(entry, "") for column in columns)]
        for vectors, entry in sorted(lines, key=lambda line: (line[0], order.get(line[1], 0)))
    ]
    return _table([f"{probe}, {name}", "by", *(", ".join(column) for column in columns)], body)


def _table(headers: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    return tabulate(body, headers, tablefmt="github", disable_numparse=True)


def _percent(values: list[tuple[float, int]] | None) -> str:
    """The mean over items, as differences are."""
    if not values:
        return ""
    scores, items = zip(*values, strict=True)
    return f"{100 * np.average(scores, weights=items):.1f}"


def _ends(interval: list[float | None]) -> str:
    return "[" + ", ".join("?" if end is None else f"{100 * end:+.1f}" for end in interval) + "]"


def main() -> None:
    """Run, or make the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["pretrain", "one", "collect", "tables"])
    parser.add_argument("--encoder", choices=ENCODERS, default="real")
    parser.add_argument("--model", help="where the encoder is; by default its id or name")
    parser.add_argument("--runs", type=Path, default=Path("runs/xlm-k"))
    parser.add_argument("--rows", type=Path, default=Path("docs/results/xlm-k.jsonl"))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--arms", nargs="+", choices=[UNTOUCHED, *ARMS], default=[UNTOUCHED, *ARMS])
    parser.add_argument("--seed", type=int)
    asked = parser.parse_args()
    model = asked.model or ENCODERS[asked.encoder].model
    if asked.what == "pretrain":
        xlm_k_corpus.build(asked.runs)
        study.take(__file__, plan(asked.encoder, asked.arms), asked.runs, model, asked.jobs)
    elif asked.what == "one":
        make(Run(asked.encoder, asked.arms[0], asked.seed), model, asked.runs)
    elif asked.what == "collect":
        collect(asked.encoder, asked.runs, asked.rows)
    else:
        print(tables(asked.rows))


if __name__ == "__main__":
    main()
