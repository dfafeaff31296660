"""Two processes, started once; what they did is checked against one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from isogloss.common import distributed
from isogloss.common.distributed import ALONE, Communicator, Ranks, average, gathered, processes, sum_gradients, union
from isogloss.gradients import GradientRows, SparseTable
from isogloss.models.extensions.knowledge import CandidateQueue, ProjectionHeads
from isogloss.objectives.compared import Contrast
from isogloss.objectives.knowledge import KnowledgeContrast
from isogloss.optim import Lookahead
from isogloss.step.sampling import Joint, Temperature
from tests.laws.small import LANGUAGES, Tagger, adamw, assert_close, assert_same, training, walk, weights
from tests.support.knowledge import batch_of, table

pytestmark = pytest.mark.slow

SHAPES = [(3,), (2, 5), (), (7, 1), (40,), (0, 3), (1, 1, 2)]
DTYPES = [torch.float32, torch.float32, torch.float64, torch.float64, torch.bfloat16, torch.float32, torch.int64]
PERIOD = 5
MIXTURE = Temperature(LANGUAGES, (5, 3, 1), seed=4)


def tensors(rank: int) -> list[Tensor]:
    """Tensors of several shapes and types, of whole numbers, so that every sum is exact."""
    random = torch.Generator().manual_seed(rank)
    pairs = zip(SHAPES, DTYPES, strict=True)
    return [torch.randint(-50, 50, shape, generator=random).to(dtype) for shape, dtype in pairs]


def with_gradients(rank: int) -> list[nn.Parameter]:
    """Parameters, every third without a gradient."""
    parameters = [nn.Parameter(torch.zeros(4)) for _ in range(6)]
    for index, parameter in enumerate(parameters):
        parameter.grad = None if index % 3 == 1 else torch.full((4,), float(10 * rank + index))
    return parameters


def dealt(group: Communicator) -> dict[str, Tensor]:
    """Three rows of the first process and two of the second; the loss of each weighs all rows, in its own way."""
    rows = (10.0 * torch.arange(3 - group.rank) + group.rank)[:, None].requires_grad_()
    every, own = gathered(group, rows)
    (every[:, 0] * torch.arange(1.0, len(every) + 1) * (1 + 9 * group.rank)).sum().backward()
    assert rows.grad is not None
    return {"every": every.detach()[:, 0], "own": own, "gradient": rows.grad[:, 0]}


def contrasted(group: Communicator) -> dict[str, Tensor]:
    """Five rows compared across processes, with batch norm: the summed gradients, and the queue after it."""
    rows = torch.randn(11, 6, generator=torch.Generator().manual_seed(2))
    model, mine = table(rows.tolist()), range(group.rank, 5, group.world_size)
    texts, descriptions = [1 + row for row in mine], [6 + row for row in mine]
    widths = 3 if (group.rank, group.world_size) == (0, 2) else 1  # what nobody has makes no difference
    how = Contrast(0.5, across_ranks=True)
    heads, queue = ProjectionHeads(6, seed=1), CandidateQueue(7, 6)
    objective = KnowledgeContrast("mep", heads, queue, how, masked=False, group=group)
    for first in (0, 5):
        entities = [first + row for row in mine]
        batch = batch_of(texts, descriptions, entities, true=[[own, 99, 98][:widths] for own in entities])
        objective(model, batch)["mep"].sum().backward()
    parameters = {**dict(model.named_parameters()), **dict(heads.named_parameters())}
    sum_gradients(group, parameters.values())
    found = {name: own.grad for name, own in parameters.items() if own.grad is not None}
    return {**found, "queue": queue.vectors, "entities": queue.entities}


def shared_run(group: Communicator) -> list[dict[str, Tensor]]:
    """Processes that share every batch; Sequential Reptile, and then sums over all languages."""
    slices = {"rank": group.rank, "world_size": group.world_size, "batch_size": 9, "accumulation": 2}
    model = Tagger(dtype=torch.float64)
    optimizer = Lookahead(adamw(model), period=PERIOD, alpha=0.3)
    trace = walk(training(model, optimizer, MIXTURE, slices=slices, group=group), 2 * PERIOD)
    return trace + walk(training(model, adamw(model), Joint(LANGUAGES), slices=slices, group=group), 3)


def weighted_run(group: Communicator) -> list[dict[str, Tensor]]:
    """As `shared_run`, with weights that depend on the gradients and losses of the whole batch, and a sparse table."""

    def weighting(step: int, names: tuple[str, ...], grams: Tensor, losses: Tensor) -> Tensor:
        return losses.double() / grams.diagonal(dim1=1, dim2=2).sqrt()

    slices = {"rank": group.rank, "world_size": group.world_size, "batch_size": 9}
    model = Tagger(dtype=torch.float64)
    groups = [list(model.hidden.parameters()), [*model.embeddings.parameters(), *model.head.parameters()]]
    rows = GradientRows(groups, table=SparseTable(model.embeddings))
    parts = training(model, adamw(model), Joint(LANGUAGES), slices=slices, group=group, weighting=weighting, rows=rows)
    return walk(parts, 4)


def worker_run(rank: int, steps: int, **averaging: Any) -> list[dict[str, Tensor]]:
    """A worker that walks on its own, on batches of its own, with dropout of its own."""
    model = Tagger(dropout=0.2)
    optimizer = Lookahead(adamw(model), period=PERIOD, alpha=1.0, **averaging)
    return walk(training(model, optimizer, MIXTURE, seed=100 + rank), steps)


def work(folder: Path) -> None:
    """What each of the two processes does."""
    ranks = processes()
    assert isinstance(ranks, Ranks)
    found: dict[str, Any] = {"rank": ranks.rank, "world_size": ranks.world_size}
    for size in (1, 100, distributed.BUCKET):
        distributed.BUCKET = size
        found[f"sums {size}"] = summed = tensors(ranks.rank)
        ranks.sum(summed)
    found["means"] = means = [tensor for tensor in tensors(ranks.rank) if tensor.is_floating_point()]
    average(ranks, means)
    parameters = with_gradients(ranks.rank)
    sum_gradients(ranks, parameters)
    found["gradients"] = [parameter.grad for parameter in parameters]
    found["union"] = union(ranks, torch.tensor([[7, 0, 3], [3, 9]][ranks.rank]), 10)
    found["gathered"] = dealt(ranks)
    found["contrast"] = contrasted(ranks)
    found["rows"] = ranks.gather([{"rank": ranks.rank, "row": row} for row in range(2 + ranks.rank)])
    found["shared"] = shared_run(ranks)
    found["weighted"] = weighted_run(ranks)
    found["workers"] = worker_run(ranks.rank, 3 * PERIOD, average=partial(average, ranks))
    if ranks.rank == 1:
        (folder / "late").write_text("")
    ranks.wait()
    found["late"] = (folder / "late").exists()
    torch.save(found, folder / str(ranks.rank))
    torch.distributed.destroy_process_group()


@pytest.fixture(scope="module")
def two(ready_python: str, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each of two processes found."""
    folder = tmp_path_factory.mktemp("two")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2"}
    root = str(Path(__file__).parents[2])
    started = [
        subprocess.Popen(
            [ready_python, "-m", "tests.common.test_distributed", str(folder)],
            cwd=root,
            env={**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank), "OMP_NUM_THREADS": "1"},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in (0, 1)
    ]
    try:
        errors = [process.communicate(timeout=120)[1] for process in started]
    finally:
        for process in started:
            process.kill()
    assert [process.returncode for process in started] == [0, 0], "\n".join(errors)
    return [torch.load(folder / str(rank), weights_only=True) for rank in (0, 1)]


def test_ranks_know_who_they_are(two: list[dict[str, Any]]):
    assert [(found["rank"], found["world_size"]) for found in two] == [(0, 2), (1, 2)]


@pytest.mark.parametrize("size", [1, 100, distributed.BUCKET])
def test_sums_over_processes(two: list[dict[str, Any]], size: int):
    for found in two:
        for total, left, right in zip(found[f"sums {size}"], tensors(0), tensors(1), strict=True):
            assert total.dtype == left.dtype and torch.equal(total, left + right)


def test_means_over_processes(two: list[dict[str, Any]]):
    pairs = [pair for pair in zip(tensors(0), tensors(1), strict=True) if pair[0].is_floating_point()]
    for found in two:
        for mean, (left, right) in zip(found["means"], pairs, strict=True):
            assert torch.equal(mean, (left + right) / 2)


def test_gradients_are_summed_where_there_are_any(two: list[dict[str, Any]]):
    expected = [None if index % 3 == 1 else 10.0 + 2 * index for index in range(6)]
    for found in two:
        assert [None if grad is None else grad[0].item() for grad in found["gradients"]] == expected


def test_rows_are_dealt_out_as_by_one_process_with_the_gradients_of_all(two: list[dict[str, Any]]):
    for found in two:
        assert found["gathered"]["every"].tolist() == [0, 1, 10, 11, 20]
    assert [found["gathered"]["own"].tolist() for found in two] == [[0, 2, 4], [1, 3]]
    # Row i is weighed by i + 1 in the first process's loss, and by ten times that in the second's.
    assert [found["gathered"]["gradient"].tolist() for found in two] == [[11, 33, 55], [22, 44]]
    assert dealt(ALONE)["gradient"].tolist() == [1, 2, 3]


def test_a_contrast_across_processes_is_that_of_one_with_batch_norm_too(two: list[dict[str, Any]]):
    left, right, alone = two[0]["contrast"], two[1]["contrast"], contrasted(ALONE)
    assert [found["entities"].tolist() for found in (left, right, alone)] == 3 * [[7, 8, 9, 3, 4, 5, 6]]
    assert torch.equal(left["queue"], right["queue"])
    assert left.keys() == alone.keys() and len(alone) > 8
    for name, expected in alone.items():
        torch.testing.assert_close(left[name], expected, rtol=1e-4, atol=1e-4, msg=name)


def test_ids_are_united(two: list[dict[str, Any]]):
    assert [found["union"].tolist() for found in two] == [[0, 3, 7, 9]] * 2
    assert union(ALONE, torch.tensor([5, 2]), 6).tolist() == [2, 5]


def test_rows_come_in_the_order_of_ranks(two: list[dict[str, Any]]):
    expected = [{"rank": rank, "row": row} for rank in (0, 1) for row in range(2 + rank)]
    assert [found["rows"] for found in two] == [expected, expected]


def test_waiting_waits_for_all(two: list[dict[str, Any]]):
    assert all(found["late"] for found in two)


@pytest.mark.parametrize(("kind", "run"), [("shared", shared_run), ("weighted", weighted_run)])
def test_two_processes_that_share_batches_are_one(two: list[dict[str, Any]], kind: str, run: Any):
    for left, right, alone in zip(two[0][kind], two[1][kind], run(ALONE), strict=True):
        assert_same(left, right)
        assert_close(left, alone)


def test_two_averaged_workers_are_the_mean_of_two_runs(two: list[dict[str, Any]]):
    singles = [worker_run(rank, PERIOD) for rank in (0, 1)]
    left, right = (found["workers"] for found in two)
    for step in range(PERIOD - 1):
        assert_same(left[step], singles[0][step])
        assert_same(right[step], singles[1][step])
    assert not torch.equal(left[PERIOD - 2]["head.weight"], right[PERIOD - 2]["head.weight"])
    ends = [single[PERIOD - 1] for single in singles]
    assert_same(left[PERIOD - 1], {name: (ends[0][name] + ends[1][name]) / 2 for name in ends[0]})
    for step in (PERIOD, 2 * PERIOD, 3 * PERIOD):
        assert_same(left[step - 1], right[step - 1])


def test_a_process_alone():
    assert (ALONE.rank, ALONE.world_size) == (0, 1)
    values = tensors(0)
    ALONE.sum(values)
    average(ALONE, values)
    assert all(torch.equal(value, before) for value, before in zip(values, tensors(0), strict=True))
    parameters = with_gradients(1)
    sum_gradients(ALONE, parameters)
    assert parameters[0].grad is not None and parameters[0].grad[0] == 10.0
    assert ALONE.gather([1, 2]) == [1, 2]
    ALONE.wait()


def test_averaged_workers_interpolate_from_the_mean():
    model = Tagger(dtype=torch.float64)
    start = weights(model)

    def to_zero(parameters: list[Tensor]) -> None:
        for parameter in parameters:
            parameter.zero_()

    walk(training(model, Lookahead(adamw(model), period=2, alpha=0.25, average=to_zero), MIXTURE), 2)
    assert_close(weights(model), {name: 0.75 * value for name, value in start.items()})


if __name__ == "__main__":
    work(Path(sys.argv[1]))
