"""What was worked out before, in memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class FakeMemory:
    """Keeps texts by what went into them."""

    texts: dict[tuple[tuple[str, ...], ...], str] = field(default_factory=dict)

    def kept(self, rooms: Sequence[str], parts: Sequence[str], make: Callable[[], str]) -> str:
        """Return what is kept, or make it."""
        key = (tuple(rooms), tuple(parts))
        if key not in self.texts:
            self.texts[key] = make()
        return self.texts[key]
