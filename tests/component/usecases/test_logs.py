"""What is left of a function's log for somebody who wants to know why it failed."""

import pytest

from sealift.usecases.logs import essence

TRACEBACK = """\
START RequestId: 1 Version: $LATEST
[ERROR] ClientError: An error occurred (AccessDeniedException) when calling the Scan operation
Traceback (most recent call last):
  File "CODE/app.py", line 3, in handler
    table.scan()
    ~~~~~~~~~~^^
  File "CODE/shop/store.py", line 7, in scan
    return client.scan(TableName="Items")
  File "/var/lang/lib/python3.12/site-packages/botocore/client.py", line 606, in _api_call
    return self._make_api_call(operation_name, kwargs)
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
botocore.exceptions.ClientError: not authorized
END RequestId: 1
REPORT RequestId: 1""".splitlines()


@pytest.mark.parametrize("indent", [" ", "\N{NO-BREAK SPACE}"])
def test_of_a_traceback_the_frames_of_the_functions_own_code_are_left(indent: str):
    lines = [line.replace("CODE", "/var/task").replace("  ", 2 * indent) for line in TRACEBACK]
    assert essence(lines) == (
        "[ERROR] ClientError: An error occurred (AccessDeniedException) when calling the Scan operation",
        "Traceback (most recent call last):",
        '  File "app.py", line 3, in handler',
        "    table.scan()",
        '  File "shop/store.py", line 7, in scan',
        '    return client.scan(TableName="Items")',
        "botocore.exceptions.ClientError: not authorized",
    )


def test_of_many_tracebacks_the_last_is_left_with_what_was_said_before_it():
    lines = ["Traceback (most recent call last):", '  File "/var/task/app.py", line 3, in handler', "ValueError: one"]
    assert essence([*lines, "a customer came", *lines[:2], "ValueError: two"]) == (
        "a customer came",
        lines[0],
        '  File "app.py", line 3, in handler',
        "ValueError: two",
    )


def test_of_many_tracebacks_of_lambda_the_last_is_left_with_its_error():
    def failed(what: str) -> list[str]:
        return [
            f"[ERROR] KeyError: '{what}'",
            "Traceback (most recent call last):",
            '  File "/var/task/app.py", line 3',
        ]

    said = essence([*failed("one"), *failed("two"), "START RequestId: 3", *failed("three")])
    assert said == ("[ERROR] KeyError: 'three'", "Traceback (most recent call last):", '  File "app.py", line 3')


def test_what_is_said_again_and_again_is_told_once():
    timed_out = "Task timed out after 1.00 seconds"
    assert essence(["START RequestId: 1", timed_out, "START RequestId: 2", timed_out, "", "other"]) == (
        timed_out,
        "other",
    )


def test_indented_lines_that_are_no_traceback_stay():
    assert essence(["{", '    "order": 1', "}"]) == ("{", '    "order": 1', "}")
