"""Leads what a function sends to names of AWS to the embedded cloud, whatever sends it.

Software development kits of before 2023 do not read AWS_ENDPOINT_URL, and addresses that a template makes for AWS, as
`https://ID.execute-api.REGION.amazonaws.com`, reach functions by variables and settings.
"""

import os
import socket
import ssl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_OWN = ("localhost", "127.0.0.1")
_NAMES = (".amazonaws.com", ".amazonaws.com.cn", ".on.aws")


class _Plain(socket.socket):
    """A connection to the embedded cloud in the place of an encrypted one."""

    def __init__(self, connected: socket.socket, name: str) -> None:
        timeout = connected.gettimeout()
        super().__init__(connected.family, connected.type, connected.proto, fileno=connected.detach())
        self.settimeout(timeout)
        self._name = name

    def getpeercert(self, binary_form: bool = False) -> "dict[str, Any] | bytes":
        """Return the little of a certificate that names its holder: some clients compare it themselves."""
        return b"" if binary_form else {"subjectAltName": (("DNS", self._name),)}


def lead(address: str) -> None:
    """Resolve names of AWS to `address`, as AWS_ENDPOINT_URL has it, and speak plainly there."""
    host, _, port = address.rpartition("/")[2].partition(":")
    cloud = (host, int(port))
    # Where a function asks for parameters and secrets, the embedded cloud answers in the extension's place.
    extension = os.environ.get("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", "2773")
    resolve, wrap = socket.getaddrinfo, ssl.SSLContext.wrap_socket

    def resolved(name: "Any", *more: "Any", **named: "Any") -> "Any":
        port = more[0] if more else named.get("port")
        if not _is_aws(name) and not (str(port) == extension and name in _OWN):
            return resolve(name, *more, **named)
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", cloud)]

    def wrapped(self: ssl.SSLContext, sock: socket.socket, *more: "Any", **named: "Any") -> "Any":
        name = named.get("server_hostname")
        if _is_aws(name) and sock.getpeername()[:2] == cloud:
            return _Plain(sock, str(name))
        return wrap(self, sock, *more, **named)

    vars(socket)["getaddrinfo"] = resolved
    setattr(ssl.SSLContext, "wrap_socket", wrapped)  # noqa: B010  # a method is not to be assigned to, says mypy


def lead_by_environment() -> None:
    """Do so where the variables say where the embedded cloud is."""
    address = os.environ.get("AWS_ENDPOINT_URL", "")
    if address.startswith("http://127.0.0.1:"):
        lead(address)


def _is_aws(name: object) -> bool:
    text = name.decode() if isinstance(name, bytes) else name
    return isinstance(text, str) and text.lower().rstrip(".").endswith(_NAMES)
