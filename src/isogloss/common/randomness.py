"""Randomness without memory: every draw is a pure function of the seed and of what is drawn for.

A generator that lives through a run has a state that a checkpoint must carry, and anything that draws once more (a
probe, an evaluation) shifts everything after it. Seeding afresh from names and numbers has neither problem.
"""

from __future__ import annotations

import hashlib

import numpy as np


def derive(*parts: int | str) -> int:
    """A seed in [0, 2**63) that depends on every part and on their order, the same in every process."""
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def generator(*parts: int | str) -> np.random.Generator:
    """A NumPy generator seeded by ``parts``."""
    return np.random.default_rng(derive(*parts))


def seed_torch(*parts: int | str) -> None:
    """Seed torch's global generators (all devices) by ``parts``: what dropout draws from in a step."""
    import torch  # not at the top: `isogloss world` draws much, and needs nothing of it

    seed = derive(*parts)
    if torch.accelerator.is_available():
        torch.manual_seed(seed)
    else:
        # The same on a CPU, without half a millisecond of looking for devices in every step.
        torch.default_generator.manual_seed(seed)
