"""Python and the packages that isogloss needs, against what it asks for."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from isogloss.calls.health.finding import Finding

FOR_DEVELOPERS = "dev"
"""The extra that users have no need of."""


def python() -> Iterator[Finding]:
    """The version of Python."""
    asked, own = SpecifierSet(metadata.metadata("isogloss")["Requires-Python"]), platform.python_version()
    if own in asked:
        yield Finding("python", "good", f"{own} ({platform.platform()})")
    else:
        yield Finding("python", "broken", f"{own}, but isogloss needs {asked}", "install isogloss in another Python")


def packages() -> Iterator[Finding]:
    """The packages that are always needed in one finding, what is wrong with them, and the extras."""
    asked = [Requirement(text) for text in metadata.requires("isogloss") or ()]
    needed = [one for one in asked if one.marker is None or one.marker.evaluate({"extra": ""})]
    wrong = {one.name: reason for one in needed if (reason := _wrong(one)) is not None}
    for name, reason in wrong.items():
        requirement = next(str(one) for one in needed if one.name == name)
        yield Finding("packages", "broken", f"{name} {reason}", f"pip install {requirement!r}")
    if not wrong:
        shown = ("isogloss", "torch", "transformers", "tokenizers", "peft", "huggingface_hub", "numpy")
        listed = ", ".join(f"{name} {metadata.version(name)}" for name in shown)
        yield Finding("packages", "good", f"{listed}; {len(needed)} needed, all there")
    for extra in metadata.metadata("isogloss").get_all("Provides-Extra") or ():
        if extra != FOR_DEVELOPERS:
            own = [one for one in asked if one not in needed and one.marker and one.marker.evaluate({"extra": extra})]
            lacking = [f"{one.name} {reason}" for one in own if (reason := _wrong(one)) is not None]
            if lacking:
                told = ", ".join(lacking)
                yield Finding(f"extra {extra}", "note", told, f"if it is wanted: pip install 'isogloss[{extra}]'")
            else:
                yield Finding(
                    f"extra {extra}", "good", ", ".join(f"{one.name} {metadata.version(one.name)}" for one in own)
                )


def _wrong(requirement: Requirement) -> str | None:
    """What is wrong with a package; None: nothing."""
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return "is not there"
    fits = requirement.specifier.contains(version, prereleases=True)
    return None if fits else f"is {version}, but must be {requirement.specifier}"
