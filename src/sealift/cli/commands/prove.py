"""`prove`."""

import json
from pathlib import Path

import click

from sealift.cli.session import Session, options

LEVELS = ("L1", "L2", "L3")
EXIT_NOT_PROVED = 3
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("prove")
@click.option("--require", type=click.Choice(LEVELS), default="L1", show_default=True, help="The level asked for.")
@click.option("--map", "map_file", type=_FILE, help="Draw the environments to FILE.svg or FILE.html.")
@click.option("--sarif", "sarif_file", type=_FILE, help="Write the findings as SARIF for code review.")
@click.option("--certificate", "certificate_file", type=_FILE, help="Write a certificate of this proof.")
@click.option("--check", "check_file", type=_FILE, help="Check a certificate; exit with 3 when it does not hold.")
@options()
def prove_command(session: Session, require: str, check_file: Path | None, **files: Path | None) -> int:
    """Prove that no environment can reach into another; exit with 3 when that is not proved.

    Environments that declare no account are taken to share one: the worst case. With --local each has an account of
    its own, as on the embedded cloud.
    """
    from sealift.cli.proof import show_differences, show_proof
    from sealift.cli.proof_files import differences, write_reports
    from sealift.model.release import Origin
    from sealift.usecases.build import build_release, load_templates
    from sealift.usecases.prove import prove_built

    services = session.services
    templates = load_templates(session.app, services)
    origin = services.scm.origin(session.app.root) or Origin(commit=None, branch=None, dirty=True)
    built = build_release(session.app, services, templates=templates, origin=origin)
    proof = prove_built(session.app, built, services, templates=templates, local=session.local)
    session.close()
    write_reports(proof, **files)
    told = differences(proof, check_file) if check_file else ()
    reached = proof.verdict.level >= require and not proof.stopping and not told
    if session.json:
        body = proof.verdict.as_json()
        body["release"] = built.release.digest
        if check_file:
            body["differences"] = [{"subject": one.subject, "message": one.message} for one in told]
        click.echo(json.dumps(body))
    else:
        show_proof(proof, verbose=session.verbose)
        if check_file:
            show_differences(check_file.name, told)
    return 0 if reached else EXIT_NOT_PROVED
