"""The certificate of a proof: what went in (by hash), what was assumed, what came out. It can be checked again later.

It is evidence, not a signature: its own hash tells of damage, not of forgery. Whoever doubts it checks it, and that
proves again from the inputs.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sealift.cfn.values import list_at, mapping_at
from sealift.isolation.model import Accepted, EnvironmentView, Finding, StackView, Verdict
from sealift.isolation.prove import inputs, prove
from sealift.model.template import Json

FORMAT = "sealift-isolation-certificate/1"
_CODE_RULE = "REF-07"
_LISTS = ("findings", "residuals", "accepted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference from the certificate. `subject` is stable: a field, an input or a finding."""

    subject: str
    message: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.message}"


def certificate(
    verdict: Verdict,
    views: Sequence[EnvironmentView],
    *,
    accepted: Sequence[Accepted] = (),
    today: date | None = None,
    shared_account_unless_declared: bool = True,
) -> dict[str, Json]:
    """Return the certificate of a verdict on these views; the keywords are those that `prove` was given.

    Hashes leave out places in files, as a comment added to a template changes no proof, and the code: the release has
    its hash.
    """
    body: dict[str, Json] = {
        "format": FORMAT,
        **verdict.as_json(),
        "inputs": dict(inputs([_without_places(view) for view in views])),
        "live": [view.name for view in views if view.live],
        "judged_on": today.isoformat() if today else None,
        "shared_account_unless_declared": shared_account_unless_declared,
        "acceptances": [_acceptance(one) for one in accepted],
    }
    return {**body, "sha256": _digest(body)}


def check(certificate: object, views: Sequence[EnvironmentView], *, today: date | None = None) -> list[Difference]:
    """Return every difference from the certificate; empty when it holds. Bad content is a difference, never an error.

    Compares versions and hashes, then proves again as it was done then. With `today`, acceptances that have expired
    since are differences too.
    """
    if not isinstance(certificate, Mapping) or certificate.get("format") != FORMAT:
        return [Difference(subject="format", message=f"this is not a certificate of the form {FORMAT}")]
    found = list(_of_itself(certificate))
    found += _of_inputs(mapping_at(certificate.get("inputs")), inputs([_without_places(view) for view in views]))
    try:
        accepted, judged_on = _acceptances(certificate), _day(certificate.get("judged_on"))
    except (TypeError, ValueError, KeyError):
        return [*found, Difference(subject="acceptances", message="cannot be read")]
    now = prove(
        views,
        accepted=accepted,
        today=judged_on,
        shared_account_unless_declared=certificate.get("shared_account_unless_declared") is not False,
    )
    found += _of_verdict(certificate, now, with_code=any(stack.code_texts for view in views for stack in view.stacks))
    for one in accepted:
        if today is not None and one.expires < today:
            message = f"its acceptance ended on {one.expires.isoformat()}"
            found.append(Difference(subject=f"acceptance of {one.id}", message=message))
    return found


def is_intact(text: bytes, sha256: str) -> bool:
    """Return whether stored bytes are the certificate of this hash, unchanged."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(body, dict) and body.get("sha256") == sha256 and not list(_of_itself(body))


def _of_itself(certificate: Mapping[str, Json]) -> Iterator[Difference]:
    body = {key: value for key, value in certificate.items() if key != "sha256"}
    if certificate.get("sha256") != _digest(body):
        yield Difference(subject="sha256", message="the certificate was changed after its creation")


def _of_inputs(then: Mapping[str, Json], now: Mapping[str, str]) -> Iterator[Difference]:
    for name in sorted({*then, *now}):
        before, after = then.get(name), now.get(name)
        if after is None:
            yield Difference(subject=name, message="was proved then and does not exist now")
        elif before is None:
            yield Difference(subject=name, message="exists now and was not proved then")
        elif after == "unreadable":
            yield Difference(subject=name, message="has no hash, so it cannot be compared")
        elif before != after:
            if name in ("prover", "data"):
                yield Difference(subject=name, message=f"was {before} then and is {after} now")
            else:
                yield Difference(
                    subject=name, message=f"has changed: SHA-256 {str(before)[:12]} then, {after[:12]} now"
                )


def _of_verdict(then: Mapping[str, Json], now: Verdict, *, with_code: bool) -> Iterator[Difference]:
    """Yield the differences. Findings in code are compared only where the code was read (`with_code`)."""
    if then.get("verdict") != now.level:
        yield Difference(subject="verdict", message=f"was {then.get('verdict')} then and is {now.level} now")
    if then.get("axioms") != list(now.axioms):
        yield Difference(subject="axioms", message="are not those of this prover")
    for name, findings in zip(_LISTS, (now.findings, now.residuals, now.accepted), strict=True):
        before, after = (
            _named(listed, with_code=with_code) for listed in (then.get(name), [_plain(one) for one in findings])
        )
        for key in sorted(before.keys() - after.keys()):
            yield Difference(subject=name, message=f"no longer found: {before[key]}")
        for key in sorted(after.keys() - before.keys()):
            yield Difference(subject=name, message=f"not in the certificate: {after[key]}")


def _plain(finding: Finding) -> Json:
    return dict(finding.as_json())


def _named(findings: Json, *, with_code: bool) -> dict[str, str]:
    """Return the findings by their content without file and line."""
    found: dict[str, str] = {}
    for finding in list_at(findings):
        if not isinstance(finding, dict):
            found[_canonical(finding)] = "an unreadable finding"
            continue
        if finding.get("id") == _CODE_RULE and not with_code:
            continue
        place = finding.get("location")
        logical = place.get("logical_id") if isinstance(place, dict) else None
        told = {key: value for key, value in finding.items() if key != "location"}
        text = f"{finding.get('id')} {finding.get('from')} → {finding.get('to')}: {finding.get('message')}"
        found[_canonical({**told, "logical_id": logical})] = text
    return found


def _without_places(view: EnvironmentView) -> EnvironmentView:
    principals = tuple(replace(one, location=None) for one in view.principals)
    return replace(view, principals=principals, stacks=tuple(_placeless(stack, 0) for stack in view.stacks))


def _placeless(stack: StackView, depth: int) -> StackView:
    # Nested stacks that hold themselves are cut off here; their hash is then "unreadable", which check reports.
    nested = stack.nested if depth > 50 else {k: _placeless(v, depth + 1) for k, v in stack.nested.items()}
    return replace(stack, locations={}, lines={}, code_texts={}, nested=nested)


def _acceptance(one: Accepted) -> Json:
    return {
        "id": one.id,
        "reason": one.reason,
        "expires": one.expires.isoformat(),
        "from": one.source,
        "to": one.target,
        "logical_id": one.logical_id,
    }


def _acceptances(certificate: Mapping[str, Json]) -> list[Accepted]:
    """Raises TypeError, ValueError or KeyError when they have no shape."""
    listed = certificate.get("acceptances")
    if not isinstance(listed, list):
        raise TypeError
    return [
        Accepted(
            id=str(one["id"]),
            reason=str(one["reason"]),
            expires=date.fromisoformat(str(one["expires"])),
            source=_optional(one["from"]),
            target=_optional(one["to"]),
            logical_id=_optional(one["logical_id"]),
        )
        for one in map(mapping_at, listed)
    ]


def _day(value: Json) -> date | None:
    return None if value is None else date.fromisoformat(str(value))


def _optional(value: Json) -> str | None:
    return None if value is None else str(value)


def _digest(body: Mapping[str, Json]) -> str:
    return hashlib.sha256(_canonical(dict(body)).encode()).hexdigest()


def _canonical(value: Json) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
