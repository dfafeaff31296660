"""What remembers is remembered: methods added through the protocols alone survive stop and resume."""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from isogloss.common.distributed import ALONE
from isogloss.common.errors import IsoglossError
from isogloss.gradients import Observed
from isogloss.models.extensions import Extension, attach
from isogloss.models.tokenizer import train_tokenizer
from isogloss.objectives.supervised import Supervised
from isogloss.optim import Lookahead
from isogloss.protocols import Batch, DataSource, Stateful
from isogloss.run.checkpoints import load_checkpoint, save_checkpoint
from isogloss.run.selection import Best, Last
from isogloss.step.loop import Training
from isogloss.step.sampling import Joint, Temperature
from isogloss.streams.bucketed import BucketedStream, Examples
from tests.laws.small import assert_same, collate, decay, features, walk, weights
from tests.support.site import small_bert

LANGUAGES = ("en", "de", "sw")


class Pace:
    """A toy weighting that remembers: a source whose loss falls slowly weighs more in the next step."""

    def __init__(self) -> None:
        self.before: dict[str, float] = {}

    def __call__(self, step: int, names: tuple[str, ...], grams: Tensor, losses: Tensor) -> Tensor:
        pace = [loss / self.before.get(name, loss) for name, loss in zip(names, losses.tolist(), strict=True)]
        self.before |= dict(zip(names, losses.tolist(), strict=True))
        return torch.tensor(pace, dtype=torch.float64).expand(len(grams), -1)

    def state_dict(self) -> dict[str, Any]:
        return {"before": dict(self.before)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.before = dict(state["before"])


class Rung(Extension):
    """A toy module beside the encoder."""

    kind, changes_outputs = "rung", False

    def __init__(self, width: int) -> None:
        super().__init__()
        self.projection = nn.Linear(width, 3)
        nn.init.eye_(self.projection.weight)
        nn.init.zeros_(self.projection.bias)


class Queue:
    """A toy objective with a module of its own and a queue: sentences are pushed away from those of steps before."""

    def __init__(self, rung: Rung) -> None:
        self.rung, self.task, self.seen = rung, Supervised(), torch.zeros(0, 3)

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        return {**self.task.counts(batch), "apart": torch.ones(len(batch))}

    def __call__(self, model: PreTrainedModel, batch: Batch) -> dict[str, Tensor]:
        states = model.base_model(**batch.inputs).last_hidden_state
        vectors = self.rung.projection(states.mean(dim=1))
        apart = (vectors @ self.seen.T).square().mean(dim=1) if len(self.seen) else vectors.sum(dim=1) * 0
        self.seen = torch.cat([vectors.detach(), self.seen])[:6]
        return {**self.task(model, batch), "apart": apart}

    def state_dict(self) -> dict[str, Any]:
        return {"seen": self.seen}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.seen = state["seen"]


class WhenLong:
    """A toy rule that looks at the model and remembers: once the head's weights have grown, the rest opens for good."""

    opening: frozenset[Hashable] = frozenset({"head", "rest"})

    def __init__(self, start: float) -> None:
        self.start, self.open = start, False

    def __call__(self, step: int, model: nn.Module) -> frozenset[Hashable]:
        length = float(model.get_parameter("classifier.weight").detach().norm())
        self.open |= length > self.start
        return self.opening if self.open else frozenset({"head"})

    def state_dict(self) -> dict[str, Any]:
        return {"open": self.open}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.open = state["open"]


def pad(items: Any) -> Batch:
    batch = collate(items)
    return Batch(
        {**batch.inputs, "attention_mask": (batch.inputs["input_ids"] != 0).long()}, batch.labels, batch.languages
    )


def sources(objective: Any) -> dict[str, DataSource]:
    found = {}
    for language in LANGUAGES:
        own = [
            type(one)(
                one.inputs, [label if label < 0 else label % 2 for label in one.labels], one.language, one.example
            )
            for one in features(language)
        ]
        stream = BucketedStream([own], Examples([len(own)], seed=1, name=language), batch_size=5, collate=pad)
        found[language] = DataSource(language, stream, objective)
    return found


def fresh_model() -> PreTrainedModel:
    return copy.deepcopy(small_bert()).train()


def parts_of_run(model: PreTrainedModel, sampler: Any, objective: Any = None, **parts: Any) -> Training:
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.02)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, decay)
    return Training(model, sources(objective or Supervised()), sampler, optimizer, schedule, 3, **parts)


def with_weighting() -> Training:
    return parts_of_run(fresh_model(), Joint(LANGUAGES), weighting=Pace())


def with_objective() -> Training:
    model = fresh_model()
    attach(model, "rung", Rung(8))
    rung = model.get_submodule("extensions.rung")
    assert isinstance(rung, Rung)
    return parts_of_run(model, Temperature(LANGUAGES, (1, 1, 1), seed=2), Queue(rung))


def with_unfreezing() -> Training:
    model = fresh_model()
    head = list(model.get_submodule("classifier").parameters())
    rest = [p for p in model.parameters() if all(p is not own for own in head)]
    rule = WhenLong(1.02 * float(model.get_parameter("classifier.weight").detach().norm()))
    groups = {"head": head, "rest": rest}
    return parts_of_run(model, Joint(LANGUAGES), unfreezing=rule, parameter_groups=groups)


MAKERS: dict[str, Callable[[], Training]] = {
    "weighting": with_weighting,
    "objective": with_objective,
    "unfreezing": with_unfreezing,
}
STEPS = 8


def save(folder: Path, parts: Training) -> Path:
    tokenizer = train_tokenizer(["low lower lowest"], 20)
    return save_checkpoint(
        folder, parts, Last(), tokenizer=tokenizer, trainer_state={}, cost={}, ranks=ALONE, keep=None
    )


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("stop", [1, 4])
def test_a_toy_survives_stop_and_resume(name: str, stop: int, tmp_path: Path):
    whole = MAKERS[name]()
    trace = walk(whole, STEPS)
    begun = MAKERS[name]()
    walk(begun, stop)
    path = save(tmp_path, begun)
    again = MAKERS[name]()
    load_checkpoint(path, again, Last(), ranks=ALONE)
    for expected, found in zip(trace[stop:], walk(again, STEPS - stop), strict=True):
        assert_same(expected, found)


def test_the_toys_do_something():
    """Each of them ends elsewhere than plain training, or the test above would prove nothing."""
    plain = walk(parts_of_run(fresh_model(), Joint(LANGUAGES)), STEPS)[-1]
    for name in ("weighting", "unfreezing"):
        assert not torch.equal(walk(MAKERS[name](), STEPS)[-1]["classifier.weight"], plain["classifier.weight"])
    rule = with_unfreezing()
    opened = [walk(rule, 1) and rule.unfreezing.open for _ in range(STEPS)]
    assert not opened[0] and opened[-1]
    queue = with_objective()
    before = weights(queue.model)["extensions.rung.projection.weight"]
    assert not torch.equal(walk(queue, 3)[-1]["extensions.rung.projection.weight"], before)


@pytest.mark.parametrize("name", MAKERS)
def test_all_that_remembers_is_in_the_memory(name: str):
    """A part of a training with ``state_dict`` that is not in its memory would be lost, and no one would know."""
    parts = MAKERS[name]()
    memory = parts.memory()
    known = list(memory.values())
    # A sampler and a stream are functions of their number, by their protocols.
    held = [value for key, value in vars(parts).items() if key not in ("model", "sources", "probes", "sampler")]
    held += [source.objective for source in parts.sources.values()]
    held += list(parts.probes)
    for part in held:
        if isinstance(part, Stateful):
            assert any(part is own for own in known), part
    assert len({id(part) for part in known}) == len(known)


def test_a_half_of_a_memory_is_an_error():
    class Half:
        def __call__(self, *arguments: Any) -> Tensor:
            return torch.ones(1, 3)

        def state_dict(self) -> dict[str, Any]:
            return {}

        def load_state_dicts(self, state: Mapping[str, Any]) -> None:
            """A misspelt name."""

    message = "Half: what remembers needs state_dict and load_state_dict, found state_dict alone"
    with pytest.raises(IsoglossError, match=message):
        parts_of_run(fresh_model(), Joint(LANGUAGES), weighting=Half()).memory()
    with pytest.raises(IsoglossError, match=message):
        Observed(Half(), ["model"]).state_dict()


def test_what_a_run_does_not_know_is_no_checkpoint_of_it(tmp_path: Path):
    path = save(tmp_path, with_weighting())
    plain = parts_of_run(fresh_model(), Joint(LANGUAGES))
    with pytest.raises(IsoglossError, match=r"holds what .*weighting.* remember, this run needs .*schedule"):
        load_checkpoint(path, plain, Last(), ranks=ALONE)


def test_a_checkpoint_of_an_earlier_version_is_refused_in_one_line(tmp_path: Path):
    path = save(tmp_path, with_weighting())
    (path / "memory.pt").rename(path / "optimizer.pt")
    with pytest.raises(IsoglossError, match="written by an earlier version") as caught:
        load_checkpoint(path, with_weighting(), Last(), ranks=ALONE)
    assert "\n" not in str(caught.value)


def test_frozen_parameters_have_no_slow_copy_and_no_copy_in_the_selection():
    model = fresh_model()
    frozen = list(model.get_input_embeddings().parameters())
    for parameter in frozen:
        parameter.requires_grad_(False)
    open_ones = [(name, own) for name, own in model.named_parameters() if own.requires_grad]
    slow = Lookahead(torch.optim.AdamW(model.parameters(), lr=0.1), period=2, alpha=0.5)
    assert len(slow.state_dict()["fast"]) == len(open_ones)
    best = Best({name for name, _ in open_ones})
    best.consider(model, 1, 0.5)
    assert best.state_dict()["weights"].keys() == {name for name, _ in open_ones}
