"""The page in a real browser: everything is drawn, sorts, filters and slides, and nothing complains."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import isogloss
from tests.support.reported import several_reported

BROWSER = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--virtual-time-budget=4000", "--dump-dom"),
)
pytestmark = [pytest.mark.slow, pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")]

LISTENS = """
window.complaints = [];
addEventListener("error", (event) => complaints.push(event.message));
addEventListener("securitypolicyviolation", (event) => complaints.push(event.violatedDirective));
for (const name of ["error", "warn"]) console[name] = (...said) => complaints.push(said.join(" "));
"""

USES = """
const one = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const choose = (element, value) => {
  element.value = value;
  element.dispatchEvent(new Event(element.tagName === "SELECT" ? "change" : "input"));
};
const labelled = (id, label) =>
  all(`#${id} .controls label`).find((found) => found.textContent.startsWith(label)).lastElementChild;
const languages = () => all("#scores-languages tr:not([hidden]) th bdi").map((cell) => cell.textContent);
const scores = () => all("#scores-languages tr td:last-child").map((cell) => Number(cell.dataset.score));
const outcome = { before: languages() };
const header = one("#scores-table thead th:last-child");
header.firstElementChild.click();
outcome.falling = [header.ariaSort, scores()];
header.firstElementChild.click();
outcome.rising = [header.ariaSort, scores()];
choose(one("#scores-filter"), "arab");
outcome.filtered = [languages(), one("#scores-shown").textContent];
outcome.drawn = Object.fromEntries(all("section.figure").map((own) => [own.id, own.querySelectorAll("svg").length]));
const slider = one("#conflicts-slider");
outcome.slider = [slider.getAttribute("aria-valuetext")];
choose(slider, "0");
outcome.slider.push(slider.getAttribute("aria-valuetext"));
one("#gaps .numbers").open = true;
outcome.correlations = all("#beside-source .drawing tbody tr").length;
choose(labelled("beside-source", "Language"), "ar");
outcome.chosen = one("#beside-source svg[aria-label]").getAttribute("aria-label");
one("#beside-source .numbers").open = true;
outcome.count = one("#sentences .count").textContent;
choose(labelled("sentences", "Language"), "0");
outcome.directions = [...new Set(all("#sentences .text").map((text) => text.dir))];
choose(labelled("sentences", "Outcome"), "b-only");
outcome.only = all("#sentences .answers").map((list) => list.textContent);
choose(labelled("sentences", "Gold"), "0");
outcome.gold = all("#sentences .answers li:first-child").map((item) => item.textContent);
setTimeout(() => {
  const header = all("#beside-source .numbers th").find((found) => found.textContent === "CKA, before training");
  header.firstElementChild.click();
  const cells = all(`#beside-source .numbers td:nth-child(${header.cellIndex + 1})`);
  outcome.sorted = [header.ariaSort, cells.map((cell) => Number(cell.textContent))];
  outcome.table = all("#gaps .numbers tbody tr").length;
  outcome.wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  outcome.complaints = complaints;
  const found = { id: "outcome", textContent: JSON.stringify(outcome) };
  document.body.append(Object.assign(document.createElement("pre"), found));
}, 300);
"""


def used(page: str, folder: Path, *flags: str) -> dict[str, Any]:
    """What comes of using a page; its policy lets our two scripts in besides its own."""
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in (LISTENS, USES)]
    page = page.replace("script-src ", f"script-src 'sha256-{hashes[0]}' 'sha256-{hashes[1]}' ", 1)
    page = page.replace("<title>", f"<script>{LISTENS}</script><title>", 1)
    page = page.replace("</body>", f"<script>{USES}</script></body>", 1)
    (folder / "page.html").write_text(page, encoding="utf-8")
    command = [str(BROWSER), *FLAGS, f"--user-data-dir={folder / 'user'}", *flags, f"file://{folder}/page.html"]
    dom = subprocess.run(command, check=True, capture_output=True, text=True, timeout=100).stdout
    (found,) = re.findall(r'<pre id="outcome">(.*?)</pre>', dom, re.S)
    return json.loads(html.unescape(found))


def test_the_page_works(tmp_path: Path):
    page = isogloss.report([several_reported(tmp_path / "runs")])
    found = used(page, tmp_path, "--window-size=1280,900")
    assert found["complaints"] == []
    assert found["before"] == ["en", "ar", "hi"]
    assert found["falling"] == ["descending", sorted(found["falling"][1], reverse=True)]
    assert found["rising"] == ["ascending", sorted(found["falling"][1])] and len(set(found["rising"][1])) > 1
    assert found["filtered"] == [["ar"], "1 of 3 shown"]
    assert set(found["drawn"]) == {"gaps", "costs", "curves", "conflicts", "timeline", "likeness", "beside-source"}
    assert all(found["drawn"].values())
    assert found["slider"] == ["step 20 (2 of 2 looks)", "step 10 (1 of 2 looks)"]
    assert found["count"] == "36 of 36 sentences" and found["table"] == 4
    assert found["correlations"] == 4 and found["chosen"] == "CKA with the source by layer, ar"
    # Two methods, two languages and their mean, three layers.
    assert found["sorted"] == ["descending", sorted(found["sorted"][1], reverse=True)] and len(found["sorted"][1]) == 18
    assert found["directions"] == ["rtl"]
    assert found["only"] and all("✗ multitask" in said and "✓ other" in said for said in found["only"])
    assert 0 < len(found["gold"]) < len(found["only"]) and len(set(found["gold"])) == 1
    assert found["wide"] <= 0


def test_hostile_texts_do_nothing_on_a_phone(tmp_path: Path):
    hostile = "</script><img src=x onerror=complaints.push('hit')><script>complaints.push('hit')</script>"
    texts = {"en": hostile, "ar": f"نص {hostile}", "hi": "पाठ"}
    changes: dict[str, Any] = {"texts": texts, "labels": (f"a {hostile}", f"b {hostile}")}
    page = isogloss.report([several_reported(tmp_path / "runs", (f"m {hostile}", f"n {hostile}"), **changes)])
    found = used(page, tmp_path, "--window-size=390,844")
    assert found["complaints"] == [] and found["wide"] <= 0
    assert found["gold"][0].startswith("gold: a </script><img src=x") or found["gold"][0].startswith(
        "gold: b </script>"
    )
