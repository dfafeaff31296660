"""What a comparison comes to: levels, verdicts, the correction over languages, and how it is told."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from isogloss.reports.cells import scoring_of
from isogloss.reports.comparison import compare_rows
from isogloss.reports.resampling import Counted, resample
from isogloss.reports.section import WRITERS, Section, as_latex, as_markdown, as_text
from isogloss.reports.settled import Settled, settle
from isogloss.reports.settled_records import as_csv, as_json
from isogloss.reports.settled_sections import Outcome, sections_of
from isogloss.reports.verdicts import outcomes, said, verdicts

LANGUAGES = ("en", "de", "sw", "ru")
NUMBER = 200


def share(sums: np.ndarray) -> np.ndarray:
    found: np.ndarray = sums[..., 0] / sums[..., 1]
    return found


def outcome(leads: Mapping[str, float], *, seeds: int = 3, predicted: bool = True) -> Outcome:
    """Methods ``base`` and ``other``, which is right in so many more sentences of each language."""
    rows: list[dict[str, Any]] = []
    counts = {}
    for place, language in enumerate(LANGUAGES):
        truth = np.random.default_rng(place)
        difficulty = truth.random(NUMBER)
        for method in ("base", "other"):
            for seed in range(seeds):
                level = 0.6 + 0.005 * seed + (leads.get(language, 0) if method == "other" else 0)
                luck = np.random.default_rng([place, seed, method == "other"]).random(NUMBER)
                right = difficulty + 0.1 * (luck - 0.5) < level
                row = {
                    "run": f"{method}/{seed}",
                    "data": "d",
                    "language": language,
                    "method": method,
                    "seed": seed,
                    "metric": "accuracy",
                    "selection": "last",
                    "split": "test",
                    "view": "original",
                    "n": NUMBER,
                    "train_languages": ["en"],
                    "value": float(right.mean()),
                    "floor": 0.3,
                }
                rows.append(row)
                ids = tuple(f"{language} {number:03}" for number in range(NUMBER))
                counts[scoring_of(row)] = Counted(ids, np.stack([right, np.ones(NUMBER)], axis=1).astype(int), share)
    counts = counts if predicted else {}
    redrawn = resample(counts, draws=400)
    comparison = compare_rows(rows, "base", redrawn=redrawn)
    return Outcome(comparison, settle(comparison, rows, counted=counts, redrawn=redrawn))


@pytest.fixture(scope="module")
def better() -> Outcome:
    return outcome({"de": 0.25, "sw": 0.25, "ru": -0.25})


def line(found: Outcome, label: str) -> Settled:
    return next(one for one in found.lines if one.line.label == label)


def test_what_is_better_is_called_so(better: Outcome):
    assert outcomes(better.lines, "other") == {
        "better": ["de", "sw"],
        "no difference found": ["en"],
        "worse": ["ru"],
        "no verdict": [],
    }
    first, kinds, languages = verdicts(better.lines, "other", "base")
    assert first.startswith("other against base, mean of all languages: better by ")
    assert "source languages: no difference found" in kinds and "unseen languages: better by" in kinds
    assert "better in 2 (de, sw), no difference found in 1, worse in 1 (ru); ahead in" in languages


def test_a_level_has_the_interval_of_new_seeds_and_sentences(better: Outcome):
    for one in better.lines:
        for level in one.levels.values():
            assert level is not None and level.low is not None and level.high is not None
            assert 0 <= level.low < level.mean < level.high <= 1
    # That of a mean of four languages is narrower than that of each.
    widths = [one.levels["base"].high - one.levels["base"].low for one in (line(better, "mean"), line(better, "en"))]  # type: ignore[union-attr,operator]
    assert widths[0] < widths[1]


def test_languages_are_corrected_and_means_are_not(better: Outcome):
    for one in better.lines:
        own = one.judged["other"]
        assert own is not None and own.p is not None and own.swaps is not None and own.signs is not None
        if one.line.source is None:
            assert own.corrected is None
        else:
            assert own.corrected is not None and own.corrected >= own.p
    german = line(better, "de").judged["other"]
    assert german is not None and german.signs == 0.25 and german.swaps is not None and german.swaps < 0.001


@pytest.mark.parametrize("seeds", [1, 2])
def test_two_seeds_give_no_verdict(seeds: int):
    found = outcome({"de": 0.3}, seeds=seeds)
    for one in found.lines:
        own = one.judged["other"]
        assert own is not None and own.verdict is None and own.p is None and own.corrected is None
        assert said(own).startswith(f"no verdict from {seeds} seed{'' if seeds == 1 else 's'} (")
    text = as_text(sections_of(found))
    assert "better by" not in text and f"no verdict from {seeds}" in text
    assert "no verdict in 4" in text


def test_without_predictions_the_t_interval_decides_and_nothing_is_swapped():
    found = outcome({"de": 0.25}, predicted=False)
    own = line(found, "de").judged["other"]
    assert own is not None and own.p is not None and own.swaps is None and own.difference.over_both is None


def test_sections_and_records_say_the_same(better: Outcome):
    sections = sections_of(better)
    assert [section.title for section in sections] == [
        *("Scores", "other − base", "Verdict", "Transfer gap by script and family")
    ]
    assert [row[0] for row in sections[0].body] == [
        *("en (source)", "de", "ru", "sw", "mean of sources", "mean of unseen", "mean")
    ]
    assert {row[:3] for row in sections[3].body} == {
        *(("script", "Cyrl", "ru"), ("script", "Latn", "de, sw")),
        *(("family", "Indo-European, Balto-Slavic", "ru"), ("family", "Indo-European, Germanic", "de")),
        ("family", "Niger-Congo, Bantu", "sw"),
    }
    rows = list(csv.DictReader(io.StringIO(as_csv(better))))
    whole = json.loads(as_json(better))
    assert len(rows) == len(whole["rows"]) == 7 * 2
    german = next(row for row in rows if row["language"] == "de" and row["method"] == "other")
    assert german["verdict"] == "1" and float(german["p_holm"]) >= float(german["p"])
    assert float(german["low"]) < float(german["mean"]) < float(german["high"])
    assert whole["languages"]["other"]["worse"] == ["ru"]
    assert whole["verdicts"]["other"][0].startswith("other against base")


HOSTILE = "a|b <i>*c*</i> 50% & \\input{x}\n# no title"


def test_texts_of_the_user_stay_texts():
    section = Section(HOSTILE, (HOSTILE,), ((HOSTILE,),), (HOSTILE,))
    assert all(write([section, section]) for write in WRITERS.values())
    for text in (as_markdown([section]), as_latex([section]), as_text([section])):
        assert "\n# no title" not in text
    assert "<i>" not in as_markdown([section]) and "a\\|b" in as_markdown([section])
    assert "\\input{x}" not in [part for part in as_latex([section]).splitlines() if part[:1] != "%"][-3]
