"""One page that shows runs, finished and others: scores, warnings, curves, costs, single predictions."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isogloss.calls.compare_runs import Compared, compared_results
from isogloss.calls.destination import check_destination
from isogloss.calls.named import names_of
from isogloss.calls.scored import metric_of, of_one_task, results_of, run_folders
from isogloss.calls.seen import methods_of, recipe_of, seen_run
from isogloss.calls.told import told_by
from isogloss.calls.views import check_view
from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.several import several
from isogloss.common.writing import write_text
from isogloss.recipe.names import TASKS
from isogloss.reports.comparison_formats import ENDINGS, writer_of
from isogloss.reports.escaping import markdown
from isogloss.reports.gaps import gap_tables
from isogloss.reports.page import SeenRun, as_html, content_of
from isogloss.reports.page.beside_source import by_kind, in_words
from isogloss.reports.page.warnings import some
from isogloss.run.divergence import ADVICE, risen_loss
from isogloss.run.folder import RunFolder

SENTENCES = 200
"""Sentences of each language that a page holds, where nothing is said."""

BASELINE = "multitask"
"""What methods are compared with where nothing is said and it is among them: the plain way to train."""

HTML = "html"

TITLE = "isogloss report"

Row = dict[str, Any]


@dataclass(frozen=True)
class Read:
    """What was found in the run folders.

    Attributes:
        runs: The runs of a task, finished or not.
        results: All rows of their results.
        names: What each is called.
        passed: Runs of `isogloss pretrain`, which are passed over.
    """

    runs: tuple[SeenRun, ...]
    results: Sequence[Row]
    names: Mapping[str, str]
    passed: tuple[str, ...]


def report(
    runs: str | Path | Sequence[str | Path],
    *,
    output: str | Path | None = None,
    format: str | None = None,
    baseline: str | None = None,
    by: str | Sequence[str] = (),
    split: str | None = None,
    metric: str | None = None,
    view: str = "original",
    allow_mixed: str | Sequence[str] = (),
    sentences: int = SENTENCES,
    title: str = TITLE,
    overwrite: bool = False,
) -> str:
    """A page, or a table in another format, of what run folders hold; nothing else is read.

    Scores are compared as by `isogloss.compare`; runs without final scores count in no table and are named among the
    warnings, and what is known of them (curves, probes) is drawn.

    Args:
        runs: Run folders, or folders with run folders in them; all of one task.
        output: The file to write.
        format: html, markdown, latex, csv or json; default: what the ending of ``output`` says, else html.
        baseline: What the others are compared with; default: `BASELINE` where that is one of several, else nothing.
        by: Keys of the recipes that tell runs apart, see `isogloss.compare`.
        split: dev or test; default: test, where there are final scores of test data.
        metric: Metric; default: the task's primary one.
        view: Scores of which view, see `isogloss.evaluate`.
        allow_mixed: Parts of the protocol in which the runs may differ, see `isogloss.compare`; a warning says so.
        sentences: Sentences of each language that a page holds at most, at least 2; fewer where they would be too long.
        title: Title of the page.
        overwrite: Whether a file at ``output`` may be replaced.

    Returns:
        The page, or the table, as text.

    Raises:
        IsoglossError: A place without runs, runs of several tasks or under different protocols, a metric, split, view
            or format that there is not, no final scores for a format without curves, or a file that may not be written.
    """
    name = format or (ENDINGS.get(Path(output).suffix, HTML) if output is not None else HTML)
    write = None if name == HTML else writer_of(name, HTML)
    if split not in (None, "dev", "test"):
        raise IsoglossError(f"split: {split!r} is unknown{nearest(str(split), ('dev', 'test'))}")
    check_view(view)
    if sentences < 2:
        raise IsoglossError(f"sentences: at least 2, found {sentences}")
    runs, by, allow_mixed = several(runs), several(by), several(allow_mixed)
    folders = run_folders(runs)
    if output is not None:
        _check_output(Path(output), folders, overwrite=overwrite)
    read = _read(folders, by)
    shown = _split(read.results, view) if split is None else split
    final = [
        row for row in read.results if row["selection"] is not None and (row["split"], row["view"]) == (shown, view)
    ]
    found = _compared(read, final, baseline, shown, metric, view, allow_mixed)
    kind = shown if view == "original" else f"{shown} {view}"
    options = {"--baseline": baseline, "--split": split, "--metric": metric}
    options |= {
        "--sentences": None if sentences == SENTENCES else str(sentences),
        "--title": title if title != TITLE else None,
    }
    given = [word for option, value in options.items() if value is not None for word in (option, value)]
    given += [word for key in by for word in ("--by", key)] + [
        word for key in allow_mixed for word in ("--allow-mixed", key)
    ]
    command = ["isogloss", "report", *map(str, runs), *given, *([] if view == "original" else ["--view", view])]
    content = content_of(
        read.runs,
        found.comparison,
        found.rows,
        told_by(found.rows) if write is None else (),
        metric=metric_of(final, metric) if final else metric or "scores",
        kind=kind,
        notes=_notes(read),
        unpredicted=_unpredicted(found.rows),
        command=shlex.join([*command, "--output", str(output or "report.html")]),
        number=sentences,
        title=title,
    )
    if write is None:
        text = as_html(content)
    elif found.comparison is None:
        raise IsoglossError(
            f"format: {name} holds scores alone, and no run has a final {kind} score; html holds the rest"
        )
    else:
        text = write(found.comparison)
        if name == "markdown":
            listed = "\n".join(f"- {markdown(warning)}" for warning in content.warnings)
            text = "\n\n".join([*([listed] if listed else []), text, *found.beside, *_beside_source(read.runs)])
    if output is not None:
        write_text(Path(output), f"{text}\n")
    return text


def _read(folders: Sequence[Path], by: Sequence[str]) -> Read:
    """What is in the folders."""
    every = results_of(folders)
    results = of_one_task(every)
    pretrained = {row["run"] for row in every if row["task"] not in TASKS}
    passed = [str(folder) for folder in folders if str(folder) in pretrained or _pretrains(folder)]
    kept = [folder for folder in folders if str(folder) not in passed]
    methods = methods_of(kept, results)
    names = names_of(methods, by)
    own: dict[str, list[Row]] = {str(folder): [] for folder in kept}
    for row in results:
        own[row["run"]].append(row)
    runs = [
        seen_run(folder, own[run], method=methods[run], name=names[run]) for run, folder in zip(own, kept, strict=True)
    ]
    return Read(tuple(runs), results, names, tuple(passed))


def _pretrains(folder: Path) -> bool:
    recipe = recipe_of(folder)
    return bool({"text", "knowledge"} & recipe.keys()) and "data" not in recipe


def _split(results: Sequence[Row], view: str) -> str:
    tested = any(row["selection"] is not None and (row["split"], row["view"]) == ("test", view) for row in results)
    return "test" if tested else "dev"


def _compared(
    read: Read,
    final: Sequence[Row],
    baseline: str | None,
    split: str,
    metric: str | None,
    view: str,
    allow_mixed: Sequence[str],
) -> Compared:
    """The comparison; an empty one where there is nothing to compare."""
    if not final:
        return Compared(None)
    methods = {read.names[row["run"]] for row in final}
    plain = BASELINE in methods and len(methods) > 1 and all(row.get("at_test") is None for row in final)
    return compared_results(
        [Path(run.path) for run in read.runs],
        read.results,
        baseline=baseline or (BASELINE if plain else None),
        split=split,
        metric=metric,
        view=view,
        names=read.names,
        allow_mixed=allow_mixed,
    )


def _beside_source(runs: Sequence[SeenRun]) -> list[str]:
    """What `isogloss gap` found, as Markdown."""
    found = []
    for kind, rows in by_kind(runs).items():
        split, view, metric, _ = kind
        layer = max(row["layer"] for row in rows)
        found += [
            f"Languages beside their source: {in_words(kind)}",
            gap_tables(rows, layer=layer, metric=metric, split=split, view=view),
        ]
    return found


def _unpredicted(rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Runs in which predictions of a row are missing."""
    folders = {row["run"]: RunFolder(Path(row["run"])) for row in rows}
    return {row["run"] for row in rows if not folders[row["run"]].predictions_of(row).exists()}


def _notes(read: Read) -> list[str]:
    """Warnings that the folders give rise to, beside those of the scores."""
    notes = []
    risen = [run.path for run in read.runs if risen_loss(run.history)]
    if risen:
        notes.append(f"The training loss ends above its beginning in {some(risen)}: {ADVICE}.")
    if read.passed:
        notes.append(f"Passed over, of `isogloss pretrain`: {some(read.passed)}.")
    return notes


def _check_output(output: Path, folders: Sequence[Path], *, overwrite: bool) -> None:
    """Stop unless the page can be written without a loss; a run folder holds what its run wrote, and nothing else."""
    for folder in folders:
        if output.resolve().is_relative_to(folder.resolve()):
            raise IsoglossError(f"output: {output} lies in the run folder {folder}; --output names another place")
    check_destination(output, folders[0], overwrite=overwrite)
