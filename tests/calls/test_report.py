"""The page of runs: what is in it, on its own and for hostile texts, and what is refused."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss import IsoglossError
from isogloss.common.writing import append_lines, write_text
from isogloss.recipe.names import TASKS
from tests.reports.test_compared import several
from tests.support.reported import NUMBER, TEXTS, numbers_of, several_reported, write_reported
from tests.support.runs import contents

HOSTILE = (
    "</script><script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "<!--<script>",
    "a|b\\ `c` *d* [e](javascript:x) $x$ {{ 7*7 }} {% raw %}",
    "\\end{tabular}\\input{x} 50% & #1 ~^_",
    "line\nbreak\u2028and\u2029more",
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return several_reported(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def page(runs: Path) -> str:
    return isogloss.report([runs])


class Seen(HTMLParser):
    """Counts elements, and keeps attributes and texts."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.scripts: list[str] = []
        self.text = ""
        self._script = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes |= {name for name, _ in attrs}
        self._script = tag == "script" and not attrs
        if self._script:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._script = False

    def handle_data(self, data: str) -> None:
        if self._script:
            self.scripts[-1] += data
        self.text += data


def test_all_parts_have_numbers(page: str):
    found = numbers_of(page)
    assert found["methods"] == ["multitask", "other"] and found["baseline"] == "multitask"
    for part in ("gaps", "levels", "costs", "curves", "conflicts", "timelines", "likeness", "besideSource"):
        assert {one["method"] for one in found[part]} == {"multitask", "other"}, part
    told = found["sentences"]
    assert [(cell["language"], cell["rtl"], cell["total"]) for cell in told["cells"]] == [
        ("ar", True, NUMBER),
        ("en", False, NUMBER),
        ("hi", False, NUMBER),
    ]
    assert {row[2].rsplit(" ", 1)[0] for row in told["rows"]} == set(TEXTS.values())


def test_scores_verdicts_protocol_and_commands_stand_in_the_page(page: str, runs: Path):
    text = Seen(page).text
    for said in ("other: better than multitask", "▲ better", "English", "trained on en", "last"):
        assert said in text, said
    assert f"isogloss train {runs}/m0/seed-0/recipe.yaml --output {runs}/m0/seed-0-again" in text
    assert "isogloss train r.yaml --set label=multitask" in text and "/somebody/" not in text
    assert f"isogloss report {runs} --output report.html" in text


def test_the_page_needs_nothing_else_and_lets_nothing_in(page: str):
    seen = Seen(page)
    assert not {"link", "img", "iframe", "object", "base", "form"} & seen.tags.keys()
    assert not {"src", "onclick", "onload", "style"} & seen.attributes
    (policy,) = re.findall(r'Content-Security-Policy" content="(.*?)"', page)
    assert policy.startswith("default-src &#39;none&#39;; script-src &#39;sha256-")
    hashes = {base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in seen.scripts}
    assert hashes == set(re.findall(r"sha256-([\w+/=]+)", policy)) and len(hashes) == 3
    assert len(page.encode()) < 1_000_000


def test_the_same_runs_give_the_same_page_and_are_left_as_they_were(page: str, runs: Path):
    before = contents(runs)
    assert isogloss.report([runs]) == page
    assert contents(runs) == before


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_text_of_the_user_is_markup(hostile: str, page: str, tmp_path: Path):
    texts = {code: f"{hostile} {text}" for code, text in TEXTS.items()}
    labels = (f"1 {hostile}", f"2 {hostile}")
    several_reported(
        tmp_path, ("multitask", f"m {hostile}"), texts=texts, labels=labels, data=hostile.replace("/", "-")
    )
    found = isogloss.report([tmp_path], title=hostile)
    tame, wild = Seen(page), Seen(found)
    assert (wild.tags, wild.attributes) == (tame.tags, tame.attributes)
    assert len(wild.scripts) == 3 and wild.scripts == tame.scripts
    assert f"m {hostile}" in wild.text
    told = numbers_of(found)
    assert f"m {hostile}" in told["methods"]
    assert set(told["sentences"]["labels"]) == set(labels)
    assert all(row[2].startswith(hostile) for row in told["sentences"]["rows"])


def test_half_a_character_is_shown_as_one_that_is_unknown(runs: Path):
    page = isogloss.report([runs], title="half \ud83d")
    assert "<title>half \ufffd</title>" in page and page.encode()


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_text_of_the_user_breaks_a_table(hostile: str, tmp_path: Path):
    several_reported(tmp_path, ("multitask", f"m {hostile}"), data=hostile.replace("/", "-"))
    markdown = isogloss.report([tmp_path], format="markdown")
    table, *others = (part.splitlines() for part in markdown.split("\n\n") if part.startswith("|"))
    table = [line for line in table if line.startswith("|")]
    assert len(table) == 2 + len(TEXTS) + 3, "a line for each language and mean, below two of headers"
    assert len(others) == 3, "what gap found of both methods, and correlations"
    for own in (table, *others):
        assert len({len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in own}) == 1
        assert not re.search(r"(?<!\\)<", "".join(own))
    latex = isogloss.report([tmp_path], format="latex").splitlines()
    assert sum(line.endswith("\\\\") for line in latex) == 1 + len(TEXTS) + 3
    assert [line for line in latex if "\\end" in line] == ["\\end{tabular}"] or hostile.startswith("\\end")
    rows = [line for line in latex if line.endswith("\\\\")]
    assert len({len(re.findall(r"(?<!\\)&", line)) for line in rows}) == 1
    assert not any(re.search(r"(?<!\\)[%#$]", line) for line in rows)


def test_the_formats_of_a_comparison_are_those_of_compare(runs: Path):
    table = isogloss.compare([runs], baseline="multitask", split="test")
    assert table.split("\n\n")[0] in isogloss.report([runs], format="markdown")
    for name in ("latex", "csv", "json"):
        wanted = isogloss.compare([runs], baseline="multitask", split="test", format=name)
        assert isogloss.report([runs], format=name) == wanted


@pytest.mark.parametrize("task", sorted(set(TASKS) - {"qa"}))  # whose answers are not written as runs write them
def test_every_task_has_its_page(task: str, tmp_path: Path):
    several(tmp_path, task=task, number=8)
    told = numbers_of(isogloss.report([tmp_path]))["sentences"]
    assert len(told["rows"]) == 16 and {len(row[6]) for row in told["rows"]} == {2}
    assert {"0", "1"} >= {mark for row in told["rows"] for mark in row[6]}


def test_what_is_not_finished_is_said_and_drawn_as_far_as_it_got(tmp_path: Path):
    several_reported(tmp_path)
    write_reported(tmp_path / "m2", label="begun", finished=False)
    page = isogloss.report([tmp_path])
    said = f"1 of 7 runs have no final scores, and count in no table: {tmp_path}/m2 (step 10 of 20)."
    assert said in Seen(page).text
    found = numbers_of(page)
    drawn = [one["steps"][-1] for one in found["curves"] if (one["method"], one["what"]) == ("begun", "training loss")]
    assert drawn[0] == 10 and "begun" not in {one["method"] for one in found["costs"]}
    assert "begun" in found["methods"] and "begun" not in found["sentences"]["methods"]


def test_a_page_of_unfinished_runs_alone_has_curves_and_tables_are_refused(tmp_path: Path):
    write_reported(tmp_path / "run", finished=False)
    page = isogloss.report([tmp_path])
    assert "No run has final scores yet" in page and numbers_of(page)["curves"]
    with pytest.raises(IsoglossError, match="format: csv holds scores alone, and no run has a final dev score"):
        isogloss.report([tmp_path], format="csv")


def test_a_run_that_has_only_begun_is_shown(tmp_path: Path):
    write_text(tmp_path / "run/recipe.yaml", "{method: multitask, seed: 3, steps: 9}")
    write_text(tmp_path / "run/fingerprint.json", "{}")
    assert f"{tmp_path}/run (step 0 of 9)" in isogloss.report([tmp_path])


def test_warnings_say_what_is_unequal_or_missing(tmp_path: Path):
    several_reported(tmp_path, seeds=2)
    (tmp_path / "m1/seed-0/predictions/last/d.en.test.jsonl").unlink()
    append_lines(tmp_path / "p/results.jsonl", [{"task": "mlm", "run": "p", "view": "original", "selection": None}])
    text = Seen(isogloss.report([tmp_path])).text
    for said in (
        "Fewer than 3 seeds, so no verdict on: multitask (2), other (2).",
        f"Predictions are missing in {tmp_path}/m1/seed-0",
        f"Passed over, of `isogloss pretrain`: {tmp_path}/p.",
    ):
        assert said in text, said


def test_a_loss_that_rose_and_a_test_set_scored_twice_are_said(tmp_path: Path):
    write_reported(tmp_path / "run")
    state = json.loads((tmp_path / "run/trainer_state.json").read_text())
    state["log_history"] = [{"step": step, "loss": float(step)} for step in (1, 2)]
    write_text(tmp_path / "run/trainer_state.json", json.dumps(state))
    rows = [json.loads(line) for line in (tmp_path / "run/results.jsonl").read_text("utf-8").splitlines()]
    for row in rows:
        row["test_touches"] = 2
    write_text(tmp_path / "run/results.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    text = Seen(isogloss.report([tmp_path])).text
    assert f"The training loss ends above its beginning in {tmp_path}/run: a lower learning_rate" in text
    assert f"Test data were scored more than once by {tmp_path}/run." in text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"split": "train"}, "split: 'train' is unknown.*valid: dev, test"),
        ({"format": "pdf"}, "format: 'pdf' is unknown.*html"),
        ({"sentences": 1}, "sentences: at least 2, found 1"),
        ({"baseline": "othr"}, "no result row of the baseline 'othr'; did you mean 'other'"),
        ({"metric": "bleu"}, "metric: task 'topic' has no 'bleu'"),
    ],
)
def test_refused(changes: dict[str, Any], message: str, runs: Path):
    with pytest.raises(IsoglossError, match=message):
        isogloss.report([runs], **changes)
