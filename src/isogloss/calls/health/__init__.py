"""What `isogloss doctor` looks at, a file each."""

from __future__ import annotations
