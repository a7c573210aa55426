"""Run hooks: commands and functions of the team's own, before and after the stacks change. Recorded around each.

Where their code comes from, and why none runs on the way back: docs/decisions, "Where the code of hooks comes from".
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from sealift.analysis.redact import redacted, secret_values
from sealift.delivery.gates import GateResult, refused_by
from sealift.delivery.hooks import Hook, Moment, commands, declared
from sealift.delivery.outputs import merged_outputs
from sealift.errors import ConfigError, Refused, UserError
from sealift.model.app import App
from sealift.model.event import HookRan, Noted, Progressed
from sealift.model.records import HookStep
from sealift.model.release import Origin, Release
from sealift.model.template import Json
from sealift.ports import Cloud
from sealift.usecases.site import Site
from sealift.usecases.surroundings import physical_functions, variables
from sealift.usecases.writing import Operation, Writer

SHOWN_LINES = 3
SHOWN_LINES_OF_A_FAILURE = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRun:
    """What the hooks of one deployment need. `done` are those that succeeded before it was interrupted."""

    release: Release
    stack_names: Mapping[str, str]
    """CloudFormation name of each stack of the release."""
    operation: Operation
    writer: Writer
    done: tuple[HookStep, ...] = ()


def run_hooks(moment: Moment, run: HookRun) -> None:
    """Run the hooks of this moment in order. Raises UserError at the first that fails."""
    if not runs_hooks(moment, run):
        return
    hooks = declared(run.writer.app.hooks, moment)
    outputs = _outputs(run)
    for hook in hooks:
        record = hook.record()
        if record in run.done:
            _tell(hook, run, "skipped", 0.0, ("it succeeded before the deployment was interrupted",))
            continue
        run.writer.record(run.operation, "running", record)
        doing = Progressed(phase="deploy", environment=run.writer.site.name, detail=f"{moment} {hook.name}")
        run.writer.site.emit(doing)
        start = run.writer.services.clock.monotonic()
        run.writer.check_lease()  # who was paused after the record, and overtaken, runs no hook
        problem, output = _run(hook, run, outputs)
        took_s = round(run.writer.services.clock.monotonic() - start, 3)
        ended: Literal["failed", "succeeded"] = "failed" if problem else "succeeded"
        run.writer.record(run.operation, "running", replace(record, outcome=ended, duration_s=took_s))
        shown = SHOWN_LINES_OF_A_FAILURE if problem else SHOWN_LINES
        _tell(hook, run, ended, took_s, output[-shown:])
        if problem:
            raise _failure(hook, run, problem)


def runs_hooks(moment: Moment, run: HookRun) -> bool:
    """Return whether there are hooks to run at this moment: none is on the way back."""
    return bool(declared(run.writer.app.hooks, moment)) and run.operation.kind != "rollback"


def check_hooks(app: App, release: Release) -> None:
    """Raise ConfigError when a hook names a function that the release does not hold."""
    known = {name for stack in release.stacks for ref, _ in stack.functions for name in (ref, f"{stack.name}/{ref}")}
    for hook in declared(app.hooks, "after_deploy"):
        if hook.function is not None and hook.function not in known:
            raise ConfigError(
                f"Hook {hook.line} names no function of release {release.short()}",
                code="hook-function",
                hint=f"Its functions with code of their own: {', '.join(sorted(known)) or 'none'}.",
            )


def code_of_hooks(site: Site, commit: str | None) -> GateResult:
    """Return whether commands would run from a work tree that is the release's commit."""
    hooks = commands(site.app.hooks)
    here = site.services.scm.origin(site.app.root) if hooks else None
    if not hooks:
        return GateResult(gate="hooks", status="open", message="no hook is a command")
    if here is not None and here.commit is not None and here.commit == commit and not here.dirty:
        return GateResult(gate="hooks", status="open", message="the hooks are those of the release's commit")
    message = (
        f"Hooks are run from the work tree ({', '.join(hook.name for hook in hooks)}), and {_described(here)}; "
        f"the release is of commit {commit[:12] if commit else 'unknown'}"
    )
    if site.cloud.local:
        note = Noted(level="warning", name="hook-code", message=f"{message}; continuing, because this is local")
        return GateResult(gate="hooks", status="open", message=note.message, events=(note,))
    first = f"`git checkout {commit}`" if commit else "Deliver it from a commit"
    hint = f"{first}; or use a function of the release, which is sealed with it: `lambda:LogicalId`."
    refusal = Refused(message, code="hook-code", hint=hint, context={"environment": site.name, "commit": commit})
    return refused_by(refusal, "hooks")


def _described(here: Origin | None) -> str:
    if here is None or here.commit is None:
        return "that is at no commit"
    return f"that differs from commit {here.commit[:12]}" if here.dirty else f"that is commit {here.commit[:12]}"


def tell_what_stays(site: Site) -> None:
    """Report, before a deployment with hooks, what a rollback cannot undo."""
    if not (site.app.hooks.before_deploy or site.app.hooks.after_deploy):
        return
    site.note(
        "hooks-are-not-undone",
        "Hooks are declared: a rollback to the previous release does not undo their changes of data",
        hint="The previous release must work with it: expand, migrate, contract.",
    )


def _outputs(run: HookRun) -> dict[str, str]:
    """Return what the stacks output now: before a first deployment nothing."""
    states = ((stack, run.writer.cloud.stacks.describe(name)) for stack, name in run.stack_names.items())
    return merged_outputs((stack, state.outputs) for stack, state in states if state is not None)


def _run(hook: Hook, run: HookRun, outputs: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Return what went wrong, or an empty string, and the output without secrets."""
    if hook.function is not None:
        return _call(hook, hook.function, run)
    services = run.writer.services
    given = {
        **variables(run.writer.site, outputs),
        "SEALIFT_HOOK": hook.moment,
        "SEALIFT_RELEASE": run.release.digest,
    }
    env = {**_ours(services.variables, run.writer.cloud), **given}
    done = services.process.run(hook.argv, cwd=run.writer.app.root, env=env, timeout_s=run.writer.app.hooks.timeout_s)
    secrets = secret_values(env)
    shown = run.writer.site.secrets.masked(f"{done.stdout}\n{done.stderr}")
    output = tuple(redacted(shown, secrets).strip().splitlines())
    if done.timed_out:
        return f"did not end within {run.writer.app.hooks.timeout_s:.0f} s", output
    return ("" if done.returncode == 0 else f"ended with exit code {done.returncode}"), output


def _ours(ours: Mapping[str, str], cloud: Cloud) -> dict[str, str]:
    """Return our own variables; what points at AWS is left out where the environment brings its own access."""
    if cloud.credentials is None or not cloud.local:
        return dict(ours)
    return {name: value for name, value in ours.items() if not name.startswith("AWS_")}


def _call(hook: Hook, function: str, run: HookRun) -> tuple[str, tuple[str, ...]]:
    name = _physical_name(function, run)
    if name is None:
        return "is under a Condition that is false here: there is no such function", ()
    payload: dict[str, Json] = {
        "source": "sealift",
        "hook": hook.moment,
        "environment": run.writer.site.name,
        "release": run.release.digest,
    }
    answer = run.writer.cloud.functions.invoke(name, payload)
    output = tuple(redacted(line) for line in answer.log)
    return f"raised {redacted(answer.error)}" if answer.error else "", output


def _physical_name(function: str, run: HookRun) -> str | None:
    for stack in run.release.stacks:
        for ref, _ in stack.functions:
            if function in {ref, f"{stack.name}/{ref}"}:
                return dict(physical_functions(run.writer.cloud, run.stack_names[stack.name])).get(ref)
    return None


def _tell(hook: Hook, run: HookRun, status: str, duration_s: float, output: tuple[str, ...]) -> None:
    run.writer.site.emit(
        HookRan(
            environment=run.writer.site.name,
            hook=hook.moment,
            name=hook.name,
            status="skipped" if status == "skipped" else "failed" if status == "failed" else "succeeded",
            duration_s=duration_s,
            output=output,
        )
    )


def _failure(hook: Hook, run: HookRun, problem: str) -> UserError:
    before = hook.moment == "before_deploy"
    return UserError(
        f"Hook {hook.moment} ({hook.name}) {problem}",
        code="hook-failed",
        hint=("No stack was touched. " if before else "The stacks hold the new release already. ")
        + "Fix it and deploy again: the hooks run again, so they must be idempotent.",
        context={"environment": run.writer.site.name, "hook": hook.moment, "name": hook.name},
    )
