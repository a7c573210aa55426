"""What must hold between parts of the configuration that are each valid: known names, nothing shared, no circles."""

import re
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import cast

from sealift.config.frameworks import written_by
from sealift.config.kinds import Problem, Settings
from sealift.delivery.hooks import hook_problem
from sealift.delivery.previews import is_preview
from sealift.errors import did_you_mean
from sealift.model.app import PREVIEWS, App

_MAX_STACK_NAME = 128
MOST_ENVIRONMENTS = 500
"""A quarter of a million pairs."""
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+")
_SETTING = re.compile(r"(ssm|ssm-secure|secretsmanager|iam-role):[^\s${}]+")


def contradictions(app: App, settings: Settings, *, look: bool = True) -> tuple[Problem, ...]:
    """Return everything that is wrong between parts that are each valid; `look` for the templates that are named."""
    if len(app.environments) > MOST_ENVIRONMENTS:
        return (_too_many(len(app.environments)),)
    return (
        *_of_stacks(app, settings),
        *(_of_templates(app, settings) if look else ()),
        *_of_environments(app),
        *_of_previews(app),
        *_of_promotion(app),
        *_of_gates(app, settings),
        *_of_references(app),
        *_of_local_settings(app),
        *_of_hooks(app),
        *_of_accepted(app),
        *_of_signing(app),
    )


def _too_many(count: int) -> Problem:
    pairs = count * (count - 1)
    return _problem(
        f"are {count:,}, and the proof compares each with each: {pairs:,} pairs are minutes and gigabytes where they "
        f"share something; at most {MOST_ENVIRONMENTS:,} are taken (those of pull requests are [previews])",
        "environments",
    )


def _of_signing(app: App) -> Iterator[Problem]:
    signing = app.signing
    if signing.kms_key and signing.private_key:
        yield _problem("is not used together with private_key: one key signs", "signing", "kms_key")
    if signing.kms_key and not signing.public_key:
        yield _problem("needs public_key, the file that the signature is checked with", "signing", "kms_key")


def _circle(edges: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Return one circle of names that point at names, its first name repeated at its end; empty without any."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return tuple(reversed(error.args[1]))
    return ()


def _problem(message: str, *path: str | int) -> Problem:
    return Problem(path=path, message=message)


def _of_stacks(app: App, settings: Settings) -> Iterator[Problem]:
    if "stacks" not in settings:
        return
    if "template" in cast("Settings", settings.get("app", {})):
        yield _problem("is not used together with [[stacks]]: each stack names its template", "app", "template")
    if not app.stacks:
        yield _problem("holds no stack", "stacks")
    names = [stack.name for stack in app.stacks]
    for index, stack in enumerate(app.stacks):
        if stack.name and stack.name in names[:index]:
            yield _problem(f'"{stack.name}" is the name of two stacks', "stacks", index, "name")
        for need in stack.needs:
            if need not in names:
                yield _problem(f'there is no stack "{need}"{did_you_mean(need, names)}', "stacks", index, "needs")
    ring = _circle({stack.name: stack.needs for stack in app.stacks})
    if ring:
        yield _problem(
            f"stacks need each other in a circle: {' → '.join(ring)}", "stacks", names.index(ring[0]), "needs"
        )


def _of_templates(app: App, settings: Settings) -> Iterator[Problem]:
    for index, stack in enumerate(app.stacks):
        if stack.template and not (app.root / stack.template).is_file():
            at = ("stacks", index) if "stacks" in settings else ("app",)
            other = written_by(app.root)
            more = f"; this is {other[0]}: {other[1]}" if other and "run `" in other[1] else ""
            yield _problem(f"there is no file {stack.template}{more}", *at, "template")


def _of_environments(app: App) -> Iterator[Problem]:
    stacks = {stack.name for stack in app.stacks}
    seen: dict[tuple[str | None, str, str], str] = {}
    for environment in app.environments:
        at = ("environments", environment.name)
        for stack in app.stacks:
            name = app.stack_name(environment, stack)
            if len(name) > _MAX_STACK_NAME:
                yield _problem(f"the stack name {name[:30]}… has more than {_MAX_STACK_NAME} characters", *at)
            place = (environment.account, environment.region, name)
            if seen.get(place) == environment.name:
                yield _problem(f"has the stack name {name} twice: each stack needs its own", *at, "stacks", stack.name)
            other = seen.setdefault(place, environment.name)
            if other != environment.name:
                yield _problem(
                    f'has the stack name {name} in the account and region of "{other}": each environment needs its own',
                    *at,
                    "stack_name",
                )
        for stack_name in environment.stack_parameters:
            if stack_name not in stacks:
                near = did_you_mean(stack_name, stacks)
                yield _problem(f'there is no stack "{stack_name}"{near}', *at, "stacks", stack_name)
    yield from _of_roles(app)
    yield from _of_buckets(app)


def _of_previews(app: App) -> Iterator[Problem]:
    """Names of stacks that a preview would take, sooner or later."""
    if app.previews is None:
        return
    kept = re.compile(re.escape(app.previews.stack_name).replace(r"\*", "([0-9]+|b[0-9a-f]{10})") + "(-.*)?")
    for environment in app.environments:
        if is_preview(environment.name) or environment.name == PREVIEWS:
            yield _problem("is a name that a preview would have", "environments", environment.name)
        apart = environment.account and app.previews.account and environment.account != app.previews.account
        if not apart and kept.fullmatch(environment.stack_name):
            yield _problem(
                f"{environment.stack_name} is a name that a preview would have", "environments", environment.name
            )


def _of_roles(app: App) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for environment in app.proved:
        at = ("previews", "roles") if environment is app.previews else ("environments", environment.name, "roles")
        for role in environment.acting:
            if not _ROLE.fullmatch(role):
                yield _problem(f'"{role}" is not the ARN of a role, such as arn:aws:iam::111122223333:role/deploy', *at)
            other = seen.setdefault(role, environment.name)
            if other != environment.name:
                yield _problem(f'{role} acts for "{other}" too: each environment needs its own', *at)


def _of_buckets(app: App) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for environment in app.environments:
        if environment.bucket is None:
            continue
        other = seen.setdefault(environment.bucket, environment.name)
        if other != environment.name:
            yield _problem(
                f'is the bucket of "{other}" too: each environment needs its own',
                "environments",
                environment.name,
                "bucket",
            )


def _of_promotion(app: App) -> Iterator[Problem]:
    names = [environment.name for environment in app.environments]
    for environment in app.environments:
        source = environment.promotes_from
        at = ("environments", environment.name)
        if source is not None and source not in names:
            near = did_you_mean(source, names)
            yield _problem(f'there is no environment "{source}"{near}', *at, "promotes_from")
        if source is not None and environment.branch is not None:
            yield _problem("is not used together with promotes_from: a promotion brings the release", *at, "branch")
    ring = _circle({e.name: (e.promotes_from,) for e in app.environments if e.promotes_from})
    if ring:
        message = f"environments promote from each other in a circle: {' → '.join(ring)}"
        yield _problem(message, "environments", ring[0], "promotes_from")


def _of_gates(app: App, settings: Settings) -> Iterator[Problem]:
    tables = cast("Settings", settings.get("environments", {}))
    for environment in app.environments:
        at = ("environments", environment.name)
        table = cast("Settings", tables.get(environment.name, {}))
        if table.get("approval") is (environment.approvals == 0):
            yield _problem(f"does not go together with approvals = {environment.approvals}", *at, "approval")
        if environment.approvers and environment.approvals > len(environment.approvers):
            yield _problem(f"names {len(environment.approvers)} who may give {environment.approvals} approvals", *at)
        for index, freeze in enumerate(environment.freezes):
            if freeze.start and freeze.end and freeze.end <= freeze.start:
                yield _problem("ends before it begins", *at, "freezes", index)


def _of_references(app: App) -> Iterator[Problem]:
    """Names of environments in tests and probes; `previews` stands for all of those."""
    names = [*(environment.name for environment in app.environments), PREVIEWS]
    places: list[tuple[tuple[str | int, ...], tuple[str, ...]]] = [
        (("tests", "acceptance", "environments"), app.acceptance_tests.environments),
        *((("probes", index, "environments"), probe.environments) for index, probe in enumerate(app.probes)),
    ]
    for path, wanted in places:
        for name in wanted:
            if name not in names:
                yield Problem(path=path, message=f'there is no environment "{name}"{did_you_mean(name, names)}')
    probes = [probe.name for probe in app.probes]
    for index, name in enumerate(probes):
        if name in probes[:index] and app.probes[index].url:
            yield _problem(f'two probes are called "{name}": give each a name', "probes", index, "name")


def _of_local_settings(app: App) -> Iterator[Problem]:
    for name in app.local_settings:
        if not _SETTING.fullmatch(name):
            yield _problem(
                'is not the name of a setting: "ssm:NAME", "ssm-secure:NAME", "secretsmanager:ID" or "iam-role:NAME"',
                "local",
                "settings",
                name,
            )


def _of_hooks(app: App) -> Iterator[Problem]:
    for key, lines in (("before_deploy", app.hooks.before_deploy), ("after_deploy", app.hooks.after_deploy)):
        for index, line in enumerate(lines):
            problem = hook_problem(key, line)
            if problem:
                yield _problem(problem, "hooks", key, index)
    for index, line in enumerate(app.preview_rules.seed):
        problem = hook_problem("after_deploy", line)
        if problem:
            yield _problem(problem, "previews", "seed", index)


def _of_accepted(app: App) -> Iterator[Problem]:
    """Accepted findings: what names no rule or no environment would accept nothing, without a word."""
    if not app.accepted:
        return
    from sealift.isolation.model import EVERY, OUTSIDE
    from sealift.isolation.rules import RULES

    rules = [rule.id for rule in RULES]
    names = [environment.name for environment in app.proved]
    for index, one in enumerate(app.accepted):
        at = ("isolation", "accepted", index)
        if one.id and one.id not in rules:
            yield _problem(f'there is no rule "{one.id}"{did_you_mean(one.id, rules)}', *at, "id")
        for key, name in (("from", one.source), ("to", one.target)):
            if name is not None and name not in (*names, OUTSIDE, EVERY):
                yield _problem(f'there is no environment "{name}"{did_you_mean(name, names)}', *at, key)
