"""The adapters of a model, side by side, and which of them are active."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from torch import Tensor, nn
from transformers import PreTrainedModel

from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.randomness import derive
from isogloss.models.extensions.adapters.adapter import Adapter
from isogloss.models.extensions.adapters.by_language import Stacks
from isogloss.models.extensions.adapters.configuration import AdapterConfig
from isogloss.models.extensions.adapters.places import Place, base_of, embeddings_of
from isogloss.models.extensions.adapters.rows import ByExample, Everywhere, Step
from isogloss.models.extensions.attaching import Extension

PREFIX = "adapter_"
"""What the names of modules begin with, since ``to``, a language, is a method of every module."""


class Adapters(Extension):
    """Any number of adapters in one encoder, of which a stack is active: each changes what those before it left.

    Hooks are put once, however many adapters come and go. While none is active the model computes what it computed
    without them, to the last bit. The norms that adapters read through are the model's own: they are no part of an
    adapter, and frozen or open with the model. An invertible part is used of the first adapter of the stack alone,
    after the embeddings, and its inverse before the output layer of a masked-LM head.

    Args:
        model: A model of transformers, with or without a head.
        settings: What `settings` of another returned, to build the same adapters; their weights are drawn.

    Attributes:
        base: The encoder.
        active: The stack that is active where no context says otherwise; it is saved with the model.
        stacks: What `isogloss.models.extensions.adapters.of_languages` makes active, by language; None: nothing. It is
            saved too.

    Raises:
        IsoglossError: Adapters cannot be put into models of its type.

    Example:
        >>> import torch
        >>> from transformers import BertConfig, BertModel
        >>> from isogloss.models.extensions import attach
        >>> model = BertModel(BertConfig(hidden_size=8, intermediate_size=8, num_attention_heads=1, vocab_size=9))
        >>> adapters = Adapters(model.eval())
        >>> attach(model, "adapters", adapters)
        >>> for name in ("en", "ner"):
        ...     _ = adapters.add(name, AdapterConfig(reduction_factor=2), seed=0)
        >>> ids = torch.tensor([[1, 2, 3]])
        >>> plain = model(ids).last_hidden_state
        >>> with adapters.using("en", "ner"):
        ...     bool((model(ids).last_hidden_state == plain).all())
        False
        >>> bool((model(ids).last_hidden_state == plain).all())
        True
    """

    kind: ClassVar[str] = "adapters"
    changes_outputs: ClassVar[bool] = True

    def __init__(self, model: PreTrainedModel, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.base = base_of(model)
        self.active: tuple[str, ...] = ()
        self.stacks: Stacks | None = None
        self._steps: tuple[Step, ...] = ()
        for place in self.base.places:
            hooks = _Hooks(self, place)
            place.source.register_forward_pre_hook(hooks.keep_residual)
            place.branch.register_forward_hook(hooks.change)
        embeddings = embeddings_of(model)
        embeddings.register_forward_hook(self._change_embeddings)
        # Not modules of this one, but the model's own.
        self._embeddings, self._heads = (embeddings,), list[nn.Module]()
        self.invert_before_head(model)
        settings = settings or {}
        for name, values in settings.get("adapters", {}).items():
            self.add(name, AdapterConfig(**values), seed=0)
        self.activate(*settings.get("active", ()))
        if settings.get("stacks") is not None:
            self.stacks = Stacks(**{**settings["stacks"], "then": tuple(settings["stacks"]["then"])})
        self.train(model.training)

    def settings(self) -> Mapping[str, Any]:
        """The adapters' configurations and which are active where no context says otherwise."""
        return {
            "adapters": {name: self[name].configuration.values() for name in self.names},
            "active": list(self.active),
            "stacks": None if self.stacks is None else self.stacks.values(),
        }

    def write_beside(self, folder: Path, model: PreTrainedModel) -> str:
        """Write nothing, since `write_adapter` writes one alone; say which there are, and who goes through which."""
        lines = [f"Its adapters: {', '.join(self.names)}."]
        if self.stacks is not None:
            after = "".join(f", then {name}" for name in self.stacks.then)
            own = {} if self.stacks.keep else self.stacks.languages
            lines += [f"Texts in {language} go through {name}{after}." for language, name in own.items()]
            first = f"{self.stacks.source}{after}" if self.stacks.source else ", then ".join(self.stacks.then)
            lines.append(f"{'Other' if own else 'All'} texts go through {first}.")
        return "\n".join(lines)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the adapters, in the order in which they were added."""
        return tuple(name.removeprefix(PREFIX) for name in self._modules)

    def __getitem__(self, name: str) -> Adapter:
        """An adapter by name.

        Raises:
            IsoglossError: There is none of that name.
        """
        self._require(name)
        return self._modules[PREFIX + name]  # type: ignore[return-value]

    def add(self, name: str, configuration: AdapterConfig, *, seed: int) -> Adapter:
        """Add a fresh adapter, which is not active yet; what others have, ``requires_grad`` too, is left alone.

        Args:
            name: Its name, unique, without a dot.
            configuration: Its configuration.
            seed: Seed of its weights, which depend on the name too.

        Raises:
            IsoglossError: There is one of that name, or the configuration does not fit the model.
        """
        if not name or "." in name:
            raise IsoglossError(f"adapter {name!r}: a name must be given, and hold no dot")
        if name in self.names:
            raise IsoglossError(f"adapter {name!r}: the model has one of that name already")
        if configuration.inv_adapter:
            self._require_undone()
        seed = derive(seed, "adapter", name)
        adapter = Adapter(configuration, self.base, seed)
        adapter.to(next(self._embeddings[0].parameters()).device).train(self.training)
        self.add_module(PREFIX + name, adapter)
        return adapter

    def remove(self, name: str) -> None:
        """Take an adapter out of the model.

        Raises:
            IsoglossError: There is none of that name, or it is active.
        """
        self._require(name)
        if any(name in step.names for step in self._steps) or name in self.active:
            raise IsoglossError(f"adapter {name!r}: it is active, and cannot be removed")
        del self._modules[PREFIX + name]

    def activate(self, *stack: str) -> None:
        """Make a stack active from now on, for all rows; none: the model as it is without adapters.

        Raises:
            IsoglossError: There is no adapter of a name.
        """
        self._require(*stack)
        self.active, self._steps = stack, tuple(map(Everywhere, stack))

    @contextmanager
    def using(self, *stack: str) -> Iterator[None]:
        """Inside, a stack is active for all rows; none: the model as it is without adapters.

        Raises:
            IsoglossError: There is no adapter of a name.
        """
        self._require(*stack)
        with self._active(tuple(map(Everywhere, stack))):
            yield

    @contextmanager
    def by_language(
        self,
        languages: Sequence[str],
        adapters: Mapping[str, str],
        *,
        then: Sequence[str] = (),
        fallback: str | None = None,
        places: Tensor | None = None,
    ) -> Iterator[None]:
        """Inside, each example goes through the adapter of its language, and all of them through a stack after it.

        Args:
            languages: The language of each example ``[b]``.
            adapters: Names of the adapters by language.
            then: The stack after it (a task adapter).
            fallback: Adapter of the languages that have none; None: each must have one.
            places: Which places ``[b, s]`` a masked-LM head is cut to (`isogloss.objectives.masked_lm.masked_logits`),
                where adapters of several languages have an invertible part; None: it sees all.

        Raises:
            IsoglossError: A language has no adapter and there is no fallback, or there is no adapter of a name.
        """
        lacking = sorted(set(languages) - adapters.keys()) if fallback is None else []
        if lacking:
            raise IsoglossError(f"no adapter for language {lacking[0]!r}{nearest(lacking[0], adapters)}")
        chosen = [adapters.get(language, fallback or "") for language in languages]
        self._require(*chosen, *then)
        examples = None if places is None else places.nonzero()[:, 0]
        one = len(set(chosen)) == 1
        first: Step = Everywhere(chosen[0]) if one else ByExample(chosen, examples)
        with self._active((first, *map(Everywhere, then))):
            yield

    def invert_before_head(self, model: PreTrainedModel) -> None:
        """Put the inverse of the invertible part before the output layer of a masked-LM model over this encoder.

        That of the model itself has it already; a head beside the model (`isogloss.models.extensions.MaskedHead`) needs
        this call with its ``masked``. A model without such a layer is left alone.

        Raises:
            IsoglossError: An adapter has an invertible part, and the layer reads vectors of another size.
        """
        layer = model.get_output_embeddings()  # type: ignore[no-untyped-call]
        if layer is None or any(layer is known for known in self._heads):
            return
        self._heads.append(layer)
        if any(self[name].invertible is not None for name in self.names):
            self._require_undone()
        layer.register_forward_pre_hook(self._change_back)

    @contextmanager
    def _active(self, steps: tuple[Step, ...]) -> Iterator[None]:
        before, self._steps = self._steps, steps
        try:
            yield
        finally:
            self._steps = before

    def _require(self, *names: str) -> None:
        for name in names:
            if PREFIX + name not in self._modules:
                raise IsoglossError(f"no adapter {name!r} in the model{nearest(name, self.names)}")

    def _require_undone(self) -> None:
        for layer in self._heads:
            size = getattr(layer, "in_features", self.base.embedding)
            if size != self.base.embedding:
                raise IsoglossError(
                    f"inv_adapter: the output layer reads vectors of size {size}, but the embeddings have "
                    f"{self.base.embedding}, so an invertible part cannot be undone before it"
                )

    def _change_embeddings(self, module: nn.Module, arguments: object, output: Tensor) -> Tensor | None:
        def change(name: str, rows: Tensor) -> Tensor:
            part = self[name].invertible
            return rows if part is None else part(rows)

        return self._steps[0](change, output) if self._inverts() else None

    def _change_back(self, module: nn.Module, arguments: tuple[Tensor, ...]) -> tuple[Tensor, ...] | None:
        def change(name: str, rows: Tensor) -> Tensor:
            part = self[name].invertible
            return rows if part is None else part.inverse(rows)

        if not self._inverts():
            return None
        vectors, *others = arguments
        return self._steps[0](change, vectors, places=vectors.dim() == 2), *others

    def _inverts(self) -> bool:
        """Whether an adapter of the first step has an invertible part."""
        return any(self[name].invertible is not None for step in self._steps[:1] for name in step.names)


class _Hooks:
    """What is done at one place, with the residual kept from where it is given to where it is needed."""

    def __init__(self, owner: Adapters, place: Place) -> None:
        self._owner, self._place = owner, place
        self._residual: Tensor | None = None

    def keep_residual(self, module: nn.Module, arguments: tuple[Any, ...]) -> None:
        if self._owner._steps:
            self._residual = arguments[self._place.argument]

    def change(self, module: nn.Module, arguments: object, output: Tensor) -> Tensor | None:
        residual, self._residual = self._residual, None
        if residual is None:
            return None
        place = self._place

        def change(name: str, branch: Tensor, rows: Tensor) -> Tensor:
            bottleneck = self._owner[name].at(place.layer, place.block)
            return branch if bottleneck is None else bottleneck(branch, rows, place.norm)

        for step in self._owner._steps:
            output = step(change, output, residual)
        return output
