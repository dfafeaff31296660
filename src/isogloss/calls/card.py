"""The card of a finished model, with all that its run folder knows, and its upload."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huggingface_hub import HfApi, ModelCard

from isogloss.calls.predicted import redraw
from isogloss.calls.required import finished_run
from isogloss.calls.trimming.noted import parted
from isogloss.catalogue import SETS
from isogloss.catalogue.manifest import NAME as MANIFEST
from isogloss.common.errors import IsoglossError
from isogloss.common.locking import locked
from isogloss.common.markup import is_as_written
from isogloss.common.writing import read_json, write_text
from isogloss.recipe.build.data import build_collections
from isogloss.recipe.spec.data import DataEntry
from isogloss.recipe.spec.recipe import Recipe
from isogloss.reports import card_sections
from isogloss.reports.card_sections import DataSet, Interval, interval_of
from isogloss.reports.cells import scoring_of
from isogloss.reports.resampling import DRAWS
from isogloss.run.folder import RunFolder
from isogloss.tasks.task import Task

if TYPE_CHECKING:
    from isogloss.start.card import Details


def card(
    run: str | Path,
    *,
    licence: str | None = None,
    push: str | None = None,
    public: bool = False,
    overwrite: bool = False,
    draws: int = DRAWS,
) -> Path:
    """Fill the card of a finished model, ``model/README.md``: scores, weak languages, data, protocol and cost.

    Its metadata are those of the hub, with every score in ``model-index``. Intervals are of test sets drawn anew from
    the predictions in the run folder, see `isogloss.reports.resampling.resample`. What `isogloss trim` says of its
    sub-words stays.

    Args:
        run: Run folder.
        licence: Licence of the model, as the hub names licences (``apache-2.0``); None: the card says none.
        push: A repository on the hub, ``OWNER/NAME``, to which ``model/`` is uploaded; made where it is not there yet.
        public: Whether a repository that is made is public.
        overwrite: Whether a card that somebody has changed is replaced.
        draws: Number of test sets drawn.

    Returns:
        The file.

    Raises:
        IsoglossError: There is no finished run, somebody has changed its card, a failed write, or the hub does not take
            the model.
    """
    folder = finished_run(run)
    place = folder.model / "README.md"
    earlier, cut = parted(place.read_text(encoding="utf-8")) if place.exists() else ("", "")
    if earlier and not overwrite and not is_as_written(earlier):
        raise IsoglossError(
            f"{place} was changed by hand, or written by an earlier version; --overwrite replaces it, or move it away"
        )
    # Here, since torch takes seconds, which whoever has mistyped a name need not wait.
    from isogloss.calls.finished import open_run
    from isogloss.start.card import card as written

    _, recipe, task, loaded = open_run(run)
    started = read_json(folder.fingerprint)["starting_weights"]
    rows = [{**row, "run": str(folder.path)} for row in folder.final_rows()]
    trained = rows[0]["train_languages"] if rows else sorted(recipe.train_languages or ())
    details = _details(folder, recipe, task, rows, trained, draws)
    loaded = replace(loaded, identity=started)
    text = written(recipe, task, loaded, trained, rows, replace(details, licence=licence))
    if cut:
        text = f"{text}\n{cut}"
    ModelCard(text)  # the hub's own reading of its metadata
    with locked(folder.path):
        write_text(place, text)
    if push is not None:
        _upload(folder.model, push, text, public=public)
    return place


def _details(
    folder: RunFolder, recipe: Recipe, task: Task, rows: Sequence[dict[str, Any]], trained: Sequence[str], draws: int
) -> Details:
    from isogloss.start.card import Details

    primary = [row for row in rows if row["metric"] == task.metrics[0]]
    redrawn: dict[tuple[Any, ...], Interval] = {}
    for split in dict.fromkeys(row["split"] for row in primary):
        found = redraw([row for row in primary if row["split"] == split], draws=draws)
        redrawn |= {(*scoring, split): interval_of(values) for scoring, values in found.items()}
    sets = data_sets(recipe)
    settings = {
        "steps": recipe.steps,
        "epochs": recipe.epochs,
        "batch size": recipe.batch_size,
        "learning rate": recipe.learning_rate,
        "schedule": recipe.schedule,
        "precision": recipe.precision,
    }
    sections = {}
    if primary:
        intervals = [redrawn.get((*scoring_of(row), row["split"])) for row in primary]
        sections["Weak languages"] = card_sections.weak_languages(primary, intervals)
    evaluated = dict.fromkeys(row["language"] for row in primary)
    sections["Data"] = card_sections.data(sets, trained, evaluated)
    if primary:
        sections["Protocol"] = card_sections.protocol(primary, settings)
    if folder.cost.exists():
        sections["Cost"] = card_sections.cost(read_json(folder.cost), folder.devices())
    return Details(redrawn, sets, sections)


def data_sets(recipe: Recipe) -> list[DataSet]:
    """The data sets of a recipe, with what the manifest beside a local copy, or the catalogue, says of them."""
    _, collections = build_collections(recipe.data)
    return [_data_set(entry, collection.name) for entry, collection in zip(recipe.data, collections, strict=True)]


def _data_set(entry: DataEntry, name: str) -> DataSet:
    root = Path(str(entry.path).partition("{")[0])
    manifest = (root if root.is_dir() else root.parent) / MANIFEST
    if manifest.is_file():
        head = read_json(manifest)
        if head.get("name") in SETS:
            return DataSet(name, SETS[head["name"]].repository.id, SETS[head["name"]].licence)
    return DataSet(name)


def _upload(folder: Path, repository: str, text: str, *, public: bool) -> None:
    """Let the hub check the card, and send it the folder."""
    try:
        ModelCard(text).validate()
        api = HfApi()
        api.create_repo(repository, private=not public, exist_ok=True)
        api.upload_folder(repo_id=repository, folder_path=folder, commit_message="Model and card, by isogloss")
    except Exception as error:  # whatever the HTTP library of the day raises
        reason = " ".join(str(error).split()).rstrip(".")
        raise IsoglossError(
            f"push: the hub does not take {repository!r}: {reason}. The card is in {folder}; `hf auth login` gives a "
            "token that may write"
        ) from error
