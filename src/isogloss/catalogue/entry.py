"""What the catalogue says of a public data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from isogloss.catalogue.rows import RowFormat
from isogloss.common.errors import IsoglossError, nearest

PUSHED = ("{config}/{split}-*.parquet",)
"""Where the Parquet files of a data set lie that `datasets` has pushed."""

CONVERTED = ("{config}/{split}/*.parquet", "{config}/*-{split}.parquet")
"""Where they lie on the branch to which the hub converts every other data set; first the present layout, then the old
one."""


@dataclass(frozen=True, slots=True)
class Repository:
    """Where a data set lies on the Hugging Face hub.

    `datasets.load_dataset` (4 or later) takes the same: ``(id, config)``, and from a converted branch, which has no
    configurations but folders, ``(id, data_dir=config, revision=revision)``.

    Attributes:
        id: Owner and name.
        config: Name of a configuration, with ``{word}`` for the repository's word for a language.
        files: Patterns of its Parquet files with ``{config}`` and ``{split}``; the first that finds files counts.
        revision: Branch. ``refs/convert/parquet`` where the data set itself is no Parquet.
    """

    id: str
    config: str
    files: tuple[str, ...] = PUSHED
    revision: str = "main"


def converted(id: str, config: str) -> Repository:
    """A data set of scripts or text files, read from the branch to which the hub converts it."""
    return Repository(id, config, CONVERTED, "refs/convert/parquet")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicSet:
    """A public data set: what it is, where it lies on the hub, and how a local copy is laid out.

    Attributes:
        title: Name in the literature.
        task: Our name of the task.
        languages: The repository's word for each language, by the code that stands in our paths.
        splits: The repository's word for each of our splits.
        rows: Which columns its rows must have, in which order its labels come, and how they are written down.
        metric: The metric of the literature.
        licence: As the hub's card has it, or, where that says less, the data set's own paper or repository.
        repository: Where it lies.
        absent: Languages that lack a split, by split.
        machine_translated: Splits that are machine translations in every language but English; `get` fetches those
            only where they are named.
        missing: What a user might look for in vain.
        unverified: Facts above that no documentation confirms.
        loaded: Whether it was ever loaded from the hub with this entry.
    """

    title: str
    task: str
    languages: Mapping[str, str]
    splits: Mapping[str, str]
    rows: RowFormat
    metric: str
    licence: str
    repository: Repository
    absent: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    machine_translated: tuple[str, ...] = ()
    missing: str = ""
    unverified: tuple[str, ...] = ()
    loaded: bool = False

    @property
    def layout(self) -> str:
        """Path of a file in a local copy: a template with ``{language}`` and ``{split}``."""
        return f"{{language}}/{{split}}{self.rows.suffix}"

    def entry(self, name: str, folder: Path | None = None) -> dict[str, Any]:
        """An entry of a recipe's ``data`` that reads a local copy.

        Args:
            name: Our name of the set.
            folder: The folder of the copy; None: ``data/<name>``.
        """
        path = f"{folder or Path('data') / name}/{self.layout}"
        return {"task": self.task, "format": self.rows.format, "path": path, "name": name}

    def config(self, language: str) -> str:
        """Name of the repository's configuration for a language."""
        return self.repository.config.format(word=self.languages[language])

    def cells(
        self, languages: Sequence[str] | None = None, splits: Sequence[str] | None = None
    ) -> list[tuple[str, str]]:
        """The languages and splits to fetch, in the order of the catalogue.

        Args:
            languages: None: all.
            splits: None: all, machine translations left out.

        Raises:
            IsoglossError: An unknown language or split, or nothing is left.
        """
        for what, given, known in (("languages", languages, self.languages), ("splits", splits, self.splits)):
            for name in given or ():
                if name not in known:
                    hint = f". {self.title}: {self.missing}" if what == "splits" and self.missing else ""
                    raise IsoglossError(f"{what}: {self.title} has no {name!r}{nearest(name, known)}{hint}")
        cells = [
            (language, split)
            for language in self.languages
            for split in self.splits
            if (languages is None or language in languages)
            and (splits is None or split in splits)
            and language not in self.absent.get(split, ())
            and not (splits is None and split in self.machine_translated and language != "en")
        ]
        if not cells:
            raise IsoglossError(f"{self.title} has nothing of this. {self.missing}".rstrip())
        return cells

    def lacking(
        self, languages: Sequence[str] | None = None, splits: Sequence[str] | None = None
    ) -> dict[str, list[str]]:
        """The languages asked for that lack a split asked for, by split; None: all."""
        found = {
            split: [code for code in without if languages is None or code in languages]
            for split, without in self.absent.items()
            if splits is None or split in splits
        }
        return {split: codes for split, codes in found.items() if codes}


def same(codes: str) -> dict[str, str]:
    """Languages whose code is the repository's word too, from a text with one code after the other."""
    return {code: code for code in codes.split()}
