"""The gates before an environment: what has to hold before a release may enter it. Pure; the caller gives the time."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Literal

from sealift.delivery.health import Judgement, summary
from sealift.delivery.history import Deployed, Standing
from sealift.delivery.windows import closed
from sealift.errors import SealiftError, Waiting
from sealift.model.app import Environment
from sealift.model.event import Event
from sealift.model.values import value

GateName = Literal[
    "account", "protected", "merged", "release", "running", "anchored", "verified", "soak", "branch", "newer",
    "approval", "window", "attested", "evidence", "data", "isolation", "configuration", "code", "hooks",
    "reproduced", "health",
]  # fmt: skip


_SKEW = timedelta(minutes=5)
"""How far a machine's clock may be off before the store's counts."""


@value
class GateResult:
    """The result of a gate: whether it is open, and if not, why, and the act that opens it."""

    gate: GateName
    status: Literal["open", "waiting", "refused"]
    message: str
    hint: str = ""
    """The act that opens it."""
    until: datetime | None = None
    """When a waiting gate opens by itself."""
    about: str = ""
    """The environment that it speaks of, when that is not the one that is entered."""
    details: Mapping[str, object] = field(default_factory=dict)
    """What a machine wants to read of it."""
    events: tuple[Event, ...] = ()
    """What to show when it is asked before something is done."""
    error: SealiftError | None = None
    """Why it is closed, when a check said so in its own words, or what it wanted to read could not be read."""


def refused_by(
    error: SealiftError, gate: GateName, *, about: str = "", details: Mapping[str, object] | None = None
) -> GateResult:
    """Return the result of a gate that this error closes."""
    status: Literal["waiting", "refused"] = "waiting" if error.exit_code == Waiting.exit_code else "refused"
    return GateResult(
        gate=gate,
        status=status,
        message=error.message,
        hint=error.hint,
        about=about,
        details=details or {},
        error=error,
    )


def promotion_gates(
    source: Environment,
    standing: Standing,
    *,
    release: str,
    now: datetime,
    soak_s: float,
    broken: Sequence[str] = (),
    written_at: datetime | None = None,
) -> tuple[GateResult, ...]:
    """Return the results of the gates about promoting `release` from `source`, with the problems of its stacks.

    `written_at` is when the store got the entry at which the soak began: an entry's own time can be wrong in either
    direction, the store's cannot.
    """
    current = standing.current
    if broken and current is not None:
        return (
            GateResult(
                gate="release",
                status="refused",
                message=f"{source.name} does not run what its ledger records: {'; '.join(broken)}",
                hint=f"Deploy it again with `sealift deploy {source.name}`; its soak restarts.",
            ),
        )
    if current is None or current.release != release:
        runs = f"runs {current.release[:12]}" if current else "has no release yet"
        return (
            GateResult(
                gate="release",
                status="refused",
                message=f"Release {release[:12]} is not what {source.name} runs: it {runs}",
                hint=f"Promote what {source.name} runs, or deploy {release[:12]} there first.",
            ),
        )
    return (
        _verified(source, current, standing.last),
        _soaked(source, standing, now=now, soak_s=soak_s, written_at=written_at),
    )


def branch_gate(source: Environment, branch: str, *, commit: str | None, beyond: Sequence[str] | None) -> GateResult:
    """Return whether what `source` runs was merged to the branch that is deployed there.

    `beyond` are the commits that the branch lacks of it; None when this clone cannot tell.
    """
    what = f"commit {commit[:8]}" if commit else "a commit that nobody recorded"
    if beyond is None or commit is None:
        return GateResult(
            gate="branch",
            status="refused",
            message=f"{source.name} runs {what}, and this clone cannot determine whether it was merged to {branch}",
            hint="git fetch origin (in a shallow clone: git fetch --unshallow origin), then promote again.",
        )
    if beyond:
        return GateResult(
            gate="branch",
            status="refused",
            message=f"{source.name} runs {what}, which is not on {branch}: what was not merged is not promoted",
            hint=f"Merge it. If {branch} holds the same content: `sealift deploy {source.name} --force` from there.",
        )
    return GateResult(gate="branch", status="open", message=f"{what} is on {branch}")


def health_gate(source: Environment, judgement: Judgement) -> GateResult:
    """Return whether the release is healthy in `source`. Unknown health closes the gate."""
    name, because = source.name, "; ".join(judgement.reasons)
    match judgement.verdict:
        case "healthy" | "off":
            return GateResult(gate="health", status="open", message=summary(judgement))
        case "unhealthy":
            return GateResult(
                gate="health",
                status="refused",
                message=f"The release is not healthy in {name}: {because}",
                hint="Fix the cause and push a new commit.",
            )
        case "waiting":
            return GateResult(
                gate="health",
                status="waiting",
                message=f"Not enough was seen of the release in {name}: {because}",
                hint="Promote again after more traffic, or declare [[probes]] that create it.",
            )
        case "unknown":
            return GateResult(
                gate="health",
                status="refused",
                message=f"How the release does in {name} is not known: {because}",
                hint="The credentials in use must be able to read CloudWatch (cloudwatch:GetMetricData and "
                "cloudwatch:DescribeAlarms, apigateway:GET for REST APIs). To do without, set "
                f"`enabled = false` under [environments.{name}.health].",
            )


def window_gate(target: Environment, now: datetime) -> GateResult:
    """Return whether the windows and freezes of an environment let a release in now."""
    shut = closed(target, now)
    if shut is None:
        return GateResult(gate="window", status="open", message="no window keeps it out")
    again = f"it opens {shut.until_told}" if shut.until else "when it opens is not in sight"
    return GateResult(
        gate="window",
        status="waiting",
        message=f"{target.name} is closed: {shut.reason}; {again}",
        hint="Repeat the command then, or wait for it with --wait.",
        until=shut.until,
    )


def _verified(source: Environment, current: Deployed, last: Deployed | None) -> GateResult:
    if last is not current:
        return GateResult(
            gate="verified",
            status="refused",
            message=f"The last deployment to {source.name} did not succeed, so it is unclear what runs there",
            hint=f"See `sealift history --environment {source.name}`; deploy a good commit first.",
        )
    if current.verified != "succeeded":
        return GateResult(
            gate="verified",
            status="refused",
            message=f"The release in {source.name} was not verified there",
            hint=f"Deploy it again with `sealift deploy {source.name}`; its verification must succeed.",
        )
    if current.watch == "failed":
        return GateResult(
            gate="verified",
            status="refused",
            message=f"The release failed in {source.name} while it was watched there",
            hint=f"See `sealift history --environment {source.name}`; deploy a good commit first.",
        )
    if current.is_watched:
        return GateResult(
            gate="verified",
            status="waiting",
            message=f"{source.name} is still watched",
            hint="Promote again when its watch is over. If it was interrupted, deploying again concludes it.",
            until=current.watch_until,
        )
    return GateResult(gate="verified", status="open", message=f"verified in {source.name}")


def _soaked(
    source: Environment, standing: Standing, *, now: datetime, soak_s: float, written_at: datetime | None
) -> GateResult:
    since = standing.soaking_since
    if since is None:
        return GateResult(
            gate="soak", status="refused", message=f"The soak clock of {source.name} has not started", hint=""
        )
    if written_at is not None and abs(written_at - since) > _SKEW:
        since = written_at
    until = since + timedelta(seconds=soak_s)
    if now < until:
        return GateResult(
            gate="soak",
            status="waiting",
            message=f"The release soaks in {source.name} until {until:%Y-%m-%d %H:%M:%S} UTC",
            hint="Promote again then, or wait for it with --wait.",
            until=until,
        )
    return GateResult(
        gate="soak", status="open", message=f"soaked in {source.name} since {since:%Y-%m-%d %H:%M:%S} UTC"
    )
