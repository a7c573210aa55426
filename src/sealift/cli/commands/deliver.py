"""`run`, `deploy`, `promote`, `rollback` and `resume`."""

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from sealift.cli.arguments import environment_names
from sealift.cli.ending import Ending
from sealift.cli.session import Function, Session, options
from sealift.errors import UserError
from sealift.model.event import Finished
from sealift.usecases.release import Outcome

if TYPE_CHECKING:
    from sealift.delivery.override import Override


def _override_options(command: Function) -> Function:
    """Add the options of an override."""
    command = click.option("--reason", default="", help="Reason for the override. The ledger records it.")(command)
    gates = "window, soak, reproduced, anchored, newer, evidence"
    told = f"Override these closed gates: {gates}. Needs --reason."
    return click.option("--override", default="", metavar="GATES", help=told)(command)


@click.command("run")
@click.option("--branch", metavar="NAME", help="Treat the commit as a commit of this branch.")
@click.option("--no-tests", is_flag=True, help="Do not run the unit tests. The ledger records that.")
@click.option("--force", is_flag=True, help="Deploy even if the release is already deployed.")
@click.option("--full-soak", is_flag=True, help="With --local: wait for the full declared soak.")
@click.option("--no-promote", is_flag=True, help="With --local: stop before the promotion, as on AWS.")
@click.option("--strict", is_flag=True, help="With --local: stop if isolation is not proved, as on AWS.")
@click.option("--wait", is_flag=True, help="Wait until the window opens.")
@_override_options
@options(streaming=True, judging=True)
def run_command(
    session: Session,
    *,
    branch: str | None,
    no_tests: bool,
    force: bool,
    full_soak: bool,
    no_promote: bool,
    strict: bool,
    wait: bool,
    override: str,
    reason: str,
) -> int:
    """Deliver this commit as far as its branch allows.

    Analyses, tests and builds it, deploys it to the environments of its branch and verifies it there. With --local,
    the whole journey runs on the embedded cloud, including the promotion to production.
    """
    from sealift.usecases.run import RunOptions, run
    from sealift.wiring.machine import ci_context

    context = ci_context()
    chosen = RunOptions(
        local=session.local,
        branch=branch,
        pull_request=None if branch and session.local else context.pull_request,
        tests=not no_tests,
        force=force,
        full_soak=full_soak,
        promotes=not no_promote,
        strict=strict,
        wait=wait,
        override=_override(override, reason),
    )
    with Ending(session) as ending:
        result = run(session.app, session.services, chosen)
        ending.finished = Finished(
            status=result.status,
            release=result.release,
            environments=result.environments,
            message=result.message,
            hint=result.hint,
        )
    return ending.code


@click.command("deploy")
@click.argument("environment", shell_complete=environment_names)
@click.option("--force", is_flag=True, help="Deploy even if the release is already deployed.")
@click.option("--adopt", is_flag=True, help="Take over a stack that another tool created.")
@click.option("--wait", is_flag=True, help="Wait until the window opens.")
@_override_options
@options(streaming=True)
def deploy_command(
    session: Session, environment: str, force: bool, adopt: bool, wait: bool, override: str, reason: str
) -> int:
    """Build this commit and deploy it to ENVIRONMENT, without analysis and tests."""
    from sealift.usecases.admission import Admission
    from sealift.usecases.run import built_and_proved, deploy_built

    with Ending(session) as ending:
        target = session.environment(environment)
        if target.promotes_from is not None:
            raise UserError(
                f"{target.name} gets releases by promotion from {target.promotes_from} only",
                code="promotion-only",
                hint=f"Use `sealift promote {target.name}`.",
            )
        built, proof = built_and_proved(session.app, session.services, local=session.local)
        outcome = deploy_built(
            session.app,
            target,
            built,
            session.services,
            proof=proof,
            force=force,
            adopt=adopt,
            admission=Admission(wait=wait, override=_override(override, reason)),
        )
        ending.finished = _finished(outcome)
    return ending.code


@click.command("promote")
@click.argument("environment", shell_complete=environment_names)
@click.option(
    "--release", metavar="DIGEST", help="Digest of the release. Default: the release that the source environment runs."
)
@click.option("--wait", is_flag=True, help="Wait until the soak has ended and the window opens.")
@click.option("--force", is_flag=True, help="Deploy even if the release is already deployed.")
@click.option("--adopt", is_flag=True, help="Take over stacks that another tool created.")
@click.option("--no-rebuild", is_flag=True, help="Do not rebuild the release from its commit; requires --reason.")
@click.option("--plan", "planning", is_flag=True, help="Show the changes and the result of each gate; deploy nothing.")
@_override_options
@options(streaming=True)
def promote_command(
    session: Session,
    *,
    environment: str,
    release: str | None,
    wait: bool,
    force: bool,
    adopt: bool,
    no_rebuild: bool,
    planning: bool,
    override: str,
    reason: str,
) -> int:
    """Deploy the release that was verified and soaked to ENVIRONMENT, byte for byte.

    Exits with 3 when a gate refuses, and with 4 when a gate is still waiting, also with --plan. On failure, rolls the
    environment back to the previous release.
    """
    from sealift.usecases.promote import PromotionOptions, promote

    override = f"{override} reproduced" if no_rebuild else override
    if planning:
        from sealift.cli.planned import show_plan

        chosen = PromotionOptions(release=release, override=_override(override, reason))
        return show_plan(session, environment, chosen)
    with Ending(session) as ending:
        target = session.environment(environment)
        chosen = PromotionOptions(
            release=release, wait=wait, force=force, adopt=adopt, override=_override(override, reason)
        )
        ending.finished = _finished(promote(session.app, target, session.services, chosen))
    return ending.code


@click.command("rollback")
@click.argument("environment", shell_complete=environment_names)
@click.option("--to", metavar="DIGEST", help="Digest of the release. Default: the previous verified release.")
@options(streaming=True)
def rollback_command(session: Session, environment: str, to: str | None) -> int:
    """Roll ENVIRONMENT back to an earlier verified release."""
    from sealift.usecases.rollback import rollback

    with Ending(session) as ending:
        target = session.environment(environment)
        ending.finished = _finished(rollback(session.app, target, session.services, to=to))
    return ending.code


@click.command("resume")
@click.argument("environment", required=False, shell_complete=environment_names)
@options(streaming=True)
def resume_command(session: Session, environment: str | None) -> int:
    """Finish interrupted deployments, promotions and rollbacks, in ENVIRONMENT or in all environments.

    Does nothing if no operation is open. `run`, `deploy`, `promote` and `rollback` also finish their own interrupted
    work.
    """
    from sealift.usecases.resume import resume

    with Ending(session) as ending:
        targets = [session.environment(environment)] if environment else list(session.app.environments)
        outcomes = [resume(session.app, target, session.services) for target in targets]
        failed = next((o for o in outcomes if o.status != "succeeded"), None)
        told = failed or next((o for o in outcomes if o.message != "nothing is open"), outcomes[0])
        ending.finished = replace(_finished(told), environments={o.environment: o.status for o in outcomes})
    return ending.code


def _override(gates: str, reason: str) -> "Override":
    from sealift.delivery.override import Override

    return Override(gates=frozenset(gates.replace(",", " ").split()), reason=reason)


def _finished(outcome: Outcome) -> Finished:
    return Finished(
        status=outcome.status,
        release=outcome.release,
        environments={outcome.environment: outcome.status},
        message=outcome.message,
        hint=outcome.hint,
    )
