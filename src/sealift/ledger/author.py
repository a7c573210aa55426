"""Who writes: what ledger and lease need to know of the process that uses them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sealift.ports import Clock, Ids


class Witness(Protocol):
    """Knows processes of this machine, so that the lease of a killed one need not be waited for."""

    def ourselves(self) -> Mapping[str, str]:
        """Return what tells this process from every other that is or was; empty when that is not known."""

    def is_dead(self, process: Mapping[str, str]) -> bool:
        """Return whether that process has certainly ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """The one who writes, as entries and leases name it (`who@where`), and what it makes them with."""

    actor: str
    clock: Clock
    ids: Ids
    witness: Witness | None = None
    """Without one, only time tells that a holder is gone."""
