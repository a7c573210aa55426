"""Ages on the command line: `30d`, `12h`, `10m`."""

from datetime import timedelta

import click


def age(_ctx: click.Context, _param: click.Parameter, value: str) -> timedelta:
    """Return the age that an option is given."""
    from sealift.delivery.durations import seconds

    try:
        return timedelta(seconds=seconds(value))
    except ValueError as error:
        raise click.BadParameter(f'"{value}" is not a duration; write it like 10m, 12h or 30d') from error
