"""`local up | status | env | logs | reset | down`: the embedded cloud."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import click

from sealift.cli.completion import environment_names
from sealift.cli.session import Session, options
from sealift.cli.visible import say

if TYPE_CHECKING:
    from sealift.local.supervisor import LocalCloud, LocalStatus


@click.group("local")
def local_command() -> None:
    """Start, inspect and stop the embedded cloud: one emulator, with its own account, for each environment."""


@local_command.command("up")
@click.argument("environments", nargs=-1, shell_complete=environment_names)
@options(local=False)
def up(session: Session, environments: tuple[str, ...]) -> int:
    """Start the emulators of ENVIRONMENTS, or of all environments."""
    from sealift.wiring import local_cloud

    cloud = local_cloud(session.app)
    chosen = [session.environment(name) for name in environments] or list(session.app.environments)
    endpoints = [cloud.up(e.name, region=e.region, account=e.account) for e in chosen]
    if session.json:
        rows = [{"name": e.environment, "url": e.url, "account": e.account, "pid": e.pid} for e in endpoints]
        click.echo(json.dumps({"environments": rows}))
        return 0
    for endpoint in endpoints:
        say(f"{endpoint.environment:<14} {endpoint.url}  account {endpoint.account}")
    return 0


@local_command.command("status")
@options(local=False)
def status(session: Session) -> int:
    """List the running emulators."""
    from sealift.wiring import local_cloud

    states = local_cloud(session.app).status()
    if session.json:
        click.echo(json.dumps({"environments": [_row(s) for s in states]}))
        return 0
    for state in states:
        end = state.endpoint
        where = f"{end.url}  account {end.account}  pid {end.pid}" if state.running and end else "not running"
        say(f"{state.environment:<14} {where}")
    if not states:
        say("The embedded cloud was not started here yet.")
    return 0


def _row(state: "LocalStatus") -> dict[str, object]:
    end = state.endpoint if state.running else None
    return {
        "name": state.environment,
        "running": state.running,
        "url": end.url if end else None,
        "account": end.account if end else None,
        "pid": end.pid if end else None,
    }


@local_command.command("env")
@click.argument("environment", shell_complete=environment_names)
@options(local=False)
def env(session: Session, environment: str) -> int:
    """Print what the AWS CLI and boto3 need to reach the emulator of ENVIRONMENT, which is started if need be.

    Use it as `eval $(sealift local env staging)`. The keys are the emulator's own and open nothing else.
    """
    from shlex import quote

    from sealift.wiring import local_variables

    variables = local_variables(session.app, session.environment(environment))
    if session.json:
        click.echo(json.dumps({"environment": environment, "variables": variables}))
        return 0
    say("unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN;")
    for name, value in variables.items():
        say(f"export {name}={quote(value)};")
    return 0


@local_command.command("logs")
@click.argument("environment", shell_complete=environment_names)
@click.option("--lines", "-n", default=50, show_default=True, help="Number of lines to print.")
@options(local=False)
def logs(session: Session, environment: str, lines: int) -> int:
    """Print the end of an emulator's log."""
    from sealift.wiring import local_cloud

    tail = local_cloud(session.app).log_tail(session.environment(environment).name, lines)
    if session.json:
        click.echo(json.dumps({"environment": environment, "lines": list(tail)}))
        return 0
    for line in tail:
        say(line)
    return 0


@local_command.command("reset")
@click.argument("environments", nargs=-1, shell_complete=environment_names)
@options(local=False)
def reset(session: Session, environments: tuple[str, ...]) -> int:
    """Delete everything in the emulators of ENVIRONMENTS, or of all environments: stacks, data, ledgers."""
    from sealift.wiring import local_cloud

    cloud = local_cloud(session.app)
    chosen = _chosen(session, cloud, environments)
    for name in chosen:
        cloud.reset(name)
    _tell(session, chosen, "empty")
    return 0


@local_command.command("down")
@click.argument("environments", nargs=-1, shell_complete=environment_names)
@options(local=False)
def down(session: Session, environments: tuple[str, ...]) -> int:
    """Stop the emulators of ENVIRONMENTS, or of all environments. Their state is kept for the next `up`."""
    from sealift.wiring import local_cloud

    cloud = local_cloud(session.app)
    chosen = _chosen(session, cloud, environments)
    with ThreadPoolExecutor() as pool:
        list(pool.map(cloud.down, chosen))
    _tell(session, chosen, "stopped")
    return 0


def _chosen(session: Session, cloud: "LocalCloud", names: Sequence[str]) -> list[str]:
    """Return the environments that were named, or all; also those that were started once and are not declared now."""
    started = [state.environment for state in cloud.status()]
    known = list(dict.fromkeys([*(e.name for e in session.app.environments), *started]))
    return [name if name in started else session.environment(name).name for name in names] or known


def _tell(session: Session, names: Sequence[str], what: str) -> None:
    """Print what became of emulators."""
    if session.json:
        click.echo(json.dumps({"environments": [{"name": name, "status": what} for name in names]}))
        return
    for name in names:
        say(f"{name:<14} {what}")
