"""`init`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sealift import __version__
from sealift.cli.session import Session, options
from sealift.cli.visible import say, visible
from sealift.model.app import App

if TYPE_CHECKING:
    from sealift.pipelines.lint import System


@click.command("init")
@click.option(
    "--ci",
    "system",
    type=click.Choice(["bitbucket", "github", "gitlab"]),
    help="Also write a pipeline file for this CI system.",
)
@click.option("--one-step", is_flag=True, help="With --ci: put analysis and tests in one step, to save CI minutes.")
@options(local=False)
def init_command(session: Session, system: "System | None", one_step: bool) -> int:
    """Write a commented sealift.toml from samconfig.toml and the template. Never overwrites a file.

    With --ci, also writes a pipeline that checks every change, deploys to staging automatically and to production at
    the push of a button. If a pipeline file exists, prints what to merge into it. Above several applications, writes
    one pipeline for all of them, which uses `sealift each`.
    """
    from sealift.config.discover import TEMPLATE_NAMES
    from sealift.config.init import write_initial_config
    from sealift.config.load import find_source
    from sealift.usecases.each import by_name
    from sealift.wiring.repository import applications_below

    if one_step and system is None:
        raise click.UsageError("--one-step needs --ci.")
    wrote: Path | None = None
    own = any((session.directory / name).is_file() for name in TEMPLATE_NAMES)
    apps: tuple[App, ...] = ()
    if system is not None and not own and find_source(session.directory) is None:
        apps = tuple(by_name(applications_below(session.directory)).values())
    if not apps and (system is None or find_source(session.directory) is None):
        wrote = write_initial_config(session.directory)
        if not session.json:
            say(f"Wrote {wrote}. Review it, then try: sealift run --local")
    if system is not None:
        return _pipeline(session, system, wrote, apps or (session.app,), one_step=one_step)
    return session.show({"path": str(wrote)})


def _pipeline(session: Session, system: "System", config: Path | None, apps: tuple[App, ...], *, one_step: bool) -> int:
    from sealift.config.discover import default_branch
    from sealift.config.pipeline import planned, save

    pipeline = planned(
        apps,
        system,
        folder=session.directory,
        requirement=f"sealift=={__version__}",
        protected=default_branch(session.directory),
        one_step=one_step,
    )
    merge = pipeline.difference if pipeline.there is not None else ""
    if pipeline.there is None:
        save(pipeline)
    if session.json:
        written = str(pipeline.path) if pipeline.there is None else None
        body = {"path": str(config) if config else None, "pipeline": str(pipeline.path), "written": written is not None}
        click.echo(json.dumps({**body, "merge": merge}))
    elif pipeline.there is None:
        say(f"Wrote {pipeline.path}. Its comments list the settings that the CI system needs.")
    elif not merge:
        say(f"{pipeline.path} is up to date.")
    else:
        say(f"{pipeline.path} exists; not changed. Merge this into it:\n", err=True)
        click.echo(visible(merge), nl=False)
    return int(bool(merge))
