"""One whole journey in a process of its own, killable at any point: `python -m tests.chaos.journey ROOT LOG [AT]`."""

import sys
from dataclasses import replace
from pathlib import Path

from sealift.cli.prompt import DefaultAnswers
from sealift.errors import SealiftError
from sealift.usecases.run import RunOptions, run
from sealift.wiring import load_application, make_services
from tests.chaos.points import KillingClouds, Points
from tests.fakes.events import RecordingEvents
from tests.fakes.suites import FakeAnalyzer, FakeTester


def main(root: str, log: str, kill_at: str | None = None) -> int:
    """Run the journey; analysis and tests are left out, because they touch no cloud."""
    app = load_application(Path(root))
    events = RecordingEvents()
    services = make_services(app, local=True, sink=events, prompt=DefaultAnswers())
    points = Points(kill_at=int(kill_at) if kill_at else None, log=Path(log))
    services = replace(
        services, clouds=KillingClouds(services.clouds, points), analyzer=FakeAnalyzer(), tester=FakeTester()
    )
    try:
        result = run(app, services, RunOptions(local=True, branch="main"))
    except SealiftError as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)
        return error.exit_code
    if result.status != "succeeded":
        print(result, file=sys.stderr)
    return 0 if result.status == "succeeded" else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
