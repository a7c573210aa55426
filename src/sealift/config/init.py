"""Writes the first sealift.toml of an application, from what is already there. Never overwrites one."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from sealift.config.discover import app_name, as_name, default_branch, first_templates
from sealift.config.load import CONFIG_NAME, find_source
from sealift.config.new_file import write_new
from sealift.config.parameters import TemplateParameter, template_parameters
from sealift.config.samconfig import DEFAULT, SamEnvironment, application_name, matching, read_samconfig
from sealift.config.toml import toml_key, toml_string
from sealift.errors import ConfigError

_HEAD = """\
# Sealift: from commit to production, one sealed environment at a time.
# Commented lines show more options; `sealift explain` lists every key.
"""
_SSM_VALUE = "AWS::SSM::Parameter::Value<"
_TAIL = """
# Requests that every deployment must answer; ${Key} is an output of the stack.
# [[probes]]
# url = "${ApiUrl}/health"
# status = 200

# The application's own tests, which Sealift detects and runs.
# [tests.unit]
# path = "tests/unit"
# [tests.acceptance]
# path = "tests/acceptance"
"""


def write_initial_config(root: Path) -> Path:
    """Write sealift.toml and return its path. Raises ConfigError when there is a configuration already."""
    source = find_source(root)
    if source is not None:
        raise _exists(source.file)
    path = root / CONFIG_NAME
    text = initial_config(root)
    try:
        write_new(path, text)
    except FileExistsError as error:
        raise _exists(CONFIG_NAME) from error
    return path


def _exists(name: str) -> ConfigError:
    return ConfigError(
        f"a configuration already exists in {name}; it is not changed",
        code="config-exists",
        hint=f"edit {name}, or move it away first",
    )


def initial_config(root: Path) -> str:
    """Return a commented configuration: what holds without one, and what samconfig and the template add.

    Raises ConfigError when there is no template.
    """
    found = read_samconfig(root)
    templates = first_templates(root)
    parameters = [one for template in templates for one in template_parameters(root / template)]
    name = application_name(found) or app_name(root)
    return "".join(
        (
            _HEAD,
            _app(name, templates),
            *(_environment(which, name, root, found, parameters) for which in ("staging", "production")),
            _settings(parameters),
            _others(found),
            _TAIL,
        )
    )


def _app(name: str, templates: tuple[str, ...]) -> str:
    lines = ["", "[app]", f"name = {toml_string(name)}"]
    if len(templates) == 1:
        lines.append(f"template = {toml_string(templates[0])}")
        return "\n".join(lines) + "\n"
    lines += ["", "# Several templates: declare what each needs; Sealift deploys them in that order."]
    taken: set[str] = set()
    for template in templates:
        stack = as_name(template.rsplit("/", 1)[0] if "/" in template else "app")[:40].rstrip("-")
        stack = stack if stack not in taken else as_name(template)[:40].rstrip("-")
        taken.add(stack)
        lines += [
            "[[stacks]]",
            f"name = {toml_string(stack)}",
            f"template = {toml_string(template)}",
            "# needs = []",
            "",
        ]
    return "\n".join(lines)


def _environment(
    which: str, app: str, root: Path, found: tuple[SamEnvironment, ...], parameters: list[TemplateParameter]
) -> str:
    own = _profile(which, found)
    region = own.region if own else None
    lines = ["", f"[environments.{which}]"]
    lines.append('# account = "111111111111"  # with other credentials nothing is written')
    lines.append(f"region = {toml_string(region)}" if region else '# region = "eu-central-1"')
    if own and own.stack_name and own.name != DEFAULT:
        lines.append(f"stack_name = {toml_string(own.stack_name)}  # from samconfig.toml [{own.name}]")
    elif own and own.stack_name:
        told = "the stack of samconfig.toml [default]; `sealift deploy --adopt` takes it over, once"
        lines.append(f"# stack_name = {toml_string(own.stack_name)}  # {told}")
    else:
        lines.append(f"# stack_name = {toml_string(f'{app}-{which}')}")
    if which == "staging":
        lines.append(f"branch = {toml_string(default_branch(root))}")
        lines.append('soak = "10m"  # how long a release must have been verified here before it may go on')
    else:
        lines.append('promotes_from = "staging"')
        lines.append("# approval = true  # another person must approve each release")
    if own and own.role_arn:
        lines.append(f"cloudformation_role = {toml_string(own.role_arn)}  # role_arn of samconfig [{own.name}]")
    if own and own.capabilities:
        told = " ".join(own.capabilities)
        lines.append(f"# {told}: not needed, Sealift gives CloudFormation the capabilities that a template needs")
    if own and own.tags:
        lines.append(f"[environments.{which}.tags]")
        lines += [f"{toml_key(name)} = {toml_string(value)}" for name, value in own.tags.items()]
    lines += _parameters_of(which, own, parameters)
    return "\n".join(lines) + "\n"


def _profile(which: str, found: tuple[SamEnvironment, ...]) -> SamEnvironment | None:
    """Return the profile whose values an environment gets. Those of `default` may reach staging, never production."""
    own = matching(found, which)
    default = next((one for one in found if one.name == DEFAULT), None)
    return own if own is not None or which == "production" else default


def _parameters_of(which: str, own: SamEnvironment | None, parameters: list[TemplateParameter]) -> list[str]:
    values = list(_values(own, parameters)) if own else []
    given = own.parameters if own else {}
    missing = [one for one in parameters if one.required and not one.secret and one.name not in given]
    secrets = [one for one in parameters if one.secret and (one.required or one.name in given)]
    if not values and not missing and not secrets:
        return []
    lines = [f"[environments.{which}.parameters]", *values]
    if missing:
        lines.append("# To be given: these parameters of the template have no default.")
        lines += [_to_give(one) for one in missing]
    lines += [_secret(one) for one in secrets]
    return lines


def _values(found: SamEnvironment, parameters: Iterable[TemplateParameter]) -> Iterator[str]:
    """What must not be seen is not copied: a configuration file is committed."""
    secret = {one.name for one in parameters if one.secret}
    for name, value in found.parameters.items():
        if name not in secret:
            yield f"{toml_key(name)} = {toml_string(value)}"


def _to_give(parameter: TemplateParameter) -> str:
    about = [parameter.type]
    if parameter.allowed:
        about.append("one of " + ", ".join(parameter.allowed[:8]))
    if parameter.description:
        about.append(parameter.description[:80])
    return f'# {parameter.name} = ""  # {"; ".join(about)}'


def _secret(parameter: TemplateParameter) -> str:
    why = "NoEcho, not copied here: keep it in Secrets Manager. A stack that is taken over keeps its own"
    return f"# {parameter.name} = '{{{{resolve:secretsmanager:NAME}}}}'  # {why}"


def _settings(parameters: Iterable[TemplateParameter]) -> str:
    """Name the settings that parameters read: the embedded cloud has none before somebody gives it some."""
    names = dict.fromkeys(one.default for one in parameters if one.type.startswith(_SSM_VALUE) and one.default)
    if not names:
        return ""
    head = "# Settings that the template reads. On AWS they are in Parameter Store; the embedded cloud needs stand-ins."
    return "\n".join(("", head, "# [local.settings]", *(f'# {toml_string(f"ssm:{one}")} = ""' for one in names), ""))


def _others(found: tuple[SamEnvironment, ...]) -> str:
    used = {one.name for name in ("staging", "production") if (one := _profile(name, found))}
    others = [one.name for one in found if one.name not in used and (one.stack_name or one.parameters or one.tags)]
    if not others:
        return ""
    return f"\n# samconfig.toml has more: {', '.join(others)}. Each can be an [environments.NAME] here.\n"
