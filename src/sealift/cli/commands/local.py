"""`local up | status | env | logs | reset | down`: the embedded cloud."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import click

from sealift.cli.arguments import environment_names
from sealift.cli.session import Session, options

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
    from sealift.wiring.clouds import local_cloud

    cloud = local_cloud(session.app)
    chosen = [session.environment(name) for name in environments] or list(session.app.environments)
    endpoints = [cloud.up(e.name, region=e.region, account=e.account) for e in chosen]
    rows = [{"name": e.environment, "url": e.url, "account": e.account, "pid": e.pid} for e in endpoints]
    return session.show(
        {"environments": rows}, [f"{e.environment:<14} {e.url}  account {e.account}" for e in endpoints]
    )


@local_command.command("status")
@options(local=False)
def status(session: Session) -> int:
    """List the running emulators."""
    from sealift.wiring.clouds import local_cloud

    states = local_cloud(session.app).status()
    lines = []
    for state in states:
        end = state.endpoint
        where = f"{end.url}  account {end.account}  pid {end.pid}" if state.running and end else "not running"
        lines.append(f"{state.environment:<14} {where}")
    nothing = "The embedded cloud has not been started here yet."
    return session.show({"environments": [_row(s) for s in states]}, lines or [nothing])


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
    """Print the variables that connect the AWS CLI and boto3 to the emulator of ENVIRONMENT. Starts it if needed.

    Use it as `eval $(sealift local env staging)`. The keys belong to the emulator and work nowhere else.
    """
    from shlex import quote

    from sealift.wiring.clouds import local_variables

    variables = local_variables(session.app, session.looked_at(environment))
    unset = "unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN;"
    lines = [unset, *(f"export {name}={quote(value)};" for name, value in variables.items())]
    return session.show({"environment": environment, "variables": variables}, lines)


@local_command.command("logs")
@click.argument("environment", shell_complete=environment_names)
@click.option("--lines", "-n", default=50, show_default=True, help="Number of lines to print.")
@options(local=False)
def logs(session: Session, environment: str, lines: int) -> int:
    """Print the end of an emulator's log."""
    from sealift.wiring.clouds import local_cloud

    tail = local_cloud(session.app).log_tail(session.environment(environment).name, lines)
    return session.show({"environment": environment, "lines": tail}, tail)


@local_command.command("reset")
@click.argument("environments", nargs=-1, shell_complete=environment_names)
@options(local=False)
def reset(session: Session, environments: tuple[str, ...]) -> int:
    """Delete everything in the emulators of ENVIRONMENTS, or of all environments: stacks, data, ledgers."""
    from sealift.wiring.clouds import local_cloud

    cloud = local_cloud(session.app)
    chosen = _chosen(session, cloud, environments)
    for name in chosen:
        cloud.reset(name)
    return _show(session, chosen, "empty")


@local_command.command("down")
@click.argument("environments", nargs=-1, shell_complete=environment_names)
@options(local=False)
def down(session: Session, environments: tuple[str, ...]) -> int:
    """Stop the emulators of ENVIRONMENTS, or of all environments. Keeps their state for the next `up`."""
    from sealift.wiring.clouds import local_cloud

    cloud = local_cloud(session.app)
    chosen = _chosen(session, cloud, environments)
    with ThreadPoolExecutor() as pool:
        list(pool.map(cloud.down, chosen))
    return _show(session, chosen, "stopped")


def _chosen(session: Session, cloud: "LocalCloud", names: Sequence[str]) -> list[str]:
    """Return the environments that were named, or all; also those that were started once and are not declared now."""
    started = [state.environment for state in cloud.status()]
    known = list(dict.fromkeys([*(e.name for e in session.app.environments), *started]))
    return [name if name in started else session.environment(name).name for name in names] or known


def _show(session: Session, names: Sequence[str], what: str) -> int:
    """Show what became of emulators; return the exit code."""
    body = {"environments": [{"name": name, "status": what} for name in names]}
    return session.show(body, [f"{name:<14} {what}" for name in names])
