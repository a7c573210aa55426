"""`invoke`: call one function of an environment by hand."""

import json
import sys
from pathlib import Path

import click

from sealift.cli.arguments import environment_names
from sealift.cli.commands.reach import opened
from sealift.cli.session import Session, options
from sealift.cli.visible import say
from sealift.delivery.sample_events import KINDS, written
from sealift.errors import UserError, did_you_mean
from sealift.model.stack import Invocation
from sealift.model.template import Json
from sealift.usecases.site import Site


@click.command("invoke")
@click.argument("environment", shell_complete=environment_names)
@click.argument("function")
@click.option("--event", "-e", metavar="FILE|-|KIND", help=f"A JSON file, - for standard input, or {', '.join(KINDS)}.")
@click.option("--print", "only_print", is_flag=True, help="Print the event; call nothing.")
@click.option("--yes-invoke", metavar="NAME", help="Confirm a protected environment by typing its name.")
@options()
def invoke_command(
    session: Session, environment: str, function: str, event: str | None, only_print: bool, yes_invoke: str | None
) -> int:
    """Call FUNCTION, a logical id of the template, in ENVIRONMENT and print its response.

    A KIND builds an event with the path, method, queue or bucket of the template. Default: the first event source that
    the template declares. Exits with 1 when the function failed. Masks secrets.
    """
    from sealift.usecases.invoke import invoke

    site = opened(session, environment)
    payload = _event(session, site, function, event)
    if only_print:
        click.echo(json.dumps(payload, indent=2))
        return 0
    began = session.services.clock.now()
    answer = invoke(site, function, payload, confirmed_name=yes_invoke)
    took_s = (session.services.clock.now() - began).total_seconds()
    session.close()
    if session.json:
        click.echo(json.dumps(_fields(environment, function, answer, took_s)))
    else:
        _show(function, answer, took_s)
    return int(bool(answer.error))


def _event(session: Session, site: Site, function: str, text: str | None) -> Json:
    """Return the event that is meant. Raises UserError when it cannot be read."""
    from sealift.usecases.invoke import sample

    if text == "-":
        return _parsed(sys.stdin.read(), "standard input")
    if text is not None and text not in KINDS:
        file = Path(text)
        try:
            return _parsed(file.read_text(encoding="utf-8"), text)
        except (OSError, UnicodeDecodeError) as error:
            kinds = f"The kinds of events are {', '.join(KINDS)}."
            said = f"The event {text} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}"
            raise UserError(f"{said}{did_you_mean(text, KINDS)}", code="event-unreadable", hint=kinds) from error
    made = sample(site, function, text)
    if made is None:
        _say(session, f"The template declares no event source for {function}; the event is {{}}")
        return {}
    if made.declared:
        _say(session, f"The event comes from {made.source}")
    else:
        _say(session, f"The template declares no {text} for {function}; the names in the event are invented")
    return made.event


def _say(session: Session, sentence: str) -> None:
    if not session.json:
        say(sentence, err=True)


def _parsed(text: str, where: str) -> Json:
    try:
        event: Json = json.loads(text)
    except (ValueError, RecursionError) as error:
        at = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise UserError(
            f"The event of {where} is not JSON{at}", code="event-unreadable", hint="Write one JSON value."
        ) from error
    return event


def _show(function: str, answer: Invocation, took_s: float) -> None:
    """Print the payload on standard output, and all the rest beside it."""
    for line in answer.log:
        say(line, err=True)
    say(f"{function} {'failed' if answer.error else 'answered'} after {took_s * 1000:.0f} ms", err=True)
    if answer.error:
        for line in answer.trace:
            say(line, err=True)
        say(answer.error, err=True)
    say(_payload(answer.payload))


def _payload(text: str) -> str:
    try:
        return written(json.loads(text))
    except ValueError:
        return text


def _fields(environment: str, function: str, answer: Invocation, took_s: float) -> dict[str, Json]:
    try:
        payload: Json = json.loads(answer.payload)
    except ValueError:
        payload = answer.payload
    return {
        "environment": environment,
        "function": function,
        "status": answer.status,
        "error": answer.error or None,
        "payload": payload,
        "trace": list(answer.trace),
        "log": list(answer.log),
        "duration_s": round(took_s, 3),
    }
