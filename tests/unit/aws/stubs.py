"""Sessions whose clients answer what the test recorded; nothing is sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.stub import Stubber

from sealift.aws.session import Access, AwsSession

ACCESS = Access(
    region="eu-west-1", endpoint_url="http://127.0.0.1:9", access_key="AKIAEXAMPLE", secret_key="hunter2hunter2"
)


@contextmanager
def stubbed(service: str, session: AwsSession | None = None) -> Iterator[tuple[AwsSession, Stubber]]:
    """Yield a session whose client of this service is stubbed; every recorded answer has to be asked for."""
    session = session or AwsSession(ACCESS)
    client = session.functions if service == "lambda" else getattr(session, service)
    with Stubber(client) as stub:
        yield session, stub
        stub.assert_no_pending_responses()


class RawAnswers:
    """Answers to HTTP requests, below retries and signing: what a server would send."""

    def __init__(self, *answers: tuple[int, str]) -> None:
        self._answers = list(answers)
        self.requests: list[Any] = []

    def __call__(self, request: Any, **_: Any) -> AWSResponse:
        """Answer a request that is about to be sent."""
        self.requests.append(request)
        status, body = self._answers.pop(0)
        headers: Any = {"content-type": "text/xml"}
        return AWSResponse(request.url, status, headers, Raw(body.encode()))

    @property
    def keys(self) -> list[str]:
        """The access key that each request was signed with."""
        headers = (request.headers["Authorization"] for request in self.requests)
        return [_text(header).split("Credential=")[1].split("/")[0] for header in headers]


class Raw:
    """The body of an answer."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Iterator[bytes]:
        """Yield it."""
        yield self._body

    def read(self, *_: Any, **__: Any) -> bytes:
        """Return it."""
        return self._body


def _text(header: str | bytes) -> str:
    return header.decode() if isinstance(header, bytes) else header
