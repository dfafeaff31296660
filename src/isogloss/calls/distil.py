"""Train a small encoder to see text as a large one does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from isogloss.calls.arguments import codes_of
from isogloss.calls.distil_task import distil_task
from isogloss.calls.pretrain import pretrain
from isogloss.calls.templates import text_entry, with_language
from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.several import several
from isogloss.recipe.overrides import Typed
from isogloss.recipe.spec.student import Student

RECIPE = "distilled"
"""The shipped recipe that says what no argument does."""

OBJECTIVES: Mapping[str, Mapping[str, Any]] = {
    "relations": {"relations": {}, "states": None},
    "states": {"relations": None, "states": {}},
    "both": {"relations": {}, "states": {}},
    "sentence": {"relations": None, "states": {}, "sentence": {}},
}
"""What a student may learn, as keys of source distil."""


def distil(
    teacher: str | Path | None = None,
    *,
    run: str | Path | None = None,
    student: Student | Mapping[str, Any] | str | Path | None = None,
    text: str | Path | Sequence[str | Path] = (),
    objective: str | None = None,
    languages: Sequence[str] | str | None = None,
    recipe: str | Path | None = None,
    overrides: Iterable[str] = (),
    scale: str | None = None,
    limit: int | None = None,
    output: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    report_to: str | None = None,
) -> list[dict[str, Any]]:
    """Train a small encoder to relate the places of a text, or to represent them, as a large one does.

    It is `pretrain` with a ``teacher`` in its recipe; what is not given is as the recipe has it. The student is a plain
    Hugging Face folder, to be fine-tuned by `train` as any other encoder.

    With ``run`` it is `train` instead, on the task of a finished run: the student learns from the run's labelled data
    and, in most of the steps, what the run's model answers to ``text`` of all languages, but for sentences of the run's
    test files; at the end the scores of both stand side by side.

    Args:
        teacher: Hub id, folder or shipped name of the encoder to learn from; default: the recipe's.
        run: Run folder of a finished run of `train`, to learn its task from its model; not with ``teacher``,
            ``objective``, ``recipe`` or ``scale``.
        student: What the student is like, such as ``{"layers": 4, "hidden": 256}``, also as YAML; what it leaves out
            follows from the teacher. Or hub id or folder of an encoder that learns on, which with
            ``run`` it must be, and have the run's sub-words. Default: the recipe's.
        text: Templates of files of text, such as ``"text/{language}.txt"``: a sentence a line, or as the ending says
            (tsv, csv, jsonl, conllu; ``.gz`` is unpacked), in the place of the recipe's text, languages and exclusions.
        objective: ``relations``, attention relations as in MiniLMv2; ``states``, last hidden states; ``both``; or
            ``sentence``, last hidden states, the first place's against the mean of the teacher's. In place of all
            sources of the recipe. Default: the recipe's.
        languages: Languages of the text, default: all.
        recipe: Path to YAML, or name of a shipped recipe, with text and steps; default: distilled.
        overrides: Keys to change, ``"a.b=c"`` each.
        scale: One of the recipe's scales.
        limit: Sentences read per file.
        output: Run folder; default ``runs/<recipe>-<scale>``, with ``run`` ``<run>-distilled``. The student is in
            ``model`` below it.
        resume: Go on with an existing run; one that has not been started is started.
        overwrite: Remove an existing run, once recipe, text and models have been read without an error, and start anew.
            A folder that holds anything else is refused.
        report_to: none, tensorboard or wandb.

    Returns:
        The rows of the final scores: per language the loss on held-out text and its terms; with ``run`` those of the
        task.

    Raises:
        IsoglossError: As `pretrain`; there is no such objective or kind of file; or relations are asked for and the
            student has sub-words that the teacher has not.

    Reference:
        Wang et al., *MiniLMv2: Multi-Head Self-Attention Relation Distillation for Compressing Pretrained
        Transformers*, Findings of ACL 2021.
    """
    if objective is not None and objective not in OBJECTIVES:
        raise IsoglossError(f"objective: no objective {objective!r}{nearest(objective, OBJECTIVES)}")
    given: dict[str, Any] = {}
    if teacher is not None:
        given["teacher"] = str(teacher)
    if objective is not None:
        given["sources"] = [{"kind": "distil", **OBJECTIVES[objective]}]
    templates = [text] if isinstance(text, str | Path) else list(text)
    codes = None if languages is None else codes_of(languages, "languages")
    if run is not None:
        named = {"teacher": teacher, "objective": objective, "recipe": recipe, "scale": scale}
        for name, value in named.items():
            if value is not None:
                raise IsoglossError(f"{name}: does not go with run, whose model and recipe are taken, found {value!r}")
        return distil_task(
            run,
            student=student,
            text=[text_entry(template) for template in templates],
            languages=codes,
            overrides=several(overrides),
            limit=limit,
            output=output,
            resume=resume,
            overwrite=overwrite,
            report_to=report_to,
        )
    if templates:
        # What the recipe says of its own text means nothing for another.
        given |= {"knowledge": None, "languages": None, "exclude": []}
        given["text"] = [with_language(text_entry(template), codes) for template in templates]
    if codes is not None:
        given["languages"] = codes
    said = {"sources": "objective", "knowledge": "text", "exclude": "text"}
    own = [Typed(f"{key}={json.dumps(value, ensure_ascii=False)}", said.get(key, key)) for key, value in given.items()]
    return pretrain(
        recipe or RECIPE,
        overrides=[*own, *as_student(student), *several(overrides)],
        scale=scale,
        limit=limit,
        output=output,
        resume=resume,
        overwrite=overwrite,
        report_to=report_to,
    )


def as_student(student: Student | Mapping[str, Any] | str | Path | None) -> list[str]:
    """The overrides that make a student; what it leaves out is the teacher's, and not that of the recipe's student."""
    if student is None:
        return []
    if isinstance(student, Student):
        student = student.model_dump(mode="json")
    if isinstance(student, Mapping):
        student = json.dumps(dict(student), ensure_ascii=False)
    if re.match(r"\w+:\s", str(student)):
        raise IsoglossError(f"student: sizes stand in braces, --student '{{{student}}}', found {student!r} without")
    if str(student).lstrip().startswith("{"):
        return [Typed("model=null", ""), Typed("student=null", ""), Typed(f"student={student}", f"student {student}")]
    return [
        Typed("student=null", ""),
        Typed(f"model={json.dumps(str(student), ensure_ascii=False)}", f"student {student}"),
    ]
