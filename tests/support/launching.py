"""Start processes as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def launch(*command: str, root: Path) -> None:
    """Run a module in the folder ``root``, on the CPU, and stop unless it succeeds."""
    # The code of this checkout, also where the installed package is that of another one.
    code = os.pathsep.join(map(str, (ROOT, ROOT / "src")))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": code, "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=root, env=environment, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr
