"""``isogloss corpus``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import isogloss
from isogloss.cli.data import mapping

SETTINGS = "{time: '10:00:00', partition: cpu}"


def corpus(
    dumps: Annotated[
        list[Path],
        typer.Argument(help="Dumps of Wikipedia and Wikidata, and own files, told apart by their names."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the corpus.")],
    same_entities: Annotated[
        list[Path] | None, typer.Option(help="Titles of the same entity in two languages, such as titles.bn-en.tsv.")
    ] = None,
    leave_out: Annotated[
        list[Path] | None, typer.Option(help="List of pages of evaluation sets, which are left out.")
    ] = None,
    link_names: Annotated[
        list[Path] | None, typer.Option(help="Names to link in text without links, such as names.uk.tsv.")
    ] = None,
    min_words: Annotated[int, typer.Option(min=1, help="Words of a sentence, at least.")] = 5,
    max_characters: Annotated[
        int, typer.Option(min=1, help="Characters of a sentence or description, at most.")
    ] = 1000,
    pack: Annotated[int, typer.Option(min=0, help="Pack sentences of a paragraph up to so many characters.")] = 0,
    max_mention: Annotated[int, typer.Option(min=1, help="Characters of a mention, at most.")] = 100,
    max_mentions: Annotated[int, typer.Option(min=1, help="Mentions of a sentence, at most.")] = 128,
    lists: Annotated[bool, typer.Option("--lists", help="Keep sentences in items of lists.")] = False,
    most_per_entity: Annotated[
        int, typer.Option(min=0, help="Mentions of an entity that are kept in a language; 0: all.")
    ] = 100,
    most_per_relation: Annotated[int, typer.Option(min=0, help="Facts of a relation that are kept; 0: all.")] = 0,
    undescribed: Annotated[
        bool, typer.Option("--undescribed", help="Keep mentions of entities without a description.")
    ] = False,
    unlinked: Annotated[bool, typer.Option("--unlinked", help="Keep sentences without mentions.")] = False,
    shard_size: Annotated[int, typer.Option(min=1, help="MiB of a dump, as it is stored, per task.")] = 64,
    workers: Annotated[int, typer.Option(min=1, help="Tasks at a time on this machine.")] = 1,
    executor: Annotated[str, typer.Option(help="local, slurm or ray.")] = "local",
    executor_settings: Annotated[
        str | None, typer.Option(metavar="YAML", help=f"For slurm and ray, such as {SETTINGS}.")
    ] = None,
) -> None:
    """Build linked sentences, descriptions and facts from dumps; the same command goes on with a build that was killed.

    Example: isogloss corpus ukwiki-20240101-*.bz2 ukwiki-20240101-page_props.sql.gz latest-truthy.nt.bz2 -o corpus
    """
    limits = {
        "min_words": min_words,
        "max_characters": max_characters,
        "pack": pack,
        "max_mention": max_mention,
        "max_mentions": max_mentions,
        "lists": lists,
        "most_per_entity": most_per_entity,
        "most_per_relation": most_per_relation,
        "undescribed": undescribed,
        "unlinked": unlinked,
    }
    found = isogloss.corpus(
        dumps,
        output=output,
        same_entities=same_entities or (),
        leave_out=leave_out or (),
        link_names=link_names or (),
        limits=limits,
        shard_size=shard_size,
        workers=workers,
        executor=executor,
        executor_settings=mapping(executor_settings, "--executor-settings", SETTINGS),
    )
    if found is None:
        return
    for name, counts in found["counts"].items():
        told = counts if isinstance(counts, int) else ", ".join(f"{n:,} {kind}" for kind, n in counts.items())
        print(f"{name}: {told}")
    for name, drops in found["drops"].items():
        print(f"\n{name}, left out")
        for reason, number in sorted(drops.items(), key=lambda one: -one[1]):
            print(f"{number:9,}  {reason}")
