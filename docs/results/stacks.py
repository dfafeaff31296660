"""The evidence for stacks: the best answers to different questions, each alone and all together.

python docs/results/stacks.py rates --model FOLDER    # choose learning rates on English dev data
python docs/results/stacks.py run --model FOLDER
python docs/results/stacks.py collect
python docs/results/stacks.py tables

FOLDER holds a real encoder: intfloat/multilingual-e5-small, for the rows kept here. Data and lengths are those of
``xmixup.py``: labelled texts in six languages, which are translations of each other. Each run is a process of
a thread; finished runs are skipped, so the script can be stopped and started again, and several times beside itself.
`--task` and `--arms` choose a part.

Averaging gains where the rate does not fall (see ``real_encoder.py``), so its arms train at a constant rate after
warm-up: at half the peak of the same arm without it, as one seed of plain training chose there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import arms
import unfreezing
import xmixup

LOOKS = 8
"""How often weights are looked at whose mean is taken."""

AVERAGING: dict[str, Any] = {"selection": "average", "schedule": "constant_with_warmup"}
ADAPTERS: dict[str, Any] = {"adapters": {}, "unfreezing": {"kind": "gradual", "every": unfreezing.EVERY}}
MIXUP: dict[str, Any] = {"method": "x_mixup"}
ARMS: dict[str, dict[str, Any]] = {
    "all": {},
    "averaging": AVERAGING,
    "adapters": ADAPTERS,
    "x_mixup": MIXUP,
    "averaging + adapters": AVERAGING | ADAPTERS,
    "adapters + x_mixup": ADAPTERS | MIXUP,
    "averaging + adapters + x_mixup": AVERAGING | ADAPTERS | MIXUP,
}
"""The arms: what a recipe says beside ``all``, multi-task training on all texts with the embeddings frozen.

``adapters``: in an encoder that stays as it is, opened from the top by a schedule.
"""

FULL = (1e-4, 2e-4)
"""Rates that are tried first; where the best is at an end, the next one by a factor of two is tried, too."""
FOLLOWS = {
    "averaging": "all",
    "averaging + adapters": "adapters",
    "averaging + adapters + x_mixup": "adapters + x_mixup",
}


def recipe(run: arms.Run, model: str, root: Path) -> dict[str, Any]:
    """The recipe of a run, with the files below ``root``."""
    own = xmixup.SETS[run.task]
    steps = own.settings["steps"]
    return {
        **xmixup.BASE, **own.settings, "method": "multitask", "train_languages": list(own.seen), **ARMS[run.arm],
        "model": model, "data": own.data(root / "data" / run.task, run.arm, run.is_tuning), "seed": run.seed,
        "evaluation_steps": steps // LOOKS if "averaging" in run.arm else steps, "save_steps": steps,
        "learning_rate": run.rate, "test": not run.is_tuning,
    }  # fmt: skip


STUDY = arms.Study(
    script=__file__,
    tasks=xmixup.TASKS,
    rates={arm: unfreezing.SMALL if "adapters" in arm else FULL for arm in ARMS},
    follows={arm: (other, 0.5) for arm, other in FOLLOWS.items()},
    compared={
        **dict.fromkeys((arm for arm in ARMS if arm != "all"), "all"),
        "averaging + adapters + x_mixup": ("all", "adapters"),
    },
    recipe=recipe,
)

if __name__ == "__main__":
    STUDY.main(__doc__, "stacks")
