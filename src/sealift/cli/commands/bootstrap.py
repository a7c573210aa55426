"""`bootstrap`."""

import difflib
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from sealift.cli.arguments import environment_names
from sealift.cli.jsonlines import fields_of
from sealift.cli.session import Session, options

if TYPE_CHECKING:
    from sealift.model.app import Environment
    from sealift.usecases.bootstrap import Compared, Made


@click.command("bootstrap")
@click.argument("environment", shell_complete=environment_names)
@click.option("--print", "printing", is_flag=True, help="Print the template without a request to AWS.")
@click.option("--diff", "comparing", is_flag=True, help="Show differences to the live stack; change nothing.")
@click.option(
    "--object-lock",
    "lock_days",
    type=click.IntRange(1, 36_500),
    metavar="DAYS",
    help="Prevent anybody from deleting an object version in the bucket for this many days.",
)
@options(protected=False)
def bootstrap_command(
    session: Session, environment: str, printing: bool, comparing: bool, lock_days: int | None
) -> int:
    """Create the one stack that ENVIRONMENT needs first: its bucket, and the roles that plan, deploy and verify it.

    The roles have the rights that the application's templates and Sealift's commands need, in this environment only.
    They trust the principals in `trust` of sealift.toml. Use `previews` as ENVIRONMENT for the previews of all pull
    requests. Creates the stack with your current credentials. With --diff, exits with 1 if there is a difference.
    """
    from sealift.delivery.previews import previews_of
    from sealift.model.app import PREVIEWS
    from sealift.usecases import bootstrap

    if printing and (comparing or session.local):
        raise click.UsageError("--print excludes --diff and --local: it sends no requests.")
    app = session.app
    target = previews_of(app, local=session.local) if environment == PREVIEWS else session.environment(environment)
    if lock_days is not None and target.kind == "preview":
        raise click.UsageError("--object-lock does not apply to previews: destroying a preview deletes its data.")
    services = session.made_services(as_role=False)
    if printing:
        declared = bootstrap.declared(app, target, services, lock_days=lock_days)
        click.echo(json.dumps(declared.body) if session.json else as_yaml(declared.body), nl=session.json)
        return 0
    if comparing:
        return _show_difference(session, bootstrap.compare(app, target, services, lock_days=lock_days))
    made = bootstrap.bootstrap_environment(app, target, services, lock_days=lock_days)
    return session.show(_made(made), _next(session, target, made))


def as_yaml(body: Mapping[str, Any]) -> str:
    """Return a template as people read it."""
    import yaml

    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, _data: Any) -> bool:
            return True

    return yaml.dump(dict(body), Dumper=Plain, sort_keys=False, width=110, default_flow_style=None)


def _made(made: "Made") -> dict[str, Any]:
    bootstrap = made.bootstrap
    return {
        "stack": bootstrap.target.name,
        "account": made.account,
        "changed": made.changed,
        "outputs": dict(made.outputs),
        "without_boundary": list(bootstrap.unbounded),
        "not_covered": list(bootstrap.not_covered),
    }


def _show_difference(session: Session, found: "Compared") -> int:
    diff = list(_difference(found))
    drifted = [fields_of(one, "logical_id", "type", "status") for one in found.drifted]
    body = {"stack": found.bootstrap.target.name, "there": found.live is not None, "differs": found.differs}
    lines = [*diff]
    for one in found.drifted:
        lines.append(f"{one.logical_id} ({one.type}) was changed by hand: {one.status.lower()}")
        lines += [f"    {path}: {json.dumps(was)} is {json.dumps(now)} now" for path, was, now in one.differences]
    if not found.differs:
        lines.append(f"Stack {found.bootstrap.target.name} is as it should be.")
    return session.show({**body, "diff": diff, "drifted": drifted}, lines, exit_code=int(found.differs))


def _difference(found: "Compared") -> Iterator[str]:
    name = found.bootstrap.target.name
    live = as_yaml(found.live) if found.live is not None else ""
    wanted = as_yaml(found.bootstrap.body)
    what = f"{name} (live)" if found.live is not None else "nothing is live"
    yield from difflib.unified_diff(live.splitlines(), wanted.splitlines(), what, f"{name} (wanted)", lineterm="")


def _next(session: Session, environment: "Environment", made: "Made") -> Iterator[str]:
    """Yield the state of the stack, and the next steps."""
    from sealift.bootstrap.advice import boundary_advice, configuration

    ends = "is made." if made.changed else "is as it should be."
    yield f"Stack {made.bootstrap.target.name} in account {made.account} {ends}"
    missing = () if session.local else configuration(environment, account=made.account, outputs=made.outputs)
    if missing:
        yield f"\nAdd to sealift.toml, under {environment.section}:\n"
        yield from (f"    {line}" for line in missing)
    if session.local:
        yield "On the embedded cloud, commands now use the deploy role of this environment."
    yield from boundary_advice(made.bootstrap.target, made.bootstrap.unbounded)
    if made.bootstrap.not_covered:
        names = ", ".join(made.bootstrap.not_covered)
        yield f"\nNo role has rights for {names}, which the template uses: AWS will deny these calls of CloudFormation."
