"""The hidden states that a module of a model leaves, whatever comes after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn


@contextmanager
def seen_states(module: nn.Module) -> Iterator[list[Tensor]]:
    """Inside, the states ``[b, s, d]`` that a module leaves are noted, one tensor for each forward pass.

    Args:
        module: An encoder, or one of its layers (`isogloss.models.sentence_states.layer_of`).
    """
    seen: list[Tensor] = []

    def note(module: nn.Module, arguments: object, output: Any) -> None:  # noqa: ANN401 - a tensor or any ModelOutput
        seen.append(output if isinstance(output, Tensor) else output[0])

    handle = module.register_forward_hook(note)
    try:
        yield seen
    finally:
        handle.remove()
