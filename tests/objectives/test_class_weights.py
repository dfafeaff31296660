"""Classes that count more or less: the weighted mean of torch, whatever the batch is cut into."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch import Tensor, nn

from isogloss.common.errors import IsoglossError
from isogloss.examples import Example, LabelledText, SoftTags, TaggedSentence
from isogloss.objectives import Supervised
from isogloss.protocols import Batch
from isogloss.recipe.build.class_weights import as_tensor, balanced, build_class_weights, numbers
from isogloss.recipe.names import TASKS
from isogloss.recipe.resolve import resolve
from isogloss.recipe.spec import objective as spec

WEIGHTS = torch.tensor([0.01, 2.0, 0.5])
TAGS = torch.tensor([[-100, 2, 0, -100], [0, 1, 0, -100], [-100, 0, -100, -100], [-100, -100, -100, -100]])
CLASSES = torch.tensor([2, 0, 0, 1])
LOGITS = torch.randn(4, 4, 3, generator=torch.Generator().manual_seed(0))


def model(logits: Tensor):
    return lambda input_ids: SimpleNamespace(logits=logits[input_ids[:, 0]])


def batch(labels: Tensor, rows: Sequence[int], soft: Tensor | None = None) -> Batch:
    extras = {} if soft is None else {"soft": soft[list(rows)]}
    return Batch({"input_ids": torch.tensor(rows)[:, None]}, labels[list(rows)], ("en",) * len(rows), extras)


def mean(objective: Supervised, logits: Tensor, *batches: Batch) -> Tensor:
    """As the loop takes it: sums over all batches divided by the items of all."""
    items = sum(objective.counts(one)["task"].sum() for one in batches)
    losses = sum(objective(model(logits), one)["task"].sum() for one in batches)  # type: ignore[arg-type]
    return losses / torch.as_tensor(items).clamp(min=1)


@pytest.mark.parametrize(("labels", "logits"), [(TAGS, LOGITS), (CLASSES, LOGITS[:, 0])])
def test_the_loss_is_the_weighted_mean_of_torch(labels: Tensor, logits: Tensor):
    expected = nn.CrossEntropyLoss(WEIGHTS)(logits.reshape(-1, 3), labels.flatten())
    for objective in (Supervised(WEIGHTS), Supervised(100 * WEIGHTS)):  # only ratios matter
        torch.testing.assert_close(mean(objective, logits, batch(labels, range(4))), expected)
        # The third example alone has a weight of a hundredth, which is no reason to divide by more.
        torch.testing.assert_close(
            mean(objective, logits, batch(labels, [2])), mean(Supervised(), logits, batch(labels, [2]))
        )
        parts = batch(labels, [0, 3]), batch(labels, [1, 2])
        torch.testing.assert_close(mean(objective, logits, *parts), expected)
    even = mean(Supervised(torch.full((3,), 7.0)), logits, batch(labels, range(4)))
    torch.testing.assert_close(even, mean(Supervised(), logits, batch(labels, range(4))))


def test_soft_labels_are_weighed_by_class():
    certain = nn.functional.one_hot(TAGS.clamp(min=0), 3).float() * (TAGS >= 0)[:, :, None]
    objective, whole = Supervised(WEIGHTS), range(4)
    hard, soft = batch(TAGS, whole), batch(TAGS, whole, certain)
    torch.testing.assert_close(objective.counts(soft), objective.counts(hard))
    torch.testing.assert_close(objective(model(LOGITS), soft), objective(model(LOGITS), hard))  # type: ignore[arg-type]


def texts(*labels: str | None) -> list[Example]:
    return [LabelledText("1", "en", "a", None, label) for label in labels]


def test_balanced_is_that_of_scikit_learn():
    labels = ["a", "b", "b", "c", "c", "c", "c"]
    found = balanced(("a", "b", "c", "never seen"), numbers(texts(*labels, None)))
    expected = compute_class_weight("balanced", classes=np.array(["a", "b", "c"]), y=np.array(labels))
    assert list(found.values()) == pytest.approx([*expected, 1.0])


def test_tags_are_counted_by_token_and_soft_ones_by_their_probabilities():
    soft = SoftTags(("O", "B"), np.array([[0.75, 0.25], [0.5, 0.5]], dtype=np.float32))
    sentences = [
        TaggedSentence("1", "en", ("a", "b", "c"), ("O", "B", "O")),
        TaggedSentence("2", "de", ("a", "b"), None, soft=soft),
        TaggedSentence("3", "de", ("a",), None),
    ]
    assert numbers(sentences) == {"O": 3.25, "B": 1.75}


def weights(task: str, labels: tuple[str, ...], asked: object) -> dict[str, float] | None:
    loss = spec.Supervised.model_validate({"class_weights": asked})
    return build_class_weights(loss, TASKS[task].build(labels), {"en": texts("0", "1", "1", "1")})


def test_labels_that_are_not_named_count_once():
    assert weights("topic", ("0", "1", "2"), {1: 0.25}) == {"0": 1.0, "1": 0.25, "2": 1.0}
    assert weights("topic", ("0", "1"), None) is None
    assert weights("topic", ("0", "1"), "balanced") == {"0": 2.0, "1": pytest.approx(2 / 3)}
    assert as_tensor(None) is None


@pytest.mark.parametrize(
    ("task", "asked", "message"),
    [
        (
            "topic",
            {"sport": 2.0},
            "objective.class_weights: 'sport' is no label of the training data; did you mean 'sports'",
        ),
        ("qa", "balanced", "objective.class_weights: task 'qa' has no classes to weigh"),
        ("choice", {"0": 2.0}, "task 'choice' has no classes to weigh"),
    ],
)
def test_what_cannot_be_weighed_is_refused(task: str, asked: object, message: str):
    with pytest.raises(IsoglossError, match=message):
        weights(task, ("sports", "health"), asked)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({0: 2, "0": 3}, "objective.class_weights: label '0' has two weights, 2 and 3; leave one out, found .*"),
        ({"a": 0}, "objective.class_weights.a: Input should be greater than 0, found 0"),
        ("balance", "objective.class_weights: Input should be 'balanced', found 'balance'"),
        (3, "objective.class_weights: Input should be 'balanced' or a mapping of labels to weights, found 3"),
    ],
)
def test_a_bad_weight_is_answered_with_its_own_rule(asked: object, message: str):
    data = {"task": "topic", "format": "json", "path": "p"}
    with pytest.raises(IsoglossError, match=f"recipe: {message}") as error:
        resolve({"model": "m", "data": data, "steps": 1, "objective": {"class_weights": asked}})
    assert str(error.value).count("\n") == 0
