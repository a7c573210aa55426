"""The example of the importable proof does what its page says."""

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "prove.md"


def test_the_example_prints_what_the_page_says() -> None:
    code, said = re.findall(r"```(?:python|text)\n(.*?)```", PAGE.read_text(), re.DOTALL)[-2:]
    printed = StringIO()
    with redirect_stdout(printed):
        exec(compile(code, str(PAGE), "exec"), {})
    assert printed.getvalue() == said
