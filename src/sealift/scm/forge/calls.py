"""One HTTP client for all services: a bounded number of tries, `Retry-After` honoured, errors as ours."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sealift.errors import CloudError

if TYPE_CHECKING:
    import httpx

    from sealift.model.template import Json

_TRIES, _LONGEST_PAUSE_S, _MOST_PAGES = 4, 20.0, 100
_PASSING = (408, 429, 500, 502, 503, 504)


_ADVICE = {
    401: "The token is wrong or expired: create another one, and store it in the variables of the CI system.",
    403: "The token may not do this: give it the right to write statuses and comments.",
    404: "There is no such repository or commit, or the token may not see it.",
    409: "Somebody else wrote at the same time. The next job posts it again.",
    429: "The service throttled the request. The next job posts it again.",
}


class Api:
    """Calls below one base address. `sleep` waits between tries, in seconds."""

    def __init__(
        self,
        base: str,
        *,
        sleep: Callable[[float], None],
        headers: Mapping[str, str] | None = None,
        proxy: str | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        self._base = base.rstrip("/")
        self._sleep = sleep
        self._headers = dict(headers or {})
        self._proxy = proxy
        self._timeout_s = timeout_s
        self._client: httpx.Client | None = None

    def call(self, method: str, path: str, *, body: "Json | bytes" = None, missing_ok: bool = False) -> Any:
        """Send a request and return what came back as JSON; None for what is missing. Raises CloudError.

        Too many requests and passing faults are tried again, at most three times; a refusal is final.
        """
        answer = self._send(method, path, body, missing_ok=missing_ok)
        return None if answer is None else _json(answer)

    def listed(self, path: str) -> Iterator[Any]:
        """Yield what a list holds, page after page. Raises CloudError."""
        following: str | None = path
        for _ in range(_MOST_PAGES):
            if following is None:
                return
            answer = self._send("GET", following, None, missing_ok=False)
            assert answer is not None
            page = _json(answer)
            yield from page.get("values", ()) if isinstance(page, dict) else page or ()
            given = page.get("next") if isinstance(page, dict) else answer.links.get("next", {}).get("url")
            following = self._path(given) if given else None

    def _path(self, url: str) -> str:
        """Return the path of a page's address. Our token goes to no other host."""
        ours, theirs = urlsplit(self._base), urlsplit(url)
        if theirs.hostname not in (None, ours.hostname):
            raise CloudError(f"GET {ours.hostname} names a page on another host", code="forge-refused")
        path = theirs.path.removeprefix(ours.path)
        return f"{path}?{theirs.query}" if theirs.query else path

    def _send(self, method: str, path: str, body: "Json | bytes", *, missing_ok: bool) -> "httpx.Response | None":
        import httpx

        client = self._opened(method, path)
        sent = {"content": body} if isinstance(body, bytes) else {"json": body}
        for attempt in range(1, _TRIES + 1):
            pause_s = 0.5 * 2**attempt
            try:
                answer = client.request(method, self._base + path, **sent)
            except httpx.InvalidURL as error:
                raise _failed(method, path, f"its address is not a URL: {error}") from error
            except httpx.TransportError as error:
                no_proxy = self._proxy is not None and isinstance(error, httpx.ConnectError | httpx.ProxyError)
                if attempt == _TRIES or no_proxy:  # a proxy of this machine that is not there will not come
                    raise _failed(method, path, f"{type(error).__name__}: {error}") from error
            else:
                if answer.status_code == 404 and missing_ok:
                    return None
                if answer.status_code < 300:  # nothing is sent on to another address
                    return answer
                if answer.status_code not in _PASSING or attempt == _TRIES:
                    raise _failed(method, path, f"HTTP {answer.status_code}", status=answer.status_code)
                pause_s = _asked(answer.headers.get("Retry-After"), pause_s)
            self._sleep(min(pause_s, _LONGEST_PAUSE_S))
        raise AssertionError("unreachable")

    def _opened(self, method: str, path: str) -> "httpx.Client":
        """Return the client. Raises CloudError when a variable of the job holds what no request can."""
        import httpx

        if self._client is None:
            try:
                self._client = httpx.Client(
                    base_url=self._base, headers=self._headers, proxy=self._proxy, timeout=self._timeout_s
                )
            except UnicodeError as error:
                raise _failed(method, path, "the token holds characters that no token has", status=401) from error
            except (ValueError, httpx.InvalidURL) as error:
                raise _failed(method, path, f"its address or proxy is not a URL: {error}") from error
        return self._client

    def keep_one(
        self, listed: str, created: str, changed: Callable[[object], tuple[str, str]], *, mark: str, body: "Json"
    ) -> None:
        """Write the one comment that begins with `mark`, or replace it. `changed` makes method and path from its id.

        Anybody may write a comment that begins so. One that is not ours to change is passed over.
        """
        for comment in list(self.listed(listed)):
            if not _text(comment).startswith(mark):
                continue
            try:
                self.call(*changed(comment["id"]), body=body)
            except CloudError as error:
                if error.context.get("status") not in (403, 404):
                    raise
            else:
                return
        self.call("POST", created, body=body)

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()


def required(api: Api | None) -> Api:
    """Return what calls the service. Raises CloudError without a token."""
    if api is None:
        raise CloudError(
            "There is no token for the API of the code host",
            code="forge-no-token",
            hint="Give the job GITHUB_TOKEN, GITLAB_TOKEN or BITBUCKET_ACCESS_TOKEN.",
        )
    return api


def _text(comment: Any) -> str:
    """Return what a comment says: in `body`, or on Bitbucket in `content.raw`."""
    content = comment.get("content") if isinstance(comment, dict) else None
    found = (
        content.get("raw") if isinstance(content, dict) else comment.get("body") if isinstance(comment, dict) else ""
    )
    return found if isinstance(found, str) else ""


def _asked(header: str | None, otherwise_s: float) -> float:
    """Return the seconds that a service asks for; a date is not worth its clock."""
    return float(header) if header and header.isdigit() else otherwise_s


def _json(answer: "httpx.Response") -> Any:
    try:
        return answer.json() if answer.content else None
    except ValueError:
        return None


def _failed(method: str, path: str, why: str, *, status: int | None = None) -> CloudError:
    # Neither headers nor the body of an answer are shown: a service may repeat the token in them.
    return CloudError(
        f"{method} {path.split('?')[0]} was refused: {why}",
        code="forge-refused",
        hint=_ADVICE.get(status or 0, "The next job posts it again."),
        context={"status": status},
        retryable=status in (*_PASSING, None),
    )
