"""What `prove` prints for people: the verdict, each finding with its witness and its cure, and what is assumed."""

import sys
from collections import Counter
from collections.abc import Iterable, Sequence

from sealift.cli.screen import Screen, screen
from sealift.cli.text import Text
from sealift.isolation.certificate import Difference
from sealift.isolation.model import MEANING, Finding, Verdict
from sealift.usecases.proof.prove import PROBE_RULE, Proof, alike, between, others_of, rules_of, summary, worst_first

_OUTCOMES = {"denied": "denied", "allowed": "not denied", "unknown": "without an answer that says either"}
_EMBEDDED = (
    "  On the embedded cloud each environment is another account and process. The calls on others ask the emulator's "
    "IAM\n  whether a role would be let in if both were in one account; it is not AWS."
)
COLOURS = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "dim"}


def show_proof(proof: Proof, *, verbose: bool) -> None:
    """Print the verdict; details of info findings, residuals and axioms only with `verbose`."""
    out = screen(sys.stdout)
    verdict = proof.verdict
    names = " · ".join(verdict.environments)
    bad = bool(proof.stopping) or verdict.level == "L0"
    style = "bold red" if bad else "bold green"
    out.line(Text.assemble((summary(verdict), style), f"   {names}"))
    out.line(f"  {MEANING[verdict.level]}", "dim")
    found = alike(verdict)
    shown = [ways for ways in found if verbose or ways[0].severity != "info"]
    for together in _with_one_cure(shown):
        _show(out, *together, verbose=verbose)
    hidden = len(found) - len(shown)
    if hidden:
        out.line(f"\n{_many(hidden, 'finding')} for information; -v shows them", "dim")
    _show_assumptions(out, proof, verbose=verbose)


def _with_one_cure(found: Iterable[tuple[Finding, ...]]) -> list[list[tuple[Finding, ...]]]:
    """Return findings of one rule, between the same environments and with the same cure, together."""
    groups: dict[tuple[str, ...], list[tuple[Finding, ...]]] = {}
    for ways in found:
        first = ways[0]
        groups.setdefault((first.severity, first.id, between(ways), first.fix), []).append(ways)
    return list(groups.values())


def _show(out: Screen, *together: tuple[Finding, ...], verbose: bool = False) -> None:
    """Print findings that have one cure: each of several ways that are alike once, and all with `verbose`."""
    first = together[0][0]
    many = len(together) > 1
    beside = f"  {len(together)} findings" if many else _place(first)
    out.line(
        Text.assemble(
            "\n",
            (f"{first.severity:<9}", COLOURS[first.severity]),
            (rules_of(together[0]), "bold"),
            f"  {between(together[0])}",
            (beside, "dim"),
        ),
    )
    for ways in together:
        out.line(Text.assemble((_place(ways[0]) if many else "", "dim"), f"  {ways[0].message}"))
        _show_witness(out, ways[0], short=many and not verbose)
        beside_it = others_of(ways)
        if beside_it:
            out.line(f"  and so   {', '.join(beside_it)}", "dim")
        for other in ways[1:] if verbose else ():
            also = f"{other.source} → {other.target}" + (f"  {other.logical_id}" if beside_it else "")
            out.line(f"  also     {also}", "dim")
    if first.fix:
        out.line(f"  → {first.fix}")


def _place(finding: Finding) -> str:
    return f"  {finding.location}" if finding.location else ""


def _show_witness(out: Screen, finding: Finding, *, short: bool) -> None:
    """Print who does what to what; `short` leaves out the role, which the message names in fewer letters."""
    if finding.witness is None:
        return
    w = finding.witness
    lines = [f"{w.action}  {w.resource}"] if short else [w.principal, w.action, w.resource]
    lines += [f"via {step}" for step in w.path]
    out.line("  witness  " + "\n           ".join(lines), "dim")


def _show_assumptions(out: Screen, proof: Proof, *, verbose: bool) -> None:
    verdict = proof.verdict
    counts = ", ".join(f"{count} {what}" for what, count in verdict.counted.items())
    out.line(f"\nLooked at {counts}.", "dim")
    _show_readings(out, proof, verbose=verbose)
    grave = [r for r in verdict.residuals if r.severity in ("critical", "high")]
    for finding in grave:
        out.line(f"shared by construction: {finding.id}  {finding.message}", "yellow")
    others = [f"{r.id}  {r.message}" for r in verdict.residuals if r not in grave]
    for title, lines in (
        ("from outside, not looked at", list(verdict.unseen)),
        ("shared by construction, never claimed", others),
        ("assumed", list(verdict.axioms)),
    ):
        if not lines:
            continue
        out.line(f"{len(lines)} {title}" + (":" if verbose else "; -v shows them"), "dim")
        for line in lines if verbose else ():
            out.line(f"  {line}", "dim")
    _show_probes(out, proof, verbose=verbose)
    if proof.shared is not None:
        _show_shared(out, proof.shared, verbose=verbose)


def _show_readings(out: Screen, proof: Proof, *, verbose: bool) -> None:
    """Print what was read of each account, and what was not."""
    for reading in proof.readings:
        text = f"{reading.environment}: "
        if reading.account is None:
            text += "could not be read"
        elif not reading.stacks:
            text += f"nothing is deployed in account {reading.account}; judged by its templates"
        else:
            text += f"read live in account {reading.account}: {_many(reading.stacks, 'stack')}, "
            text += f"{_many(reading.principals, 'principal')}, {_many(reading.policies, 'resource or trust policy')}"
        out.line(text, "dim")
        for skipped in reading.skipped if verbose else ():
            out.line(f"  not read: {skipped}", "dim")


def _many(count: int, what: str) -> str:
    plural = what[:-1] + "ies" if what.endswith("y") else what + "s"
    return f"{count} {what if count == 1 else plural}"


def _show_probes(out: Screen, proof: Proof, *, verbose: bool) -> None:
    """Print the calls that roles tried at run time, with the answers and the conclusion."""
    probed = [*proof.contradictions, *(f for f in proof.verdict.findings if f.id == PROBE_RULE)]
    for probe in proof.probes:
        tried = sum(probe.others.values())
        text = f"\nprobe of {probe.environment}: {_many(probe.roles, 'role')} tried {_many(tried, 'call')} on other "
        text += f"environments: {_outcomes(probe.others)}"
        bad = any(f.source == probe.environment for f in probed)
        text += "; that is not what the proof says" if bad else ", as the proof says"
        out.line(text, "yellow" if bad or probe.through else "green")
        lines = [f"not denied: {through}" for through in probe.through]
        lines += [f"on its own resources, by the same roles: {_outcomes(probe.own)}"]
        if probe.elsewhere:
            lines.append(f"in the other environments' own processes: {_outcomes(probe.elsewhere)}")
        lines += [f"not tried: {untried}" for untried in probe.untried]
        for line in lines:
            out.line(f"  {line}", "dim")
    if proof.probes and proof.shared is not None:
        out.line(_EMBEDDED, "dim")
    for finding in worst_first(proof.contradictions):
        if verbose or finding.severity != "info":
            _show(out, (finding,))


def _outcomes(counted: Counter[str]) -> str:
    told = [f"{counted[name]} {text}" for name, text in _OUTCOMES.items() if counted[name]]
    return ", ".join(told) or "none"


def _show_shared(out: Screen, shared: Verdict, *, verbose: bool) -> None:
    """Print, as advice, what would stop a deployment if all environments were in one account."""
    worst = [ways for ways in alike(shared) if ways[0] in shared.stopping and ways[0].id != PROBE_RULE]
    if not worst:
        return
    out.line(f"\nIn one shared AWS account: {summary(shared)}", "yellow")
    for together in _with_one_cure(worst) if verbose else ():
        _show(out, *together, verbose=True)
    for ways in () if verbose else worst:
        out.line(f"  {ways[0].id}{_place(ways[0])}  {ways[0].message}", "yellow")
    if not verbose:
        out.line("  -v shows witnesses and fixes", "dim")


def show_differences(name: str, told: Sequence[Difference]) -> None:
    """Print whether a certificate is valid, with the differences."""
    out = screen(sys.stdout)
    if not told:
        out.line(f"\nThe certificate {name} holds.", "bold green")
        return
    out.line(f"\nThe certificate {name} does not hold:", "bold red")
    for one in told:
        out.line(f"  {one}")
