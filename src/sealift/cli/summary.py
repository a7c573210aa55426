"""The last lines of a command, for people."""

from rich.text import Text

from sealift.cli.terminal import console as open_console
from sealift.cli.view import MARKS
from sealift.model.event import Finished


def show_finished(finished: Finished) -> None:
    """Print how a delivery ended: the release, each environment, and what to do next."""
    console = open_console(stderr=True)
    mark, style = MARKS[finished.status]
    release = f"  release {finished.release[:12]}" if finished.release else ""
    console.print(Text.assemble("\n", (f"{mark} {finished.status}", f"bold {style}"), release))
    for name, status in finished.environments.items():
        mark, style = MARKS[status]
        console.print(Text.assemble("  ", (mark, style), f" {name:<14}", (status, style)))
    if finished.message:
        console.print(Text(f"  {finished.message}"), highlight=False)
    if finished.hint:
        console.print(Text(f"  → {finished.hint}", style="dim"), highlight=False)
