"""The evidence for XLM-K after fine-tuning: encoders of ``xlm_k.py`` learn names, inference and questions from English.

python docs/results/xlm_k_tasks.py rates    # choose the learning rate of the controls on English dev data
python docs/results/xlm_k_tasks.py run
python docs/results/xlm_k_tasks.py collect
python docs/results/xlm_k_tasks.py tables

`--model` is the real encoder that there was before, `--runs` the folder that ``xlm_k.py`` has filled. All arms of an
encoder train at the rate of its control, since they differ in nothing but what their encoder has read. The seed of an
encoder is that of its fine-tuning, modulo how many encoders there are; rates are chosen on the first.

Arms with adapters leave the encoder as it is, and open adapters in it from the top, as ``gradual`` of ``unfreezing.py``
does: there questions were learned so in every seed.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import arms
import unfreezing
import xlm_k

STEPS = {"ner": 160, "nli": 240, "qa": 120}
TAUGHT = {
    name: replace(unfreezing.TAUGHT[name], settings={**unfreezing.TAUGHT[name].settings, "steps": steps})
    for name, steps in STEPS.items()
}
FULL: dict[str, Any] = {"method": "multitask", "unfreezing": {"kind": "all_but_embeddings"}}
GROUPS = ("targets", "English")


def _task(name: str, metric: str) -> arms.Task:
    found = TAUGHT[name].task(metric)
    return replace(found, groups={group: found.groups[group] for group in GROUPS})


TASKS = {name: _task(name, metric) for name, metric in (("ner", "f1"), ("nli", "accuracy"), ("qa", "f1"))}
RATES = {"real": (1e-4, 2e-4), "shipped": (5e-4, 1e-3)}
PLACES = {
    f"{encoder}, {arm}": xlm_k.Run(encoder, arm, 0)
    for encoder in xlm_k.ENCODERS
    for arm in (xlm_k.UNTOUCHED, xlm_k.CONTROL, "mlm + mep", "mlm + oe", "mlm + mep + oe")
}
"""By arm where a run starts, but for the seed."""
ADAPTED = {f"{arm}, adapters": place for arm, place in PLACES.items()}
"""The same of arms in which the encoder stays as it is, and adapters in it learn."""
CONTROLS = {
    f"{place.encoder}, {place.arm}{end}": f"{place.encoder}, {xlm_k.CONTROL}{end}"
    for end in ("", ", adapters")
    for place in PLACES.values()
    if place.arm != xlm_k.CONTROL
}


def start(run: arms.Run, model: str, root: Path) -> str:
    """The encoder that a run starts from."""
    place = (PLACES | ADAPTED)[run.arm]
    if place.arm == xlm_k.UNTOUCHED:
        return model if place.encoder == "real" else xlm_k.ENCODERS[place.encoder].model
    place = replace(place, seed=xlm_k.SEEDS[0 if run.is_tuning else run.seed % len(xlm_k.SEEDS)])
    return str(place.folder(root) / "run" / "model")


def recipe(run: arms.Run, model: str, root: Path) -> dict[str, Any]:
    """The recipe of a run, with the shortened files below ``root``."""
    adapted = run.arm in ADAPTED
    task = (unfreezing.TAUGHT if adapted else TAUGHT)[run.task]
    how = unfreezing.ARMS["gradual"][0] if adapted else FULL
    steps = task.settings["steps"]
    return {
        **unfreezing.BASE, **task.settings, **how, "model": start(run, model, root),
        "data": task.data(root, run.is_tuning), "seed": run.seed,
        "evaluation_steps": steps, "save_steps": steps, "learning_rate": run.rate, "test": not run.is_tuning,
    }  # fmt: skip


STUDY = arms.Study(
    script=__file__,
    tasks=TASKS,
    rates={arm: RATES[place.encoder] for arm, place in PLACES.items()} | dict.fromkeys(ADAPTED, unfreezing.SMALL),
    follows={arm: (control, 1.0) for arm, control in CONTROLS.items()},
    compared=CONTROLS,
    recipe=recipe,
)

if __name__ == "__main__":
    STUDY.main(__doc__, "xlm-k-tasks")
