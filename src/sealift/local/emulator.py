"""The emulator's side of the launcher: patches first, then the emulator's own main loop."""

import sys


def run() -> None:
    """Run the emulator until it is asked to end."""
    from ministack import app

    sys.argv = ["ministack"]
    app.main()
