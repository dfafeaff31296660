"""How much of a text a tokenizer does not know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from isogloss.data.problems import Problems
from isogloss.examples import Example
from isogloss.protocols import Feature

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

MOST = 0.05
"""Share of unknown sub-words in a file above which a warning is given."""


@dataclass(frozen=True)
class Unknown:
    """Counts the unknown sub-words of files; special ones do not count.

    Attributes:
        tokenizer: The tokenizer.
    """

    tokenizer: PreTrainedTokenizerBase
    _unknown: Counter[tuple[str, str]] = field(default_factory=Counter)
    _all: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, examples: Sequence[Example], features: Iterable[Feature]) -> None:
        """Count the sub-words of features, by file and language of the examples that they were made of."""
        unknown = self.tokenizer.unk_token_id
        special = set(self.tokenizer.all_special_ids) - {unknown}
        for feature in features:
            ids, example = list(feature.inputs["input_ids"]), examples[feature.example]
            place = (str(example.path), example.language)
            self._unknown[place] += ids.count(unknown)
            self._all[place] += len(ids) - sum(map(ids.count, special))

    def share(self) -> float | None:
        """Unknown sub-words of all files, divided by all that are not special, in [0, 1]; None: there are none."""
        return self._unknown.total() / self._all.total() if self._all.total() else None

    def warn(self, problems: Problems) -> None:
        """A warning for every file and language of whose sub-words more than `MOST` are unknown."""
        for (path, language), number in self._all.items():
            share = self._unknown[path, language] / number if number else 0.0
            if share > MOST:
                problems.warning(
                    path,
                    None,
                    f"{share:.1%} of the sub-words of {language} are unknown to the tokenizer, which lacks their "
                    "script or characters: the model does not see what they are, so scores there mean little",
                )
