"""Scores of `isogloss reproduce` that later runs are held beside, put into the package.

isogloss reproduce PAPER/SETTING --scale smoke --output runs/reproduce      # each of them, or some
python docs/results/reproduced.py --runs runs/reproduce

Scores of an arm take the place of those that were there of it. What was measured before there was `isogloss reproduce`,
with the same recipes at the same scale, comes from the rows of its page.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from isogloss.calls.reproducing.changed import changed
from isogloss.calls.reproducing.papers import SCALES, papers
from isogloss.calls.reproducing.scores import RECORDED, Place, Scores, arm_folder, as_recorded, found_scores
from isogloss.common.writing import read_lines, write_text

UD_POS = "sequential-reptile/ud-pos"
"""Its arms are called by their methods, as the rows of its page are."""


def found(runs: Path) -> Iterator[dict[str, Any]]:
    """Rows of all finished runs, but of settings whose runs are those of another one."""
    for paper, own in papers().items():
        for name, setting in own.settings.items():
            for scale in SCALES if setting.like is None else ():
                for arm in setting.arms:
                    folder = arm_folder(runs, f"{paper}/{name}", scale, arm)
                    scores = found_scores(folder, arm, setting.metric, setting.scored_as)
                    if scores and (reason := changed(runs, f"{paper}/{name}", arm, setting.arms[arm], scale)):
                        raise SystemExit(f"{folder}: not recorded: {reason}")
                    yield from as_recorded(f"{paper}/{name}", scale, scores)


def of_page() -> Iterator[dict[str, Any]]:
    """Rows of the page on parts of speech, at scale small."""
    scores: Scores = {}
    for row in read_lines(Path(__file__).with_name("ud-pos-test.jsonl")):
        if row["metric"] == "accuracy" and row["split"] == "test":
            place = Place(row["method"], row["data"], row["language"], row["metric"])
            scores.setdefault(place, {})[row["seed"]] = 100 * row["value"]
    yield from as_recorded(UD_POS, "small", scores)


def main() -> None:
    """Write the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=Path("runs/reproduce"), help="the output of isogloss reproduce")
    rows = [*of_page(), *found(parser.parse_args().runs)]
    taken = {(row["setting"], row["scale"], row["arm"]) for row in rows}
    rows += [row for row in read_lines(RECORDED) if (row["setting"], row["scale"], row["arm"]) not in taken]
    keys = ("setting", "scale", "data", "metric", "arm", "language", "seed")
    ordered = sorted(rows, key=lambda row: [str(row[key]) for key in keys])
    write_text(RECORDED, "".join(f"{json.dumps(row)}\n" for row in ordered))


if __name__ == "__main__":
    main()
