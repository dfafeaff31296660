"""The evidence for XLM-K after fine-tuning: encoders of ``xlm_k.py`` learn names, inference and questions from English.

python docs/results/xlm_k_tasks.py rates    # choose the learning rate of the control on English dev data
python docs/results/xlm_k_tasks.py run
python docs/results/xlm_k_tasks.py collect
python docs/results/xlm_k_tasks.py tables

`--model` is the encoder that there was before, `--runs` the folder that ``xlm_k.py`` has filled. All arms train at the
rate of the control, which is chosen with two seeds, since they differ in nothing but what their encoder has read. The
seed of an encoder is that of its fine-tuning, modulo how many encoders there are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import arms
import unfreezing
import xlm_k

FINE_TUNED = (xlm_k.UNTOUCHED, xlm_k.CONTROL, "mlm + mep", "mlm + oe", "mlm + mep + oe")
TASKS = {
    name: arms.Task(
        metric, (plain := unfreezing.TAUGHT[name].task(metric)).groups, plain.write_data, (0, 1, 2), arms.TUNING_SEEDS
    )
    for name, metric in (("ner", "f1"), ("nli", "accuracy"), ("qa", "f1"))
}


def encoder(run: arms.Run, model: str, root: Path) -> str:
    """Where a run starts."""
    if run.arm == xlm_k.UNTOUCHED:
        return model
    seed = xlm_k.SEEDS[run.seed % len(xlm_k.SEEDS)]
    return str(xlm_k.Run(run.arm, seed).folder(root) / "run" / "model")


def recipe(run: arms.Run, model: str, root: Path) -> dict[str, Any]:
    """The recipe of a run, with the shortened files below ``root``."""
    task = unfreezing.TAUGHT[run.task]
    steps = task.settings["steps"]
    return {
        **unfreezing.BASE, **task.settings, "method": "multitask", "unfreezing": {"kind": "all_but_embeddings"},
        "model": encoder(run, model, root), "data": task.data(root, run.is_tuning), "seed": run.seed,
        "evaluation_steps": steps, "save_steps": steps, "learning_rate": run.rate, "test": not run.is_tuning,
    }  # fmt: skip


STUDY = arms.Study(
    script=__file__,
    tasks=TASKS,
    rates=dict.fromkeys(FINE_TUNED, (1e-4, 2e-4)),
    follows={arm: (xlm_k.CONTROL, 1.0) for arm in FINE_TUNED if arm != xlm_k.CONTROL},
    compared={arm: xlm_k.CONTROL for arm in FINE_TUNED if arm != xlm_k.CONTROL},
    recipe=recipe,
)

if __name__ == "__main__":
    STUDY.main(__doc__, "xlm-k-tasks")
