"""The commands that are killed, each run in this process with the real adapters over the embedded cloud."""

from collections.abc import Callable
from dataclasses import replace

from sealift.errors import SealiftError
from sealift.model.app import App
from sealift.usecases.build import build_release, load_templates
from sealift.usecases.destroy import destroy
from sealift.usecases.proof.prove import prove_built
from sealift.usecases.rollback import rollback
from sealift.usecases.run import RunOptions, commit_of, deploy_built, run
from sealift.usecases.services import Services
from sealift.usecases.waive import Waiver, waive
from tests.fakes.evidence import evidence
from tests.fakes.suites import FakeAnalyzer, FakeTester

Command = Callable[[App, Services], str]


def _run(app: App, services: Services) -> str:
    result = run(app, services, RunOptions(local=True, branch="main"))
    return "" if result.status == "succeeded" else f"{result.status}: {result.message}"


def _deploy(app: App, services: Services) -> str:
    templates = load_templates(app, services)
    built = build_release(app, services, templates=templates, origin=commit_of(app, services, local=True))
    proof = prove_built(app, built, services, templates=templates, local=True)
    outcome = deploy_built(app, app.environments[0], built, services, proof=proof, evidence=evidence(built))
    return "" if outcome.status == "succeeded" else f"{outcome.status}: {outcome.message}"


def _rollback(app: App, services: Services) -> str:
    outcome = rollback(app, app.environments[1], services, to=None)
    return "" if outcome.status == "succeeded" else f"{outcome.status}: {outcome.message}"


def _waive(app: App, services: Services) -> str:
    waive(
        app,
        app.environments[1],
        services,
        Waiver(key="app/Items:data-removed", release="f" * 64, reason="to be killed"),
    )
    return ""


def _destroy(app: App, services: Services) -> str:
    destroy(app, app.environments[1], services, confirmed_name=app.environments[1].name)
    return ""


COMMANDS: dict[str, Command] = {
    "run": _run,
    "deploy": _deploy,
    "roll back": _rollback,
    "waive": _waive,
    "destroy": _destroy,
}


def perform(name: str, app: App, services: Services) -> str:
    """Run a command; return what went wrong, or nothing. Analysis and tests are left out: they touch no cloud."""
    services = replace(services, analyzer=FakeAnalyzer(), tester=FakeTester())
    try:
        return COMMANDS[name](app, services)
    except SealiftError as error:
        return f"{error.code}: {error.message}"
