"""Knowledge cut into sub-words: each part is gone through once, and written as it comes."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np
from transformers import PreTrainedTokenizerBase

from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import derive
from isogloss.common.uncut import uncut
from isogloss.data.apart import NONE, Apart
from isogloss.data.knowledge import Description, Knowledge, Linked
from isogloss.data.overlap import digest
from isogloss.store.arrays import ArrayWriter
from isogloss.store.cache import Cache
from isogloss.store.knowledge import EncodedKnowledge, read_knowledge
from isogloss.store.titles import spelling

CHUNK = 1024
"""Texts that are cut into sub-words at a time."""

LONGEST = 512
"""Sub-words of a description that are kept."""

MENTION = ("sentence", "first", "end", "entity")
"""What is written of a mention."""

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Wanted:
    """What is taken of knowledge.

    Attributes:
        languages: Those that count; None: all.
        limit: Most sentences of a language; None: all.
        held_out: Most sentences of a language that are kept apart to measure on, at most a twentieth of them.
        excluded: Digests of sentences that must not be learned from, see `isogloss.data.overlap`.
        apart: Entities and facts that are not learned from.
    """

    languages: tuple[str, ...] | None = None
    limit: int | None = None
    held_out: int = 0
    excluded: frozenset[bytes] = frozenset()
    apart: Apart = NONE

    def takes(self, language: str) -> bool:
        """Whether a language counts."""
        return self.languages is None or language in self.languages

    def key(self) -> dict[str, Any]:
        """All of it, as JSON."""
        shown = hashlib.sha256(b"".join(sorted(self.excluded))).hexdigest()
        return {**vars(self), "excluded": shown, "apart": self.apart.key()}


def encode_knowledge(
    knowledge: Knowledge, tokenizer: PreTrainedTokenizerBase, wanted: Wanted, cache: Cache | None
) -> EncodedKnowledge:
    """Knowledge cut into sub-words, from the cache where it is there.

    Args:
        knowledge: Where it comes from.
        tokenizer: A fast tokenizer.
        wanted: What is taken of it.
        cache: Where to look and to store; None: it lies in a folder of its own for as long as the process lives.

    Raises:
        IsoglossError: The knowledge has an error, or no sentence of a language that is wanted.
    """

    def build(folder: Path) -> None:
        with uncut(tokenizer.backend_tokenizer) as backend:
            _Builder(folder, backend, wanted).build(knowledge)

    key = {
        "knowledge": dict(knowledge.identity()),
        "tokenizer": hashlib.sha256(tokenizer.backend_tokenizer.to_str().encode()).hexdigest(),
        "wanted": wanted.key(),
    }
    found = None if cache is None else cache.get("knowledge", json.loads(json.dumps(key)), build, read_knowledge)
    if found is not None:
        return found
    # What is mapped stays there when its name has gone.
    with TemporaryDirectory(prefix="isogloss-") as folder:
        build(Path(folder))
        return read_knowledge(Path(folder))


class _Builder:
    """Goes once through each part of knowledge, and writes what is made of it."""

    def __init__(self, folder: Path, backend: Any, wanted: Wanted) -> None:  # noqa: ANN401 - of another library
        self.arrays, self.backend, self.wanted = ArrayWriter(folder), backend, wanted
        self.counts: Counter[str] = Counter()
        self.languages: dict[str, int] = {}

    def build(self, knowledge: Knowledge) -> None:
        sizes = Counter(language for language in knowledge.languages() if self.wanted.takes(language))
        for language in self.wanted.languages or ():
            if not sizes[language]:
                listed = ", ".join(sorted(set(knowledge.languages())))
                raise IsoglossError(f"languages: no sentence of knowledge in {language!r}; there are some in {listed}")
        self.languages = {language: number for number, language in enumerate(self.wanted.languages or sorted(sizes))}
        described = self._texts("descriptions", knowledge.descriptions())
        named = self._texts("relations", knowledge.relations())
        self._facts(knowledge, described, named)
        for chunk in _chunks(self._taken(knowledge.sentences(), sizes)):
            self._sentences(chunk, described)
        self.arrays.close({"languages": list(self.languages), "counts": dict(self.counts)})

    def _texts(self, name: str, texts: Iterable[Description]) -> np.ndarray:
        """The texts of keys; their keys, ascending."""
        keys: list[np.ndarray] = []
        languages: list[np.ndarray] = []
        self.arrays.add(f"{name}.starts", [0], np.int64)
        self.arrays.add(f"{name}.ids", [], np.int32)
        for chunk in _chunks(text for text in texts if text.language in self.languages):
            encodings = self.backend.encode_batch([text.text for text in chunk], add_special_tokens=False)
            self._append(name, [encoding.ids[:LONGEST] for encoding in encodings])
            for text, encoding in zip(chunk, encodings, strict=True):
                if name == "descriptions":
                    self.arrays.add(f"{name}.titles", spelling(text, encoding.offsets[:LONGEST]), np.uint8)
            keys.append(np.array([derive(text.key) for text in chunk], np.int64))
            languages.append(np.array([self.languages[text.language] for text in chunk], np.int32))
        every = np.concatenate([np.empty(0, np.int64), *keys])
        order = np.argsort(every, kind="stable")
        self.arrays.add(f"{name}.keys", every[order], np.int64)
        self.arrays.add(f"{name}.rows", order, np.int64)
        self.arrays.add(f"{name}.languages", np.concatenate([np.empty(0, np.int32), *languages])[order], np.int32)
        self.counts[name] = len(every)
        return np.asarray(every[order])

    def _append(self, name: str, texts: Sequence[Sequence[int]]) -> None:
        before = self.arrays.size(f"{name}.ids")
        self.arrays.add(f"{name}.ids", list(chain.from_iterable(texts)), np.int32)
        self.arrays.add(f"{name}.starts", before + np.cumsum(list(map(len, texts)), dtype=np.int64), np.int64)

    def _facts(self, knowledge: Knowledge, described: np.ndarray, named: np.ndarray) -> None:
        chunks = [
            np.array([tuple(map(derive, fact)) for fact in chunk], np.int64) for chunk in _chunks(knowledge.facts())
        ]
        rows = np.unique(np.concatenate([np.empty((0, 3), np.int64), *chunks]), axis=0)  # by subject, then relation
        known = _among(rows[:, 0], described) & _among(rows[:, 2], described)
        self.counts["facts without a description of subject or object"] = int((~known).sum())
        with_name = _among(rows[:, 1], named)
        self.counts["facts without a name of their relation"] = int((known & ~with_name).sum())
        rows = rows[known & with_name]
        kept = np.array([not self.wanted.apart.has_fact(*row) for row in rows.tolist()], bool)
        for name, own in (("known", rows), ("facts", rows[kept])):
            for column, part in enumerate(("subject", "relation", "object")):
                self.arrays.add(f"{name}.{part}", own[:, column], np.int64)
        self.counts["facts"], self.counts["facts kept apart"] = int(kept.sum()), int((~kept).sum())

    def _taken(self, sentences: Iterator[Linked], sizes: Mapping[str, int]) -> Iterator[tuple[Linked, bool]]:
        """The sentences that count, and whether each is to be measured on."""
        seen: Counter[str] = Counter()
        for sentence in sentences:
            language, limit = sentence.language, self.wanted.limit
            if language not in self.languages or (limit is not None and seen[language] >= limit):
                continue
            seen[language] += 1
            said = digest(sentence.text)
            if said in self.wanted.excluded:
                self.counts["sentences left out as excluded"] += 1
                continue
            number = sizes[language] if limit is None else min(limit, sizes[language])
            apart = int.from_bytes(said[:8]) < min(0.05, self.wanted.held_out / number) * 2**64
            yield sentence, apart

    def _sentences(self, chunk: Sequence[tuple[Linked, bool]], described: np.ndarray) -> None:
        encodings = self.backend.encode_batch([sentence.text for sentence, _ in chunk], add_special_tokens=False)
        entities = {mention.entity for sentence, apart in chunk if not apart for mention in sentence.mentions}
        keys = {entity: derive(entity) for entity in entities}
        every = np.array([*keys.values()], np.int64)
        known = set(every[_among(every, described)].tolist())
        texts: defaultdict[str, list[list[int]]] = defaultdict(list)
        mentions: defaultdict[str, list[tuple[int, int, int, int]]] = defaultdict(list)
        for (sentence, apart), encoding in zip(chunk, encodings, strict=True):
            if not encoding.ids:
                continue
            name = f"{'held' if apart else 'sentences'}.{self.languages[sentence.language]}"
            if not apart and sentence.mentions:
                place = max(0, self.arrays.size(f"{name}.starts") - 1) + len(texts[name])
                found = self._mentions(sentence, encoding.offsets, keys, known)
                mentions[name] += [(place, *mention) for mention in found]
            texts[name].append(encoding.ids)
            self.counts["sentences kept apart" if apart else "sentences"] += 1
        for name, own in texts.items():
            if not self.arrays.size(f"{name}.starts"):
                self.arrays.add(f"{name}.starts", [0], np.int64)
            self._append(name, own)
        for name, rows in mentions.items():
            self.counts["mentions"] += len(rows)
            for part, column in zip(MENTION, np.array(rows, np.int64).reshape(-1, 4).T, strict=True):
                self.arrays.add(f"{name}.{part}", column, np.int64)

    def _mentions(
        self, sentence: Linked, offsets: Sequence[tuple[int, int]], keys: Mapping[str, int], known: Container[int]
    ) -> Iterator[tuple[int, int, int]]:
        """First sub-word, the one after the last, and entity of each mention that is learned from."""
        for start, end, entity in sentence.mentions:
            key = keys[entity]
            if key not in known:
                self.counts["mentions of entities without a description"] += 1
                continue
            if self.wanted.apart.has_entity(key):
                self.counts["mentions of entities kept apart"] += 1
                continue
            inside = [piece for piece, (left, right) in enumerate(offsets) if left < end and start < right]
            if not inside:
                self.counts["mentions without a sub-word"] += 1
                continue
            yield inside[0], inside[-1] + 1, key


def _among(keys: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Which of the keys are among those that are known, which are in order."""
    if not len(known):
        return np.zeros(len(keys), bool)
    places = np.searchsorted(known, keys).clip(max=len(known) - 1)
    return np.asarray(known[places] == keys)


def _chunks(things: Iterable[Thing]) -> Iterator[list[Thing]]:
    rest = iter(things)
    chunk: Callable[[], list[Thing]] = lambda: list(islice(rest, CHUNK))  # noqa: E731
    return iter(chunk, [])
