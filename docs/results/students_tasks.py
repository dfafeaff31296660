"""The evidence for a small default encoder after fine-tuning: students of ``students.py`` learn tasks from English.

python docs/results/students_tasks.py rates --model FOLDER   # of the first student and the teacher, on dev data
python docs/results/students_tasks.py run --model FOLDER
python docs/results/students_tasks.py collect
python docs/results/students_tasks.py tables

`--model` is the teacher, `--runs` the folder that ``students.py`` has filled. Data and lengths are those of
``unfreezing.py``, but for topics, which are three passes over SIB-200's English sentences. All students train at the
rate of the first one, and so does the encoder that comes with the package, which has read 47 times as much.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import arms
import students
import study
import unfreezing

TEACHER, SHIPPED = "the teacher", "isogloss-small"
TAUGHT = {
    "pos": unfreezing.TAUGHT["pos"],
    "topic": unfreezing.English(
        {"max_length": 128, "batch_size": 16, "steps": 132},
        {"task": "topic", "format": "tsv"},
        {"name": "sib200_train", "path": f"{unfreezing.SHARED}/sib200/{{language}}/train.tsv"},
        "sib200/en/dev.tsv",
        {"sib200": ("sib200/{language}/test.tsv", ("en", "de", "fi", "ru", "vi", "zh", "hi", "sw", "tr"))},
        study.rows_of_table,
        204,
    ),
    "nli": unfreezing.TAUGHT["nli"],
}
RATES = {TEACHER: (2e-4, 4e-4), students.BASE: (2e-4, 4e-4)}


def start(run: arms.Run, model: str, root: Path) -> str:
    """The encoder that a run starts from."""
    if run.arm in students.ARMS:
        return str(students.Run(run.arm).model(root))
    return model if run.arm == TEACHER else run.arm


def recipe(run: arms.Run, model: str, root: Path) -> dict[str, Any]:
    """The recipe of a run, with the shortened files below ``root``."""
    task = TAUGHT[run.task]
    steps = task.settings["steps"]
    return {
        **unfreezing.BASE, **task.settings, "method": "multitask", "unfreezing": {"kind": "all_but_embeddings"},
        "model": start(run, model, root), "data": task.data(root, run.is_tuning), "seed": run.seed,
        "evaluation_steps": steps, "save_steps": steps, "learning_rate": run.rate, "test": not run.is_tuning,
    }  # fmt: skip


STUDY = arms.Study(
    script=__file__,
    tasks={name: task.task("accuracy") for name, task in TAUGHT.items()},
    rates={arm: RATES.get(arm, ()) for arm in (TEACHER, SHIPPED, *students.ARMS)},
    follows={arm: (students.BASE, 1.0) for arm in (SHIPPED, *students.ARMS) if arm != students.BASE},
    compared={arm: students.BASE for arm in (TEACHER, SHIPPED, *students.ARMS) if arm != students.BASE},
    recipe=recipe,
)

if __name__ == "__main__":
    STUDY.main(__doc__, "students-tasks")
