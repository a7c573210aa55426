"""A plugin of pytest for tests of a serverless application: what is deployed, effects that come later, and events.

It is loaded where Sealift is installed among the requirements of the tests; `pytest -p sealift` asks for it. All else
is imported by the fixtures, so that a test run which uses none pays nothing.
"""

import json
import os
import re
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


_READS = re.compile(
    r"(Get|List|Describe|Head|BatchGet|TransactGet|Query|Scan|Select|Lookup|Search|Filter|StartQuery)(?![a-z])"
)
"""Operations of AWS that change nothing, by the beginning of their names."""
_READING_METHODS = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """An environment that the tests are run against."""

    name: str
    region: str
    local: bool
    """Whether it is on the embedded cloud."""
    outputs: Mapping[str, str]
    protected: bool = False
    """Whether it is protected, as production is: what is made here only reads then, unless it is asked to write."""

    def session(self, *, writes: bool = False) -> "boto3.Session":
        """Return a session with the environment's credentials, in its region."""
        import boto3

        session = boto3.Session(region_name=self.region)
        if self.protected and not writes:
            session.events.register("before-parameter-build", self._only_read)
        return session

    def http(self, output: str | None = None, *, writes: bool = False) -> "httpx.Client":
        """Return an HTTP client of the address that an output holds; without a name of the only output with one."""
        import httpx

        addresses = {key: value for key, value in self.outputs.items() if value.startswith(("https://", "http://"))}
        if output is None and len(addresses) != 1:
            pytest.fail(f"Name the output with the address, one of {', '.join(sorted(addresses)) or 'none'}")
        if output is not None and output not in addresses:
            pytest.fail(
                f"{output} is not an output with an address; there are {', '.join(sorted(addresses)) or 'none'}"
            )
        hooks = {"request": [self._only_get]} if self.protected and not writes else {}
        address = addresses[output] if output else next(iter(addresses.values()))
        return httpx.Client(base_url=address, timeout=30, event_hooks=hooks)

    def _only_read(self, *, event_name: str, **_: object) -> None:
        operation = event_name.rpartition(".")[2]
        if not is_reading(operation):
            self._refuse(operation, "session")

    def _only_get(self, request: "httpx.Request") -> None:
        if request.method not in _READING_METHODS:
            self._refuse(f"{request.method} {request.url.path}", "http")

    def _refuse(self, what: str, maker: str) -> None:
        pytest.fail(
            f"{self.name} is protected, so tests only read there: {what} was not sent. `{maker}(writes=True)` may"
        )


def is_reading(operation: str) -> bool:
    """Return whether an operation of AWS changes nothing, as its name says."""
    return _READS.match(operation) is not None


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
        protected=variables.get("SEALIFT_PROTECTED") == "1",
        outputs={key.removeprefix(_OUTPUT): value for key, value in variables.items() if key.startswith(_OUTPUT)},
    )


@contextmanager
def _work_tree(root: Path) -> Iterator[dict[str, str]]:
    """Bring the work tree to an embedded cloud for the body, and yield the variables that say where it is."""
    from sealift.cli.prompt import DefaultAnswers
    from sealift.usecases.dev import own_application, own_name, renew
    from sealift.usecases.reach import outputs_of
    from sealift.usecases.services import Silence
    from sealift.usecases.site import open_site
    from sealift.usecases.surroundings import variables
    from sealift.wiring.application import load_application
    from sealift.wiring.clouds import code_swap, own_cloud
    from sealift.wiring.machine import actor
    from sealift.wiring.services import make_services

    declared = load_application(root)
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    name = f"{own_name(declared)}-{worker}" if worker else own_name(declared)
    with own_cloud(declared, name):
        app = own_application(declared, name)
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
    `detail_type` and `origin`. An item of DynamoDB may be plain or with its types. Raises ValueError for a kind or an
    argument that is unknown, and for a kind that takes no such body.
    """
    from datetime import UTC, datetime

    from sealift.cfn.sources import Source
    from sealift.delivery.sample_events import KINDS, Place, sample_event

    if kind not in KINDS:
        raise ValueError(f'There is no event "{kind}"; the kinds are {", ".join(KINDS)}')
    takes = _TAKES.get(kind, {})
    for name, value in source.items():
        if name not in takes or (takes[name] and value not in takes[name]):
            known = ", ".join(f"{key} ({' or '.join(values)})" if values else key for key, values in takes.items())
            raise ValueError(f"An event of {kind} has no {name} {value!r}; it takes {known or 'no more arguments'}")
    place = Place(account="111122223333", region="us-east-1", now=datetime.now(UTC), physical={})
    event: Any = sample_event(Source(kind=kind, of=of, **source), place)
    if body is not None:
        _fill(event, kind, body)
    return event


_TAKES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "http": {"method": (), "path": (), "version": ("1.0", "2.0")},
    "eventbridge": {"detail_type": (), "origin": ()},
}


def _fill(event: Any, kind: str, body: object) -> None:
    """Put the content where AWS puts it, with what AWS derives from it."""
    import base64
    import hashlib
    from urllib.parse import quote_plus

    text = body if isinstance(body, str) else json.dumps(body)
    record = event["Records"][0] if "Records" in event else event
    match kind:
        case "http":
            record["body"] = text
        case "sqs":
            record |= {"body": text, "md5OfBody": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()}
        case "sns":
            record["Sns"]["Message"] = text
        case "kinesis":
            record["kinesis"]["data"] = base64.b64encode(text.encode()).decode()
        case "dynamodb" if isinstance(body, dict):
            image = _with_types(body)
            # Which attribute is the key, only the table knows.
            keys = {name: image[name] for name in [*(["id"] if "id" in image else []), *image][:1]}
            record["dynamodb"] |= {"NewImage": image, "Keys": keys}
        case "eventbridge" if isinstance(body, dict):
            record["detail"] = body
        case "s3":
            record["s3"]["object"]["key"] = quote_plus(text, safe="/")
        case "dynamodb" | "eventbridge":
            raise ValueError(f"The body of an event of {kind} is a dictionary, not {text}")
        case _:
            raise ValueError(f"An event of {kind} takes no body")


def _with_types(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item as a stream has it: `{"id": "o-1"}` is `{"id": {"S": "o-1"}}`."""
    types = {"S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"}
    if all(isinstance(value, dict) and len(value) == 1 and types.issuperset(value) for value in item.values()):
        return dict(item)
    return {key: _with_type(value) for key, value in item.items()}


def _with_type(value: Any) -> dict[str, Any]:
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case dict():
            return {"M": {key: _with_type(one) for key, one in value.items()}}
        case list() | tuple():
            return {"L": [_with_type(one) for one in value]}
        case _:
            return {"N": str(value)}
