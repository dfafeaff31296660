"""The files of one data set: a language and a split each, found by a template."""

from __future__ import annotations

import difflib
import glob
import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.languages import called_by_name
from isogloss.common.scripts import SCRIPTS
from isogloss.data.formats import Format
from isogloss.data.misread import read_file
from isogloss.data.patterns import escaped, expression, one_file
from isogloss.data.problems import Problems
from isogloss.examples import Example

SPLITS = ("train", "dev", "test")
# What may stand for {language} on disk: `sw`, `zh-CN`, `eng_Latn`; not `old.backup`.
CODE = r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]+)*"
NAME = r"[^\W\d_]+(?:[-_ ][^\W\d_]+)*"


@dataclass(frozen=True, slots=True)
class Collection:
    """A data set of one format in several languages.

    Args:
        name: Name, for messages and results.
        format: How its files are read and written.
        template: Path of a file with ``{language}`` and, where each split has its own file, ``{split}``; relative to
            the current directory. A ``*`` stands for any part of the name of a file or folder; there must be one file
            per language and split.
        languages: Codes as they stand in the paths; None: all found on disk, sorted.
        splits: The word that stands for ``{split}`` by our name of the split (train, dev, test). None: those of our
            names that are found on disk. Without ``{split}`` in the template there must be exactly one.
        label_map: Labels to rename, old name to new. For chunk tags the key may be a type: ``DATE: O`` removes all
            dates and ``PERSON: PER`` renames ``B-PERSON`` and ``I-PERSON``.
        scripts: By language the scripts that its files are in, as codes of ISO 15924, where neither its code nor its
            usual spelling says it.

    Raises:
        IsoglossError: The template has other fields in braces, or does not fit languages or splits, or there is no such
            script.
    """

    name: str
    format: Format
    template: str
    languages: tuple[str, ...] | None = None
    splits: Mapping[str, str] | None = None
    label_map: Mapping[str, str] = field(default_factory=dict)
    scripts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that template, languages and splits fit together."""
        try:
            fields = {name for _, name, _, _ in string.Formatter().parse(self.template) if name is not None}
        except ValueError as error:
            raise self._error(f"{error} (braces are for {{language}} and {{split}})") from error
        for name in sorted(fields - {"language", "split"}):
            raise self._error(f"unknown field {{{name}}}{nearest(name, ('language', 'split'))}")
        if "**" in self.template or re.search(r"\*\{language|\{language\}\*", self.template):
            raise self._error("* stands for part of one name (of folders: */*), never right beside {language}")
        if "language" not in fields and (self.languages is None or len(self.languages) != 1):
            raise self._error("without {language} in it there must be exactly one language: add e.g. `languages: [en]`")
        for language in self.languages or ():
            # Codes become parts of paths: none may lead out of the data's folder.
            if not re.fullmatch(r"[\w-]+", language):
                raise self._error(f"{language!r} is no language code such as sw, zh-CN or eng_Latn")
        for script in (script for scripts in self.scripts.values() for script in scripts):
            if script not in SCRIPTS:
                raise self._error(f"scripts: no script {script!r} in ISO 15924{nearest(script, SCRIPTS)}")
        for split in self.splits or ():
            if split not in SPLITS:
                raise self._error(f"unknown split {split!r}{nearest(split, SPLITS)}")
        if "split" not in fields and (self.splits is None or len(self.splits) != 1):
            raise self._error("without {split} in it there must be exactly one split: add e.g. `splits: [test]`")

    def files(self) -> dict[tuple[str, str], Path]:
        """The files on disk by language and split.

        Raises:
            IsoglossError: There is no file at all, none for a language, none for a split that was asked for, or several
                for a language and split; or a language is called by its name.
        """
        splits = tuple(split for split in SPLITS if self.splits is None or split in self.splits)
        languages = self.languages if self.languages is not None else self._languages_on_disk(splits)
        for language in self.scripts:
            if language not in languages:
                raise self._error(f"scripts: no language {language!r}{nearest(language, languages)}")
        self._require_codes(languages)
        candidates = {(language, split): self.path(language, split) for language in languages for split in splits}
        files = {key: path for key, path in candidates.items() if path.exists()}
        if not files:
            raise self._error(f"no such file{self._nearest_path(candidates)}")
        for language in languages:
            if not any((language, split) in files for split in splits):
                looked = " or ".join(dict.fromkeys(str(candidates[language, split]) for split in splits))
                raise self._error(f"no file for language {language!r} (looked for {looked})")
        for split in self.splits or ():
            if not any((language, split) in files for language in languages):
                raise self._error(f"no file for split {split!r} (looked for {self.path(languages[0], split)})")
        return files

    def read(self, language: str, split: str, problems: Problems) -> list[Example]:
        """The good examples of one file, their labels renamed; what is wrong with the others goes to ``problems``."""
        return read_file(self.format, self.path(language, split), language, problems, self.label_map)

    def path(self, language: str, split: str) -> Path:
        """Where the file of a language and split is, or would be.

        Raises:
            IsoglossError: There are several.
        """
        try:
            return one_file(self._pattern(language, split), f"{split} of {language}")
        except IsoglossError as error:
            raise self._error(str(error)) from None

    def _pattern(self, language: str, split: str) -> str:
        word = split if self.splits is None else self.splits.get(split, split)
        return str(Path(self.template.format(language=language, split=word)))

    def _languages_on_disk(self, splits: Sequence[str]) -> tuple[str, ...]:
        """All codes for which the template gives an existing path."""
        found, names = set[str](), set[str]()
        for split in splits:
            # The template with a mark that no path holds in place of the language, to be escaped around it.
            before, *after = self._pattern("\0", split).split("\0")
            pattern = "*".join(escaped(part) for part in (before, *after))
            # A second {language} must be the same language. The shortest code: {language}_* finds de in de_gsd_x.
            rest = r"\1".join(expression(part) for part in after)
            path, named = (re.compile(expression(before) + f"({word}?)" + rest) for word in (CODE, NAME))
            for name in glob.iglob(pattern):
                if (match := path.fullmatch(name)) is not None:
                    found.add(match[1])
                elif (match := named.fullmatch(name)) is not None:
                    names.add(match[1])
        self._require_codes(sorted(found | names))
        return tuple(sorted(found))

    def _require_codes(self, languages: Sequence[str]) -> None:
        """Stop at names of languages in place of their codes: a long one would be passed over as no code at all."""
        called = {language: said for language in languages if (said := called_by_name(language)) is not None}
        if called:
            names, codes = ", ".join(map(repr, called)), [language for language in languages if language not in called]
            instead = f", or list the others: languages: [{', '.join(codes)}]" if codes else ""
            raise self._error(f"{', '.join(called.values())}; rename what is called {names}{instead}")

    def _nearest_path(self, candidates: Mapping[tuple[str, str], Path]) -> str:
        """How far the template's path exists, and what is there instead of its next part."""
        existing = Path()
        missing = ""
        path = next(iter(candidates.values()), Path(self.template))
        for depth, missing in enumerate(path.parts, start=1):
            # Any folder may stand for {language} or * on the way, but not in place of the file.
            open_to_all = depth < len(path.parts) and re.search(r"[{*]", missing)
            name = escaped(re.sub(r"\{.*?\}", "*", missing))
            folders = sorted(existing.glob(name)) if open_to_all else [existing / missing]
            found = next((folder for folder in folders if folder.is_dir()), None)
            if found is None:
                break
            existing = found
        # The twenty nearest of what may be thousands.
        there = difflib.get_close_matches(missing, [entry.name for entry in existing.iterdir()], n=20, cutoff=0)
        place = "the current directory" if existing == Path() else f"'{existing}'"
        return f"; {place} holds no '{missing}'{nearest(missing, there) if there else ' (it is empty)'}"

    def _error(self, message: str) -> IsoglossError:
        return IsoglossError(f"data set {self.name!r}, template {self.template!r}: {message}")
