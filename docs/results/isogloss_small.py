"""The evidence for isogloss-small: what it gives over random weights, over its former self and over guessing.

python docs/results/isogloss_small.py --runs runs/isogloss-small
python docs/results/isogloss_small.py --tables docs/results/isogloss-small-test.jsonl
python docs/results/isogloss_small.py --tables docs/results/isogloss-small-former.jsonl   # the one before it

Trains the six en-*-zero-shot recipes from each start with the same seeds, that is, with the same data in the same
order, and retrieves Tatoeba's translations without any training. Rows of the encoder that had the name before are kept
in a file of their own, and stand beside. Finished runs under --runs are reused and a broken one
is resumed, so the script can be stopped and started again, or started with other --tasks beside itself (give each
its own --output then); once more with all of them writes everything.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import torch
from tabulate import tabulate
from torch import Tensor
from transformers import AutoModel

import isogloss
from isogloss.common.writing import read_json, read_lines, write_json, write_text
from isogloss.diagnostics.retrieval import layer_vectors, retrieval_accuracy
from isogloss.examples import Example, Question
from isogloss.models.open import open_model
from isogloss.recipe.build.data import build_collections
from isogloss.recipe.resolve import resolve
from isogloss.reports import paired_interval, summarise
from isogloss.run.evaluation import result_rows
from isogloss.start.check import read_corpus

RECIPES = {
    "pos": ("en-pos-zero-shot", "accuracy"),
    "ner": ("en-ner-zero-shot", "f1"),
    "nli": ("en-nli-zero-shot", "accuracy"),
    "topic": ("en-topic-zero-shot", "accuracy"),
    "choice": ("en-choice-zero-shot", "accuracy"),
    "qa": ("en-qa-zero-shot", "f1"),
}
"""Per task its recipe and the metric of the tables."""

TASKS = (*RECIPES, "retrieval")
OURS, RANDOM, WITHOUT, MAJORITY = "isogloss-small", "random weights", "without TLM", "majority"
FORMER = "isogloss-small before 0.1.0"
STARTS = (MAJORITY, RANDOM, WITHOUT, FORMER, OURS)
FORMER_ROWS = Path(__file__).parent / "isogloss-small-former.jsonl"
"""Rows of the encoder that had the name, as it was measured against random weights and against one without TLM."""
GROUPS = {
    "source": ("en",),
    "well covered": ("de", "es", "fr", "ru", "fi"),
    "apart": ("ko", "vi", "zh"),
    "thin": ("tr", "te", "wo", "ar", "hi", "sw", "yo"),
}
FIRST = "the first three words of the context (zh: six characters)"
MAX_LENGTH, BATCH_SIZE = 128, 32

Row = Mapping[str, Any]
Scores = dict[str, dict[int | None, float]]
"""Values in per cent, by language and seed; the seed is None where there is nothing random."""


@dataclass(frozen=True)
class Start:
    """Where a run starts.

    Attributes:
        name: Name in the tables.
        model: The model.
        random_weights: Whether only its architecture and tokenizer are kept.
    """

    name: str
    model: str
    random_weights: bool = False

    @property
    def folder(self) -> str:
        """Its name as a folder."""
        return self.name.lower().replace(" ", "-")


def starts(model: str) -> list[Start]:
    """All that are compared."""
    return [Start(RANDOM, model, random_weights=True), Start(OURS, model)]


def train(task: str, start: Start, seed: int, options: argparse.Namespace) -> list[dict[str, Any]]:
    """The final test rows of one run, trained now unless it is there."""
    begun = time.perf_counter()
    with redirect_stdout(sys.stderr):
        rows = isogloss.train(
            RECIPES[task][0],
            scale=options.scale,
            overrides=[
                f"model={start.model}",
                f"random_weights={str(start.random_weights).lower()}",
                # Random embeddings must be allowed to learn, or the comparison would be with a handicap.
                *(["unfreezing={kind: everything}"] if start.random_weights else []),
                # As the numbers on the page were measured, before sentences were read as they are written.
                *(["spacing=words"] if task in ("pos", "ner") else []),
                f"seed={seed}",
                *options.set,
            ],
            limit=options.limit,
            output=options.runs / task / start.folder / f"seed-{seed}",
            resume=True,
            report_to="none",
        )
    print(f"{task}, {start.name}, seed {seed}: {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    name = f"{task}/{start.folder}/seed-{seed}"  # where the runs are kept is of no interest elsewhere
    return [{"start": start.name, **row, "run": name} for row in rows if row["split"] == "test"]


def guess(task: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    """The test rows of the most frequent English training label, predicted everywhere."""
    recipe = resolve(RECIPES[task][0], scale=options.scale, overrides=options.set)
    recipe = recipe.model_copy(update={"limit": options.limit or recipe.limit})
    named, collections = build_collections(recipe.data)
    corpus = read_corpus(recipe, named, collections)
    scorer = named.build(corpus.labels)
    golds = [scorer.gold(example) for examples in corpus.train.values() for example in examples]
    counts = Counter(label for gold in golds for label in _labels(gold))
    label = FIRST if task == "qa" else min(counts, key=lambda label: (-counts[label], label))
    rows: list[dict[str, Any]] = []
    for cell in corpus.cells("test"):
        examples = corpus.evaluation[cell]
        truth = [scorer.gold(example) for example in examples]
        if task == "qa":
            same: list[Any] = [beginning(example) for example in examples]
        else:
            same = [label if isinstance(gold, str) else (label,) * len(gold or ()) for gold in truth]
        scores = scorer.score([gold for gold in truth if gold is not None], same, cell.language)
        found = result_rows(scores, cell, len(truth), task=task, train_languages=sorted(corpus.train))
        rows += [{"start": MAJORITY, "predicts": label, **row} for row in found]
    return rows


def beginning(example: Example) -> str:
    """The first three words of a question's context; of writing without spaces the first six characters."""
    assert isinstance(example, Question)
    words = example.context.split()
    return " ".join(words[:3]) if len(words) > len(example.context) / 20 else example.context[:6]


def _labels(gold: Sequence[str] | str | None) -> Sequence[str]:
    return (gold,) if isinstance(gold, str) else gold or ()


def accuracies(texts: Tensor, english: Tensor) -> Iterator[dict[str, Any]]:
    """Accuracy by direction and layer, raw and centred, from vectors ``[layers, n, d]``."""
    for direction, (queries, candidates) in {"xx→en": (texts, english), "en→xx": (english, texts)}.items():
        for layer, (left, right) in enumerate(zip(queries, candidates, strict=True)):
            for centred in (False, True):
                value = retrieval_accuracy(left, right, centred=centred)
                yield {"direction": direction, "layer": layer, "centred": centred, "value": value}


def retrieve(start: Start, seed: int | None, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Accuracy of retrieval on Tatoeba for every language, direction and layer, kept beside the runs.

    By means over own sub-words; those of XTREME's measure, which `isogloss.retrieve` takes, have special ones in them.
    """
    loaded = open_model(start.model, AutoModel, None, seed=seed or 0, random_weights=start.random_weights)
    kept = options.runs / "retrieval" / start.folder / f"{'once' if seed is None else f'seed-{seed}'}.json"
    asked = {"identity": json.loads(json.dumps(loaded.identity)), "limit": options.limit}
    if kept.exists() and (before := read_json(kept))["asked"] == asked:
        return list(before["rows"])
    begun = time.perf_counter()
    rows: list[dict[str, Any]] = []
    for path in sorted(options.tatoeba.glob("*-en.tsv")):
        lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
        pairs = [line.split("\t") for line in lines[: options.limit]]
        sides = [
            layer_vectors(loaded.model, loaded.tokenizer, texts, max_length=MAX_LENGTH, batch_size=BATCH_SIZE)
            for texts in zip(*pairs, strict=True)
        ]
        fixed = {"start": start.name, "task": "retrieval", "data": "tatoeba", "metric": "accuracy", "seed": seed}
        fixed |= {"language": path.name.removesuffix("-en.tsv"), "n": len(pairs)}
        rows += [{**fixed, **found} for found in accuracies(*sides)]
    write_json(kept, {"asked": asked, "rows": rows})
    print(f"retrieval, {start.name}, seed {seed}: {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    return rows


def collect(options: argparse.Namespace) -> list[dict[str, Any]]:
    """All rows of the tasks asked for; seed by seed, so that a stopped script leaves whole comparisons behind."""
    rows: list[dict[str, Any]] = []
    compared = [start for start in starts(options.model) if start.name in options.starts]
    for task in options.tasks:
        if task == "retrieval":
            for start in compared:
                for seed in options.seeds if start.random_weights else [None]:
                    rows += retrieve(start, seed, options)
        else:
            rows += guess(task, options)
            for seed in options.seeds:
                for start in compared:
                    rows += train(task, start, seed, options)
    return rows


def scores_of(rows: Iterable[Row], **wanted: object) -> Scores:
    """The values of the rows that have what is wanted."""
    scores: Scores = defaultdict(dict)
    for row in rows:
        if all(row.get(name) == value for name, value in wanted.items()):
            scores[row["language"]][row["seed"]] = 100 * row["value"]
    return dict(scores)


def groups_of(languages: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """The groups, as far as there are scores."""
    there = set(languages)
    for group, members in GROUPS.items():
        if found := [language for language in members if language in there]:
            yield group, found
    if rest := sorted(there.difference(*GROUPS.values())):
        yield "others", rest


def mean_by_seed(scores: Scores, languages: Sequence[str]) -> dict[int | None, float]:
    """Mean over languages, for each seed that has them all."""
    if any(language not in scores for language in languages):
        return {}
    seeds = [seed for seed in scores[languages[0]] if all(seed in scores[language] for language in languages)]
    return {seed: mean(scores[language][seed] for language in languages) for seed in seeds}


def spread(by_seed: Mapping[int | None, float]) -> str:
    """Mean and range."""
    if not by_seed:
        return "–"
    found = summarise(list(by_seed.values()))
    return f"{found.mean:.1f}" if found.n == 1 else f"{found.mean:.1f} ({found.low:.1f}–{found.high:.1f})"


def difference(ours: Mapping[int | None, float], other: Mapping[int | None, float]) -> str:
    """Mean difference with its interval; a score without a seed is paired with every seed."""
    pairs = [value - other.get(seed, other.get(None, 0.0)) for seed, value in ours.items() if {seed, None} & {*other}]
    if not pairs:
        return "–"
    found = paired_interval(pairs)
    if found.low is None or found.high is None:
        return f"{found.mean:+.1f} (n = 1)"
    return f"{found.mean:+.1f} [{found.low:+.1f}, {found.high:+.1f}]"


def task_tables(rows: Sequence[Row], task: str) -> Iterator[str]:
    """A line per language, and a line per group with the differences."""
    metric = RECIPES[task][1]
    by_start = {start: scores_of(rows, task=task, metric=metric, start=start) for start in STARTS}
    by_start = {start: scores for start, scores in by_start.items() if scores}
    data = {row["language"]: (row["data"], row["n"]) for row in rows if row["task"] == task}
    grouped = list(groups_of(data))
    seeds = sorted({row["seed"] for row in rows if row["task"] == task and row["seed"] is not None})
    guessed = next((row["predicts"] for row in rows if row["task"] == task and row["start"] == MAJORITY), None)
    yield f"### {task}: {metric} in %, test; mean over seeds {', '.join(map(str, seeds))} (range)"
    lines = [
        [group, language, *data[language], *(spread(scores.get(language, {})) for scores in by_start.values())]
        for group, members in grouped
        for language in members
    ]
    yield _markdown(["group", "language", "data", "n", *by_start], lines)
    others = [start for start in by_start if start != OURS]
    lines = []
    for group, members in grouped:
        means = {start: mean_by_seed(scores, members) for start, scores in by_start.items()}
        differences = [difference(means.get(OURS, {}), means[start]) for start in others]
        lines.append([f"{group}: {' '.join(members)}", *(spread(found) for found in means.values()), *differences])
    yield _markdown(["mean over", *by_start, *(f"{OURS} − {start} [95 %]" for start in others)], lines)
    constant = " Without an entity its F1 is 0 by definition." if task == "ner" else ""
    yield (
        f"{MAJORITY}: {guessed}{'' if task == 'qa' else ', the most frequent label of the English training data'}, "
        f"everywhere.{constant} "
        "Differences: in points, paired by seed, with their 95 % t-interval, not corrected for their number."
    )


def retrieval_tables(rows: Sequence[Row]) -> Iterator[str]:
    """Means over groups per start and layer, then every language and direction."""
    rows = [row for row in rows if row["task"] == "retrieval"]
    there = [start for start in STARTS if any(row["start"] == start for row in rows)]
    layers = sorted({row["layer"] for row in rows})
    grouped = list(groups_of({row["language"] for row in rows}))
    headers = [f"layer {layer}" for layer in layers]
    yield "### retrieval: accuracy@1 in %, Tatoeba; every layer (0: embeddings), none chosen"
    lines = []
    for group, members in grouped:
        for start in there:
            for centred in (False, True):
                cells = []
                for layer in layers:
                    chosen = {"start": start, "layer": layer, "centred": centred}
                    sides = [scores_of(rows, direction=way, **chosen) for way in ("xx→en", "en→xx")]
                    forth, back = (mean_by_seed(side, members) for side in sides)
                    cells.append(spread({seed: (value + back[seed]) / 2 for seed, value in forth.items()}))
                label = "centred" if centred else "raw"
                lines.append([f"{group}: {' '.join(members)}", start, label, *cells])
    yield _markdown(["mean over (both directions)", "start", "vectors", *headers], lines)
    sizes = {row["language"]: row["n"] for row in rows}
    for start in there:
        for centred in (False, True):
            lines = []
            for group, members in grouped:
                for language in members:
                    cells = []
                    for layer in layers:
                        chosen = {"start": start, "layer": layer, "centred": centred, "language": language}
                        sides = [scores_of(rows, direction=way, **chosen) for way in ("xx→en", "en→xx")]
                        cells.append(" / ".join(f"{mean(side[language].values()):.1f}" for side in sides))
                    lines.append([group, language, sizes[language], *cells])
            yield f"{start}, {'centred' if centred else 'raw'}: xx→en / en→xx"
            yield _markdown(["group", "language", "n", *headers], lines)


def beside(rows: Sequence[Row]) -> list[Row]:
    """The rows, and before them those of the former encoder on as many examples of the same test sets."""

    def cell(row: Row) -> tuple[Any, ...]:
        return row["task"], row["data"], row["language"], row["n"], row.get("layer")

    measured = {cell(row) for row in rows if row["start"] == OURS}
    before = [row for row in read_lines(FORMER_ROWS) if row["start"] == OURS and cell(row) in measured]
    return [*({**row, "start": FORMER} for row in before), *rows]


def _markdown(headers: Sequence[str], lines: Sequence[Sequence[Any]]) -> str:
    return tabulate(lines, headers, tablefmt="github", disable_numparse=True)


def tables(rows: Sequence[Row]) -> str:
    """All tables, in Markdown."""
    found = [table for task in RECIPES if any(row["task"] == task for row in rows) for table in task_tables(rows, task)]
    if any(row["task"] == "retrieval" for row in rows):
        found += retrieval_tables(rows)
    return "\n\n".join(found)


def parsed() -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=Path, help="print the tables of a file of rows, and train nothing")
    parser.add_argument("--model", default="isogloss-small", help="the model, or a folder with one")
    parser.add_argument("--starts", nargs="+", choices=(RANDOM, OURS), default=[RANDOM, OURS], help="default: both")
    parser.add_argument("--runs", type=Path, default=Path("runs/isogloss-small"), help="where runs are kept")
    parser.add_argument("--tasks", default=",".join(TASKS), help="default: %(default)s")
    parser.add_argument("--seeds", default="0,1,2", help="default: %(default)s")
    parser.add_argument("--threads", type=int, help="threads of torch")
    parser.add_argument("--scale", default="small", help="scale of the recipes; default: %(default)s")
    parser.add_argument("--limit", type=int, help="examples per language and split, for a trial")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="keys of the recipes to change")
    parser.add_argument("--tatoeba", type=Path, default=Path("../shared/data/parallel/tatoeba"), help="xx-en.tsv files")
    parser.add_argument("--output", type=Path, default=Path("docs/results/isogloss-small-test.jsonl"))
    options = parser.parse_args()
    options.tasks = options.tasks.split(",")
    options.seeds = [int(seed) for seed in options.seeds.split(",")]
    if unknown := set(options.tasks) - set(TASKS):
        parser.error(f"--tasks: no task {', '.join(sorted(unknown))} (valid: {', '.join(TASKS)})")
    if "retrieval" in options.tasks and not any(options.tatoeba.glob("*-en.tsv")):
        parser.error(f"--tatoeba: {options.tatoeba} holds no xx-en.tsv")
    return options


def main() -> None:
    """Train and retrieve what is not there yet, write all rows and print their tables."""
    options = parsed()
    if options.tables is not None:
        rows = read_lines(options.tables)
        print(tables(rows if options.tables.resolve() == FORMER_ROWS.resolve() else beside(rows)))
        return
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    rows = collect(options)
    write_text(options.output, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    print(tables(beside(rows)))


if __name__ == "__main__":
    try:
        main()
    except isogloss.IsoglossError as error:
        sys.exit(f"error: {error}")
