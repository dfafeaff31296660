"""The models that translate, each opened once, and what they have translated already."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from isogloss.common.errors import IsoglossError
from isogloss.translation.codes import Direction, Telling
from isogloss.translation.memory import Memory
from isogloss.translation.translator import Translator, open_translator, translate_all


@dataclass
class Translators:
    """Translates texts between any two languages, each text once.

    Attributes:
        model: Folder or hub id of a model; ``{source}`` and ``{target}`` in it stand for the languages.
        telling: How models are told the languages.
        memory: Folder of what they have translated.
        batch_size: Texts per batch.
        options: What else `isogloss.translation.translator.open_translator` takes.
    """

    model: str
    telling: Telling
    memory: Path
    batch_size: int
    options: Mapping[str, Any]
    _opened: dict[str, Translator] = field(default_factory=dict)
    _memories: dict[Path, Memory] = field(default_factory=dict)

    def way(self, source: str, target: str) -> tuple[Translator, Direction]:
        """The model for two languages, and how it is told.

        Raises:
            IsoglossError: There is no such model, or it does not translate from the one into the other.
        """
        try:
            name = self.model.format(source=source, target=target)
        except (KeyError, IndexError, ValueError) as error:
            raise IsoglossError(
                f"model: {self.model!r} may hold {{source}} and {{target}} only, found {error}"
            ) from None
        if name not in self._opened:
            self._opened[name] = open_translator(name, **self.options)
        translator = self._opened[name]
        try:
            return translator, self.telling.direction(translator.tokenizer, source, target)
        except IsoglossError as error:
            raise IsoglossError(f"model {name!r}: {error}") from None

    def __call__(self, texts: Iterable[str], source: str, target: str) -> dict[str, str]:
        """The translation of each text; of a blank one it is empty."""
        translator, told = self.way(source, target)
        path = self.memory / f"{source}-{target}.{translator.key(told)}.jsonl"
        if path not in self._memories:
            self._memories[path] = Memory(path)
        memory = self._memories[path]
        wanted = list(dict.fromkeys(texts))
        title = f"{source} → {target}"
        new, cut = translate_all(wanted, translator, told, memory, batch_size=self.batch_size, title=title)
        said = f"{title}: {new:,} of {len(wanted):,} texts translated now, the others before"
        if cut:
            said += f"; {cut:,} longer than {translator.max_length} sub-words and truncated"
        print(said, file=sys.stderr)
        return {text: memory.known[text] if text.strip() else "" for text in wanted}
