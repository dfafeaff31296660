"""What the texts of a recipe say before anything is trained: labels, words, and the sub-words of these."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from isogloss.common.scripts import WITHOUT_SPACES, dominant_scripts
from isogloss.data.corpus import Corpus
from isogloss.examples import Example, TaggedSentence
from isogloss.tasks.alignment import spaces_before

MOST = 200
"""Examples of a language whose words are looked at."""


@dataclass(frozen=True)
class Words:
    """The words of a language, as a tokenizer sees them.

    Attributes:
        pieces: Sub-words per word; None for texts without spaces, whose words are not known.
        unknown: Share of the words of which some part is unknown to the tokenizer, in [0, 1]; of texts without spaces,
            of the characters.
        spaced: Whether its script puts spaces between words.
    """

    pieces: float | None
    unknown: float
    spaced: bool


def texts_by_language(corpus: Corpus) -> dict[str, list[Example]]:
    """Some examples of each language, those to train on first."""
    found: dict[str, list[Example]] = {}
    measured = [(cell.language, own) for cell, own in corpus.evaluation.items()]
    for language, examples in (*corpus.train.items(), *measured):
        own = found.setdefault(language, [])
        own += examples[: MOST - len(own)]
    return found


def words_of(examples: Sequence[Example], tokenizer: PreTrainedTokenizerBase) -> Words | None:
    """The words of examples of a language; None where there are none."""
    texts = [part for example in examples for part in texts_of(example)]
    spaced = not is_without_spaces(texts)
    tagged = [example for example in examples if isinstance(example, TaggedSentence)]
    if tagged:
        words = [token for example in tagged for token in example.tokens]
    else:
        words = [word for text in texts for word in (text.split() if spaced else text) if not word.isspace()]
    if not words:
        return None
    backend, missing = tokenizer.backend_tokenizer, tokenizer.unk_token_id
    alone = {word: backend.encode(word, add_special_tokens=False).ids for word in set(words)}
    unknown = sum(missing in alone[word] for word in words) / len(words)
    cut = sum(len(backend.encode(text, add_special_tokens=False).ids) for text in texts)
    return Words(cut / len(words) if spaced or tagged else None, unknown, spaced)


def texts_of(example: Example) -> tuple[str, ...]:
    """The texts of an example as they are written."""
    if isinstance(example, TaggedSentence):
        return (example.text(spaces_before(example, True)),)
    return example.content


def is_without_spaces(texts: Iterable[str]) -> bool:
    """Whether the script that most letters are of puts no spaces between words."""
    scripts = dominant_scripts(" ".join(texts))
    return bool(scripts) and scripts.most_common(1)[0][0] in WITHOUT_SPACES


def label_shift(corpus: Corpus) -> dict[str, float]:
    """By language how far the labels lie from those of training: total variation, ½ Σ_y |p(y) − q(y)|, in [0, 1].

    q is the mean over training languages; test labels are not looked at. Empty where there are no labels (questions,
    choices).
    """
    counts: dict[str, Counter[str]] = {}
    measured = [(cell.language, own) for cell, own in corpus.evaluation.items() if cell.split == "dev"]
    for language, examples in (*corpus.train.items(), *measured):
        counts.setdefault(language, Counter()).update(label for example in examples for label in example.classes)
    shares = {language: _shares(own) for language, own in counts.items() if own}
    trained = [shares[language] for language in corpus.sources if language in shares]
    if not trained:
        return {}
    labels = {label for own in shares.values() for label in own}
    usual = {label: sum(own.get(label, 0.0) for own in trained) / len(trained) for label in labels}
    return {
        language: sum(abs(own.get(label, 0.0) - usual[label]) for label in labels) / 2
        for language, own in shares.items()
    }


def _shares(counts: Mapping[str, int]) -> dict[str, float]:
    total = sum(counts.values())
    return {label: number / total for label, number in counts.items()}
