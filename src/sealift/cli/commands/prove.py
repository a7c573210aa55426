"""`prove`."""

import json

import click

from sealift.cli.session import Session, options

LEVELS = ("L1", "L2", "L3")
EXIT_NOT_PROVED = 3


@click.command("prove")
@click.option("--require", type=click.Choice(LEVELS), default="L1", show_default=True, help="The level asked for.")
@options()
def prove_command(session: Session, require: str) -> int:
    """Prove that no environment can reach into another; exit with 3 when that is not proved.

    Environments that declare no account are taken to share one: the worst case. With --local each has an account of
    its own, as on the embedded cloud.
    """
    from sealift.cli.proof import show_proof
    from sealift.model.release import Origin
    from sealift.usecases.build import build_release, load_templates
    from sealift.usecases.prove import prove_built

    services = session.services
    templates = load_templates(session.app, services)
    origin = services.scm.origin(session.app.root) or Origin(commit=None, branch=None, dirty=True)
    built = build_release(session.app, services, templates=templates, origin=origin)
    proof = prove_built(session.app, built, services, templates=templates, local=session.local)
    session.close()
    reached = proof.verdict.level >= require and not proof.stopping
    if session.json:
        body = proof.verdict.as_json()
        body["release"] = built.release.digest
        click.echo(json.dumps(body))
    else:
        show_proof(proof, verbose=session.verbose)
    return 0 if reached else EXIT_NOT_PROVED
