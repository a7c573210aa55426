"""Advice that was shown by an earlier command on this machine: it is counted, and not repeated, at each run."""

import contextlib
import hashlib
import json
from pathlib import Path

_MOST = 5000


class Told:
    """What was told, in a file of the embedded cloud's folder; where there is no folder, nothing is remembered."""

    def __init__(self, folder: Path | None = None) -> None:
        self._file = folder / "told.json" if folder is not None else None
        self._before = self._read()
        self._now: set[str] = set()

    def before(self, text: str) -> bool:
        """Return whether an earlier command told this; it counts as told from now on."""
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        self._now.add(digest)
        return digest in self._before

    def keep(self) -> None:
        """Remember what was told."""
        if self._file is not None and self._file.parent.is_dir() and not self._now <= self._before:
            kept = [*self._now, *sorted(self._before - self._now)][:_MOST]
            with contextlib.suppress(OSError):
                self._file.write_text(json.dumps(kept), encoding="utf-8")

    def _read(self) -> set[str]:
        try:
            found = json.loads(self._file.read_text(encoding="utf-8")) if self._file is not None else []
        except (OSError, ValueError):
            return set()
        return {str(one) for one in found} if isinstance(found, list) else set()
