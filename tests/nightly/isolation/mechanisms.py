"""The collection of mechanisms, proved: `python -m tests.nightly.isolation.mechanisms` writes its table."""

from pathlib import Path

from tests.component.isolation.collection import cases
from tests.component.isolation.collection.table import table

PAGE = Path(__file__).parents[3] / "docs" / "corpus.md"
HEAD = "## Mechanisms"
_TEXT = """\
{head}

Small templates with one leak each, and ones that only look like it (`tests/component/isolation/collection`), written
by the kind of mechanism. `make nightly` proves them and writes this table; **lower** is a finding of less severity than
a person would give, **false** a critical or high finding of what is clean.
"""


def section() -> tuple[str, list[str]]:
    """Return the section of the page, and what is not as it should be."""
    rows, wrong = table(cases())
    return "\n".join([_TEXT.format(head=HEAD), *rows]) + "\n", wrong


def main() -> int:
    """Write the section into the page; exit 1 when a case is not judged as a person would."""
    text, wrong = section()
    before, _, _ = PAGE.read_text().partition(HEAD)
    PAGE.write_text(before.rstrip() + "\n\n" + text)
    print(text)
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
