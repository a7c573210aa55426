"""`outputs`, `open` and `logs`: they reach an environment that runs, and change nothing."""

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from sealift.cli.arguments import age, environment_names
from sealift.cli.session import Session, options
from sealift.cli.visible import say
from sealift.errors import UserError

if TYPE_CHECKING:
    from sealift.usecases.reach import Logged
    from sealift.usecases.site import Site

_PAUSE_S, _LOCAL_PAUSE_S = 2.0, 0.25


def opened(session: Session, environment: str) -> "Site":
    """Open an environment by its name."""
    from sealift.usecases.site import open_site

    return open_site(session.app, session.looked_at(environment), session.services)


@click.command("outputs")
@click.argument("environment", shell_complete=environment_names)
@options(protected=False)
def outputs_command(session: Session, environment: str) -> int:
    """Print the outputs of the stacks of ENVIRONMENT."""
    from sealift.usecases.reach import outputs_of

    outputs = outputs_of(opened(session, environment))
    width = max(map(len, outputs), default=0)
    lines = [f"{key:<{width}}  {value}" for key, value in outputs.items()]
    return session.show({"environment": environment, "outputs": outputs}, lines)


@click.command("open")
@click.argument("environment", shell_complete=environment_names)
@click.argument("output", required=False)
@options(protected=False)
def open_command(session: Session, environment: str, output: str | None) -> int:
    """Print the web address of ENVIRONMENT, and open it if a browser is available.

    OUTPUT defaults to the first output that is a web address.
    """
    from sealift.errors import did_you_mean
    from sealift.usecases.reach import outputs_of
    from sealift.wiring.machine import display_present

    outputs = outputs_of(opened(session, environment))
    session.close()
    urls = {key: value for key, value in outputs.items() if value.startswith(("http://", "https://"))}
    chosen = output or next(iter(urls), "")
    if chosen not in urls:
        what = f'no web address "{output}"{did_you_mean(output, urls)}' if output else "no web address"
        hint = f"Its addresses are: {', '.join(urls)}." if urls else "Add an output with the address to the template."
        raise UserError(f"{environment} outputs {what}", code="no-address", hint=hint)
    url = urls[chosen]
    session.show({"environment": environment, "name": chosen, "url": url}, [url])
    if display_present() and not session.json:
        click.launch(url)
    return 0


@click.command("logs")
@click.argument("environment", required=False, shell_complete=environment_names)
@click.argument("function", required=False)
@click.option("--follow", "-f", is_flag=True, help="Follow the logs; Ctrl-C ends it.")
@click.option("--since", callback=age, default="10m", show_default=True, metavar="DURATION", help="How far back.")
@click.option("--grep", "text", metavar="TEXT", help="Print only entries that contain this text.")
@options(protected=False)
def logs_command(
    session: Session, environment: str | None, function: str | None, follow: bool, since: timedelta, text: str | None
) -> int:
    """Print the logs of the functions of ENVIRONMENT, or of one FUNCTION. Masks secrets.

    ENVIRONMENT defaults to the first environment in sealift.toml. FUNCTION is a logical id of the template. -v adds the
    lines that Lambda writes. --json prints one object per line.
    """
    from sealift.cli.main import EXIT_INTERRUPTED
    from sealift.usecases.reach import follow_lines, functions_of

    site = opened(session, environment or session.app.environments[0].name)
    functions = functions_of(site, function)
    begun = session.services.clock.now() - since
    pause_s = _LOCAL_PAUSE_S if session.local else _PAUSE_S
    width = max(map(len, functions.values()), default=0)
    try:
        for one in follow_lines(site, functions, since=begun, pause_s=pause_s, going=lambda: follow):
            if (session.verbose or session.json or not one.is_platform) and (text is None or text in one.line.message):
                _print_object(one) if session.json else print_line(one, width=width)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    finally:
        session.close()
    return 0


def print_line(one: "Logged", *, width: int) -> None:
    """Print an entry for people; its further lines stand below its first."""
    at = one.line.at.astimezone().strftime("%H:%M:%S.%f")[:-3]
    first, *more = one.line.message.splitlines() or [""]
    say(f"{at}  {one.function:<{width}}  {first}")
    for line in more:
        say(" " * (len(at) + width + 4) + line)


def _print_object(one: "Logged") -> None:
    at = one.line.at.isoformat(timespec="milliseconds")
    click.echo(json.dumps({"at": at, "function": one.function, "message": one.line.message}))
