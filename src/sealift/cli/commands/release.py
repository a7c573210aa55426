"""`release verify`: whether a stored release is what it says."""

from pathlib import Path

import click

from sealift.cli.completion import environment_names
from sealift.cli.session import Session, options


@click.group("release")
def release_command() -> None:
    """Check the releases that an environment holds."""


@release_command.command("verify")
@click.argument("environment", shell_complete=environment_names)
@click.option(
    "--release", metavar="DIGEST", help="Digest of the release, or its first characters. Default: the deployed one."
)
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    metavar="PEM",
    help="Public key. Default: the one that sealift.toml names.",
)
@options()
def verify_command(session: Session, environment: str, release: str | None, key: Path | None) -> int:
    """Check a release in ENVIRONMENT: manifest, every blob, provenance, and with a key its signature.

    Exits with 1 when one of them does not hold. Nothing is written.
    """
    from sealift.usecases.attest import load_keys
    from sealift.usecases.verify_release import verify_release

    target = session.environment(environment)
    keys = load_keys(session.app, public_key=key)
    checked = verify_release(session.app, target, session.services, release=release, keys=keys)
    body = {
        "environment": environment,
        "release": checked.release,
        "status": "succeeded" if checked.holds else "failed",
        "checks": [{"name": c.name, "status": c.status, "detail": c.detail} for c in checked.checks],
    }
    lines = [f"release {checked.release} in {environment}"]
    lines += [f"  {check.name:<11} {check.status:<7} {check.detail}" for check in checked.checks]
    if keys.public is None:
        lines.append("  signature   not looked at: no public key, neither by --key nor in sealift.toml")
    return session.show(body, lines, exit_code=int(not checked.holds))
