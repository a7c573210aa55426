"""`each`: one command for each application of a repository."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from sealift.cli.session import Session, options
from sealift.cli.visible import say
from sealift.errors import UserError, did_you_mean
from sealift.model.app import App
from sealift.usecases.each import AT_ONCE, Ended

_RESULTS = {0: "succeeded", 3: "refused", 4: "waiting", 130: "aborted", None: "unchanged"}
_WORST = (130, 70, 1, 2, 3, 4, 0)
_COMPARED = ("check", "test", "build", "prove", "run", "deploy", "preview", "ci")


@click.command("each", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--only", multiple=True, metavar="APP", help="Run COMMAND for this application only; repeatable.")
@click.option("--all", "everything", is_flag=True, help="Also run COMMAND for unchanged applications.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@options(local=False)
def each_command(session: Session, only: tuple[str, ...], everything: bool, command: tuple[str, ...]) -> int:
    """Run COMMAND for each application of the repository that changed.

    Applications are the folders below that have a sealift.toml. An application runs after those that it needs ([app]
    needs); independent applications run at the same time. `{app}` in COMMAND stands for the name.

    An application changed if its build or its configuration differs from the commit where the branch left the
    protected branch; for `check` and `test` also if any file of its folder differs. For `run` and `deploy`, an
    application is unchanged if they would do nothing. On the protected branch, other commands run for all.
    """
    from sealift.cli.main import COMMANDS
    from sealift.usecases.each import by_name, call_each
    from sealift.wiring.repository import applications_below, call

    if command[0] not in COMMANDS or command[0] == "each":
        raise click.UsageError(f'"{command[0]}" is not a command that each can run{did_you_mean(command[0], COMMANDS)}')
    apps = by_name(applications_below(session.directory))
    if not apps:
        raise UserError(
            f"No folder in {session.directory.resolve()} has a sealift.toml",
            code="no-application",
            hint="Run `sealift init` in the folder of each application.",
        )
    for name in only:
        if name not in apps:
            raise UserError(
                f'There is no application "{name}"{did_you_mean(name, apps)}',
                code="app-unknown",
                hint=f"Applications are: {', '.join(apps)}.",
            )
    chosen = {name: app for name, app in apps.items() if not only or name in only}
    why = {} if everything or command[0] not in _COMPARED else _unchanged(session, chosen, command)

    def work(app: App) -> Ended:
        if why.get(app.name):
            return Ended(app=app, exit_code=None, said=why[app.name])
        done = call(app, command)
        return Ended(app=app, exit_code=done.returncode, printed=done.stdout + done.stderr)

    def told(ended: Ended) -> None:
        if not session.json and ended.printed:
            say(f"── {ended.app.name} ({os.path.relpath(ended.app.root)})")
            click.echo(ended.printed, nl=not ended.printed.endswith("\n"))

    return _summary(session, command, call_each(chosen, work, told))


def _unchanged(session: Session, apps: dict[str, App], command: Sequence[str]) -> dict[str, str]:
    from sealift.usecases.each import unchanged
    from sealift.wiring.repository import base_of, silent_services

    local = "--local" in command
    base = base_of(session.directory, local=local, prompt=session.prompt)

    def why(app: App) -> str:
        return unchanged(app, silent_services(app, local=local, prompt=session.prompt), base, command)

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return dict(zip(apps, pool.map(why, apps.values()), strict=True))


def _summary(session: Session, command: Sequence[str], ended: Sequence[Ended]) -> int:
    codes = {one.exit_code for one in ended if one.exit_code is not None}
    code = next((worst for worst in _WORST if worst in codes), max(codes, default=0))
    status = {one.app.name: _RESULTS.get(one.exit_code, "failed") for one in ended}
    body = {
        "status": _RESULTS.get(code, "failed"),
        "applications": [
            {
                "app": one.app.name,
                "folder": Path(os.path.relpath(one.app.root)).as_posix(),
                "status": status[one.app.name],
                "exit_code": one.exit_code,
                "reason": one.said,
                "output": one.printed,
            }
            for one in ended
        ],
    }
    width = max(len(name) for name in status)
    lines = [f"── sealift {' '.join(command)}"]
    lines += [f"{one.app.name:<{width}}  {status[one.app.name]:<9}  {one.said}".rstrip() for one in ended]
    return session.show(body, lines, exit_code=code)
