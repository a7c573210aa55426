"""`build`."""

import json

import click

from sealift.cli.session import Session, options


@click.command("build")
@click.option("--force", is_flag=True, help="Build everything again, whatever the cache holds.")
@options(local=False)
def build_command(session: Session, force: bool) -> int:
    """Build the release of what is here: artifacts, sealed template, manifest. Nothing is uploaded."""
    from sealift.cli.view import size
    from sealift.model.release import Origin
    from sealift.usecases.build import build_release, load_templates

    services = session.services
    origin = services.scm.origin(session.app.root) or Origin(commit=None, branch=None, dirty=True)
    templates = load_templates(session.app, services)
    built = build_release(session.app, services, templates=templates, origin=origin, force=force)
    session.close()
    if session.json:
        click.echo(
            json.dumps(
                {
                    "release": built.release.digest,
                    "template_sha256": built.template_sha256,
                    "commit": built.origin.commit,
                    "dirty": built.origin.dirty,
                    "artifacts": [
                        {
                            "logical_ids": [_short(name) for name in b.artifact.logical_ids],
                            "kind": b.artifact.kind,
                            "sha256": b.artifact.sha256,
                            "size_bytes": b.artifact.size_bytes,
                            "built": b.built,
                            "reason": b.reason,
                        }
                        for b in built.artifacts
                    ],
                    "duration_s": built.duration_s,
                }
            )
        )
        return 0
    total = sum(b.artifact.size_bytes for b in built.artifacts)
    fresh = sum(b.built for b in built.artifacts)
    click.echo(f"release {built.release.digest}")
    click.echo(f"{len(built.artifacts)} artifacts, {size(total)}, {fresh} built, {built.duration_s:.2f} s")
    return 0


def _short(name: str) -> str:
    """Drop the stack of single-stack applications from `<stack>/<LogicalId>`."""
    return name.removeprefix("app/")
