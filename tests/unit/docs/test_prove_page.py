"""The example of the importable proof does what its page says."""

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from sealift.cli.proof import show_proof
from sealift.isolation.model import MEANING
from sealift.isolation.prove import prove
from sealift.reports.map import html
from sealift.usecases.proof.prove import Proof
from tests.component.isolation.collection import Case

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "how-to" / "prove.md"


def test_the_example_prints_what_the_page_says() -> None:
    code, said = re.findall(r"```(?:python|text)\n(.*?)```", PAGE.read_text(), re.DOTALL)[-2:]
    printed = StringIO()
    with redirect_stdout(printed):
        exec(compile(code, str(PAGE), "exec"), {})
    assert printed.getvalue() == said


def test_one_sentence_says_what_a_proof_means_wherever_it_is_shown() -> None:
    views = Case(kind="own", name="nothing").views()
    verdict = prove(views)
    assert verdict.level == "L1"
    printed = StringIO()
    with redirect_stdout(printed):
        show_proof(Proof(verdict=verdict), verbose=False)
    sentence = MEANING["L1"].removeprefix("By its templates, ").rstrip(".")
    for shown in (printed.getvalue(), html(views, verdict), PAGE.read_text(), (ROOT / "README.md").read_text()):
        assert sentence in " ".join(shown.split())
