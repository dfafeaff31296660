"""How often the two intervals of a difference hold the truth, by simulation: sentences of shared difficulty.

A sentence has a difficulty that all runs share, something it has for or against each method, and each run its own luck;
so seeds agree on most sentences, and the test sentences are a sample, too.

    python -m tests.reports.test_coverage

prints the table in docs/protocol.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from isogloss.reports.resampling import Counted, resample
from isogloss.reports.statistics import Interval, crossed_interval, paired_interval
from isogloss.tasks import entity_scores, token_scores

pytestmark = pytest.mark.slow

EXPERIMENTS = 300


@dataclass(frozen=True)
class World:
    """Spreads, in logits, of what makes a prediction right; ``lead`` is what the first method is better by."""

    sentence: float
    method: float
    seed: float
    lead: float = 0.0
    by_chunks: bool = False

    def score(self, sums: np.ndarray) -> np.ndarray:
        """Accuracy or F1 from sums over sentences."""
        return (entity_scores.measures["f1"] if self.by_chunks else token_scores.measures["accuracy"]).score(sums)


def draw(world: World, experiments: int, sentences: int, seeds: int, random: np.random.Generator) -> np.ndarray:
    """What each sentence adds to accuracy or F1 ``[experiments, 2, seeds, sentences, k]``."""
    shared = random.normal(1.5, world.sentence, (experiments, 1, 1, sentences))
    own = random.normal(0, world.method, (experiments, 2, 1, sentences))
    luck = random.normal(0, world.seed, (experiments, 2, seeds, 1))
    logits = shared + own + luck + np.array([world.lead, 0]).reshape(1, 2, 1, 1)
    right = 1 / (1 + np.exp(-logits))
    size = (experiments, 2, seeds, sentences)
    if not world.by_chunks:
        return np.stack([random.random(size) < right, np.ones(size)], axis=-1).astype(np.int64)
    # Sentences of 0 to 5 entities; what is predicted wrongly is missed or predicted as another.
    gold = np.broadcast_to(random.integers(0, 6, (experiments, 1, 1, sentences)), size)
    found = random.binomial(gold, right)
    return np.stack([found, found + random.binomial(gold - found, 0.6), gold], axis=-1)


def intervals(
    world: World, seeds: int, *, experiments: int = EXPERIMENTS, sentences: int = 100, draws: int = 500, part: int = 0
) -> list[tuple[Interval, Interval]]:
    """Per experiment the t-interval over seeds and the interval over seeds and sentences."""
    counts = draw(world, experiments, sentences, seeds, np.random.default_rng([seeds, part]))
    ids = tuple(f"{number:05}" for number in range(sentences))
    keys = list(np.ndindex(counts.shape[:3]))
    redrawn = resample({key: Counted(ids, counts[key], world.score) for key in keys}, draws=draws)
    values = world.score(counts.sum(axis=3))
    found = []
    for experiment in range(experiments):
        pairs = (values[experiment, 0] - values[experiment, 1]).tolist()
        differences = [redrawn[experiment, 0, seed] - redrawn[experiment, 1, seed] for seed in range(seeds)]
        found.append((paired_interval(pairs), crossed_interval(pairs, np.mean(differences, axis=0))))
    return found


def truth(world: World) -> float:
    """The difference on very many sentences and seeds."""
    if not world.lead:
        return 0.0
    one, other = world.score(draw(world, 100, 1000, 5, np.random.default_rng(99)).sum(axis=(0, 2, 3)))
    return float(one - other)


def misses(found: list[Interval], value: float) -> float:
    """Share of intervals that do not hold the value."""
    ends = [(interval.low, interval.high) for interval in found]
    return float(np.mean([low is None or high is None or not low <= value <= high for low, high in ends]))


WORLDS = {
    "seeds that agree on nine sentences of ten": World(sentence=6, method=4, seed=0.05),
    "methods that differ in nothing": World(sentence=4, method=0, seed=0),
    "seeds that differ": World(sentence=2, method=1, seed=0.3),
    "seeds and methods that differ": World(sentence=2, method=3, seed=0.3),
    "F1": World(sentence=2, method=2, seed=0.1, by_chunks=True),
    "F1, one method ahead": World(sentence=2, method=2, seed=0.2, lead=1.0, by_chunks=True),
}


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS.keys())
@pytest.mark.parametrize("seeds", [3, 5])
def test_the_interval_over_seeds_and_sentences_holds_the_truth(world: World, seeds: int):
    found = [crossed for _, crossed in intervals(world, seeds)]
    # Two standard errors of a share of 0.05 over 300 experiments are 0.025.
    assert misses(found, truth(world)) <= 0.07


@pytest.mark.parametrize(("seeds", "least"), [(3, 0.12), (5, 0.25)])
def test_the_interval_over_seeds_alone_takes_the_test_sentences_for_all_there_are(seeds: int, least: float):
    found = intervals(WORLDS["seeds that agree on nine sentences of ten"], seeds)
    assert misses([over_seeds for over_seeds, _ in found], 0.0) >= least


def test_a_large_difference_is_found():
    world = World(sentence=2, method=2, seed=0.1, lead=2.0)
    found = [crossed for _, crossed in intervals(world, 5)]
    assert misses(found, 0.0) >= 0.9


def main() -> None:
    """Print how often either interval misses the truth."""
    sizes = [(sentences, seeds, parts) for sentences, parts in ((100, 15), (1000, 6)) for seeds in (3, 5)]
    print("| simulated |", " | ".join(f"{sentences:,} sentences, {seeds} seeds" for sentences, seeds, _ in sizes), "|")
    print("|---|" + "--:|" * len(sizes))
    for name, world in WORLDS.items():
        cells = []
        for sentences, seeds, parts in sizes:
            found = []
            for part in range(parts):
                found += intervals(world, seeds, experiments=100, sentences=sentences, draws=1000, part=part)
            shares = [misses([pair[place] for pair in found], truth(world)) for place in (0, 1)]
            cells.append(" / ".join(f"{100 * share:.1f} %" for share in shares))
        print(f"| {name} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
