"""What is told once all runs of a training have ended: languages left out, the best on the sources, how to compare."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from isogloss.calls.compare_runs import MIXED_BY
from isogloss.calls.named import RUN
from isogloss.common.errors import IsoglossError
from isogloss.recipe.names import TASKS
from isogloss.recipe.spec.recipe import Recipe
from isogloss.reports.best import best_on_source_dev
from isogloss.reports.comparison import MIXABLE
from isogloss.reports.left_out import left_out_table
from isogloss.reports.values import require_same_sentences, text_of

Row = Mapping[str, Any]


def print_outcome(
    children: Sequence[tuple[str, Recipe]], rows: Mapping[str, Sequence[Row]], root: Path, swept: Collection[str]
) -> None:
    """Print what the runs say together.

    Args:
        children: The recipe of each combination of swept values, by the name of its folder.
        rows: Final rows of the runs of each, by the same name.
        root: The folder of all runs.
        swept: The keys that were swept.
    """
    for name, recipe in children:
        if recipe.leave_one_out and rows[name]:
            _print_left_out(rows[name], name)
    named = [{**row, "method": name} for name, own in rows.items() for row in own]
    dev = [row for row in named if row["split"] == "dev" and row["metric"] == _primary(row)]
    left_out = [recipe.leave_one_out for _, recipe in children]
    for line in best_on_source_dev(dev):
        print(f"\n{line}")
        command = _comparison(dev, root, swept, left_out)
        if command is not None:
            print(f"`{command}` says more.")


def _primary(row: Row) -> str:
    return TASKS[row["task"]].build(()).metrics[0]


def _print_left_out(rows: Sequence[Row], name: str) -> None:
    """A table for each seed, split and mode of the runs of one recipe, which has a name where several were trained."""
    for seed, split, mode in dict.fromkeys((row["seed"], row["split"], row["at_test"]) for row in rows):
        of_one = [row for row in rows if (row["seed"], row["split"], row["at_test"]) == (seed, split, mode)]
        every = {language for row in rows for language in row["train_languages"]}
        if not any(row["language"] in every - set(row["train_languages"]) for row in of_one):
            continue  # this split has none of the languages that were left out
        of_name = f"{name}, " if name else ""
        title = split if mode is None else f"{split} ({mode})"
        table = left_out_table(of_one, _primary(rows[0]))
        print(f"\none language left out, {of_name}seed {seed}, {title}\n{table}")


def _comparison(rows: Sequence[Row], root: Path, swept: Collection[str], left_out: Sequence[bool]) -> str | None:
    """The command that shows rows of dev data side by side; None where they are of other sentences."""
    try:
        require_same_sentences(rows)
    except IsoglossError:
        return None
    # With languages left out of some runs alone, a swept value has several runs that are no repetitions of each other.
    by = [RUN] if any(left_out) and not all(left_out) else list(swept)
    may_differ = {MIXED_BY.get(key, key) for key in by} | ({"train_languages"} if all(left_out) else set())
    data: dict[str, set[str]] = {}
    for row in rows:
        data.setdefault(row["method"], set()).add(row["data"])
    mixed = [
        field
        for field in MIXABLE
        if field not in may_differ and field != "data" and len({text_of(row.get(field)) for row in rows}) > 1
    ]
    mixed += ["data"] if len(set(map(frozenset, data.values()))) > 1 else []
    parts = ["isogloss", "compare", str(root)]
    for option, values in (("--by", by), ("--allow-mixed", mixed)):
        parts += [part for value in values for part in (option, value)]
    return shlex.join([*parts, *(["--left-out"] if all(left_out) else [])])
