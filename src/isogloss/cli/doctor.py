"""``isogloss doctor``."""

from __future__ import annotations

from typing import Annotated

import typer

import isogloss


def doctor(
    quick: Annotated[bool, typer.Option("--quick", help="Leave out the self-test of 20 seconds.")] = False,
) -> None:
    """What of this installation and machine to install or change; status 1 if something is broken.

    Example: isogloss doctor
    """
    found = isogloss.doctor(self_test=not quick, say=lambda finding: print(finding, flush=True))
    broken = sum(finding.state == "broken" for finding in found)
    print(f"\n{f'{broken} must be mended.' if broken else 'Nothing is broken.'}")
    if broken:
        raise typer.Exit(1)
