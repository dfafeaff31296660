"""What many tests need."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.command import Command, Result

# The same examples on every machine, and no deadline on a busy one.
settings.register_profile("isogloss", deadline=None, derandomize=True, database=None)
settings.load_profile("isogloss")

# Before anyone imports torch: the models here are tiny, and threads that wait for each other only burn the cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")


LONGEST = (
    "tests/test_two_ranks.py",
    "tests/recipes/test_recipes.py",
    "tests/test_resume.py",
    "tests/test_benchmarks.py",
    "tests/test_pretraining.py",
    "tests/data/test_real_data.py",
    "tests/dumps/test_restart.py",
    "tests/calls/test_demo.py",
    "tests/calls/test_card.py",
    "tests/test_probes.py",
    "tests/docs/test_quick_start.py",
    "tests/docs/test_commands.py",
    "tests/run/test_stopping.py",
)
"""Files that take ten seconds and more, longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files: of processes that take a file at a time, none is left alone with one at the end."""
    places = {file: place for place, file in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(places)))


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_session(tmp_path_factory: pytest.TempPathFactory):
    """No test writes to the user's cache; the tests share one of their own, as a user's runs do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ISOGLOSS_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def nobody_waits_for_the_disk():
    """No test outlives a power cut, so a file need not be on the disk; that it is open is checked all the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", os.fstat)
        yield


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny world, all of it. It is everyone's, so who changes a file, or writes beside one, takes `own_world`."""
    from tests.support.world import write_world  # with torch behind it, which not every test needs

    return write_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def own_world(world: Path, tmp_path: Path) -> Path:
    """A copy of the tiny world, to do with as a test likes."""
    return Path(shutil.copytree(world, tmp_path / "world"))


@pytest.fixture(scope="session")
def text_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Text to pre-train on, and an encoder to go on with; as with `world`, who changes it makes one of their own."""
    from tests.support.pretraining import write_text_world

    return write_text_world(tmp_path_factory.mktemp("text"))


@pytest.fixture(scope="session")
def ready_python() -> Iterator[str]:
    """A Python for processes of their own that are to share its imports, which take longer than what they do."""
    from tests.support.forking import forking

    ways_in = ("isogloss.cli.train", "isogloss.calls.jobs", "isogloss.calls.rescoring", "isogloss.calls.report")
    launcher = ("accelerate.commands.launch", "torch.distributed.run")
    with forking(*ways_in, *launcher, "benchmarks.__main__", "tests.support.world") as executable:
        yield executable


@pytest.fixture(scope="session")
def straight(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The run of an entry of `tests.support.methods` that nothing disturbed: trained once, and everyone's to read.

    Beside it lies what there was of it after step `CRASH`, which `cut_off` finds.
    """
    import isogloss
    from tests.support.methods import CRASH, recipe
    from tests.support.stopping import copied_after
    from tests.support.world import runs_in

    root = tmp_path_factory.mktemp("straight")

    def run(name: str) -> Path:
        if not (root / name).exists():
            with copied_after(CRASH, root / name, root / f"{name}-cut-off"):
                isogloss.train(recipe(name, world), output=root / name)
        return runs_in(root / name)[0]

    return run


@pytest.fixture
def cut_off(straight: Callable[[str], Path], tmp_path: Path) -> Callable[[str], Path]:
    """A folder with what a power cut after step `CRASH` would have left of the run of an entry, to go on with."""

    def copy(name: str) -> Path:
        run = straight(name)
        whole = run if run.name == name else run.parent  # where each language has a run of its own
        return Path(shutil.copytree(whole.with_name(f"{name}-cut-off"), tmp_path / "cut-off"))

    return copy


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run the command line in this process."""
    from isogloss.cli import main

    def run(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["isogloss", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        return Result(status, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real data beside the checkout; tests that want it are skipped where it is not."""
    path = Path(__file__).parents[1] / ".." / "shared" / "data"
    if not (path / "manifest.tsv").is_file():
        pytest.skip("no real data beside the checkout")
    return path
