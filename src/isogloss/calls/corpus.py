"""Linked sentences, descriptions and facts from dumps."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.locking import locked
from isogloss.common.writing import read_json

if TYPE_CHECKING:
    from isogloss.dumps.running import Runner
from isogloss.dumps.stages import Stage

EXECUTORS = ("local", "slurm", "ray")


def corpus(
    dumps: Sequence[str | Path],
    *,
    output: str | Path,
    same_entities: Sequence[str | Path] = (),
    leave_out: Sequence[str | Path] = (),
    link_names: Sequence[str | Path] = (),
    limits: Mapping[str, Any] | None = None,
    shard_size: int = 64,
    workers: int = 1,
    executor: str = "local",
    executor_settings: Mapping[str, Any] | None = None,
) -> dict[str, Any] | None:
    """Build a corpus of linked sentences, descriptions and facts, or go on with one that was broken off.

    Args:
        dumps: Dumps and files, told apart by their names: Wikipedia's ``pages-articles`` in XML with ``page_props``,
            ``redirect`` and ``page`` in SQL, or Enterprise HTML; Wikidata's truthy N-Triples or JSON; JSON lines,
            tables of facts and text of one's own.
        output: Folder of the corpus.
        same_entities: Files ``*.bn-en.tsv`` of titles that are the same entity, for wikis without ``page_props``.
        leave_out: Lists of pages that a model will be measured on.
        link_names: Files ``names.uk.tsv`` of names that are linked in text without links.
        limits: Filters, by the names of `isogloss.dumps.limits.Limits`.
        shard_size: MiB of a dump, as it is stored, per task, at least 1.
        workers: How many tasks at a time on this machine.
        executor: ``local``, or ``slurm`` or ``ray``, for datatrove's executor of a cluster.
        executor_settings: What the executor of a cluster takes (``time``, ``partition``, ...).

    Returns:
        What ``corpus.json`` says; None if the tasks have been handed over to a cluster and have not ended.

    Raises:
        IsoglossError: A file is not there, damaged, cut off or of another language than its name says, the folder holds
            something else, or the extra ``isogloss[corpus]`` is not installed. No table is written then.
    """
    try:
        from isogloss.dumps.build import build, plan_build
        from isogloss.dumps.limits import Limits
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("isogloss"):
            raise
        raise IsoglossError(f"corpus: {error.name} is not installed; pip install 'isogloss[corpus]'") from None
    known = set(Limits.__dataclass_fields__)
    for name in limits or {}:
        if name not in known:
            raise IsoglossError(f"corpus: no limit {name!r}{nearest(name, known)}")
    if shard_size < 1 or workers < 1:
        raise IsoglossError(f"corpus: shard_size and workers must be at least 1, found {shard_size} and {workers}")
    run = _runner(executor, workers, executor_settings or {})

    def path(given: str | Path) -> Path:
        # Workers of a cluster begin in folders of their own.
        return Path(given) if executor == "local" else Path(given).absolute()

    folder = path(output)
    plan = plan_build(
        [path(one) for one in dumps],
        folder,
        Limits(**(limits or {})),
        same=[path(one) for one in same_entities],
        leave_out=[path(one) for one in leave_out],
        names=[path(one) for one in link_names],
        shard=shard_size << 20,
    )
    with locked(folder):
        if not build(plan, run):
            then = "when its jobs have ended, the same command says whether all is there"
            print(f"{folder}: handed over to {executor}; {then}", file=sys.stderr)
            return None
    found: dict[str, Any] = read_json(folder / "corpus.json")
    return found


def _runner(executor: str, workers: int, settings: Mapping[str, Any]) -> Runner:
    from isogloss.dumps.running import OnRay, OnSlurm, OnThisMachine

    if executor not in EXECUTORS:
        raise IsoglossError(f"corpus: no executor {executor!r}{nearest(executor, EXECUTORS)}")
    if executor == "local":
        if settings:
            raise IsoglossError(f"corpus: executor settings ({', '.join(settings)}) are for slurm and ray")
        return OnThisMachine(workers, _said)
    if executor == "slurm":
        from datatrove.executor import SlurmPipelineExecutor

        if missing := {"time", "partition"} - set(settings):
            raise IsoglossError(f"corpus: slurm needs the settings {', '.join(sorted(missing))}")
        if not isinstance(settings["time"], str):  # YAML reads 10:00:00 as a number to the base of 60
            raise IsoglossError(f"corpus: the setting time must be text ('10:00:00'), found {settings['time']!r}")
        _known(settings, SlurmPipelineExecutor)
        return OnSlurm(SlurmPipelineExecutor, settings)
    if find_spec("ray") is None:
        raise IsoglossError("corpus: ray is not installed; pip install ray")
    from datatrove.executor import RayPipelineExecutor

    _known(settings, RayPipelineExecutor)
    return OnRay(RayPipelineExecutor, settings, _said)


def _known(settings: Mapping[str, Any], executor: type) -> None:
    known = set(signature(executor).parameters) - {"pipeline", "tasks", "logging_dir", "depends"}
    for name in settings:
        if name not in known:
            raise IsoglossError(f"corpus: {executor.__name__} has no setting {name!r}{nearest(name, known)}")


def _said(stage: Stage) -> None:
    print(f"{stage.name}: {stage.tasks} task{'s' * (stage.tasks > 1)}", file=sys.stderr, flush=True)
