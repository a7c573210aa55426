"""Each runtime divides a handler at a dot of its own."""

import pytest

from sealift.analysis.handlers import handler_files, handler_parts


@pytest.mark.parametrize(
    ("handler", "runtime", "parts"),
    [
        ("app.handler", "python3.12", ("app", "handler")),
        ("pkg.app.handler", "python3.12", ("pkg.app", "handler")),
        ("src/app.handler", "nodejs22.x", ("src/app", "handler")),
        ("app.user.handler", "nodejs22.x", ("app", "user")),
        ("a.b/app.handler", "nodejs22.x", ("a.b/app", "handler")),
        ("handler", "nodejs22.x", ("handler", "")),
    ],
)
def test_a_handler_is_divided_as_its_runtime_does(handler: str, runtime: str, parts: tuple[str, str]) -> None:
    assert handler_parts(handler, runtime) == parts
    assert bool(handler_files(handler, runtime)) is bool(parts[1])
