"""The reference page of the proof's rules: each with its reason, its cure, a failing and a passing template."""

import json
from collections.abc import Iterator

from sealift.isolation.prove import AXIOMS
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules import RULES
from sealift.model.template import Json

_MADE = "<!-- Made from the code by `python -m tools.reference`; a test fails when this page is out of date. -->\n"
_GROUPS = {
    "ACC": "The whole account",
    "API": "API Gateway",
    "ART": "Artifacts",
    "CFG": "What two stacks configure",
    "DEP": "Deployment",
    "EVT": "Events",
    "IAM": "Permissions",
    "KMS": "Encryption",
    "LAY": "Layers and images",
    "LOG": "Logs",
    "NAM": "Names",
    "NET": "Network",
    "NST": "Nested stacks and custom resources",
    "ORG": "Organization",
    "PRB": "Runtime probes",
    "PRF": "What is not understood",
    "PRV": "Previews",
    "QTA": "Quotas",
    "REF": "References",
    "RES": "Values that cannot be resolved",
    "RPL": "Resource and trust policies",
    "SHR": "What neither owns",
    "STG": "Environments inside one stack",
}
_HEAD = """\
`sealift prove` shows that no role or declared resource of one environment names or reaches a declared resource of
another one. It uses the rules on this page. Each rule has a failing and a passing template, deployed as `staging` and
as `production`; the tests run both. The templates use long-form intrinsics, as the proof reads them after SAM's
translation.

Critical and high findings, and anything not proved, keep the verdict at L0. A **residual** is a channel that one AWS
account shares by construction: the proof lists it and never claims that it is closed. A **live** rule needs data from
the accounts. You can accept a known finding until a date: see `[[isolation.accepted]]` in
[configuration.md](configuration.md).
"""


def rules_page() -> str:
    """Return the page as Markdown."""
    parts = ["# Rules of the proof\n", _MADE, _HEAD, "## What is assumed\n"]
    parts += [f"- {axiom}" for axiom in AXIOMS]
    group = ""
    for rule in RULES:
        if rule.id[:3] != group:
            group = rule.id[:3]
            parts.append(f"\n## {_GROUPS[group]}")
        parts.append(_section(rule))
    return "\n".join(parts)


def _section(rule: Rule) -> str:
    marks = [f"**{rule.severity}**", *(["residual"] if rule.residual else []), *(["live"] if rule.live else [])]
    return "\n".join(
        (
            f"\n### {rule.id}\n",
            f"{rule.title}. Severity: {', '.join(marks)}.\n",
            f"{rule.why}\n",
            f"**What to do:** {rule.fix}\n",
            "Found in:\n",
            *_example(rule.failing),
            "\nNot found in:\n",
            *_example(rule.passing),
        )
    )


def _example(example: Example) -> Iterator[str]:
    yield from _code("yaml", example.template.strip("\n"))
    if example.production is not None:
        yield "\nProduction has another template:\n"
        yield from _code("yaml", example.production.strip("\n"))
    surroundings = list(_surroundings(example))
    if surroundings:
        yield ""
        yield from surroundings


def _surroundings(example: Example) -> Iterator[str]:
    """Yield what the example needs besides a template; `{env}` is the environment's name, `{other}` the other one's."""
    if example.stack_name != "app-{env}":
        first, bar, second = example.stack_name.partition("|")
        names = f"`{first}` and `{second}`" if bar else f"`{first}`"
        yield f"- Stack names: {names}"
    if any(example.accounts):
        staging, production = (account or "not declared" for account in example.accounts)
        yield f"- Accounts: staging {staging}, production {production}"
    where = f" of {example.only}" if example.only else ""
    for title, facts in (("The stack", example.stack), ("The environment", example.environment)):
        for key, value in facts.items():
            yield f"- {title}{where}: `{key}` = `{_shown(value)}`"


def _shown(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def _code(language: str, text: str) -> Iterator[str]:
    yield f"```{language}"
    yield text
    yield "```"
