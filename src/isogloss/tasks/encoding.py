"""Encoding of many examples, once: what was made of stored examples is stored too."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import tokenizers
import transformers
from transformers import PreTrainedTokenizerBase

from isogloss.common.uncut import uncut
from isogloss.data.problems import Problems
from isogloss.examples import Example
from isogloss.protocols import Feature
from isogloss.store.examples import StoredExamples
from isogloss.store.features import read_features, write_features
from isogloss.tasks.task import Task
from isogloss.tasks.unknown import Unknown

PIECE = 8192
"""Examples that are encoded at a time where the features go to the disk."""


@dataclass(frozen=True)
class Encoding:
    """How examples become features.

    Args:
        task: The task.
        tokenizer: The model's fast tokenizer.
        max_length: Longest feature, in sub-words, special ones included.
    """

    task: Task
    tokenizer: PreTrainedTokenizerBase
    max_length: int

    def encode(self, examples: Sequence[Example], problems: Problems, *, labelled: bool = True) -> Sequence[Feature]:
        """The features of examples, see `Task.encode`; of stored ones they are mapped into memory.

        Args:
            examples: The examples.
            problems: Takes a warning for every overlong one, and for files with many unknown sub-words.
            labelled: Whether their gold labels may be looked at.
        """
        if isinstance(examples, StoredExamples) and self.tokenizer.is_fast:
            key = {**self._key, "examples": examples.key, "labelled": labelled}
            build = partial(self._write, examples=examples, labelled=labelled)
            found = examples.cache.get("features", key, build, read_features)
            if found is not None:
                features, facts = found
                problems.add_summary(facts["warnings"])
                return features
        unknown = Unknown(self.tokenizer)
        encoded = self._encode(examples, problems, labelled, unknown)
        unknown.warn(problems)
        return encoded

    @cached_property
    def _key(self) -> dict[str, Any]:
        # Everything but how predictions are scored may change how examples are encoded.
        names = [field.name for field in dataclasses.fields(self.task) if field.name != "scorer"]  # type: ignore[arg-type]
        return {
            "task": [type(self.task).__qualname__, {name: getattr(self.task, name) for name in names}],
            "tokenizer": tokenizer_digest(self.tokenizer),
            "max_length": self.max_length,
            "versions": [tokenizers.__version__, transformers.__version__],
        }

    def _encode(
        self, examples: Sequence[Example], problems: Problems, labelled: bool, unknown: Unknown
    ) -> Sequence[Feature]:
        seen = examples if labelled else [example.without_labels() for example in examples]
        encoded = self.task.encode(seen, self.tokenizer, self.max_length)
        encoded.warn(examples, self.max_length, problems)
        unknown.add(examples, encoded.features)
        return encoded.features

    def _write(self, folder: Path, *, examples: StoredExamples, labelled: bool) -> None:
        problems, unknown = Problems(), Unknown(self.tokenizer)

        def pieces() -> Iterator[list[Feature]]:
            for start in range(0, len(examples), PIECE):
                features = self._encode(examples[start : start + PIECE], problems, labelled, unknown)
                yield [dataclasses.replace(feature, example=start + feature.example) for feature in features]
            unknown.warn(problems)

        write_features(folder, pieces(), examples.language, lambda: {"warnings": problems.summary()})


def tokenizer_digest(tokenizer: PreTrainedTokenizerBase) -> str:
    """SHA-256 of all that a fast tokenizer makes of a text, whatever it has been used for before."""
    with uncut(tokenizer.backend_tokenizer) as backend:
        parts = [backend.to_str(), type(tokenizer).__module__, type(tokenizer).__qualname__, *map(str, (
            tokenizer.model_max_length, tokenizer.model_input_names, tokenizer.padding_side, tokenizer.truncation_side,
            sorted(map(str, tokenizer.special_tokens_map.items())), getattr(tokenizer, "split_special_tokens", None),
        ))]  # fmt: skip
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
