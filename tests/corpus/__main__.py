"""`make corpus`: sweep every template, write docs/corpus.md; exit 1 when the proof broke at one."""

import os
import sys
from pathlib import Path

from tests.corpus.page import Counted, page, stale
from tests.corpus.sources import fetched, templates
from tests.corpus.sweep import sweep

PAGE = Path(__file__).parents[2] / "docs" / "corpus.md"


def main() -> int:
    """Sweep; archives are kept under XDG_CACHE_HOME, outside of the repository."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    counted = Counted()
    for package, archive in fetched(home / "sealift-corpus"):
        for source in templates(package, archive):
            counted.add(source, sweep(source.body))
        print(f"{counted.read[package]:5} templates of {package}", flush=True)
    PAGE.write_text(page(counted), encoding="utf-8")
    for line in counted.broken:
        print(f"broke: {line}")
    for line in stale(counted):
        print(f"looked at, but not found any more: {line}")
    print(f"{counted.read.total()} templates, broke at {len(counted.broken)}; see {PAGE.name}")
    return 1 if counted.broken else 0


if __name__ == "__main__":
    sys.exit(main())
