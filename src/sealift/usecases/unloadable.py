"""Functions that cannot be loaded, as findings: each at its line, and none hidden by another fault."""

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import PurePosixPath

from sealift.analysis.suites import is_test_file
from sealift.cfn.values import list_at, mapping_at
from sealift.errors import BuildError
from sealift.model.app import App
from sealift.model.finding import Finding, SuiteResult
from sealift.model.release import Finished, Looked
from sealift.model.template import Location, Template
from sealift.usecases.build import every_template, tell_seen
from sealift.usecases.services import Services

_CODE = (".py", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx")
Look = Callable[[Sequence[Finished], Services], Callable[[], Looked]]


def looking(app: App, analysed: Future[SuiteResult], templates: Mapping[str, Template], found: list[Finding]) -> Look:
    """Return a look at finished functions that adds what breaks them to `found`, but for what the analysis reports.

    The outcome waits for the analysis. What cannot be told of a function is raised, unless the analysis failed.
    """
    every = every_template(templates.values())

    def look(functions: Sequence[Finished], services: Services) -> Callable[[], Looked]:
        seen, broken, unnamed = _seen(functions, app, every, services)

        def settle() -> Looked:
            analysis = analysed.result()
            told = reported(analysis, every)
            found.extend(one for name, one in broken.items() if told is not None and name not in told)
            if unnamed is not None and analysis.status != "failed":
                raise unnamed
            return tell_seen(seen, services)

        return settle

    return look


def _seen(
    functions: Sequence[Finished], app: App, templates: Sequence[Template], services: Services
) -> tuple[Looked, Mapping[str, Finding], BuildError | None]:
    """Return what was seen of the functions, what breaks each, and an error that names none of them."""
    broken: dict[str, Finding] = {}
    waiting = list(functions)
    while True:
        try:
            return services.builder.look(waiting), broken, None
        except BuildError as error:
            broken |= {finding.data["function"]: finding for finding in _findings(error, app, templates)}
            left = [one for one in waiting if one.logical_id not in broken]
            if len(left) == len(waiting):
                return Looked(), broken, error
            waiting = left


def reported(analysis: SuiteResult, templates: Sequence[Template]) -> frozenset[str] | None:
    """Return the functions of which the analysis says what breaks them; None where shared code may break any."""
    names: set[str] = set()
    for place in (one.location for one in analysis.findings if one.stops and one.location is not None):
        if any(place.file == template.file for template in templates):
            names |= {place.logical_id} if place.logical_id else set()
        elif place.file.endswith(_CODE) and not is_test_file(place.file):
            holding = list(_holding(place.file, templates))
            if not holding:
                return None
            names.update(*holding)
    return frozenset(names)


def _holding(file: str, templates: Sequence[Template]) -> Iterator[tuple[str, ...]]:
    """Yield the functions of each asset that a file is in; a layer is in any."""
    for template in templates:
        for asset in template.assets:
            if asset.kind == "function" and PurePosixPath(file).is_relative_to(PurePosixPath(asset.source)):
                yield asset.logical_ids


def _findings(error: BuildError, app: App, templates: Sequence[Template]) -> Iterator[Finding]:
    """Yield what an error says of each function: of one in its message, or of several in its context."""
    one: dict[str, object] = {
        "name": error.context.get("logical_id"),
        "cause": error.message,
        "place": "",
        "cure": error.hint,
    }
    names, broken = list_at(error.context, "functions"), list_at(error.context, "broken")
    several: list[dict[str, object]] = [
        {**mapping_at(told), "name": name} for name, told in zip(names, broken, strict=False)
    ]
    for said in several or ([one] if one["name"] else []):
        name = str(said["name"])
        message = str(said["cause"]) if said is one else f"{name} cannot be loaded: {said['cause']}"
        yield Finding(
            tool="sealift",
            id=error.code,
            severity="high",
            message=message,
            location=_place(name, str(said["place"]), app, templates),
            fix=str(said["cure"]),
            stops=True,
            data={"function": name},
        )


def _place(name: str, place: str, app: App, templates: Sequence[Template]) -> Location | None:
    """Return the line of the function's own code that fails, else that of its handler."""
    template = next((t for t in templates if any(one.logical_id == name for one in t.functions)), None)
    if template is None:
        return None
    file, _, line = place.rpartition(":")
    for asset in template.assets:
        path = posixpath.normpath(posixpath.join(asset.source, file))
        if name in asset.logical_ids and file and line.isdecimal() and (app.root / path).is_file():
            return Location(file=path, line=int(line))
    handler = ("Resources", name, "Properties", "Handler")
    return Location(file=template.file, line=template.line(handler), logical_id=name)
