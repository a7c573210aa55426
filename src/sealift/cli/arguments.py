"""Arguments that several commands take: ages (`30d`, `12h`, `10m`), and environments, which a shell completes."""

from datetime import timedelta
from pathlib import Path

import click

from sealift.errors import SealiftError


def age(_ctx: click.Context, _param: click.Parameter, value: str) -> timedelta:
    """Return the age that an option is given."""
    from sealift.delivery.durations import seconds

    try:
        return timedelta(seconds=seconds(value))
    except ValueError as error:
        raise click.BadParameter(f'"{value}" is not a duration; write it like 10m, 12h or 30d') from error


def environment_names(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Return the environments that the folder declares and whose name begins so; none where it cannot be read."""
    from sealift.wiring.application import load_application

    folders = (context.find_root().params.get("directory") or "", context.params.get("directory") or ".")
    try:
        app = load_application(Path(*folders))
    except (SealiftError, OSError):
        return []
    return [one.name for one in app.environments if one.name.startswith(begun)]
