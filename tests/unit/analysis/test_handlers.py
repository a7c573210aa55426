"""Where a handler stands, and whether its module has it."""

import pytest

from sealift.analysis.handlers import handler_files, lacks_function


@pytest.mark.parametrize(
    ("handler", "runtime", "files"),
    [
        ("app.handler", "python3.12", ("app.py", "app/__init__.py", "app.pyc")),
        ("shop.app.handler", "python3.9", ("shop/app.py", "shop/app/__init__.py", "shop/app.pyc")),
        ("src/app.handler", "python3.12", ("src/app.py", "src/app/__init__.py", "src/app.pyc")),
        ("a/b.handler", "nodejs22.x", ("a/b.js", "a/b.mjs", "a/b.cjs", "a/b/index.js")),
        ("bootstrap", "provided.al2023", ()),
        ("com.example.App::handle", "java21", ()),
        ("handler", "python3.12", ()),
    ],
)
def test_a_handler_names_its_file(handler: str, runtime: str, files: tuple[str, ...]) -> None:
    assert handler_files(handler, runtime) == files


@pytest.mark.parametrize(
    "source",
    [
        "def handler(event, context): ...",
        "async def handler(event, context): ...",
        "from mangum import Mangum\nhandler = Mangum(app)",
        "if True:\n    handler = wrap(other)",
        "from orders.app import handler",
        "import orders.app as handler",
        "from orders import *",
        "globals()['handler'] = 1",
        "def __getattr__(name): ...",
        "class handler: ...",
        "this is no Python",
    ],
)
def test_a_module_that_may_have_the_function_is_left_alone(source: str) -> None:
    assert not lacks_function(source, "handler")


@pytest.mark.parametrize("source", ["", "def lambda_handler(event, context): ...", "import handlers\nx = 'handler'"])
def test_a_module_that_never_binds_the_name_lacks_it(source: str) -> None:
    assert lacks_function(source, "handler")
