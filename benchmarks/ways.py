"""Ways of training on the same batches: everything moves, or little of it does. What differs is time and memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

from benchmarks.ours import Ours
from benchmarks.workload import Workload

FULL, TABLE_FROZEN = "all parameters", "all but the embeddings"
ADAPTERS, LORA = "a task adapter", "LoRA"


def _way(method: str, **answers: object) -> Callable[[Workload], Ours]:
    return lambda workload: Ours(workload, method, "fp32", clock=time.process_time, **answers)


WAYS: Mapping[str, Callable[[Workload], Ours]] = MappingProxyType(
    {
        FULL: _way("multitask"),
        TABLE_FROZEN: _way("multitask", unfreezing={"kind": "all_but_embeddings"}),
        ADAPTERS: _way("adapters"),
        LORA: _way("lora"),
    }
)
"""Makes the arm of a workload. Its seconds are of the processor, which others on the machine disturb less."""
