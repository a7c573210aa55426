"""Ages on the command line: `30d`, `12h`."""

from datetime import timedelta

import click


def age(_ctx: click.Context, _param: click.Parameter, value: str) -> timedelta:
    """Return the age that an option is given."""
    from sealift.delivery.durations import seconds

    try:
        return timedelta(seconds=seconds(value))
    except ValueError as error:
        raise click.BadParameter(f'"{value}" is no age; write it like 30d or 12h') from error
