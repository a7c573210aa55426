"""`config`: what the application needs, and what each environment has of it."""

import sys
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from sealift.cli.arguments import environment_names
from sealift.cli.jsonlines import fields_of, finding_fields
from sealift.cli.session import Session, options
from sealift.errors import UserError
from sealift.usecases.contract import Contract
from sealift.usecases.settings import Changed, Listed


@click.group("config")
def config_command() -> None:
    """Read, change and check the configuration in Parameter Store and Secrets Manager.

    Every key is stored under /<app>/<environment>/. Values are read from standard input or asked for, never from the
    command line.
    """


@config_command.command("list")
@click.argument("environment", shell_complete=environment_names)
@options()
def list_command(session: Session, environment: str) -> int:
    """List the keys of ENVIRONMENT, without values."""
    from sealift.usecases.settings import settings_of

    found = settings_of(session.app, session.environment(environment), session.services)
    session.close()
    if session.json:
        return session.show({"environment": environment, "settings": [_listed(one) for one in found]})
    rows: dict[str, list[str]] = {
        "key": [one.key for one in found],
        "store": [one.setting.store for one in found],
        "changed": [f"{one.setting.changed_at:%Y-%m-%d %H:%M}" if one.setting.changed_at else "–" for one in found],
        "by": [one.by or "–" for one in found],
    }
    _table(rows, end="" if found else f"{environment} has no settings yet.")
    return 0


@config_command.command("get")
@click.argument("environment", shell_complete=environment_names)
@click.argument("key")
@options()
def get_command(session: Session, environment: str, key: str) -> int:
    """Print the value of KEY in ENVIRONMENT."""
    from sealift.usecases.settings import value_of

    value = value_of(session.app, session.environment(environment), session.services, key)
    if session.json:
        return session.show({"environment": environment, "key": key, "value": value})
    session.close()
    click.echo(value)
    return 0


_SECRET = click.option("--secret", is_flag=True, help="Keep it in Secrets Manager instead of Parameter Store.")
_PLAIN = click.option(
    "--plain", is_flag=True, help="Make a new key a String, not encrypted: CloudFormation reads no other by `ssm`."
)


@config_command.command("set")
@click.argument("environment", shell_complete=environment_names)
@click.argument("key")
@click.argument("rest", nargs=-1, metavar="", type=click.UNPROCESSED)
@_SECRET
@_PLAIN
@options()
def set_command(session: Session, environment: str, key: str, rest: Sequence[str], secret: bool, plain: bool) -> int:
    """Give KEY in ENVIRONMENT the value on standard input, or the one that is typed."""
    from sealift.usecases.settings import set_value

    if rest:
        raise click.UsageError("The value is read from standard input or asked for, never from the command line.")
    _refuse_both(secret=secret, plain=plain)
    target = session.environment(environment)
    done = set_value(
        session.app,
        target,
        session.services,
        key,
        read=lambda: _value(session, key, environment),
        secret=secret,
        plain=plain,
    )
    return _show(session, environment, [done])


@config_command.command("unset")
@click.argument("environment", shell_complete=environment_names)
@click.argument("key")
@options()
def unset_command(session: Session, environment: str, key: str) -> int:
    """Delete KEY of ENVIRONMENT."""
    from sealift.usecases.settings import unset_value

    return _show(
        session, environment, [unset_value(session.app, session.environment(environment), session.services, key)]
    )


@config_command.command("import")
@click.argument("environment", shell_complete=environment_names)
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@_SECRET
@_PLAIN
@options()
def import_command(session: Session, environment: str, file: Path, secret: bool, plain: bool) -> int:
    """Give the keys in FILE (lines of KEY=VALUE, a JSON object, a YAML mapping; - for standard input) their values."""
    from sealift.analysis.dotenv import settings_in
    from sealift.usecases.settings import import_values

    values, wrong = settings_in(_text(file), yaml=file.suffix in {".yaml", ".yml"})
    if wrong:
        raise UserError(
            f"{file} cannot be imported:\n" + "\n".join(f"  - {one}" for one in wrong),
            code="config-file",
            hint="Write a line KEY=VALUE for each key, a JSON object or a YAML mapping. Single quotes keep a ${NAME} as"
            " it is. Nothing was written.",
        )
    target = session.environment(environment)
    _refuse_both(secret=secret, plain=plain)
    done = import_values(session.app, target, session.services, values, secret=secret, plain=plain)
    return _show(session, environment, done)


@config_command.command("diff")
@click.argument("source", shell_complete=environment_names)
@click.argument("target", shell_complete=environment_names)
@options()
def diff_command(session: Session, source: str, target: str) -> int:
    """Compare the keys of SOURCE and TARGET; values are compared, and not shown."""
    from sealift.usecases.settings import differences

    found = differences(session.app, session.environment(source), session.environment(target), session.services)
    session.close()
    if session.json:
        keys = [fields_of(one, "key", "state") for one in found]
        return session.show({"source": source, "target": target, "keys": keys})
    unequal = [one for one in found if one.state != "same"]
    states = [one.state.replace("source", source).replace("target", target) for one in unequal]
    same = len(found) - len(unequal)
    end = f"{same} key{'s have' if same > 1 else ' has'} the same value in both." if same else ""
    _table({"key": [one.key for one in unequal], "state": states}, end=end if found else "Neither has any settings.")
    return 0


@config_command.command("check")
@click.argument("environments", nargs=-1, shell_complete=environment_names)
@options(judging=True)
def check_command(session: Session, environments: Sequence[str]) -> int:
    """Check that ENVIRONMENTS, or all, have what templates and code need.

    Exits with 1 when one lacks something, or is protected and cannot be read. What cannot be read is not looked at.
    """
    from sealift.usecases.build import load_templates
    from sealift.usecases.contract import contracts

    chosen = [session.environment(name) for name in environments] or list(session.app.environments)
    templates = load_templates(session.app, session.services)
    found = session.said(contracts(session.app, session.services, templates, chosen))
    code = int(any(contract.status == "failed" or contract.closed for contract in found))
    body = {"environments": [_contract(one) for one in found]}
    return session.show(body, contract_lines(found), exit_code=code)


def _refuse_both(*, secret: bool, plain: bool) -> None:
    if secret and plain:
        raise click.UsageError("--secret and --plain exclude each other.")


def _contract(one: Contract) -> dict[str, object]:
    findings = [finding_fields(finding) for finding in one.findings]
    body = {"name": one.environment, "status": one.status, "reason": one.reason, "needs": one.needs}
    return {**body, "findings": findings, "notes": list(one.notes)}


def contract_lines(found: Sequence[Contract]) -> Iterator[str]:
    """Yield what to print of all environments: the result of each, then each note once, with its environments."""
    noted: dict[str, list[str]] = {}
    for one in found:
        yield from _result_lines(one)
        for note in one.notes:
            noted.setdefault(note, []).append(one.environment)
    for names in dict.fromkeys(tuple(names) for names in noted.values()):
        yield f"Not known of {', '.join(names)}:"
        yield from (f"  {note}" for note, of in noted.items() if tuple(of) == names)


def _result_lines(one: Contract) -> Iterator[str]:
    ends = {
        "succeeded": f"has what is needed: {one.needs} setting{'s' * (one.needs != 1)}"
        if one.needs
        else "needs no settings",
        "failed": "lacks what is needed",
        "not looked at": f"not looked at: {one.reason}",
    }
    yield f"{one.environment}: {ends[one.status]}"
    if one.status == "failed" and one.reason:
        yield f"  settings were not looked at: {one.reason}"
    for finding in one.findings:
        yield f"  {finding.location or ''}: {finding.message}".replace("  : ", "  ")
        yield f"    → {finding.fix}"


def _value(session: Session, key: str, environment: str) -> str:
    """Return the value on standard input without its last newline; at a terminal, ask without showing it."""
    from sealift.wiring.machine import human_present

    if not sys.stdin.isatty():
        text = _decoded(sys.stdin.buffer.read(), "standard input")
        return text.removesuffix("\n").removesuffix("\r")
    if session.json or not human_present():
        raise UserError(
            "There is no value on standard input, and nobody to ask",
            code="config-no-value",
            hint=f"Pipe it: `… | sealift config set {environment} {key}`.",
        )
    answer: str = click.prompt(f"Value of {key} in {environment}", hide_input=True, err=True)
    return answer


def _text(file: Path) -> str:
    if str(file) == "-":
        return _decoded(sys.stdin.buffer.read(), "standard input")
    try:
        return _decoded(file.read_bytes(), str(file))
    except OSError as error:
        raise UserError(
            f"{file} cannot be read: {error.strerror}", code="config-file", hint="Name a file of KEY=VALUE lines."
        ) from error


def _decoded(data: bytes, what: str) -> str:
    try:
        return data.decode("utf-16" if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8")
    except UnicodeDecodeError:
        raise UserError(
            f"{what} is neither UTF-8 nor UTF-16 text",
            code="config-file",
            hint="Encode binary values, for example with base64.",
        ) from None


def _show(session: Session, environment: str, changes: Sequence[Changed]) -> int:
    rows = [fields_of(change, "key", "store", "done", "version") for change in changes]
    lines = []
    for change in changes:
        where = {"parameter": "Parameter Store", "secret": "Secrets Manager"}[change.store]
        said = f"{change.done}, in {where}" if change.done != "unchanged" else "has that value already"
        lines.append(f"{environment}: {change.key} {said}")
    return session.show({"environment": environment, "changes": rows}, lines)


def _listed(one: Listed) -> dict[str, object]:
    return {"key": one.key, **fields_of(one.setting, "name", "store", "version", "changed_at"), "by": one.by or None}


def _table(columns: dict[str, list[str]], *, end: str) -> None:
    from sealift.cli.columns import fitting
    from sealift.cli.screen import screen
    from sealift.cli.text import Text

    out = screen(sys.stdout)
    cells = {name: [Text(value) for value in values] for name, values in columns.items()}
    for line in fitting(cells, width=out.width, spare=("by",)) if next(iter(columns.values())) else ():
        out.line(line)
    if end:
        out.line(end)
