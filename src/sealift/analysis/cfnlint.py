"""Reads cfn-lint's report: what AWS would refuse stops the journey, the rest is advice."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from sealift.analysis.merge import merged
from sealift.cfn.values import mapping_at
from sealift.model.finding import Finding, Severity
from sealift.model.template import Location, Template

END_OF_LIFE = ("E2531", "E2533")
"""Runtimes of which AWS refuses new functions (E2531), and updates, too (E2533), months after their end (W2531)."""
UPDATES_REFUSED = "E2533"
"""Before that, what mends a function that exists already is still deployed."""
_LISTS = (
    "E3025", "E3062", "E3617", "E3620", "E3621", "E3628", "E3635", "E3640", "E3641", "E3642", "E3643", "E3644", "E3647",
    "E3652", "E3653", "E3667", "E3670", "E3672", "E3675", "E3690", "E3691", "E3694", "E3695",
)  # fmt: skip
"""Instance types and engine versions: AWS has new ones before cfn-lint knows of them."""
NOT_REFUSED = (
    "E0001",  # the transform as cfn-lint does it; rendering says it better, with the real parameters
    "E0002",  # a rule of cfn-lint broke
    "E0003",  # cfn-lint's own configuration
    "E1029",  # ${Name} outside Fn::Sub: is deployed as it is written
    "E1040",  # formats of GetAtt and Ref: services take names where cfn-lint wants ARNs
    "E1041",
    "E11",  # formats of literal ids
    "E3514",  # ARNs in resource policies
    "E3601",  # state machines, with substitutions that cfn-lint cannot see
    "E3687",  # ports of security groups: EC2 passes over those that a protocol has no use for
    "E3688",
    "E3724",  # what may stand in Globals: the transform says it when the template is rendered
    *_LISTS,
    "E4",  # metadata: AWS reads none of it when it deploys
)
"""Errors of cfn-lint that AWS does not refuse, or not surely."""
TAKEN = ("E1040", "E1041", "E3687", "E3688", "E3724")
"""Those of them that say nothing of what AWS does."""
DESCRIBED = "'Description' was unexpected"
"""What E3001 says of a Description beside the Type: SAM leaves it out before CloudFormation sees it."""
UNKNOWN = "is not one of [] in "
"""What it says of an attribute of a type none of whose attributes it knows (`AWS::Serverless::GraphQLApi`)."""
OURS = ("W3002", "E3505")
"""What Sealift does or says itself: packaging of local paths, queues against the functions that they feed."""
_RUNTIME = re.compile(
    r"(Runtime '[\w.]+') was deprecated on '([\d-]+)'\. Creation was disabled on '([\d-]+)' and update on '([\d-]+)'\."
    r" Please consider updating to ('[\w.]+')"
)
"""How cfn-lint says it, of days to come too."""


def refused(rule: str) -> bool:
    """Whether AWS would refuse a template with this error."""
    return rule.startswith("E") and not rule.startswith((*NOT_REFUSED, *END_OF_LIFE))


def cfnlint_findings(
    report: str, *, local: bool, own_config: bool, templates: Mapping[str, Template] = MappingProxyType({})
) -> tuple[Finding, ...]:
    """Return cfn-lint's JSON report as findings, each once. Raises ValueError when it is no such report.

    A runtime stops once AWS refuses updates, and is advice on the embedded cloud (`local`). With a configuration of
    its own, the project has chosen its rules, and every error stops. `templates` are the templates by file.
    """
    found = json.loads(report)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ValueError("cfn-lint's report is not a list")
    return _each_fault_once(
        merged(
            finding if own_config or not _is_left_out(one, templates) else replace(finding, stops=False, severity="low")
            for one, finding in _findings(found, templates, local=local, own_config=own_config)
        )
    )


_QUOTED = re.compile(r"'[^']*'")


def _each_fault_once(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings without those on the format of a value (E11…) of which another rule says the same."""

    def about(finding: Finding) -> tuple[Location | None, str]:
        value = _QUOTED.match(finding.message)
        return finding.location, value[0] if value else finding.message

    said = {about(one) for one in findings if not one.id.startswith("E11")}
    return tuple(one for one in findings if not one.id.startswith("E11") or about(one) not in said)


def _is_left_out(one: dict[str, object], templates: Mapping[str, Template]) -> bool:
    """Whether it is about what never reaches CloudFormation: a Description that SAM takes away, an empty list."""
    template, path = templates.get(str(one.get("Filename", ""))), _inner(one, "Location").get("Path")
    if template is None or not isinstance(path, list) or len(path) < 2:
        return False
    match str(_inner(one, "Rule").get("Id", "")):
        case "E3001" if DESCRIBED in str(one.get("Message", "")):
            kind = mapping_at(template.body, *map(str, path[:2])).get("Type")
            return str(kind).startswith("AWS::Serverless::")
        case "E3020":
            return mapping_at(template.body, *map(str, path[:-1])).get(str(path[-1])) == []
    return False


def _findings(
    found: list[dict[str, object]], templates: Mapping[str, Template], *, local: bool, own_config: bool
) -> Iterator[tuple[dict[str, object], Finding]]:
    for one in found:
        rule = _inner(one, "Rule")
        name = str(rule.get("Id", ""))
        if name in OURS and not own_config:
            continue
        ended = name.startswith(END_OF_LIFE)
        stop = (
            (name == UPDATES_REFUSED and not local)
            if ended
            else (name.startswith("E") if own_config else refused(name))
        )
        if not own_config and UNKNOWN in str(one.get("Message", "")):
            stop = False
        message, fix = _worded(str(one.get("Message", "")), str(rule.get("Source") or "its documentation"))
        yield (
            one,
            Finding(
                tool="cfn-lint",
                id=name,
                severity=_severity(name, stops=stop),
                message=message,
                location=_location(one, templates),
                fix=fix,
                stops=stop,
            ),
        )


def _worded(message: str, source: str) -> tuple[str, str]:
    """Return a message and its fix; of a runtime that ends, both as they are true before and after its days."""
    old = _RUNTIME.fullmatch(message)
    if old is None:
        return message, f"See {source}"
    said = f"{old[1]} has been out of support since {old[2]}; AWS refuses new functions of it from {old[3]} and "
    return f"{said}updates from {old[4]}", f"Choose a runtime that AWS supports: {old[5]} is the next."


def _severity(rule: str, *, stops: bool) -> Severity:
    if stops:
        return "high"
    if rule.startswith("E") and not rule.startswith(TAKEN):
        return "medium"
    return "info" if rule.startswith("I") else "low"


def _location(one: dict[str, object], templates: Mapping[str, Template]) -> Location:
    """Return the place; cfn-lint takes that of Globals for what a resource says itself, where both say it."""
    place = _inner(one, "Location")
    line = _inner(place, "Start").get("LineNumber", 0)
    path = place.get("Path")
    template = templates.get(str(one.get("Filename", "")))
    if template is not None and isinstance(path, list):
        line = template.lines.get(tuple(path), line)
    in_resource = isinstance(path, list) and len(path) > 1 and path[0] == "Resources"
    return Location(
        file=str(one.get("Filename", "")),
        line=line if isinstance(line, int) else 0,
        logical_id=str(path[1]) if in_resource and isinstance(path, list) else None,
    )


def _inner(one: dict[str, object], key: str) -> dict[str, object]:
    value = one.get(key)
    return value if isinstance(value, dict) else {}
