"""Whose approvals of a release count: several people's, each once, none of them its author. Pure.

An actor is `name@place`: what the machine or the CI system says. On AWS that is not enough: who approves, and who wrote
what is approved, has to be known as accounts of the service that holds the code. The entry of an approval keeps both,
and the caller that AWS knew at the same time.
"""

from collections.abc import Iterator, Sequence

from sealift.delivery.gates import GateResult
from sealift.model.app import Environment
from sealift.model.ledger import Entry
from sealift.model.records import Approval
from sealift.model.values import value

_CI_PLACES = ("bitbucket", "github", "gitlab", "other")
_SHOWN = 3
_NOBODY = "ci"
"""The name of a CI system's job when it does not say who started it."""


@value
class Subject:
    """The subject of an approval: a release, the configuration that it would get, and the authors of its commits."""

    release: str
    config: str
    authors: tuple[str, ...] = ()
    known_people: bool = False
    """Whether only who is known as an account, and as none of the authors', counts as another person."""


def approval_gate(target: Environment, given: Sequence[Entry], subject: Subject) -> GateResult:
    """Return whether the release has the required approvals."""
    wanted = target.approvals
    if not wanted:
        return GateResult(gate="approval", status="open", message="no approval is required")
    judged = list(_judged(target, given, subject))
    counting = [actor for actor, fault in judged if not fault]
    if len(counting) >= wanted:
        return GateResult(gate="approval", status="open", message=f"approved by {', '.join(counting)}")
    there = f"has {len(counting)} of {wanted} ({', '.join(counting)})" if counting else "has none"
    faults = "".join(f"; {actor}: {fault}" for actor, fault in judged if fault)
    noun = "an approval" if wanted == 1 else f"{wanted} approvals"
    return GateResult(
        gate="approval",
        status="waiting",
        message=f"{target.name} needs {noun} of release {subject.release[:12]}, and {there}{faults}",
        hint=f"Somebody else runs: sealift approve {target.name} --release {subject.release[:12]}",
    )


def may_decide(actor: str, target: Environment) -> bool:
    """Return whether an actor may approve and override for the environment."""
    names = {one.casefold() for one in target.approvers}
    return not names or actor.casefold() in names or _name(actor) in names


def _judged(target: Environment, given: Sequence[Entry], subject: Subject) -> Iterator[tuple[str, str]]:
    """Yield the actor of each approval, and why it does not count, empty when it does."""
    own_names = frozenset[str]().union(*(_names(author) for author in subject.authors))
    seen: set[str] = set()
    for entry in given:
        name, place = _name(entry.actor), entry.actor.rpartition("@")[2]
        # In CI systems many people share one role; elsewhere one caller under two names is one person.
        said = entry.record.details if isinstance(entry.record.details, Approval) else Approval()
        caller = None if place in _CI_PLACES else said.caller
        who = {one for one in (name, caller, said.account) if one}
        if who & seen:
            continue
        seen |= who
        if name in own_names:
            yield entry.actor, "the commit's author does not count"
        elif name == _NOBODY:
            yield entry.actor, "a job that names nobody does not count"
        elif subject.known_people and (strange := _unknown(said)):
            yield entry.actor, strange
        elif not may_decide(entry.actor, target):
            yield entry.actor, "not among the approvers"
        elif said.config is not None and said.config != subject.config:
            seen -= who
            yield entry.actor, "that was for another configuration"
        else:
            yield entry.actor, ""


def _unknown(said: Approval) -> str:
    """Return why the approver may be one of the authors; empty when the approver is known to be another person."""
    if not said.account:
        return "its account is unknown (approve in CI, or with a token of the service that holds the code)"
    if said.authors is None:
        return "it does not say who the authors were"
    if said.account in said.authors:
        return "the commit's author does not count"
    return f"no account is known for who wrote {', '.join(said.unknown[:_SHOWN])}" if said.unknown else ""


def _name(actor: str) -> str:
    return actor.partition("@")[0].casefold()


def _names(author: str) -> frozenset[str]:
    """Return what the author of a commit (`Name <address>`) may be called as an actor.

    https://docs.github.com/en/account-and-profile/reference/email-addresses-reference explains `ID+login@…`.
    """
    name, _, address = author.casefold().partition("<")
    local = address.partition("@")[0]
    return frozenset({name.strip(), name.partition("@")[0].strip(), local, local.rpartition("+")[2]} - {""})
