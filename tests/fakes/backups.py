"""Backups of tables in memory: a copy of what was in the store when it was asked for."""

from dataclasses import dataclass, field

from sealift.errors import CloudError
from sealift.model.stack import Backup
from tests.fakes.tap import Tap

TABLE = "AWS::DynamoDB::Table"


@dataclass(slots=True)
class FakeBackups:
    """Knows tables alone. `contents` are those of the account, by physical id."""

    contents: dict[str, list[str]]
    tables: set[str]
    """Those that are there."""
    tap: Tap
    made: dict[str, list[str]] = field(default_factory=dict)
    """What each backup holds, by token."""
    looks_until_ready: int = 1
    denied: bool = False

    def begin(self, kind: str, name: str, *, token: str) -> Backup | None:
        """Ask for a backup called `token`; one that is there is a success."""
        with self.tap.call("backups.begin"):
            if self.denied:
                raise CloudError(f"AWS refused to back up table {name}: not authorized", code="access-denied")
            if kind != TABLE:
                return None
            if name not in self.tables:
                raise CloudError(f"AWS refused to back up table {name}: Table not found", code="not-found")
            self.made.setdefault(token, list(self.contents.get(name, [])))
            return Backup(kind=kind, store=name, id=token)

    def ready(self, backup: Backup) -> bool:
        """Return whether the backup is complete."""
        self.looks_until_ready -= 1
        return self.looks_until_ready < 0
