"""What a run costs: time, data, memory and arithmetic. Keeping the books changes nothing in the run."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn

from isogloss.common.distributed import ALONE, Communicator
from isogloss.protocols import Batch, DataSource, Probe, Progress, Stream, memory_of, recall

TRAINING = "training"

Cost = dict[str, Any]
"""What `Ledger.read` gives, as plain values for JSON."""


@dataclass
class Ledger:
    """Adds up what a run costs, in all processes and over all its starts.

    Attributes:
        ranks: The processes of the run.
    """

    ranks: Communicator = ALONE
    _before: Cost = field(default_factory=dict)
    _seconds: dict[str, float] = field(default_factory=lambda: {TRAINING: 0.0})
    _counts: Counter[str] = field(default_factory=Counter)
    _sizes: dict[str, int] = field(default_factory=dict)
    _since: float | None = None
    _unbooked: int = 0
    _moving: tuple[bool, ...] = ()
    _per_subword: int = 0

    def resume(self, cost: Mapping[str, Any]) -> None:
        """Go on with what was read at the checkpoint that the run goes on from."""
        self._before = dict(cost)

    def start(self) -> None:
        """Begin to take time, and to watch the memory of the GPU: until further notice it is time of training."""
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
        self._since = _now()

    @contextmanager
    def aside(self, name: str) -> Iterator[None]:
        """Time spent inside is not time of training, but of ``name``."""
        start = _now()
        self._book(start)
        self._since = None  # a reading inside must not take it for training
        try:
            yield
        finally:
            self._since = _now()
            self._seconds[name] = self._seconds.get(name, 0.0) + self._since - start

    def count(self, batches: Sequence[Batch]) -> None:
        """Note micro-batches that are trained on, each with one forward and one backward pass.

        Both halves of a pair are pieces of text, so both count as samples and with their sub-words; a batch of pairs is
        one pass.
        """
        for batch in batches:
            self._counts["passes"] += 1
            for half in [batch] if batch.beside is None else [batch, batch.beside]:
                padded = half.inputs["input_ids"].numel()
                mask = half.inputs.get("attention_mask")
                self._counts["samples"] += len(half)
                self._counts["subwords"] += padded if mask is None else int(mask.sum())
                self._counts["padded_subwords"] += padded
                self._unbooked += padded

    @property
    def subwords(self) -> int:
        """Sub-words trained on since this start, about: those of this process, times the number of processes."""
        return self._counts["subwords"] * self.ranks.world_size

    @property
    def samples(self) -> int:
        """Pieces of text trained on since this start, about, as with `subwords`."""
        return self._counts["samples"] * self.ranks.world_size

    def step(self, model: nn.Module) -> None:
        """Note that a step has been taken, in which the parameters moved that require a gradient now."""
        moving = tuple(parameter.requires_grad for parameter in model.parameters())
        if moving != self._moving:
            self._moving, (dense, sizes) = moving, _sizes(model)
            self._per_subword = 2 * dense + 4 * sizes["trained_without_embeddings"]
            self._sizes = {name: max(size, self._sizes.get(name, 0)) for name, size in sizes.items()}
        self._counts["steps"] += self.ranks.rank == 0  # the steps of all processes are the same ones
        self._counts["flops"] += self._unbooked * self._per_subword
        self._unbooked = 0

    def read(self) -> Cost:
        """What the run has cost so far; to be called by all processes.

        Returns:
            ``steps``; ``seconds``, by what they were spent on, of the slowest process; ``samples`` (pieces of text,
            two in a pair), ``subwords`` without padding, ``padded_subwords`` and ``passes`` (micro-batches, with one
            forward and one backward pass each), over all processes; ``samples_per_second`` and ``subwords_per_second``
            of training; ``flops``, an estimate: (2·N + 4·N_trained) per sub-word with padding, N being parameters
            outside tables of embeddings, which is 6·N where all are trained (what attention does between sub-words is
            left out, and layers that share their weights count once);
            ``parameters``, ``trained_parameters`` and ``trained_without_embeddings``, the most in any step;
            ``peak_memory_cpu`` and ``peak_memory_gpu`` in bytes, of the process with the most: the resident set of the
            whole process since it began, and what torch had allocated on the GPU since the run did; ``processes``.

        Reference:
            Kaplan et al., *Scaling Laws for Neural Language Models*, 2020 (6·N per token).
        """
        if self._since is not None:
            self._book(_now())
        peak = {"peak_memory_cpu": _resident(), "peak_memory_gpu": _allocated(), "processes": self.ranks.world_size}
        own: Cost = {"seconds": dict(self._seconds), **self._counts, **self._sizes, **peak}
        cost = self._before
        parts = self.ranks.gather([own])
        now: Cost = {name: max(part.get(name, 0) for part in parts) for name in (*self._sizes, *peak)}
        names = dict.fromkeys(name for part in parts for name in part["seconds"])
        now["seconds"] = {name: max(part["seconds"].get(name, 0.0) for part in parts) for name in names}
        added = ("steps", "samples", "subwords", "padded_subwords", "passes", "flops")
        now |= {name: sum(part.get(name, 0) for part in parts) + cost.get(name, 0) for name in added}
        for name in (*self._sizes, *peak):
            now[name] = max(now[name], cost.get(name, 0))
        for name, seconds in cost.get("seconds", {}).items():
            now["seconds"][name] = now["seconds"].get(name, 0.0) + seconds
        passed = max(now["seconds"][TRAINING], 1e-9)
        return {**now, "samples_per_second": now["samples"] / passed, "subwords_per_second": now["subwords"] / passed}

    def seconds(self, name: str) -> tuple[float, float]:
        """Seconds spent on ``name`` by this process in this start, and on everything."""
        return self._seconds.get(name, 0.0), sum(self._seconds.values())

    def _book(self, now: float) -> None:
        if self._since is not None:
            self._seconds[TRAINING] += now - self._since
        self._since = now


@dataclass(frozen=True)
class Counted:
    """A stream whose batches are noted; implements `isogloss.protocols.Stream`.

    Attributes:
        stream: The stream.
        ledger: Where they are noted.
    """

    stream: Stream
    ledger: Ledger

    def __call__(self, k: int) -> list[Batch]:
        """The stream's own batches."""
        batches = self.stream(k)
        self.ledger.count(batches)
        return batches


def counted(sources: Mapping[str, DataSource], ledger: Ledger) -> dict[str, DataSource]:
    """The same sources, with everything that is drawn from them noted."""
    return {name: replace(source, stream=Counted(source.stream, ledger)) for name, source in sources.items()}


@dataclass(frozen=True)
class Timed:
    """A probe that says what it costs; implements `isogloss.protocols.Probe`.

    Attributes:
        probe: The probe.
        name: What it is called.
        ledger: Where its time is noted, apart from that of training.
    """

    probe: Probe
    name: str
    ledger: Ledger

    def due(self, step: int) -> bool:
        """As the probe."""
        return self.probe.due(step)

    def __call__(self, model: nn.Module, progress: Progress) -> list[dict[str, Any]]:
        """What the probe saw; a line says how long it took, and which share of the time since this start all took."""
        name = f"probe {self.name}"
        before, _ = self.ledger.seconds(name)
        with self.ledger.aside(name):
            rows = self.probe(model, progress)
        spent, whole = self.ledger.seconds(name)
        if self.ledger.ranks.rank == 0:
            taken = f"step {progress.step}: {name} took {spent - before:.2f} s"
            print(f"{taken}; so far {spent:.2f} s, {spent / max(whole, 1e-9):.1%} of the run", file=sys.stderr)
        return rows

    def state_dict(self) -> dict[str, Any]:
        """That of the probe."""
        return memory_of(self.probe)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from ``state``."""
        recall(self.probe, state)


def _sizes(model: nn.Module) -> tuple[int, dict[str, int]]:
    """Number of parameters outside tables of embeddings, and what `Ledger.read` says of parameters."""
    tables = {id(p) for module in model.modules() if isinstance(module, nn.Embedding) for p in module.parameters()}
    dense = total = trained = dense_trained = 0
    for parameter in model.parameters():
        size = parameter.numel()
        total, trained = total + size, trained + size * parameter.requires_grad
        if id(parameter) not in tables:
            dense, dense_trained = dense + size, dense_trained + size * parameter.requires_grad
    sizes = {"parameters": total, "trained_parameters": trained, "trained_without_embeddings": dense_trained}
    return dense, sizes


def _now() -> float:
    """The time when all that was started on the GPU is done."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


def _allocated() -> int:
    return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0


def _resident() -> int:
    """The largest resident set of this process, in bytes; 0 where the system does not say."""
    try:
        import resource  # not on Windows
    except ImportError:
        return 0
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest if sys.platform == "darwin" else 1024 * largest
