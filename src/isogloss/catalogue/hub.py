"""Files of a data set on the Hugging Face hub: downloaded once, kept in its cache, checked."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, constants, snapshot_download
from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

from isogloss.catalogue.entry import Repository
from isogloss.common.errors import IsoglossError

TIMEOUT = 10.0
"""Seconds to wait for the hub's first answer."""


class Unreachable(IsoglossError):
    """The hub did not answer, and its cache on this machine does not hold what is needed."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A data set as it was at one commit.

    Attributes:
        folder: Its files, as far as they were asked for.
        commit: The commit.
    """

    folder: Path
    commit: str

    def files(self, repository: Repository, config: str, split: str) -> list[Path]:
        """The Parquet files of a configuration and split, whole and unharmed.

        Raises:
            IsoglossError: There is none, or one differs from what the hub has.
        """
        patterns = patterns_of(repository, config, split)
        found = next((paths for pattern in patterns if (paths := sorted(self.folder.glob(pattern)))), [])
        if not found:
            raise IsoglossError(
                f"hub {repository.id}, {repository.revision}: no file for config {config!r}, split {split!r} "
                f"(looked for {' or '.join(patterns)})"
            )
        for path in found:
            _require_whole(path)
            parts = re.search(r"-(\d+)-of-(\d+)", path.name)
            if parts is not None and int(parts[2]) != len(found):
                raise Unreachable(
                    f"hub {repository.id}, {repository.revision}: {len(found)} of {int(parts[2])} files of config "
                    f"{config!r}, split {split!r} are in {self.folder}; without --offline the others are fetched"
                )
        return found


def patterns_of(repository: Repository, config: str, split: str) -> list[str]:
    """Where the files of a configuration and split may lie in the repository."""
    return [pattern.format(config=config, split=split) for pattern in repository.files]


def download(repository: Repository, cells: Sequence[tuple[str, str]], *, offline: bool) -> Snapshot:
    """Fetch what the cache does not hold yet; a broken download is taken up where it ended.

    Args:
        repository: The data set.
        cells: Configurations and splits that are needed.
        offline: Whether to take them from the cache alone.

    Raises:
        Unreachable: The hub does not answer, or must not be asked, and the cache does not hold all of it.
        IsoglossError: The hub knows no such data set.
    """
    patterns = [pattern for config, split in cells for pattern in patterns_of(repository, config, split)]
    reason = "it must not be asked (--offline)"
    commit = None
    if not offline:
        try:
            # Asked for by itself, with a limit on time, since `snapshot_download` would wait for long.
            info = HfApi().dataset_info(repository.id, revision=repository.revision, timeout=TIMEOUT)
            commit = info.sha
        except (RepositoryNotFoundError, RevisionNotFoundError) as error:
            raise IsoglossError(
                f"hub {constants.ENDPOINT}: no data set {repository.id!r} with revision {repository.revision!r}: "
                f"{_reason(error)}"
            ) from error
        except Exception as error:  # whatever the HTTP library of the day raises
            reason = _reason(error)
    try:
        folder = snapshot_download(
            repository.id,
            repo_type="dataset",
            revision=commit or repository.revision,
            allow_patterns=patterns,
            local_files_only=commit is None,
        )
    except Exception as error:  # as above, or that the cache is not complete
        reason = reason if commit is None else _reason(error)
        raise Unreachable(
            f"hub {constants.ENDPOINT}, data set {repository.id!r}: {reason}; and its cache on this machine "
            f"({constants.HF_HUB_CACHE}) does not hold all of what is needed"
        ) from error
    if commit is not None:
        _remember(repository, Path(folder), commit)
    return Snapshot(Path(folder), Path(folder).name)


def _remember(repository: Repository, folder: Path, commit: str) -> None:
    """Note which commit the branch is at, as `snapshot_download` does when it is given a branch: for ``offline``."""
    reference = folder.parents[1] / "refs" / repository.revision
    reference.parent.mkdir(parents=True, exist_ok=True)
    reference.write_text(commit, encoding="utf-8")


def _require_whole(path: Path) -> None:
    # The cache names the content of a large file by its SHA-256 (of a small one by another hash, which git makes).
    blob = path.resolve()
    if re.fullmatch("[0-9a-f]{64}", blob.name) and sha256(path) != blob.name:
        raise IsoglossError(
            f"{blob}: damaged: its SHA-256 is not the one that it has on the hub (a download broken off?); delete it "
            "and run again"
        )


def sha256(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _reason(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else 'no reason given'}"
