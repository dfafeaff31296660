"""Out of memory, on a GPU or not, is one error that says what would need less of it."""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from isogloss.common.errors import IsoglossError

_SIGNS = ("out of memory", "can't allocate memory", "not enough memory", "alloc_failed")
"""How CUDA, the CPU's allocator, other accelerators and cuBLAS say it."""


@dataclass(frozen=True)
class Demand:
    """What a step of training holds in memory at once.

    Attributes:
        batch_size: Examples of a source in a step, over all processes.
        processes: Processes that share the batch.
        accumulation: Micro-batches that each process cuts its share into.
        length: Longest example, in sub-words.
    """

    batch_size: int
    processes: int
    accumulation: int
    length: int

    def advice(self, checkpoint: str | None) -> str:
        """What would need less memory.

        Args:
            checkpoint: Name of the last checkpoint; None: there is none.

        Example:
            >>> print(Demand(batch_size=32, processes=1, accumulation=1, length=128).advice("checkpoint-30"))
            batch_size 32 = 1 process(es) x 1 micro-batch(es) x 32, each of up to 128 sub-words. --resume --set \
gradient_accumulation_steps=2 goes on from checkpoint-30 with 16 at a time; the batch stays one of 32, and with it the \
result, up to rounding and dropout. --overwrite starts anew, with a smaller batch_size or max_length, precision: bf16, \
or fewer weights that move (lora, unfreezing: {kind: all_but_embeddings})
        """
        share = self.batch_size / self.processes
        at_once, smaller = math.ceil(share / self.accumulation), math.ceil(share / (2 * self.accumulation))
        said = (
            f"batch_size {self.batch_size} = {self.processes} process(es) x {self.accumulation} micro-batch(es) x "
            f"{at_once}, each of up to {self.length} sub-words. "
        )
        if smaller < at_once:
            place = "begins" if checkpoint is None else f"goes on from {checkpoint}"
            said += (
                f"--resume --set gradient_accumulation_steps={2 * self.accumulation} {place} with {smaller} at a time; "
                f"the batch stays one of {self.batch_size}, and with it the result, up to rounding and dropout. "
            )
        return said + (
            "--overwrite starts anew, with a smaller batch_size or max_length, precision: bf16, or fewer weights that "
            "move (lora, unfreezing: {kind: all_but_embeddings})"
        )


@contextmanager
def enough_memory(what: str, advice: Callable[[], str]) -> Iterator[None]:
    """Turn a failed allocation inside into one error; what was taken is given back.

    Args:
        what: What is done inside.
        advice: Says what would need less.

    Raises:
        IsoglossError: There was not enough memory.

    Example:
        >>> with enough_memory("step 3", lambda: "take less"):
        ...     raise MemoryError
        Traceback (most recent call last):
        isogloss.common.errors.IsoglossError: step 3: out of memory: take less
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        said = (str(error).splitlines() or [""])[0]
        if not isinstance(error, MemoryError) and not any(sign in said.lower() for sign in _SIGNS):
            raise
        # Frames that are over still hold their tensors, which a notebook would keep with the error.
        traceback.clear_frames(error.__traceback__)
        reason = f" ({said})" if said else ""
        raise IsoglossError(f"{what}: out of memory{reason}: {advice()}") from error
