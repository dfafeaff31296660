"""Knowledge in memory, and a little of it in the words of the text to pre-train on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from isogloss.data.knowledge import Description, Fact, Linked


class Told:
    """Knowledge in memory."""

    def __init__(self, sentences: Any = (), descriptions: Any = (), facts: Any = (), relations: Any = ()) -> None:
        self.parts = (list(sentences), list(descriptions), list(facts), list(relations))

    def identity(self) -> Mapping[str, str]:
        return {"told": repr(self.parts)}

    def languages(self) -> Iterator[str]:
        return (sentence.language for sentence in self.parts[0])

    def sentences(self) -> Iterator[Linked]:
        return iter(self.parts[0])

    def descriptions(self) -> Iterator[Description]:
        return iter(self.parts[1])

    def facts(self) -> Iterator[Fact]:
        return iter(self.parts[2])

    def relations(self) -> Iterator[Description]:
        return iter(self.parts[3])
