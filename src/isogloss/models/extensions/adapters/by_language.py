"""What a model's adapters are for: those of languages, and those that follow them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Stacks:
    """The adapters of each language, and those after them.

    Attributes:
        languages: Names of language adapters by language; empty: there are none.
        then: The stack after them, the task adapter.
        source: Name of the language adapter of languages that have none, and of all where ``keep``; None: none.
        keep: Whether all languages go through that of ``source``.
    """

    languages: Mapping[str, str]
    then: tuple[str, ...]
    source: str | None = None
    keep: bool = False

    def own(self, language: str) -> bool:
        """Whether a language goes through an adapter of its own."""
        return not self.keep and code_of(language) in self.languages

    def values(self) -> dict[str, Any]:
        """All of it as plain values for JSON."""
        return {**asdict(self), "languages": dict(self.languages), "then": list(self.then)}


def code_of(language: str) -> str:
    """The language of a part of training data such as ``en/0``."""
    return language.partition("/")[0]
