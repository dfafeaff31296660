"""What the settings of aligned embeddings do: tags from vectors of sub-words alone, without any encoder.

    python docs/results/embeddings.py --threads 1 > docs/results/embeddings-table.md

A tagger with one hidden layer sees, of a word and its two neighbours, the mean, the first and the last vector of their
sub-words. It is trained on the English sentences of Universal Dependencies and scored on the first dev sentences of
every language; the vectors do not move. So vectors are worth as much as they are alike for words of a kind, whatever
the language. The vocabulary is that of the shipped encoder unless --tokenizer names another.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import torch
from tabulate import tabulate
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedTokenizerBase

from isogloss.data.conllu import ConllU
from isogloss.data.problems import Problems
from isogloss.examples import TaggedSentence
from isogloss.models.aligned_embeddings import aligned_embeddings
from isogloss.models.tokenizer import load_tokenizer
from isogloss.recipe.resolve import resolve_pretraining
from isogloss.start.align import in_units
from isogloss.start.prepare_pretraining import encode, read_text

GROUPS = {"de es fr ru fi": "well covered", "ko vi zh": "apart", "tr te wo ar hi": "thin"}
LANGUAGES = ["en", *" ".join(GROUPS).split()]
VARIANTS: dict[str, dict[str, Any] | None] = {
    "random vectors": None,
    "translations alone": {"share": 0.0},
    "as shipped: share 0.5, 500 clusters, two places each side": {},
    "share 0.25": {"share": 0.25},
    "share 1": {"share": 1.0},
    "150 clusters": {"clusters": 150},
    "1,500 clusters": {"clusters": 1500},
    "one place each side": {"offsets": (-1, 1)},
    "three places each side": {"offsets": (-3, -2, -1, 1, 2, 3)},
}

Words = tuple[list[list[int]], list[str]]
"""The sub-words of each word, and its tag; a word without sub-words and tag stands between two sentences."""


def words_of(sentences: Sequence[TaggedSentence], tokenizer: PreTrainedTokenizerBase) -> Words:
    """All words with their tags; between sentences stands an empty one."""
    pieces: list[list[int]] = []
    tags: list[str] = []
    for sentence in sentences:
        encoded = tokenizer(list(sentence.tokens), is_split_into_words=True, add_special_tokens=False)
        own: list[list[int]] = [[] for _ in sentence.tokens]
        for piece, word in zip(encoded.input_ids, encoded.word_ids(), strict=True):
            own[word].append(piece)
        pieces += [*own, []]
        tags += [*(sentence.tags or ()), ""]
    return pieces, tags


def features(pieces: Sequence[list[int]], vectors: np.ndarray) -> Tensor:
    """Mean, first and last vector of each word and of its neighbours ``[n, 9 d]``."""
    zero = np.zeros((1, vectors.shape[1]), dtype=np.float32)
    own = [vectors[word] if word else zero for word in pieces]
    single = np.stack([np.concatenate([rows.mean(axis=0), rows[0], rows[-1]]) for rows in own])
    before, after = np.roll(single, 1, axis=0), np.roll(single, -1, axis=0)
    return torch.from_numpy(np.concatenate([single, before, after], axis=1))


def accuracies(vectors: np.ndarray, train: Words, tests: Mapping[str, Words]) -> dict[str, float]:
    """Accuracy in per cent of the tagger in every language."""
    torch.manual_seed(0)
    names = sorted({tag for tag in train[1] if tag})
    inputs = features(train[0], vectors)
    targets = torch.tensor([names.index(tag) if tag else -100 for tag in train[1]])
    tagger = nn.Sequential(nn.Dropout(0.2), nn.Linear(inputs.shape[1], 128), nn.GELU(), nn.Linear(128, len(names)))
    optimizer = torch.optim.AdamW(tagger.parameters(), lr=2e-3)
    for _ in range(3):
        for chosen in torch.randperm(len(inputs)).split(256):
            optimizer.zero_grad()
            functional.cross_entropy(tagger(inputs[chosen]), targets[chosen]).backward()
            optimizer.step()
    tagger.eval()
    found = {}
    for language, (pieces, tags) in tests.items():
        with torch.no_grad():
            best = tagger(features(pieces, vectors)).argmax(dim=1).tolist()
        found[language] = 100 * mean(names[guess] == tag for guess, tag in zip(best, tags, strict=True) if tag)
    return found


def main() -> None:
    """Compute every variant and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokenizer", default="isogloss-small", help="folder of a tokenizer")
    parser.add_argument("--ud", type=Path, default=Path("../shared/data/ud"), help="LANGUAGE/SPLIT.conllu")
    parser.add_argument("--sentences", type=int, default=300, help="dev sentences per language")
    parser.add_argument("--threads", type=int, help="threads of torch")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    tokenizer = load_tokenizer(options.tokenizer, remote=False)
    problems = Problems()
    texts = read_text(resolve_pretraining("isogloss-small"), problems)
    encoded = {language: encode(own, tokenizer) for language, own in texts.sentences.items()}
    units, running = in_units(texts.units, encoded), {language: own.ids for language, own in encoded.items()}
    train = words_of(ConllU().read(options.ud / "en" / "train.conllu", "en", problems), tokenizer)
    tests = {}
    for language in LANGUAGES:
        read = ConllU().read(options.ud / language / "dev.conllu", language, problems)
        tests[language] = words_of(read[: options.sentences], tokenizer)
    size, dimension = len(tokenizer), 256
    lines = []
    for name, settings in VARIANTS.items():
        begun = time.perf_counter()
        if settings is None:
            drawn = np.random.default_rng(0).normal(size=(size, dimension))
            vectors = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
        else:
            vectors = aligned_embeddings(units, running, size, dimension, seed=0, **settings)[0].numpy()
        found = accuracies(vectors, train, tests)
        means = [mean(found[language] for language in group.split()) for group in GROUPS]
        lines.append([name, *(f"{value:.1f}" for value in [*means, *(found[language] for language in LANGUAGES)])])
        print(f"{name}: {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    headers = ["vectors", *(f"{name}: {group}" for group, name in GROUPS.items()), *LANGUAGES]
    print(tabulate(lines, headers, tablefmt="github", disable_numparse=True))


if __name__ == "__main__":
    main()
