"""`dev`: the work tree on the embedded cloud, renewed at each save."""

import contextlib
import os
import queue
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from shutil import get_terminal_size
from typing import TYPE_CHECKING

import click

from sealift.cli.desk import Desk, entry_lines, took
from sealift.cli.session import Session, options
from sealift.cli.text import Text
from sealift.cli.visible import say
from sealift.errors import SealiftError
from sealift.model.app import App
from sealift.model.event import Event, FindingReported, Noted, PhaseStarted, Progressed, ResourceProgressed

if TYPE_CHECKING:
    from sealift.usecases.dev import Renewed
    from sealift.usecases.services import Services
    from sealift.usecases.site import Site

_LOOK_S = 0.1
_PAGE, _MOST_NAMED = 10, 3


@click.command("dev")
@click.option("--debug", metavar="FUNCTION", help="Start this function under a debugger, and wait until one attaches.")
@options(local=False)
def dev_command(session: Session, debug: str | None) -> int:
    """Run the work tree on the embedded cloud and update it at each save. Ctrl-C ends it and leaves nothing.

    Uses an environment of its own with the parameters of the first environment in sealift.toml. If only the source of
    functions changed, replaces their code without a stack update.
    """
    from sealift.wiring.clouds import own_cloud
    from sealift.wiring.machine import terminal

    if session.json:
        raise click.UsageError("dev has no --json; its output is for people.")
    session.local = True
    alive, colours = terminal(sys.stdout)
    work = Work(session, Desk(title=session.app.name), debug=debug)
    with contextlib.suppress(KeyboardInterrupt), own_cloud(session.app):
        if alive and sys.stdin.isatty():
            _on_the_screen(work, colours=colours)
        else:
            _line_by_line(work)
    say("Ended: nothing is left of the environment.", err=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # what is under way speaks to a cloud that has gone


def _on_the_screen(work: "Work", *, colours: bool) -> None:
    from sealift.cli.keys import draw, keys, whole_screen

    drawn: object = None
    with whole_screen():
        while not work.ended:
            work.step()
            for key in keys():
                work.press(key)
            columns, rows = get_terminal_size()
            lines = work.desk.lines(columns, rows)
            shown = [line.ansi() if colours else line.plain for line in lines]
            if shown != drawn:
                draw(shown)
                drawn = shown


def _line_by_line(work: "Work") -> None:
    desk, urls = work.desk, work.desk.urls
    while True:
        work.step()
        if desk.urls != urls:
            urls = desk.urls
            for key, url in urls.items():
                say(f"{key}  {url}")
        while desk.requests:
            say(desk.requests.popleft().line().plain)
        while desk.entries:
            for line in entry_lines(desk.entries.popleft(), 0, desk.name_width()):
                say(line.plain)


@dataclass
class Work:
    """What is under way: a thread brings the work tree, another one hears what happens, keys ask for more."""

    session: Session
    desk: Desk
    debug: str | None = None
    ended: bool = False
    renewed: "Renewed | None" = None
    opened: "tuple[App, Services] | None" = None
    """The services of the application as it was last read: an open cloud serves until the application is another."""
    seen: object = None
    heard: "queue.SimpleQueue[Callable[[], None]]" = field(default_factory=queue.SimpleQueue)
    """What is to be done to the desk, by its own thread."""
    busy: threading.Thread | None = None
    choices: list[str] = field(default_factory=list)

    def step(self) -> None:
        """Take in what happened; bring the work tree when it changed."""
        from sealift.local.watching import snapshot

        try:
            self.heard.get(timeout=_LOOK_S)()
            while True:
                self.heard.get_nowait()()
        except queue.Empty:
            pass
        if self.busy is None or not self.busy.is_alive():
            now = snapshot(self.session.app.root)
            if now != self.seen:
                changed = _changed(self.seen, now)
                self.seen = now
                self._start(lambda: self._renew(changed))

    def press(self, key: str) -> None:
        """Do what a key asks for."""
        if self.choices:
            chosen, self.choices, self.desk.question = self.choices, [], None
            if key.isdigit() and 0 < int(key) <= len(chosen):
                self._start(lambda: self._invoke(chosen[int(key) - 1]))
            return
        match key:
            case "q":
                self.ended = True
            case "c":
                self.desk.clear()
            case "o":
                self._open()
            case "i":
                self._ask()
            case "t":
                self._start(self._test)
            case "r":
                self.renewed, self.seen = None, None
            case "up" | "down" | "page up" | "page down":
                by = (_PAGE if "page" in key else 1) * (1 if "up" in key else -1)
                self.desk.scrolled = max(0, self.desk.scrolled + by)

    def _start(self, work: Callable[[], None]) -> None:
        if self.busy is not None and self.busy.is_alive():
            self._say("another task is running; press the key again", "yellow")
            return

        def done() -> None:
            try:
                work()
            except SealiftError as error:
                self._failed(error)

        self.busy = threading.Thread(target=done, daemon=True)
        self.busy.start()

    def _say(self, text: Text | str, style: str = "", *, name: str = "") -> None:
        at = self.session.services.clock.now().timestamp()
        self.heard.put(lambda: self.desk.say(text, style, name=name, at=at, whole=not name))

    def _show(self, status: Text) -> None:
        self.heard.put(lambda: setattr(self.desk, "status", status))

    def _failed(self, error: SealiftError) -> None:
        said = self.session.said(error)
        hint = f"\n→ {said.hint}" if said.hint else ""
        self._say(Text.assemble((f"✗ {said.message}", "red"), (hint, "dim")))
        goes_on = ", the previous code keeps running" if self.renewed is not None else ""
        self._show(Text.assemble(("✗ ", "red"), f"not live{goes_on}"))

    def _services(self, app: App) -> "Services":
        from sealift.wiring.services import make_services

        if self.opened is None or self.opened[0] != app:
            sink, session = Progress(self._show, self._say), self.session
            made = make_services(app, local=True, sink=sink, prompt=session.prompt, actor=session.actor)
            self.opened = app, made
        return self.opened[1]

    def _renew(self, changed: str) -> None:
        """Bring what the work tree holds now; what is wrong with it is shown, and the release before goes on."""
        from sealift.usecases.dev import own_application, renew
        from sealift.wiring.application import load_application
        from sealift.wiring.clouds import code_swap

        clock = self.session.services.clock
        began = clock.monotonic()
        self._show(Text.assemble(("◌ ", "yellow"), f"bringing {changed}" if changed else "starting"))
        app = own_application(load_application(self.session.directory))
        services = self._services(app)
        renewed = renew(app, services, self.renewed, code_swap(app))
        first, self.renewed = self.renewed is None, renewed
        after = took((clock.monotonic() - began) * 1000)
        if renewed.swapped is None:
            self._deployed(app, services, follow=first)
        names = f"{_listed(renewed.swapped)}: new code" if renewed.swapped else "deployed"
        if renewed.swapped != ():
            self._say(Text.assemble(("● ", "green"), f"{names} after {after}", (f"  {changed}", "dim")))
        self._show(Text.assemble(("● ", "green"), "live", (f"  {changed or 'started'}, {after}", "dim")))

    def _deployed(self, app: App, services: "Services", *, follow: bool) -> None:
        """Take in which functions and addresses there are; hear what happens from the first time on."""
        from sealift.usecases.reach import functions_of, outputs_of
        from sealift.usecases.site import open_site

        site = open_site(app, app.environments[0], services)
        functions, outputs = functions_of(site), outputs_of(site)
        urls = {key: value for key, value in outputs.items() if value.startswith(("http://", "https://", "ws://"))}

        self.heard.put(lambda: self.desk.stands(functions, urls))
        if follow:
            begun = threading.Event()
            threading.Thread(target=self._follow, args=(app, site, begun), daemon=True).start()
            begun.wait(10)
            if self.debug is not None:
                self._debug(site, self.debug)

    def _debug(self, site: "Site", function: str) -> None:
        from sealift.usecases.reach import functions_of
        from sealift.wiring.clouds import debugged

        ((physical, name),) = functions_of(site, function).items()
        where = debugged(site.app, physical)
        self._say(Text.assemble(("◌ ", "yellow"), f"waits for a debugger at {where}"), name=name)

    def _follow(self, app: App, site: "Site", begun: threading.Event) -> None:
        from sealift.wiring.clouds import happenings

        for what in happenings(app):
            begun.set()
            if what is not None:
                self.heard.put(partial(self.desk.happened, site.secrets.every_text(what)))

    def _open(self) -> None:
        from sealift.wiring.machine import display_present

        url = next(iter(self.desk.urls.values()), None)
        if url is not None and display_present():
            click.launch(url)
        self._say(url or "the template outputs no web address", "cyan")

    def _ask(self) -> None:
        self.choices = sorted(self.desk.functions.values())[:9]
        listed = "   ".join(f"{number} {name}" for number, name in enumerate(self.choices, 1))
        self.desk.question = Text.assemble(("  invoke: ", "bold"), listed, ("   any other key: none", "dim"))

    def _invoke(self, name: str) -> None:
        from sealift.usecases.dev import own_application
        from sealift.usecases.invoke import invoke, sample
        from sealift.usecases.site import open_site

        app = own_application(self.session.app)
        site = open_site(app, app.environments[0], self._services(app))
        made = sample(site, name, None)
        self._say(f"called with {'an event of ' + str(made.source) if made else '{}'}", "dim", name=name)
        answer = invoke(site, name, made.event if made else {}, confirmed_name=None)
        if not answer.error:
            self._say(Text(answer.payload), name=name)

    def _test(self) -> None:
        from sealift.usecases.check import unit_tests
        from sealift.usecases.dev import own_application

        before = self.desk.status
        self._show(Text.assemble(("◌ ", "yellow"), "running the unit tests"))
        result = unit_tests(self.session.app, self._services(own_application(self.session.app)))
        counted = f"{result.passed} passed, {result.failed} failed" if result.passed or result.failed else result.reason
        style = {"succeeded": "green", "not tested": "yellow"}.get(result.status, "red")
        self._say(Text.assemble(("● " if style == "green" else "✗ ", style), f"unit tests: {counted}"))
        self._show(before)


def _listed(functions: Sequence[str]) -> str:
    return ", ".join(functions) if len(functions) <= _MOST_NAMED else f"{len(functions)} functions"


def _changed(before: object, now: Mapping[str, object]) -> str:
    """Return the names of the files that changed, the first few."""
    if not isinstance(before, dict):
        return ""
    names = sorted(path.rpartition("/")[2] for path in before.keys() | now.keys() if before.get(path) != now.get(path))
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return ", ".join(names[:2]) + more


@dataclass(frozen=True)
class Progress:
    """A sink that shows how far a deployment is, and what is wrong."""

    show: Callable[[Text], None]
    say: Callable[..., None]

    def emit(self, event: Event) -> None:
        """Show one event."""
        match event:
            case PhaseStarted():
                self.show(Text.assemble(("◌ ", "yellow"), event.phase))
            case ResourceProgressed():
                self.show(Text.assemble(("◌ ", "yellow"), f"{event.logical_id} {event.status}"))
            case Progressed() if event.detail:
                self.show(Text.assemble(("◌ ", "yellow"), event.detail))
            case Noted() if event.level == "error":
                self.say(Text.assemble(("✗ ", "red"), event.message))
            case Noted(name="embedded-cloud"):
                self.say(event.message, "dim")
            case FindingReported() if event.finding.stops:
                where = f"{event.finding.location}  " if event.finding.location else ""
                self.say(Text.assemble(("✗ ", "red"), f"{where}{event.finding.message}"))
