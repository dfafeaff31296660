"""Recipes with former keys say what they said, with a hint each."""

from __future__ import annotations

from typing import Any

import pytest

from isogloss import IsoglossError
from isogloss.recipe.resolve import as_yaml, resolve, resolve_pretraining

TEXT = {"format": "lines", "path": "{language}.txt", "parallel": "lines"}
DATA = {"task": "pos", "format": "conllu", "path": "x/{language}/{split}"}


def pretraining(**keys: Any) -> Any:
    return resolve_pretraining({"model": "some/encoder", "text": TEXT, "steps": 9, **keys})


@pytest.mark.parametrize(
    ("former", "today", "hint"),
    [
        (
            {"translation_share": 0.8},
            [{"kind": "mlm", "share": 0.2}, {"kind": "tlm", "share": 0.8}],
            "translation_share is now written sources: [{kind: mlm, share: 0.2}, {kind: tlm, share: 0.8}]",
        ),
        (
            {"translation_share": 0.0},
            [{"kind": "mlm", "share": 1.0}],
            "translation_share is now written sources: [{kind: mlm, share: 1.0}]",
        ),
        (
            {"translation_share": 1, "masking": 0.3},
            [{"kind": "tlm", "share": 1.0, "masking": 0.3}],
            "masking is now written sources: [{kind: tlm, share: 1, masking: 0.3}]",
        ),
        (
            {"temperature": 3.0},
            [{"kind": kind, "share": 0.5, "temperature": 3.0} for kind in ("mlm", "tlm")],
            "temperature is now written sources: [{kind: mlm, share: 0.5, temperature: 3.0}, "
            "{kind: tlm, share: 0.5, temperature: 3.0}]",
        ),
    ],
)
def test_sources_of_text(
    former: dict[str, Any], today: list[dict[str, Any]], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pretraining(**former) == pretraining(sources=today)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == len(former) and f"recipe: {hint}" in lines


def test_a_share_that_is_none_is_an_error() -> None:
    with pytest.raises(IsoglossError, match=r"sources\.0\.share: .* found 'half'"):
        pretraining(translation_share="half")


def test_penalties(capsys: pytest.CaptureFixture[str]) -> None:
    base = {"model": "some/encoder", "data": DATA, "steps": 9}
    found = resolve({**base, "method": "l2_sp", "objective": {"kind": "supervised", "l2_sp": 0.5}})
    assert found == resolve({**base, "method": "l2_sp", "penalties": {"kind": "l2_sp", "strength": 0.5}})
    assert capsys.readouterr().err == (
        "recipe: objective.l2_sp is now written penalties: [{kind: l2_sp, strength: 0.5}]\n"
    )
    assert resolve({**base, "objective": {"l2_sp": None}}).penalties == ()


def test_what_is_stored_has_todays_keys(capsys: pytest.CaptureFixture[str]) -> None:
    stored = as_yaml(pretraining(translation_share=0.25))
    assert "translation_share" not in stored and "share: 0.75" in stored
    assert stored.startswith("name:") and stored.index("sources:") < stored.index("dropout:")
