"""A plugin of pytest for tests of a serverless application: what is deployed, effects that come later, and events.

It is loaded where Sealift is installed among the requirements of the tests; `pytest -p sealift` asks for it. All else
is imported by the fixtures, so that a test run which uses none pays nothing.
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    import boto3
    import httpx

Seen = TypeVar("Seen")
_OUTPUT = "SEALIFT_OUTPUT_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """An environment that the tests are run against."""

    name: str
    region: str
    local: bool
    """Whether it is on the embedded cloud."""
    outputs: Mapping[str, str]

    def session(self) -> "boto3.Session":
        """Return a session with the environment's credentials, in its region."""
        import boto3

        return boto3.Session(region_name=self.region)

    def http(self, output: str | None = None) -> "httpx.Client":
        """Return an HTTP client of the address that an output holds; without a name of the only output with one."""
        import httpx

        addresses = {key: value for key, value in self.outputs.items() if value.startswith(("https://", "http://"))}
        if output is None and len(addresses) != 1:
            pytest.fail(f"Name the output with the address, one of {', '.join(sorted(addresses)) or 'none'}")
        if output is not None and output not in addresses:
            pytest.fail(
                f"{output} is not an output with an address; there are {', '.join(sorted(addresses)) or 'none'}"
            )
        return httpx.Client(base_url=addresses[output] if output else next(iter(addresses.values())), timeout=30)


@pytest.fixture(scope="session")
def deployed(pytestconfig: pytest.Config) -> Iterator[Deployed]:
    """The environment that `sealift` runs the tests against; by hand the work tree, on an embedded cloud of its own."""
    if "SEALIFT_ENV" in os.environ:
        yield _of(os.environ)
        return
    with _work_tree(pytestconfig.rootpath) as variables, pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield _of(os.environ)


def _of(variables: Mapping[str, str]) -> Deployed:
    return Deployed(
        name=variables["SEALIFT_ENV"],
        region=variables["SEALIFT_REGION"],
        local=variables.get("SEALIFT_LOCAL") == "1",
        outputs={key.removeprefix(_OUTPUT): value for key, value in variables.items() if key.startswith(_OUTPUT)},
    )


@contextmanager
def _work_tree(root: Path) -> Iterator[dict[str, str]]:
    """Bring the work tree to an embedded cloud for the body, and yield the variables that say where it is."""
    from sealift.cli.prompt import DefaultAnswers
    from sealift.usecases.dev import own_application, renew
    from sealift.usecases.reach import outputs_of
    from sealift.usecases.services import Silence
    from sealift.usecases.site import open_site
    from sealift.usecases.surroundings import variables
    from sealift.wiring.application import load_application
    from sealift.wiring.clouds import code_swap, own_cloud
    from sealift.wiring.machine import actor
    from sealift.wiring.services import make_services

    declared = load_application(root)
    with own_cloud(declared):
        app = own_application(declared)
        services = make_services(app, local=True, sink=Silence(), prompt=DefaultAnswers(), actor=actor())
        renew(app, services, None, code_swap(app))
        site = open_site(app, app.environments[0], services)
        yield variables(site, outputs_of(site))


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """Return a function that asks again until the answer is true: `eventually(lambda: table_has(order))`."""
    return wait_until


def wait_until(look: Callable[[], Seen], *, timeout_s: float = 30.0, every_s: float = 0.2) -> Seen:
    """Return what `look` returns once that is true; an assertion that fails in it counts as false.

    Fails with the last answer, or with the last assertion, when the time is over.
    """
    end = time.monotonic() + timeout_s
    while True:
        try:
            seen = look()
            problem: AssertionError | None = None
        except AssertionError as error:
            problem = error
        if problem is None and seen:
            return seen
        if time.monotonic() >= end:
            raise problem or AssertionError(f"Not within {timeout_s:g} s: the last answer was {seen!r}")
        time.sleep(every_s)


@pytest.fixture
def event_of() -> Callable[..., Any]:
    """Return a function that makes the event of a source: `event_of("http", path="/orders/{id}")`."""
    return make_event


def make_event(kind: str, *, body: object = None, of: str = "sample", **source: str) -> Any:
    """Return an event as AWS sends it, with `body` as its content: of a request, a message, an item or a detail.

    `kind` is one of http, sqs, sns, s3, dynamodb, kinesis, schedule and eventbridge; `of` names the queue, bucket,
    table and so on. For http `method`, `path` and `version` ("1.0" or "2.0") may be given, for eventbridge
    `detail_type` and `origin`. Raises ValueError for a kind that is unknown or takes no body.
    """
    import base64
    from datetime import UTC, datetime

    from sealift.cfn.sources import Source
    from sealift.delivery.sample_events import KINDS, Place, sample_event

    if kind not in KINDS:
        raise ValueError(f'There is no event "{kind}"; the kinds are {", ".join(KINDS)}')
    place = Place(account="111122223333", region="us-east-1", now=datetime.now(UTC), physical={})
    event: Any = sample_event(Source(kind=kind, of=of, **source), place)
    if body is None:
        return event
    text = body if isinstance(body, str) else json.dumps(body)
    match kind:
        case "http":
            event["body"] = text
        case "sqs":
            event["Records"][0]["body"] = text
        case "sns":
            event["Records"][0]["Sns"]["Message"] = text
        case "kinesis":
            event["Records"][0]["kinesis"]["data"] = base64.b64encode(text.encode()).decode()
        case "dynamodb":
            event["Records"][0]["dynamodb"]["NewImage"] = body
        case "eventbridge":
            event["detail"] = body
        case "s3":
            event["Records"][0]["s3"]["object"]["key"] = text
        case _:
            raise ValueError(f"An event of {kind} takes no body")
    return event
