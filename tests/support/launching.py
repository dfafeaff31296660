"""Start processes as a user does."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]

ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    # The code of this checkout, also where the installed package is that of another one.
    "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "src"))),
    "CUDA_VISIBLE_DEVICES": "",
}
"""Variables of processes on the CPU."""


def launch(python: str, *command: str, root: Path) -> None:
    """Run a module in the folder ``root``, on the CPU, and stop unless it succeeds."""
    environment = {**os.environ, **ENVIRONMENT}
    done = subprocess.run(
        [python, "-m", *command], cwd=root, env=environment, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr
