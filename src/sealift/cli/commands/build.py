"""`build` and `lock`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import click

from sealift.cli.jsonlines import fields_of
from sealift.cli.session import Session, options
from sealift.cli.visible import say
from sealift.model.release import BuiltArtifact, BuiltRelease
from sealift.model.template import Template

_SHOWN_DEPENDENCIES = 5
_OTHER_BYTES = "its build gives other bytes each time; check what its build command writes"
_POISONED = (
    "two builds from empty caches agree, and not with this cache: what it holds was not built from this source "
    "(it is poisoned, or a tool changed that is not in the key); delete the cache, and find out who can write to it"
)
_SHOWN_LEFT_OUT = 20


@click.command("build")
@click.option("--force", is_flag=True, help="Rebuild everything; do not use the cache.")
@click.option("--explain", is_flag=True, help="Show why each artifact was built or reused, and its largest parts.")
@click.option(
    "--verify", is_flag=True, help="Build again from an empty cache and compare. Exits with 1 if the results differ."
)
@options(local=False)
def build_command(session: Session, force: bool, explain: bool, verify: bool) -> int:
    """Build a release from the work tree: artifacts, sealed template, manifest. Uploads nothing."""
    from sealift.model.release import Origin
    from sealift.usecases.build import build_release, load_templates

    services = session.services
    origin = services.scm.origin(session.app.root) or Origin(commit=None, branch=None, dirty=True)
    templates = load_templates(session.app, services)
    built = build_release(session.app, services, templates=templates, origin=origin, force=force)
    rebuilt = _rebuilt(session, built, templates) if verify else None
    session.close()
    unequal = _unequal(built, rebuilt) if rebuilt else []
    if unequal and rebuilt:
        unequal = _poisoned(unequal, rebuilt, _rebuilt(session, built, templates))
    if session.json:
        click.echo(json.dumps(_body(session, built, rebuilt, unequal, explain=explain)))
    else:
        _show(session, built, explain=explain)
        if rebuilt:
            _show_verified(built, rebuilt, unequal)
    return 1 if rebuilt and rebuilt.release.digest != built.release.digest else 0


@click.command("lock")
@options(local=False)
def lock_command(session: Session) -> int:
    """Write a requirements.lock, with versions and hashes, beside each unlocked requirements.txt of a function.

    A lock is valid for every platform. A build refuses a lock that no longer matches its requirements.txt.
    """
    from sealift.usecases.build import every_template, load_templates

    templates = every_template(load_templates(session.app, session.services).values())
    assets = [asset for template in templates for asset in template.assets]
    written = session.builder.lock(session.app.root, assets)
    root = session.app.root.resolve()
    names = [path.relative_to(root) if path.is_relative_to(root) else path for path in written]
    nothing = "There is no requirements.txt to lock: none exists, or each has hashes already."
    return session.show({"locks": [name.as_posix() for name in names]}, [f"wrote {n}" for n in names] or [nothing])


def _rebuilt(session: Session, built: BuiltRelease, templates: Mapping[str, Template]) -> BuiltRelease:
    """Build once more from nothing, in silence."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from sealift.usecases.build import build_release
    from sealift.usecases.services import Silence

    with TemporaryDirectory(prefix="sealift-verify-") as folder:
        other = session.builder.elsewhere(Path(folder))
        services = replace(session.services, builder=other, events=Silence())
        return build_release(session.app, services, templates=templates, origin=built.origin)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unequal:
    """An artifact with other bytes in the second build."""

    logical_ids: tuple[str, ...]
    sha256: str
    rebuilt: str | None
    cause: str


def _unequal(built: BuiltRelease, rebuilt: BuiltRelease) -> list[_Unequal]:
    again = {name: b for b in rebuilt.artifacts for name in b.artifact.logical_ids}
    found = []
    for first in built.artifacts:
        for name in first.artifact.logical_ids:
            second = again.get(name)
            if second is None or second.artifact.sha256 != first.artifact.sha256:
                found.append(
                    _Unequal(
                        logical_ids=(name,),
                        sha256=first.artifact.sha256,
                        rebuilt=second.artifact.sha256 if second else None,
                        cause=_cause(first, second),
                    )
                )
    return found


def _poisoned(unequal: list[_Unequal], rebuilt: BuiltRelease, again: BuiltRelease) -> list[_Unequal]:
    """Return the differences, attributed to the cache when two builds without it are equal."""
    second = {name: b.artifact.sha256 for b in again.artifacts for name in b.artifact.logical_ids}
    agreed = {
        name for b in rebuilt.artifacts for name in b.artifact.logical_ids if second.get(name) == b.artifact.sha256
    }
    return [
        replace(one, cause=_POISONED) if one.cause == _OTHER_BYTES and one.logical_ids[0] in agreed else one
        for one in unequal
    ]


def _cause(first: BuiltArtifact, second: BuiltArtifact | None) -> str:
    if second is not None and {d for d, _ in first.dependencies} != {d for d, _ in second.dependencies}:
        old, new = ({d for d, _ in b.dependencies} for b in (first, second))
        changed = ", ".join([*sorted(old - new), "->", *sorted(new - old)])
        return f"its dependencies are resolved to other versions now ({changed}); pin them: sealift lock"
    return _OTHER_BYTES


def _body(
    session: Session, built: BuiltRelease, rebuilt: BuiltRelease | None, unequal: list[_Unequal], *, explain: bool
) -> dict[str, object]:
    body: dict[str, object] = {
        "release": built.release.digest,
        "template_sha256": built.template_sha256,
        "commit": built.origin.commit,
        "dirty": built.origin.dirty,
        "artifacts": [_artifact(b, explain=explain) for b in built.artifacts],
        "warnings": list(built.looked.warnings),
        "not_loaded": list(built.looked.unseen),
        "duration_s": built.duration_s,
    }
    if explain:
        body["left_out"] = _left_out(session)
    if rebuilt:
        body["verified"] = {
            "equal": rebuilt.release.digest == built.release.digest,
            "release": rebuilt.release.digest,
            "unequal": [
                {"logical_ids": [_short(n) for n in u.logical_ids], "rebuilt": u.rebuilt, "cause": u.cause}
                for u in unequal
            ],
        }
    return body


def _artifact(built: BuiltArtifact, *, explain: bool) -> dict[str, object]:
    body: dict[str, object] = {
        "logical_ids": [_short(name) for name in built.artifact.logical_ids],
        **fields_of(built.artifact, "kind", "sha256", "size_bytes"),
        **fields_of(built, "built", "reason"),
    }
    if explain:
        body["unzipped_bytes"] = built.unzipped_bytes
        body["locked"] = built.lock is not None
        body["layer"] = _layer(built)
        body["dependencies"] = [{"name": name, "size_bytes": n} for name, n in _largest(built)]
        body["warnings"] = list(built.warnings)
        body["left_out"] = list(built.left_out)
    return body


def _show(session: Session, built: BuiltRelease, *, explain: bool) -> None:
    from sealift.cli.artifacts import size

    if explain:
        for artifact in built.artifacts:
            _explain(artifact)
        say(f"left out of dependencies: {' '.join(_left_out(session))}\n")
    total = sum(b.artifact.size_bytes for b in built.artifacts)
    fresh = sum(b.built for b in built.artifacts)
    say(f"release {built.release.digest}")
    count = len(built.artifacts)
    some = f"{count} artifact{'s' * (count != 1)}"
    say(f"{some}, {size(total)}, {fresh} built, {built.duration_s:.2f} s")


def _explain(built: BuiltArtifact) -> None:
    """Print an artifact: why, how large, and of what."""
    from sealift.cli.artifacts import size
    from sealift.delivery.sizes import MAX_UNZIPPED_BYTES

    names = ", ".join(_short(name) for name in built.artifact.logical_ids)
    say(f"{names}  {'built' if built.built else 'reused'}: {built.reason}")
    unzipped = f", {size(built.unzipped_bytes)} unzipped" if built.unzipped_bytes else ""
    if built.unzipped_bytes and built.artifact.kind in ("function", "layer"):
        unzipped += f" ({built.unzipped_bytes / MAX_UNZIPPED_BYTES:.0%} of what Lambda takes, layers included)"
    say(f"  {size(built.artifact.size_bytes)}{unzipped}  {built.artifact.sha256[:12]}")
    largest = _largest(built)
    for name, size_bytes in largest[:_SHOWN_DEPENDENCIES]:
        say(f"    {size(size_bytes):>10}  {name}")
    if len(largest) > _SHOWN_DEPENDENCIES:
        rest = sum(n for _, n in largest[_SHOWN_DEPENDENCIES:])
        say(f"    {size(rest):>10}  {len(largest) - _SHOWN_DEPENDENCIES} more")
    if built.layer:
        say(f"    and what it shares with others, in the layer {_layer(built)}")
    if built.left_out:
        more = len(built.left_out) - _SHOWN_LEFT_OUT
        names = " ".join(built.left_out[:_SHOWN_LEFT_OUT]) + (f" and {more} more" if more > 0 else "")
        say(f"    left out of the source: {names}")
    for warning in built.warnings:
        say(f"  ! {warning}")
    say("")


def _left_out(session: Session) -> list[str]:
    return [line for line in session.builder.left_out if line not in session.app.build.packing.keep]


def _layer(built: BuiltArtifact) -> str | None:
    """Return the logical id of the layer that holds what it shares."""
    return built.layer.rpartition(":")[2] if built.layer else None


def _largest(built: BuiltArtifact) -> list[tuple[str, int]]:
    return sorted(built.dependencies, key=lambda d: (-d[1], d[0]))


def _show_verified(built: BuiltRelease, rebuilt: BuiltRelease, unequal: list[_Unequal]) -> None:
    if rebuilt.release.digest == built.release.digest:
        say(f"verified: an empty cache gives the same release, in {rebuilt.duration_s:.2f} s")
        return
    say(f"NOT REPRODUCED: an empty cache gives release {rebuilt.release.digest}")
    for one in unequal:
        names = ", ".join(_short(name) for name in one.logical_ids)
        say(f"  {names}: {one.cause}")


def _short(name: str) -> str:
    """Drop the stack of single-stack applications from `<stack>/<LogicalId>`."""
    return name.removeprefix("app/")
