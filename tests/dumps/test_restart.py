"""A build that was killed goes on with the tasks that had not ended, under datatrove's executors."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss.common.errors import IsoglossError
from isogloss.dumps.build import build, plan_build
from isogloss.dumps.here import Here
from isogloss.dumps.limits import Limits
from isogloss.dumps.running import OnRay, OnSlurm
from isogloss.dumps.stages import Stage
from isogloss.dumps.steps import texts
from tests.support.dumps import built, rows_of, told
from tests.support.wikis import write_wikis

KILLED_AT = 3
KILL = f"""
import os, signal, sys
from isogloss.dumps.steps import texts
import isogloss

write = texts.write_counts

def killed(folder, counts, drops):
    if folder.name == ".{KILLED_AT:05d}.partial":
        os.kill(os.getpid(), signal.SIGKILL)
    write(folder, counts, drops)

texts.write_counts = killed
isogloss.corpus(sys.argv[2:], output=sys.argv[1])
"""


@pytest.mark.slow
def test_a_killed_build_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    paths = write_wikis(tmp_path / "dumps")
    own = tmp_path / "own.jsonl"
    own.write_text(
        '{"text": "In Kyiv there are many old churches.", "language": "en", "page": "p"}\n', encoding="utf-8"
    )
    paths = [own, *paths]
    folder = tmp_path / "corpus"
    done = subprocess.run([sys.executable, "-c", KILL, folder, *paths], check=False, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert sorted(path.name for path in folder.iterdir()) == [".lock", ".work"]
    assert sorted(path.name for path in (folder / ".work" / "texts").iterdir()) == [
        f".{KILLED_AT:05d}.partial", *(f"{rank:05d}" for rank in range(KILLED_AT))
    ]  # fmt: skip

    ranks = []
    task = texts.Texts.__call__

    def seen(self: texts.Texts, rank: int) -> None:
        ranks.append(rank)
        task(self, rank)

    monkeypatch.setattr(texts.Texts, "__call__", seen)
    found = isogloss.corpus(paths, output=folder)
    assert ranks == [3, 4]
    assert "taken over from process" in capsys.readouterr().err
    built(paths, tmp_path / "unbroken")
    for table in ("sentences", "descriptions"):
        assert rows_of(folder, table) == rows_of(tmp_path / "unbroken", table)
    assert found is not None and found["counts"]["en"]["sentences"] > 10
    assert not (folder / ".work").exists()


WORKERS = """
import sys, time
from isogloss.dumps.steps import texts
import isogloss

def slow(folder, counts, drops):
    print(folder.name, flush=True)
    time.sleep(60)

if __name__ == "__main__":
    isogloss.corpus(sys.argv[2:], output=sys.argv[1], workers=2)
else:
    texts.write_counts = slow
"""


@pytest.mark.slow
def test_workers_end_with_a_killed_build(tmp_path: Path):
    """Else they would write beside those of the next try, and nobody could take the lock of the folder."""
    paths = [path for path in write_wikis(tmp_path / "dumps") if path.suffix == ".bz2"]
    script, folder = tmp_path / "script.py", tmp_path / "corpus"
    script.write_text(WORKERS, encoding="utf-8")
    with subprocess.Popen([sys.executable, script, folder, *paths], stdout=subprocess.PIPE, text=True) as build_:
        assert build_.stdout is not None
        assert build_.stdout.readline().endswith("partial\n")  # a worker is at its task
        build_.kill()
        build_.stdout.read()  # ends when the last process that could write to it has ended
    isogloss.corpus(paths, output=folder)
    assert rows_of(folder, "sentences")


@pytest.mark.slow
def test_two_workers_give_what_one_gives(tmp_path: Path):
    paths = write_wikis(tmp_path / "dumps", per_stream=4)
    isogloss.corpus(paths, output=tmp_path / "two", workers=2)
    built(paths, tmp_path / "one")
    for table in ("sentences", "descriptions"):
        assert rows_of(tmp_path / "two", table) == rows_of(tmp_path / "one", table)


def test_an_error_of_a_task_is_the_error_of_the_build(tmp_path: Path):
    path = tmp_path / "own.jsonl"
    path.write_text("{]\n", encoding="utf-8")
    with pytest.raises(IsoglossError, match=r"own\.jsonl:1: not JSON"):
        isogloss.corpus([path], output=tmp_path / "c")


def write_own(folder: Path) -> Path:
    """The least that makes a corpus."""
    own = folder / "own.jsonl"
    own.write_text(
        '{"text": "In Kyiv there are many old churches.", "language": "en", "mentions": '
        '[{"start": 3, "end": 7, "entity": "Q1899"}]}\n'
        '{"entity": "Q1899", "language": "en", "text": "Kyiv is a city.", "title": "Kyiv"}\n',
        encoding="utf-8",
    )
    return own


SBATCH = """#!/bin/sh
# Runs what it is given at once, a task of the array after another, and prints the number of the job.
script=$(mktemp)
for last in "$@"; do :; done
cat "$last" > "$script"
tasks=$(sed -n 's/^#SBATCH --array=0-\\([0-9]*\\).*/\\1/p' "$script")
for task in $(seq 0 "${tasks:-0}"); do
    SLURM_ARRAY_TASK_ID=$task SLURM_NODELIST=localhost RUN_OFFSET=0 bash "$script" >> "$LOG" 2>&1 || true
done
echo "Submitted batch job 7"
"""


@pytest.mark.slow
def test_slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A stand-in for sbatch runs the scripts that datatrove hands over, which load ours in processes of their own."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "sbatch").write_text(SBATCH, encoding="utf-8")
    (tools / "scontrol").write_text("#!/bin/sh\necho localhost\n", encoding="utf-8")
    for tool in tools.iterdir():
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    own = write_own(tmp_path)
    settings = {"time": "1:00:00", "partition": "cpu", "with_srun": False}
    found = isogloss.corpus([own], output=tmp_path / "c", executor="slurm", executor_settings=settings)
    assert found is None
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert (tmp_path / "c" / "corpus.json").exists(), log
    assert isogloss.corpus([own], output=tmp_path / "c", executor="slurm", executor_settings=settings) is not None


def test_a_cluster_gets_the_stages_in_their_order(tmp_path: Path):
    made: list[dict[str, Any]] = []

    class Executor:
        def __init__(self, pipeline: list[Any], **given: Any) -> None:
            made.append({"pipeline": pipeline, **given, "self": self})

        def run(self) -> None:
            for one in made:
                for rank in range(one["tasks"]):
                    one["pipeline"][0](None, rank, one["tasks"])

    plan = plan_build(write_wikis(tmp_path / "dumps"), tmp_path / "c", Limits())
    assert not build(plan, OnSlurm(Executor, {"mem_per_cpu_gb": 2}))
    assert (tmp_path / "c" / "corpus.json").exists()
    assert [repr(one["pipeline"][0]) for one in made] == [
        "titles", "texts", "entities", "described", "finish", "publish"
    ]  # fmt: skip
    assert [one["depends"] for one in made] == [None, *(one["self"] for one in made[:-1])]
    assert all(one["mem_per_cpu_gb"] == 2 for one in made)


class Ray(Here):
    """Runs tasks as datatrove's executor for Ray does: one that fails is passed over in silence."""

    def __init__(self, pipeline: list[Any], tasks: int, logging_dir: str, lost: tuple[int, ...] = ()) -> None:
        super().__init__(Stage(repr(pipeline[0]), tasks, lambda rank: pipeline[0](None, rank, tasks)), logging_dir, 1)
        self.lost = lost

    def run(self) -> None:
        for rank in self.get_incomplete_ranks():
            if rank not in self.lost:
                with suppress(IsoglossError, KeyError):
                    self._run_for_rank(rank)


def test_ray_goes_stage_by_stage(tmp_path: Path):
    said: list[str] = []
    plan = plan_build(write_wikis(tmp_path / "dumps"), tmp_path / "c", Limits())
    assert build(plan, OnRay(Ray, {}, lambda stage: said.append(stage.name)))
    assert said == ["titles", "texts", "entities", "described", "finish", "publish"]
    built([source.path for source in plan.sources], tmp_path / "here")
    assert rows_of(tmp_path / "c", "sentences") == rows_of(tmp_path / "here", "sentences")


def test_a_task_that_fails_on_ray_ends_the_build(tmp_path: Path):
    """datatrove goes on, and waits for ever."""
    path = tmp_path / "own.jsonl"
    path.write_text("{]\n", encoding="utf-8")
    plan = plan_build([path], tmp_path / "c", Limits())
    with pytest.raises(IsoglossError, match=r"own\.jsonl:1: not JSON"):
        build(plan, OnRay(Ray, {}, lambda stage: None))
    with pytest.raises(IsoglossError, match="texts: 1 of 1 tasks have not ended, and none says why"):
        build(plan_build([path], tmp_path / "d", Limits()), OnRay(Ray, {"lost": (0,)}, lambda stage: None))


def test_what_is_wrong_on_ray_is_forgotten_once_it_is_mended(tmp_path: Path):
    broken, done = [True], list[int]()

    def task(rank: int) -> None:
        if broken[0]:
            raise KeyError("Q1")
        done.append(rank)

    run = OnRay(Ray, {}, lambda stage: None)
    with pytest.raises(IsoglossError, match=r"^KeyError: 'Q1'$"):
        run([Stage("one", 2, task)], tmp_path)
    broken[0] = False
    assert run([Stage("one", 2, task)], tmp_path)
    assert done == [0, 1]


@pytest.mark.slow
def test_ray_itself(tmp_path: Path):
    pytest.importorskip("ray")
    settings = ("--executor", "ray", "--executor-settings", "{workers: 2, mem_per_cpu_gb: 0.5}")
    command = [sys.executable, "-m", "isogloss", "corpus", write_own(tmp_path), "-o", tmp_path / "c", *settings]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [told(row) for row in rows_of(tmp_path / "c", "sentences")] == [
        "In [Kyiv|Q1899] there are many old churches."
    ]


def test_what_executors_need(tmp_path: Path):
    path = tmp_path / "own.jsonl"
    path.touch()
    with pytest.raises(IsoglossError, match="no executor 'slrum'; did you mean 'slurm'"):
        isogloss.corpus([path], output=tmp_path / "c", executor="slrum")
    with pytest.raises(IsoglossError, match="slurm needs the settings partition"):
        isogloss.corpus([path], output=tmp_path / "c", executor="slurm", executor_settings={"time": "1:00:00"})
    with pytest.raises(IsoglossError, match=r"time must be text \('10:00:00'\), found 36000"):
        settings = {"time": 36000, "partition": "cpu"}
        isogloss.corpus([path], output=tmp_path / "c", executor="slurm", executor_settings=settings)
    with pytest.raises(IsoglossError, match="are for slurm and ray"):
        isogloss.corpus([path], output=tmp_path / "c", executor_settings={"time": "1:00:00"})
    with pytest.raises(IsoglossError, match="SlurmPipelineExecutor has no setting 'qso'; did you mean 'qos'"):
        settings = {"time": "1:00:00", "partition": "cpu", "qso": "high"}
        isogloss.corpus([path], output=tmp_path / "c", executor="slurm", executor_settings=settings)
    with pytest.raises(IsoglossError, match="no limit 'min_word'; did you mean 'min_words'"):
        isogloss.corpus([path], output=tmp_path / "c", limits={"min_word": 3})
    with pytest.raises(IsoglossError, match="shard_size and workers must be at least 1"):
        isogloss.corpus([path], output=tmp_path / "c", workers=0)
