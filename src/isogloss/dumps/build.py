"""A build from its plan: the stages in their order."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from isogloss.common.errors import IsoglossError
from isogloss.common.writing import read_json
from isogloss.dumps.leaving_out import read_left_out
from isogloss.dumps.limits import Limits
from isogloss.dumps.linker import language_of
from isogloss.dumps.plan import RESULT, Plan, begin, check, cut_sources, identity, same_build
from isogloss.dumps.running import Runner
from isogloss.dumps.same import same_entities
from isogloss.dumps.sources import recognised
from isogloss.dumps.stages import Stage
from isogloss.dumps.steps.described import Described
from isogloss.dumps.steps.entities import Entities
from isogloss.dumps.steps.finish import Finish
from isogloss.dumps.steps.knowledge import Knowledge
from isogloss.dumps.steps.publish import Publish, clear
from isogloss.dumps.steps.texts import Texts
from isogloss.dumps.steps.titles import Titles

SHARD = 64 << 20
"""Bytes of a dump, as it is stored, per task: minutes of work, and a table of some tens of MB."""


def plan_build(
    paths: Iterable[Path],
    folder: Path,
    limits: Limits,
    *,
    same: Iterable[Path] = (),
    leave_out: Iterable[Path] = (),
    names: Iterable[Path] = (),
    shard: int = SHARD,
) -> Plan:
    """What a build of these files does.

    Raises:
        IsoglossError: A file is not there or not known, or they make no corpus.
    """
    sources = recognised(paths)
    check(sources)
    texts, knowledge = cut_sources(sources, shard)
    plan = Plan(folder, tuple(sources), texts, knowledge, limits, tuple(same), tuple(leave_out), tuple(names))
    # Read now, though every task reads them again: what is wrong with them is told before hours of work.
    same_entities(plan.same)
    read_left_out(plan.leave_out)
    for path in plan.names:
        language_of(path)
    return plan


def stages(plan: Plan) -> list[Stage]:
    """The stages of a build, each with its tasks."""
    return [
        Stage("titles", len(plan.wikis), Titles(plan)),
        Stage("texts", len(plan.texts), Texts(plan)),
        Stage("entities", 1, Entities(plan)),
        Stage("knowledge", len(plan.knowledge), Knowledge(plan)),
        Stage("described", 1, Described(plan)),
        Stage("finish", Finish(plan).tasks, Finish(plan)),
        Stage("publish", 1, Publish(plan)),
    ]


def build(plan: Plan, run: Runner) -> bool:
    """Build a corpus, or go on with it; whether it is whole. One that is whole already is left as it is.

    Raises:
        IsoglossError: The folder holds something else, or a file is wrong.
    """
    result = plan.folder / RESULT
    if result.exists():
        same_build(plan.folder, read_json(result).get("build", {}), identity(plan), is_whole=True)
        clear(plan)
        return True
    begin(plan)
    if not run(stages(plan), plan.work / "logs"):
        return False
    if not result.exists():
        raise IsoglossError(f"{plan.folder}: the build has ended without {RESULT}; see {plan.work / 'logs'}")
    clear(plan)
    return True
