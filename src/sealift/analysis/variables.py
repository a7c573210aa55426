"""The environment variables that a template gives to a function, and those that the runtime gives to every one."""

import re
from collections.abc import Iterator, Mapping, Sequence

from sealift.cfn.values import function_properties, mapping_at
from sealift.errors import did_you_mean
from sealift.model.finding import Finding
from sealift.model.reads import FunctionReads, Read
from sealift.model.template import FunctionSpec, Json, Location, Template

_RUNTIME = re.compile(r"NODE_.*|AWS_.*|_.*|LAMBDA_.*|TZ|PATH|LANG|LD_LIBRARY_PATH|HOME|PWD|USER|TMPDIR|PYTHON.*")
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""
_READ_BY_LIBRARIES = re.compile(
    r"AWS_.*|POWERTOOLS_.*|OTEL_.*|OPENTELEMETRY_.*|DD_.*|SENTRY_.*|NODE_.*|PYTHON.*|LOG_LEVEL|TZ|LD_.*"
)


def declared_variables(template: Template, function: FunctionSpec) -> Mapping[str, Json] | None:
    """Return the variables that a template gives to a function, as written; None when only AWS knows them."""
    properties = function_properties(template.body, function.logical_id)
    environment = properties.get("Environment", {})
    if "Fn::Transform" in properties or not isinstance(environment, dict) or set(environment) - {"Variables"}:
        return None
    variables = environment.get("Variables", {})
    if not isinstance(variables, dict) or any(name.startswith("Fn::") for name in variables):
        return None
    return variables


def is_of_runtime(name: str) -> bool:
    """Whether Lambda gives the variable to every function."""
    return _RUNTIME.fullmatch(name) is not None


def is_of_libraries(name: str) -> bool:
    """Whether a runtime or a well-known library reads the variable."""
    return _READ_BY_LIBRARIES.fullmatch(name) is not None


def variable_findings(template: Template, function: FunctionSpec, code: FunctionReads) -> Iterator[Finding]:
    """Yield what the code reads and the template does not give, and what the template gives and no code names.

    A name that is given where another one is read is one misspelling, reported where it is read.
    """
    given = declared_variables(template, function)
    if given is None:
        return
    read_names = {one.name for one in code.reads}
    read_alike = {one.name.upper() for one in code.reads if one.any_case}
    left = [name for name in given if name not in read_names and name.upper() not in read_alike]
    wanted: dict[str, Read] = {}
    for read in sorted(code.reads, key=lambda one: not one.at_import):
        if read.kind == "variable" and read.name and read.required and not is_of_runtime(read.name):
            wanted.setdefault(read.name, read)
    alike, misspelled = {name.upper() for name in given}, ""
    for name, read in wanted.items():
        if name not in given and not (read.any_case and name.upper() in alike):
            near = did_you_mean(name, sorted(left))
            misspelled += near
            yield _missing(function, read, near)
    unread = [name for name in left if not is_of_libraries(name)]
    named = names_in(code.sources, unread)
    for name in unread:
        if name not in named and code.sources and f'"{name}"' not in misspelled:
            yield _needless(template, function, name)


def _missing(function: FunctionSpec, read: Read, near: str) -> Finding:
    lacks = f"{read.name}, which the template does not give it{near}"
    if read.file.endswith(".py"):
        says = f"{'fails when it is loaded' if read.at_import else 'may fail'}: it reads {lacks}"
    else:
        says = f"reads {lacks}: it is undefined there"
    return Finding(
        tool="sealift",
        id="variable-missing",
        severity="high" if read.at_import else "medium" if read.file.endswith(".py") else "low",
        message=f"{function.logical_id} {says}",
        location=Location(file=read.file, line=read.line),
        fix=f"Add {read.name} to Environment.Variables, or read it with a default.",
        stops=read.at_import,
        data={"variable": read.name, "function": function.logical_id},
    )


def _needless(template: Template, function: FunctionSpec, name: str) -> Finding:
    own = ("Resources", function.logical_id, "Properties", "Environment", "Variables", name)
    shared = ("Globals", "Function", "Environment", "Variables", name)
    alone = name in mapping_at(template.body, *own[:-1])
    given = (function.logical_id, "its own code does not name") if alone else ("every function", "no code names")
    return Finding(
        tool="sealift",
        id="variable-unread",
        severity="info",
        message=f"{given[0]} is given the variable {name}, which {given[1]}",
        location=Location(
            file=template.file,
            line=template.lines.get(own) or template.lines.get(shared) or template.line(own),
            logical_id=function.logical_id if alone else None,
        ),
        fix="Remove it, unless a dependency reads it.",
        data={"variable": name, "function": function.logical_id, "of": "function" if alone else "Globals"},
    )


def names_in(texts: Mapping[str, str], names: Sequence[str]) -> frozenset[str]:
    """Return those of these names that stand as a word in any of the texts."""
    return frozenset(
        name for name in names if any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) for text in texts.values())
    )


_FILLS = re.compile(
    r"^\s*load_dotenv\s*\(|\brequire\(\s*[\"']dotenv(?:/config)?[\"']\s*\)|\bprocess\.loadEnvFile\s*\("
    r"|^\s*import\s(?:[^;\n]*\sfrom\s+)?[\"']dotenv(?:/config)?[\"']",
    re.MULTILINE,
)


def fills_from_file(source: str) -> bool:
    """Whether a module of Python or JavaScript gives itself the variables of a file, which git ignores as a rule."""
    return _FILLS.search(source) is not None
