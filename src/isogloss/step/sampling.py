"""Which data does this step see? Pure functions from the step to the names of sources.

None of them remembers anything, so a run can stop and go on anywhere, and all ranks agree without talking. What the
batch of a source then holds, such as which of two translations of a sentence, is its stream's to say
(`isogloss.streams`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import generator
from isogloss.common.shares import shares
from isogloss.protocols import Sampler


@dataclass(frozen=True)
class Joint:
    """All sources in every step; the loop adds their losses up (multi-task training, summed).

    Args:
        names: The sources.

    Example:
        >>> Joint(("de", "en"))(7)
        ('de', 'en')
    """

    names: tuple[str, ...]

    def __call__(self, step: int) -> tuple[str, ...]:
        """All names."""
        return self.names


@dataclass(frozen=True)
class Temperature:
    """One source per step, drawn with replacement with probability N_t^(1/T) / sum_u N_u^(1/T).

    Args:
        names: The m sources.
        sizes: Their numbers of training examples.
        temperature: T > 0; default 1.0, proportional to size, so that the examples seen match the concatenated data.
        seed: Seed of the draws.

    Example:
        At T = 2, sizes of 9 to 1 are drawn 3 to 1:

        >>> sampler = Temperature(("de", "en"), sizes=(900, 100), temperature=2.0)
        >>> drawn = [name for step in range(1000) for name in sampler(step)]
        >>> drawn.count("de"), drawn.count("en")
        (745, 255)

    Reference:
        Conneau et al., *Unsupervised Cross-lingual Representation Learning at Scale*, ACL 2020 (exponential smoothing);
        Lee et al., *Sequential Reptile*, ICLR 2022 (one task per inner step).
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    temperature: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Check sizes and temperature."""
        if len(self.names) != len(self.sizes):
            raise IsoglossError(f"every source needs one size, found {len(self.names)} names, {len(self.sizes)} sizes")
        shares(self.sizes, self.temperature)

    def __call__(self, step: int) -> tuple[str, ...]:
        """The source of step ``step``."""
        edges = np.cumsum(shares(self.sizes, self.temperature))
        draw = generator(self.seed, "sampling", step).random()
        return (self.names[min(int(np.searchsorted(edges, draw, side="right")), len(self.names) - 1)],)


@dataclass(frozen=True)
class RoundRobin:
    """One source per step, in turn: step mod m.

    Args:
        names: The m sources.

    Example:
        >>> sampler = RoundRobin(("de", "en"))
        >>> [sampler(step) for step in range(3)]
        [('de',), ('en',), ('de',)]
    """

    names: tuple[str, ...]

    def __call__(self, step: int) -> tuple[str, ...]:
        """The source of step ``step``."""
        return (self.names[step % len(self.names)],)


@dataclass(frozen=True)
class Permuted:
    """One source per step, in passes: each pass takes ``length`` of the m sources, distinct and in random order.

    Args:
        names: The m sources.
        length: Steps per pass, 1 to m; None: m, so that a pass sees every source once.
        seed: Seed of the orders.

    Raises:
        IsoglossError: ``length`` is outside 1 to m.

    Example:
        Two passes, each over all three:

        >>> sampler = Permuted(("de", "en", "sw"))
        >>> [name for step in range(6) for name in sampler(step)]
        ['sw', 'en', 'de', 'en', 'sw', 'de']

    Reference:
        Shi et al., *Gradient Matching for Domain Generalization*, ICLR 2022 (Fish's inner loop).
    """

    names: tuple[str, ...]
    length: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the length."""
        if self.length is not None and not 1 <= self.length <= len(self.names):
            raise IsoglossError(
                f"a pass takes each source once at most: length must be 1 to {len(self.names)}, found {self.length}"
            )

    def __call__(self, step: int) -> tuple[str, ...]:
        """The source of step ``step``."""
        turn, place = divmod(step, self.length or len(self.names))
        return (self.names[generator(self.seed, "pass", turn).permutation(len(self.names))[place]],)


@dataclass(frozen=True)
class Blocks:
    """Hold each choice of another sampler for ``length`` steps (Reptile's inner loops).

    Args:
        sampler: The sampler asked once per block, with the number of the block.
        length: Steps per block, at least 1.

    Example:
        >>> sampler = Blocks(RoundRobin(("de", "en")), 2)
        >>> [name for step in range(6) for name in sampler(step)]
        ['de', 'de', 'en', 'en', 'de', 'de']
    """

    sampler: Sampler
    length: int

    def __post_init__(self) -> None:
        """Check the length."""
        if self.length < 1:
            raise IsoglossError(f"length of a block must be at least 1, found {self.length}")

    def __call__(self, step: int) -> tuple[str, ...]:
        """The sources of step ``step``."""
        return self.sampler(step // self.length)


@dataclass(frozen=True)
class Drawn:
    """One of several samplers per step, drawn with replacement in given shares.

    Args:
        samplers: The samplers, each asked with the step of the run.
        shares: Their shares of the steps, above 0; they add up to 1.
        seed: Seed of the draws.

    Raises:
        IsoglossError: The shares are not one per sampler, not above 0, or do not add up to 1.

    Example:
        >>> sampler = Drawn((Joint(("en", "de")), Joint(("text",))), (0.75, 0.25))
        >>> [sampler(step) for step in range(4)].count(("text",)) <= 4
        True
    """

    samplers: tuple[Sampler, ...]
    shares: tuple[float, ...]
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the shares."""
        fit = len(self.shares) == len(self.samplers) and all(share > 0 for share in self.shares)
        if not fit or abs(sum(self.shares) - 1) > 1e-6:
            raise IsoglossError(
                f"shares: one above 0 for each of {len(self.samplers)} samplers, 1 together, found {self.shares}"
            )

    def __call__(self, step: int) -> tuple[str, ...]:
        """The sources of step ``step``."""
        draw = generator(self.seed, "sampling", step).random()
        place = int(np.searchsorted(np.cumsum(self.shares), draw, side="right"))
        return self.samplers[min(place, len(self.samplers) - 1)](step)


@dataclass(frozen=True)
class Stages:
    """One sampler after the other, each for a number of steps; the last one for ever.

    Args:
        samplers: The samplers, each asked with the step of the run.
        ends: The step at which each but the last one ends, in rising order.

    Example:
        >>> sampler = Stages((Joint(("en",)), Joint(("de", "en"))), ends=(2,))
        >>> [sampler(step) for step in range(4)]
        [('en',), ('en',), ('de', 'en'), ('de', 'en')]
    """

    samplers: tuple[Sampler, ...]
    ends: tuple[int, ...]

    def __post_init__(self) -> None:
        """Check the ends."""
        if len(self.ends) != len(self.samplers) - 1 or list(self.ends) != sorted(set(self.ends)):
            raise IsoglossError(
                f"stages: {len(self.samplers)} of them need {len(self.samplers) - 1} rising ends, found {self.ends}"
            )

    def __call__(self, step: int) -> tuple[str, ...]:
        """The sources of step ``step``."""
        stage = sum(step >= end for end in self.ends)
        return self.samplers[stage](step)
