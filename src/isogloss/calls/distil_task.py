"""Train a small model to answer as the model of a finished run does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from glob import escape
from pathlib import Path
from typing import Any

from isogloss.calls.train import train
from isogloss.common.errors import IsoglossError
from isogloss.models.sources import require_source
from isogloss.recipe.build.data import build_collections
from isogloss.recipe.resolve import is_pretraining, resolve
from isogloss.recipe.spec.recipe import Recipe
from isogloss.recipe.spec.task import Task
from isogloss.reports.side_by_side import beside_teacher
from isogloss.run.folder import RunFolder

SHARE = 0.8
"""Share of the steps in which the teacher answers (ours); the rest see the run's labelled data."""

KEPT = (
    "data", "train_languages", "evaluate_languages", "few_shot", "limit", "steps", "batch_size", "learning_rate",
    "schedule", "warmup_steps", "weight_decay", "precision", "seed", "test", "evaluation_batch_size",
    "trust_remote_code", *Task.model_fields,
)  # fmt: skip
"""What the student's run has of its teacher's: its data, budget and trust, and not its method."""


def distil_task(
    run: str | Path,
    *,
    student: Any,  # noqa: ANN401 - what the user gave
    text: Sequence[Mapping[str, str]],
    languages: Sequence[str] | None,
    overrides: Sequence[str],
    limit: int | None,
    output: str | Path | None,
    resume: bool,
    overwrite: bool,
    report_to: str | None,
) -> list[dict[str, Any]]:
    """Train a student on the task of a run, with the run's answers to text; see `isogloss.distil`.

    Sentences of the run's test files are no text to answer to: the recipe names these files in ``exclude``.

    Raises:
        IsoglossError: There is no such run, the student is no encoder that there is, or there is no text.
    """
    folder = RunFolder(Path(run))
    if not folder.model.is_dir() or not folder.fingerprint.exists() or is_pretraining(folder.recipe):
        raise IsoglossError(f"run: {run} is no finished run of `isogloss train`; an encoder is given as TEACHER")
    if not isinstance(student, str | Path) or str(student).lstrip().startswith("{"):
        raise IsoglossError(
            f"student: with run it is an encoder that there is, a folder or hub id, found {student!r}; distil one on "
            "text first: isogloss distil TEACHER --student '{layers: 4}'"
        )
    require_source(student, "student")
    if not text:
        raise IsoglossError("text: is missing; with run it is what the run's model answers to, 'text/{language}.txt'")
    recipe = resolve(folder.recipe)
    stored = recipe.model_dump(mode="json")
    entries = [{**entry, "languages": list(languages)} if languages else dict(entry) for entry in text]
    asked = {
        **{key: stored[key] for key in KEPT},
        "label": "distilled",
        "model": str(student),
        "text": entries,
        "exclude": _test_files(recipe),
        "sources": [{"kind": "soft_labels", "share": SHARE, "teacher": str(run)}],
    }
    rows = train(
        asked,
        overrides=overrides,
        limit=limit,
        output=output if output is not None else _beside(folder.path),
        resume=resume,
        overwrite=overwrite,
        report_to=report_to,
    )
    from isogloss.common.distributed import processes  # the training had torch in it

    if processes().rank == 0 and rows:
        print(beside_teacher(folder.final_rows(), rows, str(run)))
    return rows


def _beside(run: Path) -> Path:
    """Where a student's run lies by default; a teacher's that is called . or .. has its name in the full path."""
    named = run if run.name not in ("", "..") else run.resolve()
    return named.with_name(f"{named.name}-distilled")


def _test_files(recipe: Recipe) -> list[str]:
    """The files of a recipe's data that a model is tested on, whose sentences no teacher shall answer to."""
    _, collections = build_collections(recipe.data)
    files = (item for own in collections for item in sorted(own.files().items()))
    return [escape(str(path)) for (_, split), path in files if split == "test"]
