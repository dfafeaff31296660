"""Recipes with former keys say what they said, with a hint each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

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


@pytest.mark.parametrize(
    ("base", "over", "strengths"),
    [
        ({"objective": {"l2_sp": 0.1}}, {"penalties": {"kind": "l2_sp", "strength": 0.5}}, [0.5]),
        ({"objective": {"l2_sp": 0.1}}, {"penalties": []}, []),
        ({"penalties": {"kind": "l2_sp", "strength": 0.5}}, {"objective": {"l2_sp": 0.1}}, [0.1]),
        ({"penalties": {"kind": "l2_sp", "strength": 0.5}}, {"objective": {"l2_sp": None}}, []),
        ({"method": "l2_sp"}, {"objective": {"l2_sp": None}}, []),
    ],
)
def test_a_later_layer_wins_whichever_keys_it_has(
    base: dict[str, Any], over: dict[str, Any], strengths: list[float], tmp_path: Path
) -> None:
    below = tmp_path / "below.yaml"
    below.write_text(yaml.safe_dump({"model": "some/encoder", "data": DATA, "steps": 9, "scales": {"s": over}, **base}))
    found = [
        resolve({"base": str(below), **over}),
        resolve(below, scale="s"),
        resolve(below, overrides=[f"{key}={yaml.safe_dump(value)}" for key, value in over.items()]),
    ]
    assert [[penalty.strength for penalty in one.penalties] for one in found] == [strengths] * 3


@pytest.mark.parametrize(
    ("base", "over", "today"),
    [
        (
            {"translation_share": 0.3, "temperature": 3.0},
            {"translation_share": 0.5},
            [{"kind": kind, "share": 0.5, "temperature": 3.0} for kind in ("mlm", "tlm")],
        ),
        ({"translation_share": 0.3}, {"sources": {"kind": "mlm", "share": 1.0}}, [{"kind": "mlm", "share": 1.0}]),
        (
            {"sources": {"kind": "mlm", "share": 1.0}},
            {"temperature": 4.0},
            [{"kind": "mlm", "share": 1.0, "temperature": 4.0}],
        ),
    ],
)
def test_sources_in_layers(
    base: dict[str, Any], over: dict[str, Any], today: list[dict[str, Any]], tmp_path: Path
) -> None:
    below = tmp_path / "below.yaml"
    below.write_text(yaml.safe_dump({"model": "some/encoder", "text": TEXT, "steps": 9, **base}))
    wanted = pretraining(sources=today)
    assert resolve_pretraining({"base": str(below), **over}) == wanted
    overrides = [f"{key}={yaml.safe_dump(value, default_flow_style=True)}" for key, value in over.items()]
    assert resolve_pretraining(below, overrides=overrides) == wanted


@pytest.mark.parametrize("wrong", [["mlm"], "mlm", None])
def test_sources_that_are_none_are_an_error_beside_a_former_key(wrong: Any) -> None:
    with pytest.raises(IsoglossError, match="sources"):
        pretraining(sources=wrong, temperature=3.0)


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
