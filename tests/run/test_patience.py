"""A run ends when its dev score has not risen for some evaluations, and remembers how many that were."""

from __future__ import annotations

import pytest
from torch import nn

from isogloss.run.patience import Patient
from isogloss.run.selection import Best, Last, RunningAverage

NAN = float("nan")


def ends_at(scores: list[float | None], looks: int, *, broken_after: int | None = None) -> int | None:
    """The number of the look, from 1, after which the run is over; None: it goes to its end."""
    patient, model = Patient(Last(), looks), nn.Linear(1, 1)
    for number, score in enumerate(scores, 1):
        patient.consider(model, number, score)
        if number == broken_after:
            state = patient.state_dict()
            patient = Patient(Last(), looks)
            patient.load_state_dict(state)
        if patient.is_over:
            return number
    return None


@pytest.mark.parametrize(
    ("scores", "looks", "expected"),
    [
        ([0.1, 0.2, 0.3, 0.4], 1, None),
        ([0.5, 0.4, 0.6, 0.5, 0.5], 2, 5),
        # No better is not better, and the wait begins anew with each improvement.
        ([0.5, 0.5, 0.5], 2, 3),
        ([0.1, 0.0, 0.2, 0.1, 0.3, 0.2], 2, None),
        ([0.5, NAN, None, 0.9], 2, 3),
        ([None, None, 0.9], 2, 2),
        ([NAN, 0.1, 0.0], 2, None),
    ],
)
@pytest.mark.parametrize("broken_after", [None, 1, 2])
def test_looks_without_improvement_end_a_run(
    scores: list[float | None], looks: int, expected: int | None, broken_after: int | None
):
    assert ends_at(scores, looks, broken_after=broken_after) == expected


def test_weights_are_those_of_the_selection_inside():
    patient, model = Patient(Best(), 3), nn.Linear(1, 1)
    for step, weight in ((10, 1.0), (20, 2.0), (30, 3.0)):
        nn.init.constant_(model.weight, weight)
        patient.consider(model, step, {20: 0.9}.get(step, 0.1))
    patient.apply(model)
    assert (model.weight.item(), patient.step, patient.score) == (2.0, 20, 0.9)
    assert str(patient) == (
        "the dev score has not risen for 1 evaluations (the best was 0.9000 at step 20; patience 3)"
    )


def test_a_state_serves_with_and_without_patience():
    patient, model = Patient(Best(), 1), nn.Linear(1, 1)
    patient.consider(model, 10, 0.5)
    plain = Best()
    plain.load_state_dict(patient.state_dict())
    assert (plain.step, plain.score) == (10, 0.5)


@pytest.mark.parametrize("broken_after", [None, 4, 6])
def test_a_run_that_is_to_end_with_an_average_does_not_end_before_there_is_one(broken_after: int | None):
    patient, model = Patient(RunningAverage(start=5), 1), nn.Linear(1, 1)
    for step in range(1, 10):
        nn.init.constant_(model.weight, step)
        patient.consider(model, step, 0.5)
        if step == broken_after:
            state = patient.state_dict()
            patient = Patient(RunningAverage(start=5), 1)
            patient.load_state_dict(state)
        if patient.is_over:
            break
    patient.apply(model)
    assert (step, model.weight.item(), patient.step) == (6, 5.5, 6)
