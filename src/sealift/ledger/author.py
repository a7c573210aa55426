"""Who writes: what ledger and lease need to know of the process that uses them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sealift.ports import Clock, Ids


class Witness(Protocol):
    """Checks processes of this machine, so that the lease of a killed one can be taken at once."""

    def ourselves(self) -> Mapping[str, str]:
        """Return a unique identification of this process; empty when there is none."""

    def is_dead(self, process: Mapping[str, str]) -> bool:
        """Return whether that process has certainly ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """The author of entries and leases (`who@where`), with its clock and ids."""

    actor: str
    clock: Clock
    ids: Ids
    witness: Witness | None = None
    """Without one, only time tells that a holder is gone."""
