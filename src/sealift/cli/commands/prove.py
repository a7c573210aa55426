"""`prove`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sealift.cli.session import Session, options

if TYPE_CHECKING:
    from sealift.isolation import Verdict
    from sealift.usecases.prove import Reading

LEVELS = ("L1", "L2", "L3")
EXIT_NOT_PROVED = 3
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("prove")
@click.option("--require", type=click.Choice(LEVELS), default="L1", show_default=True, help="The level asked for.")
@click.option("--live", is_flag=True, help="Read the live accounts too: what is in force, whoever put it there.")
@click.option("--secrets", is_flag=True, help="With --live: compare the values of secrets, by salted hashes.")
@click.option("--map", "map_file", type=_FILE, help="Draw the environments to FILE.svg or FILE.html.")
@click.option("--sarif", "sarif_file", type=_FILE, help="Write the findings as SARIF for code review.")
@click.option("--certificate", "certificate_file", type=_FILE, help="Write a certificate of this proof.")
@click.option("--check", "check_file", type=_FILE, help="Check a certificate; exit with 3 when it does not hold.")
@options(judging=True)
def prove_command(
    session: Session, require: str, live: bool, secrets: bool, check_file: Path | None, **files: Path | None
) -> int:
    """Prove that no environment can reach into another; exit with 3 when that is not proved.

    Environments that declare no account are taken to share one: the worst case. With --local each has an account of
    its own, as on the embedded cloud.
    """
    from sealift.cli.proof import show_differences, show_proof
    from sealift.cli.proof_files import differences, write_reports
    from sealift.model.release import Origin
    from sealift.usecases.build import build_release, load_templates
    from sealift.usecases.live import prove_live
    from sealift.usecases.prove import judged
    from sealift.usecases.views import built_views

    services = session.services
    templates = load_templates(session.app, services)
    origin = services.scm.origin(session.app.root) or Origin(commit=None, branch=None, dirty=True)
    built = build_release(session.app, services, templates=templates, origin=origin)
    views = built_views(session.app, built, services, templates=templates)
    if live or secrets:
        proof = prove_live(session.app, views, services, local=session.local, secrets=secrets)
    else:
        proof = judged(session.app, views, services, local=session.local)
    session.close()
    write_reports(proof, **files)
    told = differences(proof, check_file) if check_file else ()
    reached = proof.verdict.level >= require and not proof.stopping and not told
    if session.json:
        body: dict[str, object] = dict(proof.verdict.as_json())
        body["release"] = built.release.digest
        body["live"] = [_reading(one) for one in proof.readings]
        if proof.shared is not None:
            body["shared_account"] = _shared(proof.shared)
        if check_file:
            body["differences"] = [{"subject": one.subject, "message": one.message} for one in told]
        click.echo(json.dumps(body))
    else:
        show_proof(proof, verbose=session.verbose)
        if check_file:
            show_differences(check_file.name, told)
    return 0 if reached else EXIT_NOT_PROVED


def _reading(reading: "Reading") -> dict[str, object]:
    return {
        "environment": reading.environment,
        "account": reading.account,
        "stacks": reading.stacks,
        "principals": reading.principals,
        "policies": reading.policies,
        "skipped": list(reading.skipped),
    }


def _shared(verdict: "Verdict") -> dict[str, object]:
    return {"verdict": verdict.level, "findings": [leak.as_json() for leak in verdict.findings]}
