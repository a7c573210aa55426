"""What a shell may offer as the next word."""

from pathlib import Path

import click


def environment_names(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Return the environments that the folder declares and whose name begins so; none where it cannot be read."""
    from sealift.errors import SealiftError
    from sealift.wiring.application import load_application

    folders = (context.find_root().params.get("directory") or "", context.params.get("directory") or ".")
    try:
        app = load_application(Path(*folders))
    except (SealiftError, OSError):
        return []
    return [one.name for one in app.environments if one.name.startswith(begun)]
