"""One run: its parts, what happens after each of its steps, and how it ends."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from isogloss.common.distributed import Communicator
from isogloss.common.writing import write_json
from isogloss.diagnostics.rows import scalars
from isogloss.models.extensions.adapters import write_trained_adapters
from isogloss.models.open import Loaded
from isogloss.models.stored import write_model
from isogloss.optim.lookahead import evaluation_weights
from isogloss.run.budget import Budget
from isogloss.run.callbacks import Callback, Moment
from isogloss.run.checkpoints import save_checkpoint
from isogloss.run.divergence import collapsed, risen_loss
from isogloss.run.folder import RunFolder
from isogloss.run.ledger import Ledger
from isogloss.run.recording import Recorder
from isogloss.run.scoring import ResultRows, Scoring
from isogloss.run.selection import Selection
from isogloss.step.loop import Training, train_until


@dataclass
class Experiment:
    """A run that has been built and can be walked.

    Attributes:
        budget: How long it is, and how often it is evaluated, logged and saved.
        folder: Where the run is kept.
        loaded: Model and tokenizer.
        training: The parts of the loop.
        selection: Chooses the weights it ends with.
        selected_by: What rows call that choice.
        scoring: Measures the model.
        recorder: Its history.
        ranks: The processes it runs in.
        epoch: Says how many times the data have been seen so far.
        ledger: What it costs.
        card: Makes the card of the final model from its scores; None: it has none.
        callbacks: Code of the user's own that is called on the way.
    """

    budget: Budget
    folder: RunFolder
    loaded: Loaded
    training: Training
    selection: Selection
    selected_by: str
    scoring: Scoring
    recorder: Recorder
    ranks: Communicator
    epoch: Callable[[], float]
    ledger: Ledger
    card: Callable[[ResultRows], str] | None = None
    callbacks: Sequence[Callback] = ()

    def run(self) -> ResultRows:
        """Train to the end and score the selected weights; a run that has ended is left as it is.

        Returns:
            The rows of the final scores.
        """
        if self.is_finished():
            self.recorder.close()
            return self.scoring.stored()
        self.ledger.start()
        train_until(self.training, self.budget.steps, self._after_step)
        with evaluation_weights(self.training.optimizer):
            self.selection.apply(self.training.model)
            rows = self.scoring.final(self.training.model, self.selection.step, self.selected_by)
            if self.ranks.rank == 0:
                # Before the model, whose folder says that the run has ended.
                name = self.loaded.identity.get("source")
                write_trained_adapters(self.folder.adapters, self.training.model, model_name=name)
                card = None if self.card is None else self.card(rows)
                write_model(self.folder.model, self.training.model, self.loaded.tokenizer, card)
        self.ranks.wait()
        self._call(lambda callback, moment: callback.after_evaluation(moment, rows))
        self.recorder.close()
        return rows

    def is_finished(self) -> bool:
        """Whether all steps have been taken, and the final scores and model are there."""
        return self.training.progress.step == self.budget.steps and self.folder.is_finished()

    def doubts(self, rows: ResultRows) -> list[str]:
        """Signs that the run has learned nothing, as warnings.

        Args:
            rows: The rows of the final scores.
        """
        history = self.recorder.state.log_history
        last = next((entry for entry in reversed(history) if "collapse/cosine" in entry), {})
        return risen_loss(history) + collapsed(last) + self.scoring.doubts(rows)

    def _after_step(self, probed: list[dict[str, Any]]) -> None:
        budget, step = self.budget, self.training.progress.step
        is_last = step == budget.steps
        saves = is_last or step % budget.save_steps == 0
        self.ledger.step(self.training.model)
        self.recorder.step(step, self.epoch())
        if probed:
            self.recorder.log(scalars(probed))
            if self.ranks.rank == 0:
                for doubt in collapsed(scalars(probed)) if step % budget.evaluation_steps == 0 else []:
                    print(doubt, file=sys.stderr)
                self.folder.add_diagnostics([{"step": step, **row} for row in probed])
        # The meter is read before every checkpoint, so that no checkpoint has to hold it.
        if saves or step % budget.logging_steps == 0:
            losses = self.training.meter.read(self.ranks)
            self.recorder.log_losses(losses, self.training.optimizer.param_groups[0]["lr"], self.ledger.subwords)
        with self.recorder.pause():
            self._call(lambda callback, moment: callback.after_step(moment))
            if is_last or step % budget.evaluation_steps == 0:
                with self.ledger.aside("evaluation"):
                    rows = self._evaluate_and_select(step)
                self._call(lambda callback, moment: callback.after_evaluation(moment, rows))
            if saves:
                with self.ledger.aside("saving"):
                    saved = self._save()
                self._call(lambda callback, moment: callback.after_save(moment, saved))

    def _evaluate_and_select(self, step: int) -> ResultRows:
        with evaluation_weights(self.training.optimizer):
            rows = self.scoring.dev(self.training.model, step, None)
            self.selection.consider(self.training.model, step, self.scoring.choose(rows))
        if rows:
            self.recorder.log({f"eval_{row['data']}_{row['language']}_{row['metric']}": row["value"] for row in rows})
        return rows

    def _save(self) -> Path:
        state = self.recorder.state
        state.best_metric, state.best_global_step = self.selection.score, self.selection.step
        cost = self.ledger.read()
        saved = save_checkpoint(
            self.folder.path,
            self.training,
            self.selection,
            tokenizer=self.loaded.tokenizer,
            trainer_state=self.recorder.as_dict(),
            cost=cost,
            ranks=self.ranks,
            keep=self.budget.checkpoints,
        )
        if self.ranks.rank == 0:
            self.recorder.save(self.folder.trainer_state)
            write_json(self.folder.cost, cost)
        return saved

    def _call(self, hook: Callable[[Callback, Moment], None]) -> None:
        """Call a hook of all callbacks, and count their time apart."""
        if not self.callbacks:
            return
        moment = Moment(
            step=self.training.progress.step,
            steps=self.budget.steps,
            epoch=self.epoch(),
            model=self.training.model,
            folder=self.folder.path,
            is_main=self.ranks.rank == 0,
        )
        with self.ledger.aside("callbacks"), torch.no_grad():
            for callback in self.callbacks:
                hook(callback, moment)
