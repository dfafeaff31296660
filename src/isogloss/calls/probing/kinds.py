"""The kinds of probe, by the names of `isogloss.calls.probe.KINDS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from isogloss.calls.probing.cloze import cloze
from isogloss.calls.probing.decoding import decoding
from isogloss.calls.probing.entity_retrieval import entity_retrieval
from isogloss.calls.probing.object_entailment import object_entailment
from isogloss.calls.probing.perplexity import perplexity
from isogloss.diagnostics.knowledge.finding import Finding

FUNCTIONS: Mapping[str, Callable[..., tuple[str, list[Finding]]]] = {
    "entity-retrieval": entity_retrieval,
    "object-entailment": object_entailment,
    "cloze": cloze,
    "decoding": decoding,
    "perplexity": perplexity,
}
"""What each can be told are the arguments of its function after the first."""
