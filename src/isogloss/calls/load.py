"""A finished run with its model in memory, to label what a program has at hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isogloss.calls.arguments import check_code
from isogloss.calls.given import as_examples
from isogloss.calls.readable import record
from isogloss.calls.required import finished_run
from isogloss.data.problems import Problems
from isogloss.recipe.spec.recipe import Recipe
from isogloss.run.folder import RunFolder
from isogloss.tasks.task import Task

if TYPE_CHECKING:
    from isogloss.models.open import Loaded


@dataclass(frozen=True)
class LoadedRun:
    """A finished run, its model on the device.

    Attributes:
        folder: Where it lies.
        recipe: Its recipe.
        task: Its task, with the labels.
        loaded: Its model and tokenizer.
    """

    folder: RunFolder
    recipe: Recipe
    task: Task
    loaded: Loaded

    def predict(
        self,
        examples: Any,  # noqa: ANN401 - see below
        *,
        language: str = "und",
        probabilities: bool = False,
        adapters: str | None = None,
    ) -> list[dict[str, Any]]:
        """Label examples that are in memory.

        Args:
            examples: A list of raw texts (words are cut as `isogloss.calls.given.from_text` says), of tuples of two
                texts for a task on pairs, or in tagging of lists of tokens; or a list of mappings, a pandas DataFrame
                or a `datasets.Dataset` with the columns of files: ``tokens``; ``text`` and ``pair``; ``question`` and
                ``context``; or what `choice_jsonl` has. Labels in them are not looked at.
            language: Their language, which decides how raw text is cut into words and which language adapter is taken.
                Default: ``und``, not known: words end at spaces, and the source language's adapter is taken.
            probabilities: Whether to say how probable each label is, and not only the predicted one.
            adapters: As in `isogloss.predict`.

        Returns:
            For each example a mapping with what was read of it, and ``label``, ``answer`` or the list ``tags``;
            ``probability``, that of what is predicted, of tags one each; and on request ``probabilities`` by label,
            position of an alternative or answer (the most probable ones), of tags a list.

        Raises:
            IsoglossError: An example cannot be used, or no language adapters as asked for.
        """
        from isogloss.calls.finished import as_shown, build_evaluator, modes_asked, predicted_in, print_warnings

        check_code(language)
        problems = Problems()
        read = as_examples(examples, self.task, language)
        mode = modes_asked(self.folder.path, self.recipe, self.loaded, adapters)[0]
        if not read:
            return []
        evaluator = build_evaluator(self.recipe, self.task, self.loaded, mode)
        shown = as_shown(evaluator, read, None, problems)
        print_warnings(problems)
        found = predicted_in(evaluator, self.loaded, shown, language)
        rows = []
        for example, prediction, shares in zip(read, *found, strict=True):
            every = {"probabilities": shares.named()} if probabilities else {}
            rows.append({**record(example, prediction, shares.best()), **every})
        return rows


def load(run: str | Path) -> LoadedRun:
    """Open a finished run once, to label with it as often as is needed.

    Args:
        run: Run folder.

    Returns:
        The run; its ``predict`` takes lists of texts, tokens or mappings, see `LoadedRun.predict`.

    Raises:
        IsoglossError: There is no run, it has not ended, or it is one of `isogloss pretrain`.
    """
    finished_run(run)
    from isogloss.calls.finished import open_run  # with torch behind it

    return LoadedRun(*open_run(run))
