"""What a table of words knows: the baseline that a model must beat.

``python -m isogloss.world.lookup`` prints it for the default sizes.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tabulate import tabulate

from isogloss.world.facts import the_world
from isogloss.world.generate import generate
from isogloss.world.realise import Sentence
from isogloss.world.write import SENTENCES

Tagged = tuple[Sequence[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class LookupRow:
    """The baseline in one language, shares from 0 to 1.

    Attributes:
        language: Code.
        zero_shot: Whether the table is that of all training languages together, the language having none itself.
        lookup: Accuracy of each word's most frequent tag.
        majority: Accuracy of the most frequent tag of all.
        unknown: Share of words that are not in the table.
        known: Accuracy on the words that are in the table: what is wrong here, only the context could tell.
    """

    language: str
    zero_shot: bool
    lookup: float
    majority: float
    unknown: float
    known: float


def lookup_accuracy(train: Iterable[Tagged], test: Iterable[Tagged]) -> float:
    """Accuracy of giving each word its most frequent tag in ``train``, and the most frequent of all to the others.

    Args:
        train: Words and tags of each sentence.
        test: The same.

    Example:
        >>> train = [(["the", "can"], ["DET", "NOUN"]), (["I", "can"], ["PRON", "AUX"]), (["can"], ["AUX"])]
        >>> lookup_accuracy(train, [(["the", "can", "I", "see"], ["DET", "NOUN", "PRON", "AUX"])])
        0.75
    """
    return _score(*_table(train), test)[0]


def lookup_baselines(seed: int = 0, sentences: Mapping[str, int] = SENTENCES) -> list[LookupRow]:
    """The baseline for parts of speech on the test sentences of each language that has them.

    Args:
        seed: Seed of the world.
        sentences: Number of sentences by split, ``train`` and ``test`` among them.
    """
    languages = the_world().languages
    train = {
        code: _tagged(generate(seed, code, "train", sentences["train"]))
        for code, told in languages.items()
        if "train" in told.labels
    }
    together = _table(pair for pairs in train.values() for pair in pairs)
    rows = []
    for code, told in languages.items():
        if "test" in told.labels:
            table, most_frequent = _table(train[code]) if code in train else together
            test = _tagged(generate(seed, code, "test", sentences["test"]))
            accuracy, unknown, known = _score(table, most_frequent, test)
            majority = _score({}, most_frequent, test)[0]
            rows.append(LookupRow(code, code not in train, accuracy, majority, unknown, known))
    return rows


def _tagged(sentences: Iterable[Sentence]) -> list[Tagged]:
    return [(sentence.tokens, sentence.tags) for sentence in sentences]


def _table(train: Iterable[Tagged]) -> tuple[dict[str, str], str]:
    """The most frequent tag of each word, and that of all; of equally frequent ones the first met."""
    counts: dict[str, Counter[str]] = {}
    overall: Counter[str] = Counter()
    for tokens, tags in train:
        overall.update(tags)
        for token, tag in zip(tokens, tags, strict=True):
            counts.setdefault(token, Counter())[tag] += 1
    return {token: tags.most_common(1)[0][0] for token, tags in counts.items()}, overall.most_common(1)[0][0]


def _score(table: Mapping[str, str], most_frequent: str, test: Iterable[Tagged]) -> tuple[float, float, float]:
    """Accuracy, share of unknown words, accuracy on the known ones (0 if there is none)."""
    pairs = [pair for tokens, tags in test for pair in zip(tokens, tags, strict=True)]
    right = sum(table.get(token, most_frequent) == tag for token, tag in pairs)
    known = [table[token] == tag for token, tag in pairs if token in table]
    return right / len(pairs), 1 - len(known) / len(pairs), sum(known) / max(len(known), 1)


if __name__ == "__main__":
    shown = [
        (row.language, "zero-shot" if row.zero_shot else "own", *(f"{100 * share:.1f}" for share in shares))
        for row in lookup_baselines(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
        for shares in [(row.lookup, row.majority, row.unknown, row.known)]
    ]
    print(tabulate(shown, ("language", "table", "lookup", "majority", "unknown", "known"), tablefmt="github"))
