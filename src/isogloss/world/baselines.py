"""What can be had without reading: baselines for the tasks of more than one sentence, which should be near chance.

``python -m isogloss.world.baselines`` prints them.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier
from tabulate import tabulate

from isogloss.world.choices import Choice, draw_choices
from isogloss.world.exercises import Teller
from isogloss.world.facts import the_world
from isogloss.world.inference import Inference, draw_inferences
from isogloss.world.meaning import Meaning, Split
from isogloss.world.paraphrases import Paraphrase, draw_paraphrases
from isogloss.world.stories import Story, draw_stories, with_questions

Item = TypeVar("Item")
Words = Sequence[str]
Features = Mapping[str, float]

NUMBER = 3000
"""Items to learn from, and as many to measure on: with fewer, chance alone moves the numbers by several points."""


def bag(words: Words, prefix: str = "") -> Features:
    """How often each word occurs."""
    return {f"{prefix}{word}": float(count) for word, count in Counter(words).items()}


def overlap(first: Words, second: Words) -> Features:
    """How many words the two share: in number, as a share of the second, and of both."""
    one, other = set(first), set(second)
    shared = len(one & other)
    return {"missing": len(other) - shared, "share": shared / len(other), "jaccard": shared / len(one | other)}


def inference_baselines(language: str, number: int = NUMBER, seed: int = 0) -> dict[str, float]:
    """Accuracy on inference in a language: majority, premise alone, hypothesis alone, both as bags of words, overlap.

    The last also for pairs with a premise of one sentence and of two, learned from their like.

    Args:
        language: Code; all are told what the training languages are, so that all can be compared.
        number: Pairs to learn from, and to measure on.
        seed: Seed of the world.
    """
    read = _reader(language)
    train, test = _drawn(lambda split: draw_inferences(seed, "inference", split), number)

    def common(pair: Inference) -> Features:
        return overlap(read(pair.premise), read((pair.hypothesis,)))

    def accuracy(features: Callable[[Inference], Features]) -> float:
        return _accuracy(train, test, features, lambda pair: pair.label)

    rows = {
        "majority": _majority([pair.label for pair in train], [pair.label for pair in test]),
        "premise": accuracy(lambda pair: bag(read(pair.premise))),
        "hypothesis": accuracy(lambda pair: bag(read((pair.hypothesis,)))),
        "bags": accuracy(lambda pair: {**bag(read(pair.premise), "p "), **bag(read((pair.hypothesis,)), "h ")}),
        "overlap": _accuracy(train, test, common, lambda pair: pair.label, _tree()),
    }
    for length in (1, 2):
        known, asked = ([pair for pair in pairs if len(pair.premise) == length] for pairs in (train, test))
        rows[f"overlap, {length}"] = _accuracy(known, asked, common, lambda pair: pair.label, _tree())
    return rows


def paraphrase_baselines(language: str, number: int = NUMBER, seed: int = 0) -> dict[str, float]:
    """Accuracy on paraphrases in a language: majority, the second text alone, overlap; arguments as above."""
    read = _reader(language)
    train, test = _drawn(lambda split: draw_paraphrases(seed, "paraphrases", split), number)

    def accuracy(features: Callable[[Paraphrase], Features], classifier: object = None) -> float:
        return _accuracy(train, test, features, lambda pair: pair.same, classifier)

    return {
        "majority": _majority([pair.same for pair in train], [pair.same for pair in test]),
        "second": accuracy(lambda pair: bag(read(pair.second))),
        "overlap": accuracy(lambda pair: overlap(read(pair.first), read(pair.second)), _tree()),
    }


def choice_baselines(language: str, number: int = NUMBER, seed: int = 0) -> dict[str, float]:
    """Accuracy on choices in a language: majority, the choices without the premise, overlap; arguments as above."""
    read = _reader(language)
    train, test = _drawn(lambda split: draw_choices(seed, "choices", split), number)

    def blind(choice: Choice) -> Features:
        counts = Counter(read((choice.choices[1],)))
        counts.subtract(read((choice.choices[0],)))
        return {f"{choice.asks_for} {word}": float(count) for word, count in counts.items()}

    def shared(choice: Choice) -> Features:
        premise = read((choice.premise,))
        sides = [overlap(premise, read((meaning,))) for meaning in choice.choices]
        return {name: sides[1][name] - sides[0][name] for name in sides[0]}

    labels = [choice.label for choice in train], [choice.label for choice in test]
    return {
        "majority": _majority(*labels),
        "blind": _accuracy(train, test, blind, lambda choice: choice.label),
        "overlap": _accuracy(train, test, shared, lambda choice: choice.label, _tree()),
    }


def question_baselines(language: str, number: int = NUMBER, seed: int = 0) -> dict[str, float]:
    """Exact match on questions in a language, of baselines that are told all phrases of the right role.

    The first one; the most frequent one; the one of the sentence that shares most words with the question. Of equals
    the first. None of them learns. Arguments as above.
    """
    teller = Teller(language)
    stories = with_questions(draw_stories(seed, "stories", "test"), number)
    return _mean([_spans(story, place, teller) for story in stories for place in range(len(story.questions))])


def _spans(story: Story, place: int, teller: Teller) -> dict[str, float]:
    question = story.questions[place]
    asked = set(_words(teller, (question.meaning,)))
    sentences = [teller.sentence(meaning) for meaning in story.sentences]
    phrases = [sentence.text[slice(*sentence.span(question.role))] for sentence in sentences]
    words = [set(_words(teller, (meaning,))) for meaning in story.sentences]
    counts = Counter(phrases)
    guesses = {
        "first": phrases[0],
        "frequent": max(phrases, key=lambda phrase: counts[phrase]),
        "overlap": max(zip(words, phrases, strict=True), key=lambda pair: len(asked & pair[0]))[1],
    }
    return {name: float(guess == phrases[question.sentence]) for name, guess in guesses.items()}


def _mean(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}


def _words(teller: Teller, meanings: Sequence[Meaning]) -> list[str]:
    return [token.lower() for meaning in meanings for token in teller.sentence(meaning).tokens]


def _reader(language: str) -> Callable[[Sequence[Meaning]], list[str]]:
    teller = Teller(language)
    return lambda meanings: _words(teller, meanings)


def _drawn(draw: Callable[[Split], Iterable[Item]], number: int) -> tuple[list[Item], list[Item]]:
    return list(islice(draw("train"), number)), list(islice(draw("test"), number))


def _majority(train: Sequence[object], test: Sequence[object]) -> float:
    best = Counter(train).most_common(1)[0][0]
    return sum(label == best for label in test) / len(test)


def _tree() -> DecisionTreeClassifier:
    return DecisionTreeClassifier(max_depth=4, random_state=0)


def _accuracy(
    train: Sequence[Item],
    test: Sequence[Item],
    features: Callable[[Item], Features],
    label: Callable[[Item], object],
    classifier: object = None,
) -> float:
    """Accuracy on ``test`` of a classifier fitted on ``train``, by default a logistic regression."""
    model = make_pipeline(DictVectorizer(), classifier or LogisticRegression(max_iter=300))
    model.fit([dict(features(item)) for item in train], [label(item) for item in train])
    return float(model.score([dict(features(item)) for item in test], [label(item) for item in test]))


if __name__ == "__main__":
    size = int(sys.argv[1]) if len(sys.argv) > 1 else NUMBER
    codes = [code for code, told in the_world().languages.items() if told.labels]
    for measure in (inference_baselines, paraphrase_baselines, choice_baselines, question_baselines):
        found = {code: measure(code, size) for code in codes}
        rows = [[code, *(f"{100 * share:.1f}" for share in row.values())] for code, row in found.items()]
        print(f"\n{measure.__name__}\n{tabulate(rows, ['language', *found[codes[0]]], tablefmt='github')}")
