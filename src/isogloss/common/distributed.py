"""Processes that train together. The only file that knows about ranks.

The model is never wrapped: what has to be added up over processes is added up here, explicitly. `Ranks` are the
processes of the launcher (``accelerate launch``, ``torchrun``); `ALONE` is a process that shares nothing, which is also
how a worker of the averaged-worker Reptile walks its inner loop.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import torch
import torch.distributed
from accelerate import PartialState  # type: ignore[import-untyped]
from accelerate.utils import gather_object, parse_flag_from_env  # type: ignore[import-untyped]
from torch import Tensor

BUCKET = 25 * 2**20
"""Bytes of gradient reduced in one call; 25 MiB is also what PyTorch's own data-parallel wrapper uses."""


class Communicator(Protocol):
    """What a group of processes can do together."""

    rank: int
    world_size: int

    def sum(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its sum over the processes, in place; equal to the last bit on all of them."""

    def gather(self, rows: list[Any]) -> list[Any]:
        """All processes' rows, in the order of ranks, on every process."""

    def wait(self) -> None:
        """Go on when all have come here."""


class Alone:
    """A process that shares nothing."""

    rank = 0
    world_size = 1

    def sum(self, tensors: Sequence[Tensor]) -> None:
        """Nothing to add."""

    def gather(self, rows: list[Any]) -> list[Any]:
        """Only its own rows."""
        return rows

    def wait(self) -> None:
        """Nobody to wait for."""


ALONE = Alone()


class Ranks:
    """The processes started by a launcher."""

    def __init__(self) -> None:
        self._state = _launched()
        self.rank: int = self._state.process_index
        self.world_size: int = self._state.num_processes

    def sum(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its sum over the processes, in place."""
        for bucket in _buckets(tensors):
            flat = torch.cat([tensor.reshape(-1) for tensor in bucket])
            torch.distributed.all_reduce(flat)
            start = 0
            for tensor in bucket:
                tensor.copy_(flat[start : start + tensor.numel()].view_as(tensor))
                start += tensor.numel()

    def gather(self, rows: list[Any]) -> list[Any]:
        """All processes' rows, in the order of ranks."""
        return list(gather_object(rows))

    def wait(self) -> None:
        """Go on when all have come here."""
        self._state.wait_for_everyone()


def processes() -> Communicator:
    """The group this process was launched in."""
    return Ranks() if _launched().num_processes > 1 else ALONE


def device() -> torch.device:
    """The device of this process."""
    return torch.device(_launched().device)


def average(group: Communicator, tensors: Sequence[Tensor]) -> None:
    """Replace each tensor by its mean over the processes, in place."""
    group.sum(tensors)
    if group.world_size > 1:
        for tensor in tensors:
            tensor.div_(group.world_size)


def sum_gradients(group: Communicator, parameters: Iterable[torch.nn.Parameter]) -> None:
    """Replace each gradient by its sum over the processes, in place."""
    if group.world_size > 1:
        group.sum([parameter.grad for parameter in parameters if parameter.grad is not None])


def union(group: Communicator, ids: Tensor, size: int) -> Tensor:
    """The whole numbers that any process has.

    Args:
        group: The processes.
        ids: This process's numbers ``[n]`` in [0, size), each once.
        size: How many numbers there are; marks for all of them are added up.

    Returns:
        The numbers of all processes, ascending, the same on each.
    """
    marks = torch.zeros(size, dtype=torch.int32, device=ids.device)
    marks[ids] = 1
    group.sum([marks])
    return marks.nonzero()[:, 0]


def gathered(group: Communicator, rows: Tensor) -> tuple[Tensor, Tensor]:
    """The rows of all processes, as if one had dealt them out one by one, with gradient.

    The gradient of a row is the sum of what all processes' losses ask of it; so all of them must go backward through
    what they are given.

    Args:
        group: The processes.
        rows: This process's rows ``[b, ...]``; each may have another number of them.

    Returns:
        All rows ``[n, ...]``, the same on each process, and where in them this process's are ``[b]``.
    """
    if group.world_size == 1:
        return rows, torch.arange(len(rows), device=rows.device)
    sizes = torch.zeros(group.world_size, dtype=torch.int64, device=rows.device)
    sizes[group.rank] = len(rows)
    group.sum([sizes])
    dealt = [(number, rank) for rank, size in enumerate(sizes.tolist()) for number in range(size)]
    order = sorted(dealt)
    own = torch.tensor([place for place, (_, rank) in enumerate(order) if rank == group.rank], device=rows.device)
    return _Gathered.apply(rows, own.long(), len(order), group), own.long()  # type: ignore[no-untyped-call]


class _Gathered(torch.autograd.Function):
    """Rows put among those of other processes."""

    @staticmethod
    def forward(context: Any, rows: Tensor, own: Tensor, number: int, group: Communicator) -> Tensor:  # noqa: ANN401
        context.group = group
        context.save_for_backward(own)
        every = rows.new_zeros(number, *rows.shape[1:])
        every[own] = rows
        group.sum([every])
        return every

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:  # noqa: ANN401
        (own,) = context.saved_tensors
        every = gradient.contiguous().clone()
        context.group.sum([every])
        return every[own], None, None, None


def _launched() -> PartialState:
    """What the launcher started. Left to itself, accelerate takes processes without a GPU for one process each."""
    is_launched = int(os.environ.get("WORLD_SIZE", "1")) > 1
    no_gpu = not torch.accelerator.is_available() or (is_launched and torch.backends.mps.is_available())
    return PartialState(cpu=no_gpu or parse_flag_from_env("ACCELERATE_USE_CPU"))


def _buckets(tensors: Sequence[Tensor]) -> Iterable[list[Tensor]]:
    """Runs of tensors of one type, of about `BUCKET` bytes."""
    bucket: list[Tensor] = []
    size = 0
    for tensor in tensors:
        if bucket and (size >= BUCKET or tensor.dtype != bucket[0].dtype):
            yield bucket
            bucket, size = [], 0
        bucket.append(tensor)
        size += tensor.numel() * tensor.element_size()
    if bucket:
        yield bucket
