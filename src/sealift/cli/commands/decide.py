"""`waive`, `approve` and `destroy`: decisions of people, each recorded."""

import click

from sealift.cli.arguments import environment_names
from sealift.cli.session import Session, options
from sealift.errors import UserError
from sealift.model.app import Environment


@click.command("waive")
@click.argument("environment", shell_complete=environment_names)
@click.argument("change", metavar="STACK/RESOURCE:RULE")
@click.option("--release", metavar="DIGEST", help="The release. Default: the most recently refused release.")
@click.option("--reason", required=True, help="Reason for the waiver. The ledger records it.")
@options()
def waive_command(session: Session, environment: str, change: str, release: str | None, reason: str) -> int:
    """Allow one change that would lose data, on one release, once."""
    from sealift.usecases.waive import Waiver, waive

    target = session.environment(environment)
    waiver = Waiver(key=change, release=release or _refused_last(session, target), reason=reason)
    entry = waive(session.app, target, session.services, waiver)
    recorded = f"Recorded as entry {entry.seq}: {change} may happen once with release {waiver.release[:12]}."
    return session.show({"seq": entry.seq, "environment": environment, "release": waiver.release}, [recorded])


@click.command("approve")
@click.argument("environment", shell_complete=environment_names)
@click.option("--release", metavar="DIGEST", required=True, help="Digest of the release, or its first characters.")
@click.option("--reason", default="", help="What you reviewed. The ledger records it.")
@options()
def approve_command(session: Session, environment: str, release: str, reason: str) -> int:
    """Approve a release for ENVIRONMENT, which requires approval."""
    from sealift.usecases.approve import approve

    target = session.environment(environment)
    done = approve(session.app, target, session.services, release=release, reason=reason)
    entry, gate = done.entry, session.said(done.gate)
    body = {"seq": entry.seq, "environment": environment, "release": entry.record.release}
    recorded = f"Recorded as entry {entry.seq}: {entry.actor} approved {(entry.record.release or '')[:12]}."
    lines = [recorded, f"{environment}: {gate.message}"]
    return session.show({**body, "gate": gate.status, "message": gate.message}, lines)


@click.command("destroy")
@click.argument("environment", shell_complete=environment_names)
@click.option("--yes-destroy", metavar="NAME", help="Confirm by typing the environment's name.")
@options()
def destroy_command(session: Session, environment: str, yes_destroy: str | None) -> int:
    """Destroy ENVIRONMENT: delete all its stacks. Asks for its name. Lists the data stores that are retained."""
    from sealift.usecases.destroy import destroy

    target = session.environment(environment)
    done = destroy(session.app, target, session.services, confirmed_name=yes_destroy)
    lines = [
        f"Deleted: {', '.join(done.stacks) or 'no stacks existed'}",
        *(f"Kept:    {kept}, as its DeletionPolicy says" for kept in done.retained),
        f"Kept:    bucket {done.bucket}, with releases and the ledger",
    ]
    return session.show({"stacks": done.stacks, "retained": done.retained, "bucket": done.bucket}, lines)


def _refused_last(session: Session, environment: Environment) -> str:
    from sealift.usecases.site import open_site

    last = open_site(session.app, environment, session.services).standing().last
    if last is None or last.status == "succeeded":
        raise UserError(
            f"No release was refused in {environment.name}",
            code="waiver-release",
            hint="Name the release with --release.",
        )
    return last.release
