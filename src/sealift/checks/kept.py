"""What a test suite came to on the same files: it is not run again then. Only what passed is kept."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sealift import __version__
from sealift.checks.cache import TextCache, content_key
from sealift.checks.inputs import input_key
from sealift.model.finding import SuiteResult


@dataclass(frozen=True)
class KeptResult:
    """The result under these inputs and the content of the repository's files; without inputs nothing is kept.

    Tests may read what stands beside the application, so the files are those of the whole repository.
    """

    cache: TextCache
    inputs: Sequence[str] | None
    root: Path

    @cached_property
    def _key(self) -> str | None:
        files = input_key(self.root) if self.inputs is not None else None
        if self.inputs is None or files is None:
            return None
        return content_key(("suite", __version__, *self.inputs, files))

    def get(self, name: str) -> SuiteResult | None:
        """Return what is kept."""
        kept = self.cache.get(self._key) if self._key else None
        if kept is None:
            return None
        try:
            said = json.loads(kept)
            return SuiteResult(
                name=name,
                status="succeeded",
                reason=str(said["reason"]),
                passed=int(said["passed"]),
                skipped=int(said["skipped"]),
                deselected=int(said["deselected"]),
                reports=tuple(map(str, said["reports"])),
                coverage=tuple(map(str, said["coverage"])),
                unchanged=True,
            )
        except (ValueError, KeyError, TypeError):
            return None

    def put(self, result: SuiteResult) -> SuiteResult:
        """Keep a result that passed, unless a test wrote into the tree; return it."""
        before = self._key
        passed = result.status == "succeeded" and not result.findings
        if before and passed and KeptResult(self.cache, self.inputs, self.root)._key == before:
            kept = ("passed", "skipped", "deselected", "reason", "reports", "coverage")
            said = {key: getattr(result, key) for key in kept}
            self.cache.put(before, json.dumps(said))
        return result
