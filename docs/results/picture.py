"""A figure of a page of `isogloss report` as an SVG file by itself, as the page draws it, with its keys.

    python docs/results/picture.py report.html gaps docs/results/gaps.svg

Needs Chromium, which draws it. Sections of a page are called gaps, costs, curves, conflicts, timeline and likeness.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path
from xml.sax.saxutils import escape

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
KEYS = 24
"""Height of the line with the keys."""


def drawn(page: Path) -> str:
    """The page after its scripts have run."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise SystemExit(f"none of {', '.join(BROWSERS)} is installed")
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=4000", "--dump-dom")
    done = subprocess.run([browser, *flags, page.resolve().as_uri()], capture_output=True, text=True, check=True)
    return done.stdout


def picture(dom: str, section: str) -> str:
    """The first drawing of a section, its keys above it, on white.

    Args:
        dom: The page as the browser has it.
        section: The id of the section.
    """
    found = re.search(rf'<section id="{section}".*?</section>', dom, re.S)
    svg = re.search(r'<svg [^>]*?width="(\d+)" height="(\d+)".*?</svg>', found[0], re.S) if found else None
    if found is None or svg is None:
        raise SystemExit(f"the page has no drawing {section!r}")
    width, height = int(svg[1]), int(svg[2])
    keys, place = [], 8.0
    for colour, name in re.findall(r'<li><i style="background: ([^;"]+);?"></i><bdi>(.*?)</bdi>', found[0]):
        keys.append(f'<circle cx="{place + 5:.0f}" cy="12" r="5" fill="{colour}"/>')
        keys.append(f'<text x="{place + 14:.0f}" y="16">{escape(unescape(name))}</text>')
        place += 34 + 6.6 * len(unescape(name))
    inner = svg[0].replace("<svg ", f'<svg y="{KEYS}" ', 1)
    size = f'width="{width}" height="{height + KEYS}" viewBox="0 0 {width} {height + KEYS}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="system-ui, sans-serif" font-size="12">\n'
        f'<rect width="100%" height="100%" fill="white"/>\n{"".join(keys)}\n{inner}\n</svg>\n'
    )


if __name__ == "__main__":
    page, section, output = sys.argv[1:]
    Path(output).write_text(picture(drawn(Path(page)), section), encoding="utf-8")
