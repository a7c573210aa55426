"""The page docs/corpus.md: what the sweep counted, and which critical findings a person looked at."""

import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sealift.isolation.model import Finding
from tests.corpus.sources import Source
from tests.corpus.sweep import ACCOUNTS, Outcome, broken
from tests.nightly.isolation.mechanisms import section

JUDGED = Path(__file__).parent / "judged.toml"
_HEAD = """# The proof over other projects' templates

<!-- Made by `make corpus`; do not edit. -->

`make corpus` takes every SAM and CloudFormation template out of the source packages below, deploys each in thought as
staging and as production (stacks `app-staging` and `app-production`, parameters without a default get a value that
names the environment), in one account and in two, and proves it. Many of these templates are tests of linters and are
wrong on purpose: what counts here is that the proof never breaks and that no critical finding is false, not how many
are proved. The templates are read from the archives; nothing of the packages is run, and nothing of them is in this
repository.
"""


@dataclass(slots=True)
class Counted:
    """What a sweep saw so far."""

    read: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    broken: list[str] = field(default_factory=list)
    levels: Counter[tuple[str, str]] = field(default_factory=Counter)
    findings: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    criticals: set[tuple[str, str]] = field(default_factory=set)
    unseen: Counter[str] = field(default_factory=Counter)

    def add(self, source: Source, outcome: Outcome) -> None:
        """Count one template."""
        self.read[source.package] += 1
        self.refused += bool(outcome.refused)
        for accounts, verdict in outcome.verdicts.items():
            self.levels[accounts, verdict.level] += 1
            self.unseen[accounts] += len(verdict.unseen)
            self.broken += [f"{source.place}: {message}" for message in broken(verdict)]
            for leak in verdict.findings:
                self._count(source, accounts, leak)

    def _count(self, source: Source, accounts: str, leak: Finding) -> None:
        self.findings[leak.id, leak.severity, accounts] += 1
        if leak.severity == "critical":
            self.criticals.add((leak.id, source.place))


def page(counted: Counted) -> str:
    """Return the page."""
    own, _ = section()
    return "\n".join([_HEAD, *_totals(counted), *_by_rule(counted), *_looked_at(counted)]) + f"\n\n{own}"


def stale(counted: Counted) -> list[str]:
    """Return what was looked at and is not found any more."""
    return [f"{one['rule']} in {one['place']}" for one in _judged() if not _is_found(counted, one)]


def _judged() -> list[dict[str, object]]:
    found: list[dict[str, object]] = tomllib.loads(JUDGED.read_text(encoding="utf-8"))["looked_at"]
    return found


def _is_found(counted: Counted, one: dict[str, object]) -> bool:
    return any(rule == one["rule"] and str(one["place"]) in place for rule, place in counted.criticals)


def _totals(counted: Counted) -> Iterator[str]:
    yield "| package | templates |\n|---|---|"
    yield from (f"| {package} | {count} |" for package, count in counted.read.items())
    yield f"\n**{counted.read.total()} templates, {len(counted.broken)} at which the proof broke.**"
    yield f"Of these a transform refuses {counted.refused}, so there is nothing to prove. The others:\n"
    yield "| accounts | proved from the template (L1) | not proved (L0) | values not looked at |\n|---|---|---|---|"
    for accounts in ACCOUNTS:
        proved, open_ = (counted.levels[accounts, level] for level in ("L1", "L0"))
        yield f"| {accounts} | {proved} | {open_} | {counted.unseen[accounts]} |"


def _by_rule(counted: Counted) -> Iterator[str]:
    yield "\n## Findings by rule\n\nOne line for each environment that has the finding.\n"
    yield "| rule | severity | in one account | in two |\n|---|---|---|---|"
    for rule, severity in sorted({(rule, severity) for rule, severity, _ in counted.findings}):
        one, two = (counted.findings[rule, severity, accounts] for accounts in ACCOUNTS)
        yield f"| {rule} | {severity} | {one} | {two} |"


def _looked_at(counted: Counted) -> Iterator[str]:
    judged = _judged()
    false = sum(not one["true"] for one in judged)
    yield f"\n## Critical findings that a person looked at\n\n{len(judged)} looked at, {false} false.\n"
    yield "| rule | template | so? | why |\n|---|---|---|---|"
    for one in judged:
        so = ("yes" if one["true"] else "**no**") if _is_found(counted, one) else "not found any more"
        yield f"| {one['rule']} | `{one['place']}` | {so} | {one['why']} |"
