"""`dev`: the work tree on the embedded cloud, renewed at each save."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from sealift.cli.commands.reach import print_line
from sealift.cli.session import Session, options
from sealift.cli.visible import say
from sealift.errors import SealiftError
from sealift.model.event import Event, Noted
from sealift.model.release import BuiltRelease
from sealift.ports import EventSink

if TYPE_CHECKING:
    from sealift.usecases.reach import Logged

_LOOK_S = 0.1


@click.command("dev")
@options(local=False)
def dev_command(session: Session) -> int:
    """Run the work tree on the embedded cloud and renew it at each save; Ctrl-C ends it and leaves nothing.

    It gets an environment of its own with the parameters of the first one of sealift.toml. Where only the source of
    functions changed, they get it without an update of the stack.
    """
    from sealift.wiring.clouds import own_cloud

    if session.json:
        raise click.UsageError("dev has no --json: it is for eyes.")
    session.local = True
    with own_cloud(session.app):
        _run(session)
    return 0


def _run(session: Session) -> None:
    """Bring the work tree, then look for changes until Ctrl-C."""
    from sealift.local.watching import snapshot

    seen = snapshot(session.app.root)
    screen = _Screen()
    try:
        screen.renew(session)
        say("Watching for changes; Ctrl-C ends it.", err=True)
        while True:
            screen.show_logs()
            session.services.clock.sleep(_LOOK_S)
            now = snapshot(session.app.root)
            if now != seen:
                seen = now
                screen.renew(session)
    except KeyboardInterrupt:
        say("\nEnding; nothing is left of the environment.", err=True)


@dataclass
class _Screen:
    """What runs, and where its logs were read to."""

    built: BuiltRelease | None = None
    logs: Iterator["Logged | None"] | None = None
    width: int = 0

    def renew(self, session: Session) -> None:
        """Bring what the work tree holds now; what is wrong with it is shown, and the release before goes on."""
        from sealift.cli.failure import show_error
        from sealift.usecases.dev import own_application, renew
        from sealift.usecases.reach import functions_of, outputs_of, polled_lines
        from sealift.usecases.site import open_site
        from sealift.wiring.application import load_application
        from sealift.wiring.clouds import code_swap
        from sealift.wiring.services import make_services

        began = session.services.clock.monotonic()
        try:
            app = own_application(load_application(session.directory))
            services = make_services(
                app, local=True, sink=Quiet(session.sink), prompt=session.prompt, actor=session.actor
            )
            renewed = renew(app, services, self.built, code_swap(app))
        except SealiftError as error:
            show_error(session.said(error), wants_json=False)
            return
        took_ms = (session.services.clock.monotonic() - began) * 1000
        self.built = renewed.built
        if renewed.swapped is not None:
            if renewed.swapped:
                say(f"{', '.join(renewed.swapped)}: new code after {took_ms:.0f} ms", err=True)
            return
        say(f"deployed after {took_ms:.0f} ms", err=True)
        site = open_site(app, app.environments[0], services)
        for key, value in outputs_of(site).items():
            say(f"  {key}  {value}")
        functions = functions_of(site)
        self.width = max(map(len, functions.values()), default=0)
        self.logs = polled_lines(site, functions, since=services.clock.now())

    def show_logs(self) -> None:
        """Show what was logged since the last look, each entry once."""
        for one in self.logs or ():
            if one is None:
                return
            if not one.is_platform:
                print_line(one, width=self.width)
            elif one.line.message.startswith("REPORT"):
                took = one.line.message.partition("Duration: ")[2].partition("\t")[0]
                print_line(one, width=self.width, text=f"ended after {took}")


@dataclass(frozen=True)
class Quiet:
    """A sink that shows what is wrong, and no progress."""

    sink: EventSink

    def emit(self, event: Event) -> None:
        """Send warnings and errors on."""
        if isinstance(event, Noted) and event.level == "error":
            self.sink.emit(event)
