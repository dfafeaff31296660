"""The benchmarks run at a toy size and leave what the report is made from. What they measure is not tested."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import isogloss.step.loop
from benchmarks import (
    adapters,
    evaluation,
    gradients,
    hub,
    languages,
    looks,
    memory,
    onnx,
    page,
    settling,
    shapes,
    slow_weights,
    small,
    start,
    step,
    surgery,
    table,
    unfreezing,
    x_mixup,
    xlm_k,
)
from benchmarks.__main__ import main
from benchmarks.gradient_arms import (
    ARMS,
    BY_ROWS,
    DENSE,
    FROZEN,
    GRADVAC,
    KEPT,
    LOOP,
    MATRIX,
    PCGRAD,
    SUMMED,
    TABLE_ARMS,
    TORCHJD,
    losses_of,
    new_training,
)
from benchmarks.ours import Ours
from benchmarks.peer import Peer, as_ours
from benchmarks.report import write_report
from benchmarks.results import save
from benchmarks.timing import Measurement, interleave, per_step, slowdown, speedup
from benchmarks.ways import ADAPTERS, FULL, LORA, TABLE_FROZEN, WAYS
from benchmarks.workload import LANGUAGES, TOY, Workload, load
from isogloss.data import ConllU
from isogloss.examples import TaggedSentence
from isogloss.gradients import PCGrad
from isogloss.models.shipped import shipped_models
from isogloss.models.stored import write_model
from isogloss.step.loop import weigh_gradients

# In the script of the language: the reader wants to know about text that cannot be in it.
STEMS = {"en": "word", "fr": "mot", "ru": "слово", "tr": "kelime"}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def cheap_processes(ready_python: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The processes of a benchmark share their imports, which take longer than all that they measure here."""
    monkeypatch.setattr(sys, "executable", ready_python)


@pytest.fixture(scope="module")
def workload(tmp_path_factory: pytest.TempPathFactory) -> Workload:
    """Sentences of two to nine words, 40 per language."""
    folder = tmp_path_factory.mktemp("ud")
    for language in LANGUAGES:
        path = folder / language / "train.conllu"
        path.parent.mkdir()
        path.write_bytes(ConllU().dump([_sentence(language, number) for number in range(40)]))
    return load(folder, TOY)


def _sentence(language: str, number: int) -> TaggedSentence:
    words = range(1, 3 + number % 8)
    tokens = tuple(f"{STEMS[language]}{word}{number % 7}" for word in words)
    return TaggedSentence(str(number), language, tokens, tuple("NOUN" if word % 2 else "VERB" for word in words))


def test_arms_take_turns_and_round_zero_is_thrown_away():
    seen = []

    def arm(name: str, seconds: float):
        def run(number: int):
            seen.append(f"{name}{number}")
            return Measurement(seconds * (number + 1), steps=2)

        return run

    kept = interleave({"a": arm("a", 1.0), "b": arm("b", 4.0)}, rounds=2)
    assert seen == ["b0", "a0", "a1", "b1", "b2", "a2"]
    assert [one.seconds for one in kept["a"]] == [2.0, 3.0]
    assert slowdown(kept["b"], kept["a"], per_step) == {"median": 4.0, "min": 4.0, "max": 4.0, "values": [4.0, 4.0]}
    assert speedup(kept["b"], kept["a"], per_step)["median"] == 0.25


def _check(result: dict[str, Any], folder: Path) -> str:
    """It survives JSON, and the report, which is returned, shows it."""
    result = json.loads(save(folder, result["benchmark"], result).read_text(encoding="utf-8"))
    assert {"machine", "workload", "skipped"} <= result.keys()
    report = write_report(folder).read_text(encoding="utf-8")
    for part in result["parts"]:
        assert part["part"].capitalize() in report
        assert all(name in report for name in part["arms"])
        for ratio in part["ratios"]:
            assert len(ratio["values"]) == 1
            assert ratio["what"] in report
    return report


@pytest.mark.slow
def test_step(workload: Workload, tmp_path: Path):
    result = step.run(workload, 1)
    _check(result, tmp_path)
    for part in result["parts"]:
        rounds = [arm["rounds"][0] for arm in part["arms"].values()]
        assert len({(one["sentences"], one["subwords"]) for one in rounds}) == 1, "all arms see the same sentences"
        if part["part"] == step.EQUAL:
            assert len({one["cells"] for one in rounds}) == 1, "and with the same padding"


@pytest.mark.slow
@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_both_sides_do_the_same_work(precision: str, dtype: torch.dtype, workload: Workload):
    """A peer that computed in another precision, or did not move, would make a fine ratio."""
    ours, peer = Ours(workload, "multitask", precision), Peer(workload, precision, as_ours)
    start = workload.new_model()
    models = (ours.training.model, peer.model)
    seen: list[torch.dtype] = []
    for model in models:
        for module in model.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0  # the two draw dropout from different seeds
        model.roberta.encoder.layer[0].intermediate.dense.register_forward_hook(
            lambda module, inputs, output: seen.append(output.dtype)
        )
    for number in range(3):
        seen.clear()
        ours(number)
        steps = len(seen)
        peer(number)
        assert seen == [dtype] * 2 * steps
        # Adam divides by the gradient's size, so near a zero gradient rounding alone can turn a step around.
        moved = [_vector(model) - _vector(start) for model in models]
        assert moved[0].norm() > 0
        assert (moved[0] - moved[1]).norm() < (0.01 if precision == "fp32" else 0.2) * moved[0].norm()


def _vector(model: nn.Module) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


@pytest.mark.slow
def test_slow_weights(workload: Workload, tmp_path: Path):
    _check(slow_weights.run(workload, 1), tmp_path)


def test_x_mixup(workload: Workload, tmp_path: Path):
    result = x_mixup.run(workload, 1)
    _check(result, tmp_path)
    for part in result["parts"]:
        rounds = [arm["rounds"][0] for arm in part["arms"].values()]
        seen = {(one["sentences"], one["cells"]) for one in rounds}
        assert len(seen) == 1, "all arms of a part see the same texts"


def test_plain_training_on_pairs_is_x_mixup_without_what_it_adds(workload: Workload):
    arms = x_mixup.plain(workload), Ours(workload, "x_mixup", "fp32", objective={"mix": False, "kl": 0, "mse": 0})
    losses = []
    for arm, weights in zip(arms, ({"task": 1.0}, {"target": 1 / 0.2, "source": 1 / 0.8}), strict=True):
        (source,) = arm.training.sources.values()
        (batch,) = source.stream(3)
        with torch.no_grad():
            found = source.objective(arm.training.model.eval(), batch)
        losses.append(sum(float(own.sum()) * weights[name] for name, own in found.items()))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_xlm_k(workload: Workload, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(xlm_k, "ROWS", 64)
    result = xlm_k.run(workload, 1)
    report = _check(result, tmp_path)
    assert "A thousand rows of the queue take 0.07 MB at 16 units, 3.08 MB at 768 units" in report
    sentences, *both = (arm["rounds"][0] for arm in result["parts"][0]["arms"].values())
    assert len({(one["sentences"], one["cells"], one["subwords"]) for one in both}) == 1, "all arms see the same texts"
    assert {2 * sentences["sentences"]} == {one["sentences"] for one in both}


def test_what_xlm_k_and_its_control_look_for(workload: Workload):
    known = xlm_k.knowledge(workload)
    asked, control = xlm_k.arm(workload, known, 8), xlm_k.arm(workload, known, 0, beside=True)
    (pairs,), (texts, beside) = (
        (arm.training.sources[name].stream)(3) for arm, name in ((asked, "mep"), (control, "mlm"))
    )
    assert pairs.beside is not None and pairs.labels is not None and beside.labels is not None
    assert torch.equal(pairs.inputs["input_ids"], texts.inputs["input_ids"])
    hidden = beside.labels != -100
    assert 0 < hidden.sum() < hidden.numel() / 2
    told = torch.where(hidden, beside.labels, beside.inputs["input_ids"])
    assert torch.equal(told, pairs.beside.inputs["input_ids"])
    for arm in (asked, control):
        before = _vector(arm.training.model.base_model).clone()
        arm(1)
        assert not torch.equal(_vector(arm.training.model.base_model), before)


@pytest.mark.slow
@pytest.mark.usefixtures("cheap_processes")
def test_page(tmp_path: Path):
    sizes = ("--methods", "2", "--seeds", "1", "--languages", "3", "--sentences", "9", "--rounds", "1")
    page.main([*sizes, "--results", str(tmp_path)])
    found = json.loads((tmp_path / "page.json").read_text("utf-8"))
    assert found["sizes"] == {"methods": 2, "seeds": 1, "languages": 3, "sentences": 9}
    assert 0.5 < found["rounds"][0]["page_mb"] < 1 and found["kept"]["bytes"]


def test_settling(tmp_path: Path):
    sizes = ("--methods", "2", "--seeds", "2", "--languages", "3", "--sentences", "9", "--rounds", "1")
    settling.main([*sizes, "--results", str(tmp_path)])
    found = json.loads((tmp_path / "settling.json").read_text("utf-8"))
    assert found["sizes"] == {"methods": 2, "seeds": 2, "languages": 3, "sentences": 9}
    assert found["rounds"].keys() == {"own", "parallel"} and all(found["kept"].values())


@pytest.mark.slow
def test_languages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("isogloss.step.loop.take_step", isogloss.step.loop.take_step)  # put back at the end
    languages.write_corpus(tmp_path / "corpus", 2, 40)
    languages.write_encoder(tmp_path / "encoder")
    found = languages.measure(tmp_path / "corpus", tmp_path / "encoder", tmp_path / "run")
    assert 0 < found["seconds_to_first_step"] < found["seconds"]
    assert 0 < found["own_peak_mb_above_start"] < found["peak_mb"]
    state = json.loads((tmp_path / "run" / "trainer_state.json").read_text(encoding="utf-8"))
    assert state["global_step"] == languages.STEPS


@pytest.mark.slow
@pytest.mark.usefixtures("cheap_processes")
def test_memory(workload: Workload, tmp_path: Path):
    _check(memory.run(workload, 1, [memory.MULTITASK]), tmp_path)
    _check(memory.run(workload, 1, [memory.PAIRS, memory.MIXED]), tmp_path)


@pytest.mark.slow
@pytest.mark.usefixtures("cheap_processes")
def test_start(workload: Workload, tmp_path: Path):
    _check(start.run(workload, 1), tmp_path)


@pytest.mark.slow
def test_looks(workload: Workload, tmp_path: Path):
    result = looks.run(workload, 1)
    _check(result, tmp_path)
    shares = [ratio["median"] for ratio in result["parts"][0]["ratios"][1:]]
    assert all(0 < share < 1 for share in shares)


@pytest.mark.slow
@pytest.mark.usefixtures("cheap_processes")
def test_evaluation(workload: Workload, tmp_path: Path):
    _check(evaluation.run(workload, 1), tmp_path)


# TorchJD runs backward under vmap, which has no rule for attention on a CPU and says so.
vmap_warns = pytest.mark.filterwarnings("ignore:There is a performance drop")


@vmap_warns
@pytest.mark.parametrize("operate", [surgery.matrix, surgery.loop, surgery.jacobian, surgery.jacobian_by_rows])
def test_peers_compute_our_pcgrad(operate: surgery.Surgery):
    """With two languages the order of projections does not matter, so all must agree."""
    training = new_training(shapes.TOY, 2, PCGrad(0))
    weigh_gradients(training, training.weighting, training.rows, training.sampler(0))
    ours = _gradient(training.model)

    model = shapes.TOY.new_model()
    losses = losses_of(model, [shapes.TOY.batch(number) for number in range(2)])
    summed = torch.cat([g.flatten() for g in torch.autograd.grad(sum(losses), model.parameters(), retain_graph=True)])
    operate(list(model.parameters()), losses)
    torch.testing.assert_close(_gradient(model), ours, rtol=1e-4, atol=1e-6)
    assert (ours - summed).norm() > 0.01 * summed.norm(), "the two languages conflict, so something was projected"


def _gradient(model: nn.Module) -> torch.Tensor:
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters()])


@vmap_warns
def test_arms_train_on_the_same_batches():
    losses = {name: [step() for _ in range(3)] for name, step in ((name, ARMS[name](shapes.TOY, 2)) for name in ARMS)}
    for name, own in losses.items():
        assert own[0] == pytest.approx(losses[SUMMED][0], rel=1e-5), name
        assert own[2][0] < own[0][0], name
    for name in (MATRIX, LOOP, TORCHJD, BY_ROWS):
        assert losses[name] == [pytest.approx(row, rel=1e-5) for row in losses[PCGRAD]], name


def test_ways_of_training_the_table_agree():
    steps = {name: make(shapes.TOY, 1) for name, make in TABLE_ARMS.items()}
    losses = {name: [step() for _ in range(3)] for name, step in steps.items()}
    assert losses[KEPT] == [pytest.approx(row, rel=1e-6) for row in losses[DENSE]]
    assert losses[FROZEN][0] == losses[KEPT][0]
    assert losses[FROZEN][2] != losses[KEPT][2]


@pytest.mark.slow
@pytest.mark.usefixtures("cheap_processes")
def test_table(workload: Workload, tmp_path: Path):
    _check(table.run(workload, 1), tmp_path)


@pytest.mark.slow
@pytest.mark.usefixtures("cheap_processes")
def test_gradients(tmp_path: Path):
    _check(gradients.run_shape(shapes.TOY, 1, [PCGRAD]), tmp_path)


@pytest.mark.parametrize(
    ("way", "moved"),
    [(FULL, {"table", "encoder"}), (TABLE_FROZEN, {"encoder"}), (ADAPTERS, {"adapters"}), (LORA, {"lora"})],
)
def test_ways_of_training_move_what_they_say(way: str, moved: set[str], workload: Workload):
    model = WAYS[way](workload).training.model
    opened = {_kind(name) for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert opened - {"head"} == moved


def _kind(name: str) -> str:
    # What is put into an encoder may bear its layers' names.
    kinds = {"adapter": "adapters", "lora": "lora", "word_embeddings": "table", "roberta": "encoder"}
    return next((kind for part, kind in kinds.items() if part in name), "head")


@pytest.mark.slow
@pytest.mark.usefixtures("cheap_processes")
def test_adapters(workload: Workload, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("ADAPTERS_PYTHON", raising=False)
    result = adapters.run(workload, 1)
    _check(result, tmp_path)
    assert len(result["skipped"]) == 1
    assert "ADAPTERS_PYTHON" in (tmp_path / "README.md").read_text(encoding="utf-8")
    rounds = [arm["rounds"][0] for arm in result["parts"][0]["arms"].values()]
    assert len({one["subwords"] for one in rounds}) == 1, "all arms see the same sentences"
    part = result["parts"][0]
    for ratio in part["ratios"]:
        above, below = (
            part["arms"][name]["milliseconds_per_step"]["median"] for name in ratio["what"].split(", ")[1].split(" / ")
        )
        assert ratio["median"] == pytest.approx(above / below), ratio["what"]


def test_adapters_against_the_package(monkeypatch: pytest.MonkeyPatch):
    def in_turn(folder: Path, pythons: dict[str, str], stack: tuple[str, ...], rounds: int):
        assert pythons == {hub.OURS: sys.executable, hub.THEIRS: "theirs"}
        return {side: [{"seconds": [seconds], "loss": loss}] for side, (seconds, loss) in sides.items()}

    monkeypatch.setattr(hub, "in_turn", in_turn)
    sides = {hub.OURS: (3.0, 1.0), hub.THEIRS: (2.0, 1.0)}
    parts = adapters._against(hub.TOY, "theirs", 1)
    assert [part["ratios"][0]["median"] for part in parts] == [1.5, 1.5]
    assert not parts[0]["ratios"][0]["kept"]
    sides[hub.THEIRS] = (2.0, 1.01)
    with pytest.raises(RuntimeError, match="different losses"):
        adapters._against(hub.TOY, "theirs", 1)


@pytest.mark.parametrize("stack", hub.STACKS.values())
def test_the_last_adapter_of_a_stack_is_trained(stack: tuple[str, ...], tmp_path: Path):
    adapters.write(hub.TOY, tmp_path)
    model = hub.ours(tmp_path, stack)
    passes = hub.Passes(model, hub.TOY)
    first, second = passes(), passes()
    assert first["gradient"] > 0
    assert {**first, "seconds": 0} == {**second, "seconds": 0}, "nothing moves"
    opened = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert opened
    assert all(f"adapter_{hub.TASK}." in name for name in opened)
    assert first["trained"] == hub.TOY.layers * (2 * 16 * 1 + 1 + 16)


@pytest.mark.slow
@pytest.mark.usefixtures("cheap_processes")
def test_sides_take_turns_in_processes_of_their_own(tmp_path: Path):
    adapters.write(hub.TOY, tmp_path)
    rows = hub.in_turn(tmp_path, {hub.OURS: sys.executable}, (hub.TASK,), 2)[hub.OURS]
    assert len(rows) == 2
    assert all(len(row["seconds"]) == hub.TOY.steps for row in rows)
    with pytest.raises(RuntimeError, match="has ended"):
        hub.in_turn(tmp_path / "nowhere", {hub.OURS: sys.executable}, (hub.TASK,), 1)


def test_unfreezing(workload: Workload, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("ENCODER", raising=False)
    result = unfreezing.run(workload, 1)
    _check(result, tmp_path)
    assert len(result["skipped"]) == 1
    layers = {f"layer_{number}" for number in range(1, unfreezing.TOY.layers + 1)}
    for part in result["parts"]:
        (order,) = part["orders"]
        assert order[0] == f"layer_{unfreezing.TOY.layers}"
        assert len(order) == len(set(order) & layers) > 1
        assert part["scoring_seconds"][0] > 0


@pytest.mark.slow
def test_unfreezing_of_a_pretrained_encoder(workload: Workload, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    encoder = replace(workload, size=replace(workload.size, layers=4, hidden=8)).new_model()
    write_model(tmp_path / "small", encoder, workload.tokenizer)
    monkeypatch.setenv("ENCODER", str(tmp_path / "small"))
    result = unfreezing.run(workload, 1)
    assert result["skipped"] == []
    assert result["workload"]["layers"] == 4
    assert "the encoder small of 4 layers x 8" in _check(result, tmp_path)


def test_runs_of_a_round_see_the_same_steps_as_runs_by_themselves(workload: Workload):
    runs = [unfreezing.WholeRun(workload, 4, "adapters") for _ in range(2)]
    weights = []
    for run, stops in zip(runs, ([2, 3, 4], [4]), strict=True):
        run.begin()
        for stop in stops:
            run.go_on(stop)
        weights.append(_vector(run._training.model))
        run.end()
        assert run.whole[0].steps == 4
    torch.testing.assert_close(weights[0], weights[1], rtol=0, atol=0)


def test_what_scoring_takes_in_a_run_of_any_length():
    """Per step: 1 s of standard training, 0.9 s of gradual unfreezing, 0.8 s of FUN, and 0.5 s for a scored batch."""
    plan = unfreezing.Plan(layers=12, steps=100, intervals=(5,))
    standard, gradual, fun = (object.__new__(unfreezing.WholeRun) for _ in range(3))
    for run, seconds, scoring in ((standard, 100.0, 0.0), (gradual, 90.0, 0.0), (fun, 85.0, 5.0)):
        run.whole, run.scoring, run.orders = [Measurement(seconds, 100)], [scoring], [[]]
    part = unfreezing._part(plan, 5, standard, gradual, fun)
    assert "60%" in part["part"]
    found = [ratio["median"] for ratio in part["ratios"]]
    scoring = 10 * 41 * 0.5
    expected = [0.9, 0.8, 0.5]
    for steps in unfreezing.PAPER.values():
        expected += [0.8 + scoring / steps, scoring / (0.8 * steps + scoring)]
    enough = found[-1] * 1000
    assert found[:-1] == pytest.approx(expected)
    assert scoring / (0.8 * enough + scoring) == pytest.approx(0.02)


def test_the_report_shows_bounds_and_arms_without_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    milliseconds = {SUMMED: 10.0, PCGRAD: 10.5, GRADVAC: 12.0, MATRIX: 40.0, BY_ROWS: 18.0}
    megabytes = {SUMMED: 100.0, PCGRAD: 110.0, GRADVAC: 110.0, MATRIX: 160.0, BY_ROWS: 150.0}

    def process(shape: shapes.Shape, languages: int, name: str):
        if name in (LOOP, TORCHJD):
            return gradients.NO_MEMORY
        return {"milliseconds": [milliseconds[name]] * 2, "training_mb": megabytes[name], "losses": [1.0]}

    monkeypatch.setattr(gradients, "in_own_process", process)
    result = gradients.run_shape(replace(shapes.TOY, languages=(4, 8)), 1)
    _check(result, tmp_path)
    few, many = ({ratio["what"]: ratio for ratio in part["ratios"]} for part in result["parts"])
    assert few.keys() == many.keys()
    kept = {what: (few[what].get("kept"), many[what].get("kept")) for what in few}
    assert kept == {
        f"time of a step, {PCGRAD} / {SUMMED}": (True, True),
        f"time of a step, {GRADVAC} / {SUMMED}": (False, False),
        f"time of a step, {SUMMED} / {PCGRAD}": (True, True),
        f"time of a step, {MATRIX} / {PCGRAD}": (None, True),
        f"time of a step, {BY_ROWS} / {PCGRAD}": (False, False),
        f"memory above adding up, {PCGRAD} / {MATRIX}": (None, True),
        f"memory above adding up, {PCGRAD} / {BY_ROWS}": (None, None),
    }
    lines = (tmp_path / "README.md").read_text(encoding="utf-8").splitlines()
    assert sum(LOOP in line and gradients.NO_MEMORY in line for line in lines) == 2


@pytest.mark.slow
@pytest.mark.usefixtures("cheap_processes")
def test_why_a_process_has_no_figures(monkeypatch: pytest.MonkeyPatch):
    """Only a lack of memory counts as one: a broken arm must not pass for a hungry one."""
    assert gradients.reason(-9, "") == gradients.NO_MEMORY
    assert gradients.reason(1, "RuntimeError: DefaultCPUAllocator: can't allocate memory") == gradients.NO_MEMORY
    assert gradients.reason(1, "Traceback\nKeyError: 'x'") == "failed with 1: KeyError: 'x'"
    monkeypatch.setattr(gradients, "LIMIT", 0.01)
    assert gradients.in_own_process(shapes.TOY, 2, PCGRAD) == "over 0 s"


def test_a_missing_folder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["--data", str(tmp_path / "nowhere"), "--results", str(tmp_path)]) == 1
    assert "nowhere" in capsys.readouterr().err


def test_onnx(tmp_path: Path):
    """A way that takes a quarter of the time is four times as fast, and the last one has the bound."""
    now = [0.0]

    def taking(seconds: float) -> Callable[[], None]:
        def way() -> None:
            now[0] += seconds

        return way

    ways = {"model": taking(1.0), "graph": taking(1.0), "8 bits": taking(0.25)}
    same, faster = onnx.measure(ways, 3, lambda: now[0])["ratios"]
    assert (same["median"], faster["median"], faster["kept"]) == (1.0, 4.0, True)
    assert "at_least" not in same


@pytest.mark.slow
def test_small(tmp_path: Path):
    """Each encoder reads all texts in its own sub-words."""
    for language in (code for codes in small.LANGUAGES.values() for code in codes):
        rows = [f"{number}\tHe comes {'again ' * number}to {language}.\tHe comes.\tneutral" for number in range(20)]
        folder = tmp_path / "data" / language
        folder.mkdir(parents=True)
        (folder / "test.tsv").write_text("\n".join(["id\tpremise\thypothesis\tlabel", *rows, ""]), encoding="utf-8")
    assert len(small.texts_of(tmp_path / "data", ["ko", "zh"])) == 2 * small.TEXTS
    teacher = str(shipped_models()[small.STUDENT])
    given = ["--teacher", teacher, "--data", str(tmp_path / "data"), "--results", str(tmp_path), "--rounds", "1"]
    assert small.main(given) == 0
    groups = json.loads((tmp_path / "small.json").read_text(encoding="utf-8"))["groups"]
    assert [group["languages"] for group in groups] == [*small.LANGUAGES]
    for group in groups:
        assert group["subwords"]["teacher"] == group["subwords"][small.STUDENT] > 2 * group["texts"]
        assert group["ratios"][0]["at_least"] == 3
