"""Which functions that could not be loaded are broken for certain, where, and what mends it."""

import pytest

from sealift.delivery.loading import judge
from sealift.model.loading import Loading
from sealift.model.release import STAND_IN

FRAMES = (
    '  File "<frozen importlib._bootstrap>", line 1126, in _find_and_load\n',
    '  File "/var/task/app.py", line 3, in <module>\n    import requests\n',
)


def _judged(error_type: str, message: str = "", trace: tuple[str, ...] = (), layers: tuple[str, ...] = ()):
    loading = Loading(name="f", error_type=error_type, message=message, trace=trace, absent_layers=layers)
    found = judge(loading, "Hello")
    assert found is not None
    return found


def test_a_function_that_was_loaded_is_not_judged():
    assert judge(Loading(name="f"), "Hello") is None


def test_a_missing_module_is_named_with_its_place_and_cure():
    message = "Unable to import module 'app': No module named 'requests'"
    assert _judged("Runtime.ImportModuleError", message, FRAMES).text == (
        "Hello (app.py:3): Unable to import module 'app': No module named 'requests'. "
        "Declare requests among the function's dependencies, or add it in a layer"
    )


@pytest.mark.parametrize(
    ("error_type", "message", "certain"),
    [
        ("Runtime.ImportModuleError", "Unable to import module 'app': No module named 'x'", True),
        ("Runtime.HandlerNotFound", "Handler 'main' missing on module 'app'", True),
        ("Runtime.UserCodeSyntaxError", "Syntax error in module 'app': invalid syntax (app.py, line 3)", True),
        ("Runtime.MalformedHandlerName", "Bad handler 'app'", True),
        ("Runtime.ExitError", "Runtime exited while it was loaded", True),
        ("NameError", "name 'x' is not defined", True),
        ("KeyError", "'TABLE'", True),
        ("EndpointConnectionError", "Could not connect to the endpoint URL", False),
        ("ClientError", "An error occurred (AccessDenied) when calling the GetItem operation", False),
        ("OperationalError", "could not translate host name", False),
        ("HTTPError", "HTTP Error 400: Bad Request", False),
        ("HTTPStatusError", "Client error", False),
        ("gaierror", "[Errno -2] Name or service not known", False),
        ("Sandbox.Timedout", "The function was not loaded in 30 s of its own", False),
        ("Runtime.ImportModuleError", "Unable to import module 'app': libGL.so: cannot open shared object file", False),
    ],
)  # fmt: skip
def test_what_a_function_reaches_says_nothing_of_the_function(error_type: str, message: str, certain: bool):
    assert _judged(error_type, message).certain is certain


def test_a_name_that_a_package_lacks_is_cured_by_another_version_of_it():
    message = "Unable to import module 'app': cannot import name 'X' from 'pack.inner' (/var/task/pack/inner.py)"
    cure = "Correct that import, or pin a version of pack whose pack.inner has X"
    assert _judged("Runtime.ImportModuleError", message).cure == cure


def test_a_file_that_no_layer_brings_is_named():
    message = "Cannot find module '/opt/nodejs/config.mjs' imported from /var/task/app.mjs"
    assert _judged("Error", message).cure.startswith("No layer of it brings /opt/nodejs/config.mjs")


def test_a_module_may_be_in_a_layer_that_cannot_be_had():
    found = _judged("Runtime.ImportModuleError", "No module named 'x'", layers=("arn:aws:lambda:eu:1:layer:a:1",))
    assert (found.certain, "arn:aws:lambda:eu:1:layer:a:1" in found.cure) == (False, True)


@pytest.mark.parametrize(
    ("message", "trace", "place"),
    [
        ("Syntax error in module 'app': invalid syntax (app.py, line 3)", (), "app.py:3"),
        ("SyntaxError: x", ("/var/task/src/index.js:7", "function ("), "src/index.js:7"),
        ("Error: Cannot find module 'x'\nRequire stack:\n- /var/task/index.js", (), "index.js"),
        ("no", ("Error: no", "    at Object.<anonymous> (/var/task/index.js:2:7)"), "index.js:2"),
        ("no", (), ""),
    ],
)
def test_the_place_is_in_the_functions_own_code(message: str, trace: tuple[str, ...], place: str):
    assert _judged("Runtime.UserCodeSyntaxError", message, trace).place == place


@pytest.mark.parametrize("name", ["x", "@scope/x"])
def test_a_package_of_node_is_named(name: str):
    found = _judged(
        "Runtime.ImportModuleError", f"Error: Cannot find module '{name}'\nRequire stack:\n- /var/task/a.js"
    )
    assert found.cure.startswith(f"Declare {name} among")


def test_an_es_module_that_is_loaded_as_another_is_named():
    found = _judged("Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected token 'export'")
    assert (found.certain, "type: module" in found.cure) == (True, True)


def test_what_took_too_long_is_not_said_to_be_broken():
    found = _judged("Sandbox.Timedout", "The function was not loaded in 30 s of its own")
    assert not found.certain
    assert "slow on this machine: this cannot be decided" in found.text


@pytest.mark.parametrize(
    ("error_type", "message", "cause"),
    [
        ("NameError", "", "NameError"),
        ("NameError", "name 'x' is not defined.\nmore", "NameError: name 'x' is not defined"),
        ("Runtime.ExitError", "Runtime exited", "Runtime exited"),
    ],
)
def test_the_cause_is_the_first_line_with_the_kind_of_the_error(error_type: str, message: str, cause: str):
    assert _judged(error_type, message).cause == cause


@pytest.mark.parametrize(
    ("error_type", "message", "certain"),
    [("Exception", "ReadTimeout: slow", False), ("Exception", "x: ReadTimeout", True), ("Exception", STAND_IN, False)],
)
def test_a_message_that_begins_with_something_outside_or_names_a_stand_in_is_uncertain(
    error_type: str, message: str, *, certain: bool
):
    assert _judged(error_type, message).certain is certain


def test_of_several_frames_the_one_that_failed_is_the_place():
    inner = '  File "/opt/python/lib.py", line 8, in <module>\n'
    assert _judged("NameError", "x", (*FRAMES, inner)).place == "python/lib.py:8"


@pytest.mark.parametrize(
    ("error_type", "message", "trace", "layers", "cure"),
    [
        ("Exception", f"no {STAND_IN}", (), (), f"only a deployment knows ({STAND_IN} stands in"),
        ("Runtime.ImportModuleError", "odd", (), ("a layer",), "Correct Handler in the template"),
        ("Runtime.UserCodeSyntaxError", "bad", (), (), "Correct the source, or declare the Runtime"),
        ("KeyError", "'T'", ("os.environ['T']",), (), "Set the variable under Environment"),
        ("KeyError", "'T'", ("table['T']",), (), "Correct what the module does"),
        ("NameError", "x", ("os.environ['T']",), (), "Correct what the module does"),
        ("ConnectionError", "x", (), (), "It needs something outside of it"),
    ],
)
def test_each_cause_has_its_cure(error_type: str, message: str, trace: tuple[str, ...], layers, cure: str):
    assert cure in _judged(error_type, message, trace, layers).cure
