"""The trace of the Fisher matrix: against a closed form, and its estimators against each other."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from isogloss.common.errors import IsoglossError
from isogloss.diagnostics.fisher import Fisher, Traces, gold, most_likely, sampled
from isogloss.protocols import Batch


class Regression(nn.Module):
    """Softmax regression: logits = W x, by a layer of its own for each half of the features."""

    def __init__(self) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(3)
        self.left = nn.Linear(3, 4, bias=False)
        self.right = nn.Linear(3, 4, bias=False)
        self.dropout = nn.Dropout(0.5)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=draw))

    def forward(self, x: Tensor) -> Any:
        logits = self.left(self.dropout(x[..., :3])) + self.right(x[..., 3:])
        return type("Output", (), {"logits": logits})


def batch(number: int, seed: int = 0, words: int | None = None) -> Batch:
    draw = torch.Generator().manual_seed(seed)
    shape = (number,) if words is None else (number, words)
    labels = torch.randint(4, shape, generator=draw)
    if words is not None:
        labels[:, -1] = -100
    return Batch({"x": torch.randn(*shape, 6, generator=draw)}, labels, ("en",) * number)


def groups_of(model: Regression) -> dict[str, list[nn.Parameter]]:
    return {"left": list(model.left.parameters()), "right": list(model.right.parameters())}


def closed_form(model: Regression, own: Batch) -> list[float]:
    """tr(F) = mean of ‖x‖² (1 − ‖p‖²), for the features of each layer, summed over the items of an example."""
    x = own.inputs["x"]
    with torch.no_grad():
        p = copy.deepcopy(model).eval()(x).logits.softmax(dim=-1)
    spread = (1 - p.square().sum(dim=-1)) * (own.labels != -100)
    return [float((part.square().sum(dim=-1) * spread).sum() / len(own)) for part in (x[..., :3], x[..., 3:])]


def mean(fisher: Fisher, model: Regression, own: Batch, times: int) -> Tensor:
    """The mean over many draws of labels."""
    found = [fisher(model, groups_of(model), [[own]], moment).values[0] for moment in range(times)]
    return torch.stack(found).mean(dim=0)


def test_exact_is_the_closed_form() -> None:
    model, own = Regression(), batch(5)
    traces = Fisher(exact=True)(model, groups_of(model), [[own]])
    assert list(traces.means.values()) == pytest.approx(closed_form(model, own))


@pytest.mark.parametrize("words", [None, 3])
@pytest.mark.parametrize("per_example", [False, True])
def test_sampled_labels_give_the_closed_form_on_average(per_example: bool, words: int | None) -> None:
    model, own = Regression(), batch(5, words=words)
    found = mean(Fisher(per_example=per_example), model, own, 600)
    assert found.tolist() == pytest.approx(closed_form(model, own), rel=0.1)


def test_other_labels_do_not() -> None:
    model, own = Regression(), batch(5)
    expected = closed_form(model, own)
    for labels in (most_likely, gold):
        found = Fisher(labels)(model, groups_of(model), [[own]]).means
        assert list(found.values()) != pytest.approx(expected, rel=0.15)


def test_micro_batches_and_closed_groups_change_nothing() -> None:
    model, own = Regression(), batch(6)
    parts = [Batch({"x": own.inputs["x"][cut]}, own.labels[cut], ("en",) * 3) for cut in (slice(0, 3), slice(3, 6))]
    whole = Fisher(gold)(model, groups_of(model), [[own]]).values
    model.left.requires_grad_(False)
    torch.testing.assert_close(Fisher(gold)(model, groups_of(model), [parts]).values, whole)


def test_the_model_is_left_as_it_was() -> None:
    model = Regression().train()
    model.left.requires_grad_(False)
    model.right.weight.grad = torch.ones(4, 3)
    before, state = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    Fisher()(model, groups_of(model), [[batch(4)]] * 2)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert model.training and model.dropout.training
    assert [parameter.requires_grad for parameter in model.parameters()] == [False, True]
    assert model.left.weight.grad is None and torch.equal(model.right.weight.grad, torch.ones(4, 3))


def test_draws_are_a_function_of_seed_moment_and_batch() -> None:
    model, batches = Regression(), [[batch(4)], [batch(4)]]
    first = Fisher(seed=1)(model, groups_of(model), batches, 7).values
    torch.rand(3)
    assert torch.equal(Fisher(seed=1)(model, groups_of(model), batches, 7).values, first)
    assert not torch.equal(first[0], first[1])
    assert not torch.equal(Fisher(seed=1)(model, groups_of(model), batches, 8).values, first)
    assert not torch.equal(Fisher(seed=2)(model, groups_of(model), batches, 7).values, first)


def test_two_processes_share_the_batches() -> None:
    model, batches = Regression(), [[batch(4, seed)] for seed in range(3)]

    class Half:
        world_size = 2

        def __init__(self, rank: int) -> None:
            self.rank, self.seen = rank, []

        def sum(self, tensors: Any) -> None:
            self.seen += tensors

    halves = [Half(0), Half(1)]
    for half in halves:
        Fisher(ranks=half)(model, groups_of(model), batches)  # type: ignore[arg-type]
    whole = Fisher()(model, groups_of(model), batches).values
    torch.testing.assert_close(halves[0].seen[0] + halves[1].seen[0], whole)


def test_per_parameter_and_errors() -> None:
    model = Regression()
    plain = Fisher(gold)(model, groups_of(model), [[batch(4)]])
    each = Fisher(gold, per_parameter=True)(model, groups_of(model), [[batch(4)]])
    torch.testing.assert_close(each.values * 12, plain.values)
    traces = Traces(("a",), torch.tensor([[1.0], [3.0]], dtype=torch.float64))
    assert traces.means == {"a": 2.0} and traces.errors == {"a": pytest.approx(1.0)}


def test_what_cannot_be_asked_for() -> None:
    model = Regression()
    with pytest.raises(IsoglossError, match="at least one batch"):
        Fisher()(model, groups_of(model), [])
    with pytest.raises(IsoglossError, match="exact needs tasks with one item an example"):
        Fisher(exact=True)(model, groups_of(model), [[batch(4, words=3)]])
    assert sampled(torch.tensor([[-50.0, 0.0]]), torch.zeros(1), torch.Generator()).tolist() == [1]
