"""Which adapter changes which rows of a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

Change = Callable[..., Tensor]
"""Given the name of an adapter and tensors of some rows, the first of these tensors changed by the adapter."""


class Step(Protocol):
    """One adapter for each row."""

    names: tuple[str, ...]

    def __call__(self, change: Change, *tensors: Tensor, places: bool = False) -> Tensor:
        """The first tensor with each row changed by its adapter.

        Args:
            change: What changes rows.
            tensors: ``[r, ...]`` each, for r rows.
            places: Whether the rows are places of a text which a masked-LM head was cut to, not examples.
        """


class Everywhere:
    """The same adapter for all rows.

    Example:
        >>> Everywhere("en")(lambda name, x: x + 1, torch.zeros(3))
        tensor([1., 1., 1.])
    """

    def __init__(self, name: str) -> None:
        self.names: tuple[str, ...] = (name,)

    def __call__(self, change: Change, *tensors: Tensor, places: bool = False) -> Tensor:
        """All rows changed in one call."""
        return change(self.names[0], *tensors)


class ByExample:
    """An adapter for each example; the rows of an adapter are taken together, in one call.

    An example may have several rows beside each other, as one with alternatives has.

    Args:
        chosen: Name of the adapter of each example ``[b]``.
        examples: The example of each place that a masked-LM head was cut to ``[m]``; None: it is not cut.

    Example:
        >>> step = ByExample(["en", "de", "en"])
        >>> step(lambda name, x: x + (1 if name == "en" else 2), torch.zeros(6))
        tensor([1., 1., 2., 2., 1., 1.])
    """

    def __init__(self, chosen: Sequence[str], examples: Tensor | None = None) -> None:
        self.names: tuple[str, ...] = tuple(dict.fromkeys(chosen))
        self._codes = torch.tensor([self.names.index(name) for name in chosen])
        self._examples = examples
        self._known: dict[tuple[int, torch.device, bool], tuple[list[Tensor], Tensor]] = {}

    def __call__(self, change: Change, *tensors: Tensor, places: bool = False) -> Tensor:
        """The rows changed in one call for each adapter."""
        rows, back = self._rows(len(tensors[0]), tensors[0].device, places)
        changed = [
            change(name, *(tensor[own] for tensor in tensors)) for name, own in zip(self.names, rows, strict=True)
        ]
        return torch.cat(changed)[back]

    def _rows(self, number: int, device: torch.device, places: bool) -> tuple[list[Tensor], Tensor]:
        """The rows of each adapter, and where each row is once these lie behind each other."""
        key = (number, device, places)
        if key not in self._known:
            codes = self._codes_of_places(number) if places else self._codes_of_rows(number)
            rows = [(codes == code).nonzero()[:, 0] for code in range(len(self.names))]
            self._known[key] = [own.to(device) for own in rows], torch.cat(rows).argsort().to(device)
        return self._known[key]

    def _codes_of_rows(self, number: int) -> Tensor:
        if number % len(self._codes):
            raise ValueError(f"{number} rows are not those of {len(self._codes)} examples")
        return self._codes.repeat_interleave(number // len(self._codes))

    def _codes_of_places(self, number: int) -> Tensor:
        if self._examples is None or len(self._examples) != number:
            raise ValueError(f"the head sees {number} places, and it is not known which examples they are of")
        return self._codes[self._examples.cpu()]
