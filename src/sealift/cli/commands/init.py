"""`init`."""

import json

import click

from sealift.cli.session import Session, options


@click.command("init")
@options(local=False)
def init_command(session: Session) -> int:
    """Write a commented sealift.toml, with what samconfig.toml and the template say. Never overwrites one."""
    from sealift.config.init import write_initial_config

    path = write_initial_config(session.directory)
    if session.json:
        click.echo(json.dumps({"path": str(path)}))
        return 0
    click.echo(f"Wrote {path}. Look at it, then try: sealift run --local")
    return 0
