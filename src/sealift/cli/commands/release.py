"""`release verify`: whether a stored release is what it says; `release expire`: old ones go."""

from datetime import timedelta
from pathlib import Path

import click

from sealift.cli.arguments import age, environment_names
from sealift.cli.jsonlines import fields_of
from sealift.cli.session import Session, options


@click.group("release")
def release_command() -> None:
    """Verify the releases in an environment's bucket, and delete old ones."""


@release_command.command("verify")
@click.argument("environment", shell_complete=environment_names)
@click.option(
    "--release", metavar="DIGEST", help="Digest of the release, or its first characters. Default: the deployed one."
)
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    metavar="PEM",
    help="Public key. Default: the key in sealift.toml.",
)
@options()
def verify_command(session: Session, environment: str, release: str | None, key: Path | None) -> int:
    """Check a release in ENVIRONMENT: manifest, every blob, provenance, and with a key its signature.

    Exits with 1 when a check fails. Writes nothing.
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
        "checks": [fields_of(check, "name", "status", "detail") for check in checked.checks],
    }
    lines = [f"release {checked.release} in {environment}"]
    lines += [f"  {check.name:<11} {check.status:<7} {check.detail}" for check in checked.checks]
    if keys.public is None:
        lines.append("  signature   not checked: no public key in --key or sealift.toml")
    return session.show(body, lines, exit_code=int(not checked.holds))


@release_command.command("expire")
@click.argument("environment", shell_complete=environment_names)
@click.option(
    "--keep",
    type=click.IntRange(2),
    default=10,
    show_default=True,
    help="Number of most recent successful releases to keep.",
)
@click.option(
    "--older-than",
    callback=age,
    default="90d",
    show_default=True,
    metavar="AGE",
    help="Delete only releases that were not deployed for this long.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be deleted; delete nothing.")
@options()
def expire_command(session: Session, environment: str, keep: int, older_than: timedelta, dry_run: bool) -> int:
    """Permanently delete old releases of ENVIRONMENT from its bucket, with packages that no other release uses.

    Keeps the running release, the last successful releases, releases being deployed, and the ledger. Uses your current
    credentials, because the roles of `sealift bootstrap` may not delete from the bucket.
    """
    from sealift.usecases.expire import expire
    from sealift.usecases.site import open_site

    app, target = session.app, session.environment(environment)
    services = session.made_services(as_role=False)
    gone = expire(open_site(app, target, services), keep=keep, older_than=older_than, dry_run=dry_run)
    verb = "would be deleted" if dry_run else "deleted"
    lines = [f"release {one[:12]} {verb}" for one in gone.releases]
    lines.append(f"{len(gone.releases)} releases and {len(gone.blobs)} packages {verb}, {gone.kept} releases stay")
    body = {"environment": environment, "releases": gone.releases, "packages": gone.blobs, "kept": gone.kept}
    return session.show({**body, "deleted": not dry_run}, lines)
