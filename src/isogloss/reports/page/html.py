"""The page as one file of HTML: styles, scripts and numbers inside, nothing fetched, nothing of the user's run."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from isogloss.reports.page.content import Content

HERE = Path(__file__).parent
VENDOR = ("d3.min.js", "plot.min.js")
"""Kept libraries, as they were released; ``vendor/README.md`` says from where."""
SCRIPTS = (
    *("elements", "sorting", "figure", "table", "gaps", "curves", "conflicts", "timeline", "likeness"),
    *("beside-source", "costs", "browser", "sentences", "start"),
)
"""Our own scripts, in the order in which they are read."""

_IN_SCRIPTS: dict[str, str | int | None] = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}


def as_html(content: Content) -> str:
    """The page.

    Texts are escaped by the template, numbers stand in it as JSON that no text can end, and a policy lets the browser
    run nothing but our own scripts, by their hashes, and fetch nothing at all.
    """
    scripts = [*(_read(f"vendor/{name}") for name in VENDOR), _own()]
    page = (
        _templates()
        .get_template("page.html")
        .render(
            content=content,
            policy=_policy(scripts),
            style=Markup(_read("templates/page.css")),
            scripts=[Markup(script) for script in scripts],
            numbers=Markup(as_json(content.numbers)),
            version=version("isogloss"),
        )
    )
    # Half a surrogate, which JSON may hold, is no text.
    return page.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def as_json(value: Any) -> str:  # noqa: ANN401 - anything JSON can hold
    r"""JSON that may stand between the tags of a script, whatever is in its texts.

    Example:
        >>> print(as_json("</script>"))
        "\u003c/script\u003e"
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.translate(str.maketrans(_IN_SCRIPTS))


@cache
def _templates() -> Environment:
    loader = FileSystemLoader(HERE / "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


@cache
def _own() -> str:
    parts = "\n".join(_read(f"scripts/{name}.js") for name in SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}\n}})();'


@cache
def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _policy(scripts: Sequence[str]) -> str:
    """What the browser may do; legends of colours are drawn as images within the page, which "data:" lets in."""
    allowed = " ".join(map(_hash, scripts))
    return f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:"


def _hash(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"'sha256-{digest}'"
