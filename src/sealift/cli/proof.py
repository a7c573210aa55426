"""What `prove` prints for people: the verdict, each finding with its witness and its cure, and what is assumed."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from sealift.cli.terminal import console as open_console
from sealift.isolation import Leak
from sealift.isolation.certificate import Difference
from sealift.usecases.prove import Proof, summary, worst_first

COLOURS = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "dim"}


def show_proof(proof: Proof, *, verbose: bool) -> None:
    """Print the verdict; details of info findings, residuals and axioms only with `verbose`."""
    console = open_console()
    verdict = proof.verdict
    names = " · ".join(verdict.environments)
    bad = bool(proof.stopping) or verdict.level == "L0"
    style = "bold red" if bad else "bold green"
    console.print(Text.assemble((summary(verdict), style), f"   {names}"), soft_wrap=True)
    shown = [f for f in worst_first(verdict.findings) if verbose or f.severity != "info"]
    for leak in shown:
        _show(console, leak)
    hidden = len(verdict.findings) - len(shown)
    if hidden:
        console.print(Text(f"\n{hidden} findings for information; -v shows them", style="dim"))
    _show_assumptions(console, proof, verbose=verbose)


def _show(console: Console, leak: Leak) -> None:
    where = f"  {leak.location}" if leak.location else ""
    console.print(
        Text.assemble(
            "\n",
            (f"{leak.severity:<9}", COLOURS[leak.severity]),
            (leak.id, "bold"),
            f"  {leak.source} → {leak.target}",
            (where, "dim"),
        ),
        soft_wrap=True,
    )
    console.print(Text(f"  {leak.message}"), soft_wrap=True)
    if leak.witness is not None:
        w = leak.witness
        console.print(
            Text(f"  witness  {w.principal}\n           {w.action}\n           {w.resource}", style="dim"),
            soft_wrap=True,
        )
        for step in w.path:
            console.print(Text(f"           via {step}", style="dim"), soft_wrap=True)
    if leak.fix:
        console.print(Text(f"  → {leak.fix}"), soft_wrap=True)


def _show_assumptions(console: Console, proof: Proof, *, verbose: bool) -> None:
    verdict = proof.verdict
    counts = ", ".join(f"{count} {what}" for what, count in verdict.counted.items())
    console.print(Text(f"\nLooked at {counts}.", style="dim"), soft_wrap=True)
    for title, lines in (
        ("shared by construction, never claimed", [f"{r.id}  {r.message}" for r in verdict.residuals]),
        ("assumed", list(verdict.axioms)),
    ):
        if not lines:
            continue
        console.print(Text(f"{len(lines)} {title}" + (":" if verbose else "; -v shows them"), style="dim"))
        for line in lines if verbose else ():
            console.print(Text(f"  {line}", style="dim"), soft_wrap=True)
    if proof.shared is not None and proof.shared.level != verdict.level:
        console.print(Text(f"In one shared AWS account: {summary(proof.shared)}", style="yellow"))


def show_differences(name: str, told: Sequence[Difference]) -> None:
    """Print whether a certificate holds, and what is not as it says."""
    console = open_console()
    if not told:
        console.print(Text(f"\nThe certificate {name} holds.", style="bold green"), soft_wrap=True)
        return
    console.print(Text(f"\nThe certificate {name} does not hold:", style="bold red"), soft_wrap=True)
    for one in told:
        console.print(Text(f"  {one}"), soft_wrap=True)
