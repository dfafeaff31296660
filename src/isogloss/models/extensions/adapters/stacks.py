"""Which adapters a row of a batch goes through, by its language: in training, and in measuring."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace

from torch import Tensor, nn

from isogloss.models.extensions.adapters.adapters import Adapters
from isogloss.models.extensions.adapters.by_language import code_of
from isogloss.models.extensions.attaching import extensions_of

NAME = "adapters"
"""Name under which a model's adapters are attached."""


def of_languages(
    model: nn.Module, languages: Sequence[str], places: Tensor | None = None
) -> AbstractContextManager[None]:
    """A context in which each row of a batch goes through the adapters of its language; none where a model has none.

    Args:
        model: The model.
        languages: The language of each example ``[b]``.
        places: Which places ``[b, s]`` a masked-LM head is cut to; None: it sees all.
    """
    adapters = extensions_of(model).get(NAME)
    if not isinstance(adapters, Adapters) or adapters.stacks is None:
        return nullcontext()
    stacks = adapters.stacks
    if not stacks.languages:
        return adapters.using(*stacks.then)
    if stacks.keep and stacks.source is not None:
        return adapters.using(stacks.source, *stacks.then)
    codes = [code_of(language) for language in languages]
    return adapters.by_language(codes, stacks.languages, then=stacks.then, fallback=stacks.source, places=places)


@contextmanager
def kept(model: nn.Module, keep: bool) -> Iterator[None]:
    """Inside, languages go through the source's adapter (``keep``) or through their own."""
    adapters = extensions_of(model).get(NAME)
    if not isinstance(adapters, Adapters) or adapters.stacks is None:
        yield
        return
    before = adapters.stacks
    adapters.stacks = replace(before, keep=keep)
    try:
        yield
    finally:
        adapters.stacks = before
