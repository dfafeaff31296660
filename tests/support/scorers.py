"""What the scorers of XTREME and XTREME-R compute from a file of predictions and a gold file, written anew for tests.

They read the files as those scorers do, by line or by id, and know nothing of how ours were written.
"""

from __future__ import annotations

import json
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.tasks.test_tag_scores import old_f1


def accuracy_of_labels(predicted: Path, gold: Path) -> float:
    """xnli, pawsx: a label a line."""
    return _accuracy([_lines(path) for path in (predicted, gold)])


def accuracy_of_choices(predicted: Path, gold: Path) -> float:
    """xcopa: the values of ``label`` in JSON lines, compared as they are, so that 0 is not "0"."""
    return _accuracy([[json.loads(line)["label"] for line in _lines(path)] for path in (predicted, gold)])


def f1_of_tags(predicted: Path, gold: Path) -> float:
    """udpos, panx: a tag a line, a blank line after each sentence; micro-averaged F1 of chunks by seqeval 0.0.12."""
    guess, truth = _sentences(predicted), _sentences(gold)
    assert [len(sentence) for sentence in guess] == [len(sentence) for sentence in truth]
    return old_f1(truth, guess)


def squad(predicted: Path, gold: Path) -> dict[str, float]:
    """xquad, tydiqa: F1 and exact match of SQuAD v1.1, answers looked up by id."""

    def normalise(text: str) -> str:
        bare = "".join(c for c in text.lower() if c not in string.punctuation)
        return " ".join(re.sub(r"\b(the|an|a)\b", " ", bare).split())

    return _answers(predicted, gold, normalise)


def mlqa_in_english(predicted: Path, gold: Path) -> dict[str, float]:
    """mlqa, contexts in English: F1 and exact match of MLQA, answers looked up by id."""

    def normalise(text: str) -> str:
        bare = "".join(c for c in text.lower() if unicodedata.category(c)[0] != "P" and c not in string.punctuation)
        return " ".join(re.sub(r"\b(the|an|a)\b", " ", bare).split())

    return _answers(predicted, gold, normalise)


def _answers(predicted: Path, gold: Path, normalise: Callable[[str], str]) -> dict[str, float]:
    answers = json.loads(predicted.read_text(encoding="utf-8"))
    exact, overlap, total = 0.0, 0.0, 0
    for identity, truths in questions(gold):
        total += 1
        if identity in answers:
            guess = normalise(answers[identity])
            exact += max(guess == normalise(truth) for truth in truths)
            overlap += max(_overlap(guess.split(), normalise(truth).split()) for truth in truths)
    return {"exact_match": exact / total, "f1": overlap / total}


def questions(gold: Path) -> Iterator[tuple[str, list[str]]]:
    """The id of each question with its right answers."""
    for article in json.loads(gold.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                yield question["id"], [answer["text"] for answer in question["answers"]]


def _overlap(guess: list[str], truth: list[str]) -> float:
    shared = sum((Counter(guess) & Counter(truth)).values())
    return 0.0 if shared == 0 else 2 * shared / (len(guess) + len(truth))


def _lines(path: Path) -> list[str]:
    with path.open(encoding="utf-8") as file:
        return [line.strip() for line in file]


def _sentences(path: Path) -> list[list[str]]:
    sentences: list[list[str]] = [[]]
    for line in _lines(path):
        if line:
            sentences[-1].append(line)
        else:
            sentences.append([])
    return sentences if sentences[-1] else sentences[:-1]


def _accuracy(both: list[list[object]]) -> float:
    guess, truth = both
    assert len(guess) == len(truth)
    return sum(a == b for a, b in zip(guess, truth, strict=True)) / len(truth)
