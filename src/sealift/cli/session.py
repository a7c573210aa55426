"""What every command shares: its folder, where its events go, and the services it calls."""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

from sealift.cli.visible import say
from sealift.errors import SealiftError, UserError, did_you_mean
from sealift.model.app import App, Environment, GatesRead
from sealift.model.event import Event, Finished, Noted
from sealift.model.ledger import Status
from sealift.ports import EventSink, Prompt

if TYPE_CHECKING:
    from sealift.build.builder import CachedBuilder
    from sealift.usecases.services import Services

Function = TypeVar("Function", bound=Callable[..., Any])
Said = TypeVar("Said")
Gates = Literal["none", "protected", "judged"]
"""Which gates a command needs: none, those of the protected branch, or those that a pull request is judged by."""
_SHOWN = 4
_PREVIEW = re.compile(r"previews?|pr-(\*|[0-9]+)")
EXIT_CODES: dict[Status, int] = {"succeeded": 0, "skipped": 0, "refused": 3, "waiting": 4, "aborted": 130}
_DELIVERIES = ("run", "deploy", "promote", "rollback", "resume")
"""The commands that bring releases somewhere; webhooks are told of them."""


@dataclass
class Session:
    """One call of the command line. App and services are made when they are first used."""

    directory: Path
    local: bool
    json: bool
    streaming: bool = False
    verbose: bool = False
    all_findings: bool = False
    """Whether advice is shown without a limit, for the commands that look for it."""
    gates: Gates = "none"
    command: str = ""

    @cached_property
    def app(self) -> App:
        """Return the application in the folder, with the gates of the protected branch where the command needs any."""
        from sealift.wiring.application import load_application, load_effective

        if self.gates == "none":
            return load_application(self.directory)
        app = load_effective(self.directory, local=self.local, judging=self.gates == "judged")
        for note in _notes(app.gates, local=self.local):
            self.emit(note)
        return app

    @cached_property
    def sink(self) -> EventSink:
        """Return where events go: JSON lines, nowhere, or the view; in CI to the pull request, and to webhooks.

        On the embedded cloud every command that is named on the way says `--local`.
        """
        if self.local:
            from sealift.cli.hints import Locally

            return Locally(self._shown)
        from sealift.cli.reporting import Reporting, reports
        from sealift.wiring.application import make_forge, notify

        forge = make_forge() if reports(self.command) else None
        sink = self._shown
        if forge is not None:
            from sealift.config.pipeline import part_of_repository

            sink = Reporting(
                command=self.command, part=part_of_repository(self.directory), sink=self._shown, forge=forge
            )
        if self.command not in _DELIVERIES:
            return sink
        from sealift.cli.notifying import Notifying

        return Notifying(sink=sink, post=lambda notice: notify(self.app, notice, actor=self.actor))

    def said(self, value: Said) -> Said:
        """Return what a use case said as it is to be shown: on the embedded cloud its commands say `--local`."""
        from sealift.cli.hints import said_locally

        return said_locally(value) if self.local else value

    @cached_property
    def _shown(self) -> EventSink:
        from sealift.system import RealClock

        if self.json:
            from sealift.cli.jsonlines import JsonLines
            from sealift.usecases.services import Silence

            return JsonLines(RealClock()) if self.streaming else Silence()
        from sealift.cli.screen import screen
        from sealift.cli.told import Told
        from sealift.cli.view import View

        told = Told(self.directory / ".sealift") if self.local else None
        return View(
            screen(sys.stderr), RealClock(), verbose=self.verbose, all_findings=self.all_findings, remembered=told
        )

    @cached_property
    def prompt(self) -> Prompt:
        """Return who answers questions: a person at a terminal, otherwise each question's default."""
        from sealift.cli.prompt import DefaultAnswers, Terminal
        from sealift.wiring.machine import human_present

        talks = not self.json and sys.stdin.isatty() and sys.stderr.isatty() and human_present()
        return Terminal() if talks else DefaultAnswers()

    @cached_property
    def actor(self) -> str:
        """Return who makes this request, for ledgers and leases."""
        from sealift.wiring.machine import actor

        return actor()

    @cached_property
    def services(self) -> "Services":
        """Return the services that use cases need."""
        return self.made_services()

    def made_services(self, **more: Any) -> "Services":
        """Return services that differ from the usual ones, as `make_services` says."""
        from sealift.wiring.services import make_services

        return make_services(self.app, local=self.local, sink=self.sink, prompt=self.prompt, actor=self.actor, **more)

    @cached_property
    def builder(self) -> "CachedBuilder":
        """Return what builds releases, with its cache."""
        from sealift.wiring.services import caching_builder

        return caching_builder(self.app)

    def environment(self, name: str) -> Environment:
        """Return an environment by name. Raises UserError with the nearest one."""
        found = self.app.environment(name)
        if name in self.app.gates.left_out:
            raise UserError(
                f"{name} is declared in the work tree only, not on {self.app.gates.reference}",
                code="environment-not-merged",
                hint="Merge its declaration first: environments are gates, and Sealift reads gates from that branch.",
            )
        if found is None and _PREVIEW.fullmatch(name) and self.app.previews is not None:
            raise UserError(
                f"{name} is a preview, not an environment of sealift.toml",
                code="preview-apart",
                hint="`sealift preview up`, `list` and `down` create, list and destroy it; `status`, `history`, "
                "`drift`, `outputs` and `logs` accept its name.",
            )
        if found is None:
            names = [e.name for e in self.app.environments]
            raise UserError(
                f'There is no environment "{name}"{did_you_mean(name, names)}',
                code="unknown-environment",
                hint=f"Declared are: {', '.join(names)}.",
            )
        return found

    def show(self, body: object, lines: Iterable[str] = (), *, exit_code: int = 0) -> int:
        """Give the terminal back, print one JSON document or lines for people, and return the exit code."""
        self.close()
        if self.json:
            click.echo(json.dumps(body))
        else:
            for line in lines:
                say(line)
        return exit_code

    def looked_at(self, name: str) -> Environment:
        """Return an environment, a preview such as `pr-12`, or that of `sealift dev`. Raises UserError."""
        from sealift.delivery.previews import is_preview, preview_environment, previews_of
        from sealift.usecases.dev import own_application, own_name

        if name == own_name(self.app):
            from sealift.wiring.clouds import local_cloud

            if local_cloud(self.app).is_taken(name):
                self.local = True
                return own_application(self.app).environments[0]
        if self.app.environment(name) is None and is_preview(name):
            return preview_environment(previews_of(self.app, local=self.local), name)
        return self.environment(name)

    def emit(self, event: Event) -> None:
        """Send an event to the sink."""
        self.sink.emit(event)

    def finish(self, finished: Finished) -> int:
        """Emit the last event, show the outcome to a person, and return the exit code."""
        self.emit(finished)
        self.close()
        if not self.json:
            from sealift.cli.screen import screen
            from sealift.cli.view import finished_lines

            lines = screen(sys.stderr)
            told = self.said(tuple(getattr(self.__dict__.get("_shown"), "messages", ())))
            for line in finished_lines(self.said(finished), told):
                lines.line(line)
        return EXIT_CODES.get(finished.status, 1)

    def failed(self, error: SealiftError) -> None:
        """Pass the error to the sink that reports the outcome."""
        if hasattr(self.__dict__.get("sink"), "failure"):
            self.sink.failure = error  # type: ignore[attr-defined]

    def close(self) -> None:
        """Give the terminal back."""
        close = getattr(self.__dict__.get("sink"), "close", None)
        if close is not None:
            close()


def _notes(gates: GatesRead, *, local: bool) -> Iterator[Noted]:
    """Yield the notes of a command: gates that were not reviewed, that differ, environments that do not count."""
    where = f"{gates.reference} ({(gates.commit or '')[:8]})"
    if gates.problem:
        yield Noted(
            level="debug" if local else "warning",
            name="gates-unreadable",
            message=f"Gates come from the work tree: {gates.problem}",
            hint=gates.hint,
        )
    if gates.differences:
        more = len(gates.differences) - _SHOWN
        yield Noted(
            level="warning",
            name="gates-differ",
            message=f"Gates come from {where}, not from the work tree: {'; '.join(gates.differences[:_SHOWN])}"
            + (f"; and {more} more" if more > 0 else ""),
            hint="They apply after the merge" + ("; to try them here: --own-gates" if local else ""),
        )
    if gates.left_out:
        yield Noted(
            level="warning",
            name="environments-not-merged",
            message=f"Left out, because {gates.reference} does not declare it: {', '.join(gates.left_out)}",
        )


def _command(context: click.Context) -> str:
    """Return the command as it is typed behind `sealift`, such as `config check`."""
    parent = context.parent
    if parent is None or parent.parent is None:
        return str(context.info_name)
    return f"{_command(parent)} {context.info_name}"


def options(
    *, local: bool = True, streaming: bool = False, judging: bool = False, protected: bool = True
) -> Callable[[Function], Function]:
    """Decorate a command with the shared options and hand it a Session as its first argument.

    `judging` commands only look at a pull request: they take the gates of the branch that it is to be merged into.
    Commands that are not `protected` take everything from the work tree.
    """

    def decorate(function: Function) -> Function:
        @click.option("-C", "directory", default=".", metavar="DIR", help="The application's folder.")
        @click.option("--json", "as_json", is_flag=True, help="Print JSON alone on standard output.")
        @click.option("-v", "--verbose", is_flag=True, help="Show every event.")
        @wraps(function)
        def command(
            *args: Any,
            directory: str,
            as_json: bool,
            verbose: bool,
            use_local: bool = False,
            own_gates: bool = False,
            **kwargs: Any,
        ) -> Any:
            if own_gates and not use_local:
                raise click.UsageError("--own-gates needs --local: on AWS, the gates of the protected branch apply.")
            gates: Gates = "none" if own_gates or not local or not protected else "judged" if judging else "protected"
            session = Session(
                directory=Path(click.get_current_context().find_root().params.get("directory") or "", directory),
                local=use_local,
                json=as_json,
                streaming=streaming,
                verbose=verbose,
                gates=gates,
                command=_command(click.get_current_context()),
            )
            from sealift.wiring.machine import programs

            try:
                with programs().ending_with_us():
                    return function(session, *args, **kwargs)
            except SealiftError as error:
                session.failed(error)
                raise session.said(error) from error.__cause__
            finally:
                session.close()

        if local and protected:
            own = "With --local: use the gates of the work tree, not those of the protected branch."
            command = click.option("--own-gates", is_flag=True, help=own)(command)
        if local:
            command = click.option("--local", "use_local", is_flag=True, help="Use the embedded cloud.")(command)
        return command  # type: ignore[return-value]

    return decorate
