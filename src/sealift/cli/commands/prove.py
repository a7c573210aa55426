"""`prove`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sealift.cli.jsonlines import fields_of
from sealift.cli.session import Session, options
from sealift.errors import UserError

if TYPE_CHECKING:
    from sealift.cli.proof_files import Given
    from sealift.isolation.model import EnvironmentView
    from sealift.usecases.proof.prove import Proof

LEVELS = ("L1", "L2", "L3")
EXIT_NOT_PROVED = 3
_OF_A_READING = ("environment", "account", "stacks", "principals", "policies", "skipped")
_OF_A_PROBE = ("environment", "roles", "others", "own", "elsewhere", "through", "untried")
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("prove")
@click.option("--require", type=click.Choice(LEVELS), default="L1", show_default=True, help="The level to require.")
@click.option("--live", is_flag=True, help="Also read what is in force in the live accounts.")
@click.option("--secrets", is_flag=True, help="With --live: compare the values of secrets by salted hashes.")
@click.option(
    "--probe",
    "probed",
    metavar="ENV",
    multiple=True,
    help="Let the function roles of ENV try to reach other environments.",
)
@click.option("--on-aws", is_flag=True, help="With --probe: also probe on AWS, not only on the embedded cloud.")
@click.option("--map", "map_file", type=_FILE, help="Draw a map of the environments in FILE.svg or FILE.html.")
@click.option("--sarif", "sarif_file", type=_FILE, help="Write the findings as SARIF for code review.")
@click.option("--certificate", "certificate_file", type=_FILE, help="Write a certificate of this proof.")
@click.option("--check", metavar="CERTIFICATE", help="Check a certificate: a file, an environment's, or a hash.")
@options(judging=True)
def prove_command(session: Session, require: str, check: str | None, **given: Any) -> int:
    """Prove that no environment reaches another. Exits with 3 if that is not proved.

    Environments without a declared account count as environments in one account, the worst case. With --local, each
    has its own account, as on the embedded cloud.
    """
    from sealift.cli.proof import show_differences, show_proof
    from sealift.cli.proof_files import given_certificate, write_reports

    asked = {name: given.pop(name) for name in ("live", "secrets", "probed", "on_aws")}
    _check_probe(session, asked["probed"], on_aws=asked.pop("on_aws"))
    certificate = given_certificate(session.app, session.services, check) if check else None
    asked["built"] = certificate is not None or given["certificate_file"] is not None
    proof, release = _proof(session, certificate, **asked)
    session.close()
    of = f"release {release[:12]}" if release else "the templates of this folder"
    about = f"{session.app.name} · {of} · {proof.today}"
    write_reports(proof, about=about, **given)
    told = certificate.differences(proof) if certificate else ()
    reached = proof.verdict.level >= require and not proof.stopping and not told
    if session.json:
        body: dict[str, object] = dict(proof.verdict.as_json())
        body["release"] = release
        body["live"] = [fields_of(one, *_OF_A_READING) for one in proof.readings]
        body["probes"] = [fields_of(one, *_OF_A_PROBE) for one in proof.probes]
        if proof.shared is not None:
            findings = [finding.as_json() for finding in proof.shared.findings]
            body["shared_account"] = {"verdict": proof.shared.level, "findings": findings}
        if certificate:
            body["differences"] = [fields_of(one, "subject", "message") for one in told]
        click.echo(json.dumps(body))
    else:
        show_proof(proof, verbose=session.verbose)
        if certificate:
            show_differences(certificate.name, told)
    return 0 if reached else EXIT_NOT_PROVED


def _proof(
    session: Session,
    certificate: "Given | None",
    *,
    live: bool,
    secrets: bool,
    probed: tuple[str, ...],
    built: bool,
) -> "tuple[Proof, str | None]":
    """Return the proof that was asked for, and the digest of the release that it is about, if it is of one."""
    from sealift.usecases.proof.live import prove_live
    from sealift.usecases.proof.prove import judged
    from sealift.usecases.proof.trespass import prove_and_probe

    app, services, local = session.app, session.services, session.local
    views, release = _views(session, certificate, built=built)
    if probed:
        return prove_and_probe(app, views, services, probed, local=local), release
    if live or secrets or (certificate is not None and certificate.live):
        return prove_live(app, views, services, local=local, secrets=secrets), release
    return judged(app, views, services, local=local), release


def _views(session: Session, certificate: "Given | None", *, built: bool) -> "tuple[list[EnvironmentView], str | None]":
    """Return what is to be proved: the release of a stored certificate, or the work tree.

    While a parameter has no value nothing is proved; what is wrong besides is found with a supposed one.

    A proof needs the templates alone. A certificate is of a release, so that one is `built`.
    """
    from sealift.model.release import Origin
    from sealift.usecases.build import build_release, load_templates
    from sealift.usecases.fitness import with_supposed_values
    from sealift.usecases.proof.views import built_views, stored_views, template_views, unproved_without
    from sealift.usecases.store import stored_release

    app, services = session.app, session.services
    stored = certificate.stored if certificate else None
    if stored is not None and stored.release is not None:
        release = stored_release(stored.release, stored.site.cloud)
        return stored_views(release, stored.site), release.digest
    templates = load_templates(app, services, buildable=built)
    supposed, lacking = with_supposed_values(app, templates)
    if not built:
        return unproved_without(template_views(supposed, services, templates=templates), lacking), None
    origin = services.scm.origin(app.root) or Origin(commit=None, branch=None, dirty=True)
    made = build_release(app, services, templates=templates, origin=origin)
    views = built_views(supposed, made, services, templates=templates)
    return unproved_without(views, lacking), made.release.digest


def _check_probe(session: Session, names: tuple[str, ...], *, on_aws: bool) -> None:
    for name in names:
        session.environment(name)
    if names and not session.local and not on_aws:
        raise UserError(
            "A probe assumes the roles of functions and makes calls with them; on AWS it needs --on-aws",
            code="probe-on-aws",
            hint="Use --local, or add --on-aws. The calls change nothing.",
        )
