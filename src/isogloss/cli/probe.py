"""``isogloss probe``. What was not given is left to the kind, which refuses what it does not know."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import isogloss
from isogloss.cli.typed_entries import typed_entry


def probe(
    model: Annotated[str, typer.Argument(help="Run folder, model folder, shipped encoder or hub id.")],
    kind: Annotated[str, typer.Option(help="entity-retrieval, object-entailment, cloze, decoding or perplexity.")],
    languages: Annotated[
        list[str] | None, typer.Option(help="Languages, separated by commas or given one by one; default all.")
    ] = None,
    corpus: Annotated[
        str | None, typer.Option(help="Folder that isogloss corpus has written, or small-world; default the run's.")
    ] = None,
    leave_out: Annotated[
        str | None,
        typer.Option(help="File of entities and facts kept apart from training; default what the run kept apart."),
    ] = None,
    mention: Annotated[str | None, typer.Option(help="hidden (default) or shown.")] = None,
    heads: Annotated[
        bool | None,
        typer.Option("--heads/--no-heads", help="Use the projection heads that the model has; default yes."),
    ] = None,
    centred: Annotated[bool | None, typer.Option("--centred", help="Subtract each side's mean first.")] = None,
    layer: Annotated[int | None, typer.Option(help="Layer, from 1; default the run's, or the last.")] = None,
    limit: Annotated[
        int | None, typer.Option(help="Most items of a language and view (default 1000), or facts of a relation (all).")
    ] = None,
    candidates: Annotated[int | None, typer.Option(help="Most descriptions of a language; default 32768.")] = None,
    data: Annotated[str | None, typer.Option(help="Folder in the format of mLAMA, for cloze and decoding.")] = None,
    order: Annotated[str | None, typer.Option(help="Of decoding: independent (default) or confidence.")] = None,
    masks: Annotated[int | None, typer.Option(help="Of decoding: most masks; default 5.")] = None,
    text: Annotated[
        str | None,
        typer.Option(
            help="Of perplexity: template of files with a sentence a line, 'text/{language}.txt', or an entry of a "
            "recipe's text, '{format: tsv, path: ..., columns: {text: 0}}'."
        ),
    ] = None,
    hide: Annotated[str | None, typer.Option(help="Of perplexity: some (default) or each sub-word.")] = None,
    length: Annotated[int | None, typer.Option(help="Of perplexity: most sub-words; default 512.")] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Rows per forward pass.")] = 32,
    seed: Annotated[int, typer.Option(help="Decides which items are taken.")] = 0,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File of JSON lines to add the rows to.")
    ] = None,
    items: Annotated[Path | None, typer.Option(help="File of JSON lines to add a row per item to.")] = None,
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Run code that comes with the model.")
    ] = False,
) -> None:
    """Print what a model knows of entities and facts, without any training, with chance beside it.

    Example: isogloss probe isogloss-small --kind entity-retrieval --corpus small-world --languages de,en
    """
    settings = {
        "corpus": corpus,
        "leave_out": leave_out,
        "mention": mention,
        "heads": heads,
        "centred": centred,
        "layer": layer,
        "limit": limit,
        "candidates": candidates,
        "data": data,
        "order": order,
        "masks": masks,
        "text": None if text is None else typed_entry(text),
        "hide": hide,
        "length": length,
    }
    isogloss.probe(
        model,
        kind=kind,
        languages=[code for given in languages or () for code in given.split(",") if code],
        batch_size=batch_size,
        seed=seed,
        output=output,
        items=items,
        trust_remote_code=trust_remote_code,
        **{name: value for name, value in settings.items() if value is not None},
    )
