"""One run: its parts, what happens after each of its steps, and how it ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
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
from isogloss.run.lines import measured
from isogloss.run.memory import Demand, enough_memory
from isogloss.run.recording import Recorder
from isogloss.run.scoring import ResultRows, Scoring
from isogloss.run.selection import Selection
from isogloss.run.stopping import Stop, end
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
        demand: What a step holds in memory at once.
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
    demand: Demand
    card: Callable[[ResultRows], str] | None = None
    callbacks: Sequence[Callback] = ()

    def run(self) -> ResultRows:
        """Train to the end and score the selected weights; a run that has ended is left as it is.

        SIGINT (Ctrl-C) and SIGTERM stop it after the step that is at work, with a checkpoint.

        Returns:
            The rows of the final scores.

        Raises:
            KeyboardInterrupt: SIGINT has stopped it.
            SystemExit: SIGTERM has stopped it.
            IsoglossError: It cannot go on: losses that are not finite, a full disk, too little memory.
        """
        if self.is_finished():
            self.recorder.close()
            return self.scoring.stored()
        self.ledger.start()
        try:
            self._train()
            rows = self._end()
        except (KeyboardInterrupt, SystemExit):
            self.recorder.close()
            self._say_stopped()
            raise
        self.ranks.wait()
        self._call(lambda callback, moment: callback.after_evaluation(moment, rows))
        self.recorder.close()
        return rows

    def is_finished(self) -> bool:
        """Whether all steps have been taken, or enough of them, and the final scores and model are there."""
        is_over = self.training.progress.step == self.budget.steps or self.selection.is_over
        return is_over and self.folder.is_finished()

    def _train(self) -> None:
        stop = Stop(self.ranks)
        after_step = partial(self._after_step, stop)
        # What comes after a step has other needs: evaluation says its own, and callbacks are the user's.
        around = partial(enough_memory, "training", self._advice)
        with stop.listening():
            train_until(self.training, self.budget.steps, after_step, lambda: self.selection.is_over, around)
        step, last = self.training.progress.step, self.budget.steps
        if step < last and self.ranks.rank == 0:
            print(f"stopped at step {step:,} of {last:,}: {self.selection}", file=sys.stderr)

    def _advice(self) -> str:
        last = self.folder.last_checkpoint()
        return self.demand.advice(None if last is None else last[1].name)

    def _end(self) -> ResultRows:
        """Score the selected weights, and write the model."""
        with evaluation_weights(self.training.optimizer):
            self.selection.apply(self.training.model)
            rows = self.scoring.final(self.training.model, self.selection.step, self.selected_by)
            if self.ranks.rank == 0:
                # Before the model, whose folder says that the run has ended.
                name = self.loaded.identity.get("source")
                write_trained_adapters(self.folder.adapters, self.training.model, model_name=name)
                card = None if self.card is None else self.card(rows)
                write_model(self.folder.model, self.training.model, self.loaded.tokenizer, card)
        return rows

    def _say_stopped(self) -> None:
        if self.ranks.rank == 0:
            step, last = self.training.progress.step, self.folder.last_checkpoint()
            kept = last[0] if last is not None else 0
            lost = "" if kept == step else f" (the last checkpoint is that of step {kept:,})"
            print(f"{self.folder.path}: stopped at step {step:,}{lost}; go on with --resume", file=sys.stderr)

    def doubts(self, rows: ResultRows) -> list[str]:
        """Signs that the run has learned nothing, as warnings.

        Args:
            rows: The rows of the final scores.
        """
        history = self.recorder.state.log_history
        last = next((entry for entry in reversed(history) if "collapse/cosine" in entry), {})
        return risen_loss(history) + collapsed(last) + self.scoring.doubts(rows)

    def _after_step(self, stop: Stop, probed: list[dict[str, Any]]) -> None:
        budget, step = self.budget, self.training.progress.step
        is_last = step == budget.steps
        saves = is_last or step % budget.save_steps == 0
        logs = saves or step % budget.logging_steps == 0
        self.ledger.step(self.training.model)
        self.recorder.step(step, self.epoch())
        if probed:
            self.recorder.log(scalars(probed))
            if self.ranks.rank == 0:
                for doubt in collapsed(scalars(probed)) if step % budget.evaluation_steps == 0 else []:
                    print(doubt, file=sys.stderr)
                self.folder.add_diagnostics([{"step": step, **row} for row in probed])
        # The meter is read before every checkpoint, so that no checkpoint has to hold it.
        if logs:
            self._log_losses()
        done: list[str] = []
        with self.recorder.pause():
            self._call(lambda callback, moment: callback.after_step(moment))
            if is_last or step % budget.evaluation_steps == 0:
                with self.ledger.aside("evaluation"):
                    rows, seconds = self._evaluate_and_select(step)
                done.append(measured(rows, seconds))
                self._call(lambda callback, moment: callback.after_evaluation(moment, rows))
            wish, is_over = stop.agreed(), self.selection.is_over
            if is_over and not logs:
                self._log_losses()
            if saves or is_over or wish is not None:
                with self.ledger.aside("saving"):
                    saved = self._save(None if saves or is_over else self.training.meter.held(self.ranks))
                self._call(lambda callback, moment: callback.after_save(moment, saved))
                done.append(f"saved {saved.name}")
        self.recorder.tell(done, self.training.meter.loss, self.ledger.samples)
        if wish is not None:
            end(wish)

    def _log_losses(self) -> None:
        losses = self.training.meter.read(self.ranks)
        # Groups with rates of their own have lower ones.
        rate = max(group["lr"] for group in self.training.optimizer.param_groups)
        self.recorder.log_losses(losses, rate, self.ledger.subwords)

    def _evaluate_and_select(self, step: int) -> tuple[ResultRows, float]:
        """Measure the model: the rows, and how many seconds that took."""
        start = time.perf_counter()
        with evaluation_weights(self.training.optimizer):
            rows = self.scoring.dev(self.training.model, step, None)
            self.selection.consider(self.training.model, step, self.scoring.choose(rows))
        if rows:
            scores = {f"eval_{row['data']}_{row['language']}_{row['metric']}": row["value"] for row in rows}
            self.recorder.log(scores | {f"eval_{row['data']}_{row['language']}_n": row["n"] for row in rows})
        return rows, time.perf_counter() - start

    def _save(self, losses: list[dict[str, Any]] | None = None) -> Path:
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
            losses=losses,
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
