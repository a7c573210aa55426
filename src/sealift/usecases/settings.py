"""Read and change the configuration that an environment's account keeps, under `/<app>/<environment>/`.

A change is recorded in the environment's ledger before it is sent, with a salted hash and never with the value.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

from sealift.errors import CloudError, Refused, UserError, did_you_mean
from sealift.model.app import App, Environment
from sealift.model.ledger import Entry
from sealift.model.records import SettingChange
from sealift.model.setting import Held, Setting, StoreName, is_blank
from sealift.usecases.configuration import slow_hash
from sealift.usecases.contract import named_by_release
from sealift.usecases.needs import plain as plainly
from sealift.usecases.services import Services
from sealift.usecases.site import Site, open_site
from sealift.usecases.stacks.settling import shown
from sealift.usecases.writing import Operation, Writer, caller_of, check_account, check_gates, writing

_KEY = re.compile(r"(?!\.{1,2}(?:/|\Z))[A-Za-z0-9_.-]+(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9_.-]+)*")
_LEVELS = 15
_LONGEST = 512
"""Levels and characters of a whole name: those of Parameter Store, and of Secrets Manager, which takes shorter ones."""
_SERVICES: Mapping[StoreName, str] = {"parameter": "ssm-secure", "secret": "secretsmanager"}
_MORE = ", a secret (--secret) up to 65536"
_LARGEST = {"parameter": 8192, "secret": 65536}
"""Bytes: https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html and
https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html"""


Unfinished = Mapping[str, tuple[Operation, SettingChange]]
"""The last change of each key whose last change was interrupted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A setting, and who changed it last, as the ledger says; empty when it does not."""

    key: str
    setting: Setting
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """The result for one key."""

    key: str
    store: StoreName
    done: Literal["set", "unset", "unchanged"]
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A key in two environments."""

    key: str
    state: Literal["same", "differs", "only in source", "only in target"]


def prefix_of(site: Site) -> str:
    """Return the prefix of an environment's settings."""
    return f"/{site.app.name}/{site.name}/"


def settings_of(app: App, environment: Environment, services: Services) -> tuple[Listed, ...]:
    """Return the settings of an environment, without values. Raises CloudError when they cannot be read."""
    site = open_site(app, environment, services)
    prefix = prefix_of(site)
    found = site.cloud.settings.listed(prefix)
    by = _authors(site.ledger.entries())
    return tuple(
        Listed(key=one.name.removeprefix(prefix), setting=one, by=by.get(one.name.removeprefix(prefix), ""))
        for one in found
    )


def value_of(app: App, environment: Environment, services: Services, key: str) -> str:
    """Return the value of a key. Raises UserError when the environment does not have it."""
    site = open_site(app, environment, services)
    name = key_name(site, key)
    store = _store(site, name)
    held = site.cloud.settings.held(_reference(site, name, store)) if store else None
    if held is None:
        raise _absent(site, name)
    if held.is_binary:
        site.note("config-binary", f"{name} is binary; this is the base64 of its bytes", level="warning")
    return held.value


def differences(app: App, source: Environment, target: Environment, services: Services) -> tuple[Compared, ...]:
    """Return every key of two environments with whether their values are equal; no value is returned."""
    one, two = (_values(open_site(app, environment, services)) for environment in (source, target))

    def state(key: str) -> Literal["same", "differs", "only in source", "only in target"]:
        if key not in two:
            return "only in source"
        if key not in one:
            return "only in target"
        return "same" if one[key] == two[key] else "differs"

    return tuple(Compared(key=key, state=state(key)) for key in sorted({*one, *two}))


def set_value(
    app: App,
    environment: Environment,
    services: Services,
    key: str,
    *,
    read: Callable[[], str],
    secret: bool,
    plain: bool = False,
) -> Changed:
    """Give a key the value that `read` returns. A change by somebody else since the call began is refused."""
    site = _writable(app, environment, services)
    name = key_name(site, key)
    store = _chosen(site, name, _store(site, name), secret)
    before = site.cloud.settings.held(_reference(site, name, store))
    if plain and before is not None and (before.is_secure or store == "secret"):
        raise _secure(site, name)
    value = read()
    _require_value(site, name, store, value)
    with writing(site, purpose=f"setting {name}") as writer:
        return _put(writer, _operation(services), name, value, store=store, before=before, plain=plain)


def import_values(
    app: App,
    environment: Environment,
    services: Services,
    values: Mapping[str, str],
    *,
    secret: bool,
    plain: bool = False,
) -> tuple[Changed, ...]:
    """Give each key its value; what is equal already is left alone.

    Nothing is written when one value is refused, or when somebody changed one of the keys since the call began.
    """
    site = _writable(app, environment, services)
    named = {key_name(site, key): value for key, value in values.items()}
    before = _listed(site)
    stores = {name: _chosen(site, name, before[name].store if name in before else None, secret) for name in named}
    for name, value in named.items():
        _require_value(site, name, stores[name], value)
    site.secrets.learn(named.values())
    there = _held_each(site, {name: stores[name] for name in named if name in before})
    for name, present in there.items():
        if plain and (present.is_secure or stores[name] == "secret"):
            raise _secure(site, name)
    operation = _operation(services)
    done: list[Changed] = []
    with writing(site, purpose="importing settings") as writer:
        now = _listed(site)
        for name in named:
            if (name in now and now[name].version) != (name in before and before[name].version):
                raise _changed_meanwhile(writer, name)
        left = _unfinished(writer.ledger.entries())
        try:
            for name, value in named.items():
                held = there.get(name)
                done.append(
                    _kept(writer, name, held, stores[name], left)
                    if held is not None and not held.is_binary and held.value == value
                    else _write(writer, operation, name, value, store=stores[name], plain=plain)
                )
        except CloudError:
            written = sum(one.done == "set" for one in done)
            hint = "Repeat the command: it writes what is missing."
            site.note("config-partly", f"{written} of {len(named)} keys are set", level="warning", hint=hint)
            raise
    return tuple(done)


def unset_value(app: App, environment: Environment, services: Services, key: str) -> Changed:
    """Delete a key. Raises UserError when the environment does not have it."""
    site = _writable(app, environment, services)
    name = key_name(site, key)
    with writing(site, purpose=f"unsetting {name}") as writer:
        store = _store(site, name)
        if store is None:
            interrupted, begun = _unfinished(writer.ledger.entries()).get(name, (None, None))
            if interrupted is None or begun is None or begun.change != "unset":
                raise _absent(site, name)
            writer.record(interrupted, "succeeded", begun)
            where: StoreName = "secret" if begun.store == "secret" else "parameter"
            return Changed(key=name, store=where, done="unset", version="")
        operation = _operation(services)
        change = SettingChange(change="unset", name=name, store=store, caller=caller_of(site))
        writer.record(operation, "running", change)
        reference = _reference(site, name, store)
        if plainly(reference) in (named_by_release(site, writer.ledger.entries()) or ()):
            message = f"The release that {site.name} runs reads {name}, which is deleted"
            site.note("config-needed", message, level="warning", hint="Set it again until another release runs.")
        with _sending(writer, operation, change):
            site.cloud.settings.remove(reference)
        shown(lambda: reference in site.cloud.settings.missing([reference]), site)
        writer.record(operation, "succeeded", change)
    return Changed(key=name, store=store, done="unset", version="")


def key_name(site: Site, key: str) -> str:
    """Return a key without the prefix of the environment. Raises UserError when it is none; no value is repeated."""
    name = key.removeprefix(prefix_of(site))
    whole = f"{prefix_of(site)}{name}"
    if _KEY.fullmatch(name) and len(whole) <= _LONGEST and whole.count("/") <= _LEVELS:
        return name
    shown = key.partition("=")[0] if "=" in key else key
    raise UserError(
        f'"{shown}" is not a key of {site.name}: a key has letters, digits, "_", ".", "-" and "/" between them, '
        f"and with {prefix_of(site)} at most {_LONGEST} characters and {_LEVELS} levels",
        code="config-key",
        hint="The value is read from standard input or asked for, never from the command line."
        if "=" in key
        else f"Every key is stored under {prefix_of(site)}; name it without that.",
        context={"environment": site.name},
    )


def _writable(app: App, environment: Environment, services: Services) -> Site:
    site = open_site(app, environment, services)
    check_account(site)
    check_gates(site)
    return site


def _operation(services: Services) -> Operation:
    return Operation(id=services.ids.new(), kind="configuration", release="", commit=None)


def _put(
    writer: Writer, operation: Operation, name: str, value: str, *, store: StoreName, before: Held | None, plain: bool
) -> Changed:
    site, reference = writer.site, _reference(writer.site, name, store)
    site.secrets.learn([value])
    now = site.cloud.settings.held(reference)
    if (now and now.version) != (before and before.version):
        raise _changed_meanwhile(writer, name)
    if now is not None and now.value == value and not now.is_binary:
        return _kept(writer, name, now, store, _unfinished(writer.ledger.entries()))
    return _write(writer, operation, name, value, store=store, plain=plain)


def _kept(writer: Writer, name: str, held: Held, store: StoreName, left: Unfinished) -> Changed:
    """Return that a key has its value already, and record it of the interrupted change that wrote this value."""
    for operation, change in [left[name]] if name in left else ():
        if change.sha == _fingerprint(writer.site, name, held.value, operation.id):
            writer.record(operation, "succeeded", replace(change, version=held.version))
    return Changed(key=name, store=store, done="unchanged", version=held.version)


def _secure(site: Site, name: str) -> UserError:
    return UserError(
        f"{name} of {site.name} is there already, encrypted",
        code="config-elsewhere",
        hint=f"To make it a plain String, `sealift config unset {site.name} {name}` first.",
        context={"environment": site.name, "key": name},
    )


def _changed_meanwhile(writer: Writer, name: str) -> Refused:
    site = writer.site
    by = _authors(writer.ledger.entries()).get(name, "somebody")
    return Refused(
        f"{name} of {site.name} was changed meanwhile, by {by}: nothing was written",
        code="config-changed",
        hint=f"Look at it with `sealift config get {site.name} {name}`, then repeat the command.",
        context={"environment": site.name, "key": name},
    )


def _write(writer: Writer, operation: Operation, name: str, value: str, *, store: StoreName, plain: bool) -> Changed:
    site, reference = writer.site, _reference(writer.site, name, store)
    sha = _fingerprint(site, name, value, operation.id)
    change = SettingChange(change="set", name=name, store=store, sha=sha, caller=caller_of(site))
    writer.record(operation, "running", change)
    with _sending(writer, operation, change):
        version = site.cloud.settings.put(reference, value, plain=plain)
    shown(lambda: site.cloud.settings.versions([reference]).get(reference) == version, site)
    writer.record(operation, "succeeded", replace(change, version=version))
    return Changed(key=name, store=store, done="set", version=version)


@contextmanager
def _sending(writer: Writer, operation: Operation, change: SettingChange) -> Iterator[None]:
    """Send a write in the body; its failure is recorded, too."""
    writer.check_lease()
    try:
        yield
    except CloudError as error:
        writer.record(operation, "failed", replace(change, error=error.code, message=error.message))
        raise


def _fingerprint(site: Site, name: str, value: str, operation: str) -> str:
    """Return a hash of a value, made slowly and salted by where it is and by the operation.

    It confirms a value to who knows it; equal values of two changes have different ones.
    """
    salt = "/".join(("sealift", site.cloud.account, site.app.name, site.name, name, operation))
    return slow_hash(value.encode(), salt)


def _require_value(site: Site, name: str, store: StoreName, value: str) -> None:
    size = len(value.encode())
    blank = is_blank(value)
    if not blank and "\0" not in value and size <= _LARGEST[store]:
        return
    what = "is blank, which counts as missing" if blank else f"has {size} bytes or a NUL byte"
    raise UserError(
        f"The value for {name} of {site.name} {what}",
        code="config-value",
        hint=f"Delete the key with `sealift config unset {site.name} {name}`."
        if blank
        else f"A {store} holds text of up to {_LARGEST[store]} bytes{_MORE * (store == 'parameter')}.",
        context={"environment": site.name, "key": name},
    )


def _reference(site: Site, name: str, store: StoreName) -> str:
    return f"{_SERVICES[store]}:{prefix_of(site)}{name}"


def _store(site: Site, name: str) -> StoreName | None:
    """Return where a key is; None when it is nowhere."""
    references: dict[StoreName, str] = {store: _reference(site, name, store) for store in _SERVICES}
    missing = site.cloud.settings.missing([*references.values()])
    return next((store for store, reference in references.items() if reference not in missing), None)


def _chosen(site: Site, name: str, there: StoreName | None, secret: bool) -> StoreName:
    """Return where to write a key: where it is, else as asked."""
    if there == "parameter" and secret:
        raise UserError(
            f"{name} of {site.name} is in Parameter Store",
            code="config-elsewhere",
            hint=f"To move it to Secrets Manager, `sealift config unset {site.name} {name}` first.",
            context={"environment": site.name, "key": name},
        )
    return there or ("secret" if secret else "parameter")


def _listed(site: Site) -> dict[str, Setting]:
    """Return each setting of an environment by its key; a parameter goes before a secret of the same key."""
    prefix = prefix_of(site)
    found = sorted(site.cloud.settings.listed(prefix), key=lambda one: one.store, reverse=True)
    return {one.name.removeprefix(prefix): one for one in found}


def _held_each(site: Site, stores: Mapping[str, StoreName]) -> dict[str, Held]:
    """Return the value of each key that has one. Raises CloudError when one of them cannot be read."""
    references = {_reference(site, name, store): name for name, store in stores.items()}
    held = site.cloud.settings.held_each([*references])
    for one in held.values():
        if isinstance(one, CloudError):
            raise one
    return {references[reference]: one for reference, one in held.items() if isinstance(one, Held)}


def _values(site: Site) -> dict[str, tuple[str, bool]]:
    held = _held_each(site, {name: one.store for name, one in _listed(site).items()})
    return {name: (one.value, one.is_binary) for name, one in held.items()}


def _absent(site: Site, name: str) -> UserError:
    prefix = prefix_of(site)
    keys = [one.name.removeprefix(prefix) for one in site.cloud.settings.listed(prefix)]
    return UserError(
        f"{site.name} has no key {name}{did_you_mean(name, keys)}",
        code="config-absent",
        hint=f"`sealift config list {site.name}` shows its keys.",
        context={"environment": site.name, "key": name},
    )


def _authors(entries: tuple[Entry, ...]) -> dict[str, str]:
    """Return who changed each key last."""
    changes = [(e.record.details, e.actor) for e in entries if e.record.status == "succeeded"]
    return {change.name: actor for change, actor in changes if isinstance(change, SettingChange)}


def _unfinished(entries: tuple[Entry, ...]) -> Unfinished:
    last = {change.name: (e.record, change) for e in entries if isinstance(change := e.record.details, SettingChange)}
    return {
        name: (Operation(id=record.operation, kind="configuration", release="", commit=None), change)
        for name, (record, change) in last.items()
        if record.status == "running"
    }


def own_versions(entries: tuple[Entry, ...]) -> dict[str, frozenset[str]]:
    """Return the versions of each key that were written by Sealift."""
    found: dict[str, frozenset[str]] = {}
    for entry in entries:
        change = entry.record.details
        if isinstance(change, SettingChange) and entry.record.status == "succeeded":
            found[change.name] = found.get(change.name, frozenset()) | {change.version or ""}
    return found
