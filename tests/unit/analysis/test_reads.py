"""What code reads: names that are required, optional or undecidable, and where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.analysis.reads import node_imports, node_reads, python_imports, python_reads

OS = "import os\n"
SSM = "import boto3, os\nssm = boto3.client('ssm')\n"
TOOLS = "from aws_lambda_powertools.utilities import parameters\n"


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (OS + "os.environ['A']", [("A", True)]),
        ("from os import environ\nenviron['A']", [("A", True)]),
        ("import os as o\no.environ['A']", [("A", True)]),
        ("from os import environ as e, getenv as g\ne['A'], g('B')", [("A", True), ("B", False)]),
        (OS + "os.environ.get('A')", [("A", False)]),
        (OS + "os.getenv('A', 'x')", [("A", False)]),
        (OS + "N = 'A'\nos.environ[N]", [("A", True)]),
        (OS + "os.environ['A' + 'B']", [("AB", True)]),
        (OS + "os.environ[name]", [("", True)]),
        (OS + "try:\n  os.environ['A']\nexcept KeyError:\n  pass", [("A", False)]),
        (OS + "try:\n  os.environ['A']\nexcept ValueError:\n  pass", [("A", True)]),
        (OS + "if 'A' in os.environ:\n  os.environ['A']", [("A", False)]),
        (OS + "x = os.environ['A'] if 'A' in os.environ else 1", [("A", False)]),
        (OS + "os.environ['A'] = '1'\nos.environ['A']", []),
        (OS + "if __name__ == '__main__':\n  os.environ['A']", [("A", False)]),
        ("environment['A']", []),
        ("def (", []),
    ],
)
def test_the_variables_that_python_reads(source: str, names: list[tuple[str, bool]]):
    assert [(r.name, r.required) for r in python_reads(source) if r.kind == "variable"] == names


def test_a_variable_that_is_read_when_the_module_loads_is_told_from_one_in_a_function():
    loaded, called = python_reads(OS + "os.environ['A']\ndef f():\n  os.environ['B']")
    assert (loaded.at_import, loaded.line, called.at_import, called.line) == (True, 2, False, 4)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (SSM + "ssm.get_parameter(Name='/shop/tax')", "ssm:/shop/tax"),
        (SSM + "ssm.get_parameters(Names=['/shop/tax'])", "ssm:/shop/tax"),
        (SSM + "s.get_secret_value(SecretId='shop/token')", "secretsmanager:shop/token"),
        (SSM + "ssm.get_parameter(Name=f'/shop/{os.environ[\"E\"]}/tax')", "ssm:/shop/${E}/tax"),
        (SSM + "E = os.environ['E']\nssm.get_parameter(Name='/shop/' + E)", "ssm:/shop/${E}"),
        (SSM + "ssm.get_parameter(Name=os.environ['TAX'])", "ssm:${TAX}"),
        (SSM + "ssm.get_parameter(Name=name)", ""),
        (TOOLS + "parameters.get_parameter('/shop/tax')", "ssm:/shop/tax"),
        (TOOLS + "parameters.get_secret('shop/token')", "secretsmanager:shop/token"),
        (TOOLS + "parameters.get_secret(name='shop/token')", "secretsmanager:shop/token"),
    ],
)
def test_the_settings_that_python_reads(source: str, name: str):
    assert [r.name for r in python_reads(source) if r.kind == "setting"] == [name]


def test_a_call_of_the_same_name_without_powertools_is_none():
    assert python_reads("request.get_parameter('page')") == ()


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("const a = process.env.A;", [("A", True)]),
        ("const a = process.env['A'];", [("A", True)]),
        ("const a = process.env.A ?? 'x';", [("A", False)]),
        ("const a = process.env.A || 'x';", [("A", False)]),
        ("if (process.env.A) {}", [("A", False)]),
        ("const { A, B = '1', C: c } = process.env;", [("A", True), ("B", False), ("C", True)]),
        ("// process.env.A\n/* process.env.B */", []),
        ("const u = 'https://x'; process.env.A;", [("A", True)]),
        ("process.env.A = '1'; process.env.A;", []),
        ("process.env[name];", [("", False)]),
        ("myprocess.environment.A", []),
    ],
)
def test_the_variables_that_javascript_reads(source: str, names: list[tuple[str, bool]]):
    assert [(r.name, r.required) for r in node_reads(source) if r.kind == "variable"] == names


def test_the_settings_that_javascript_reads():
    source = (
        'c.send(new GetParameterCommand({ Name: "/shop/tax", WithDecryption: true }));\ngetSecretValue({SecretId: "t"})'
    )
    assert [(r.name, r.line) for r in node_reads(source)] == [("ssm:/shop/tax", 1), ("secretsmanager:t", 2)]


def test_imports_are_followed_relative_ones_too():
    assert {"a", "b.c", "pkg.d", "pkg.d.e", "pkg.f"} <= python_imports(
        "import a\nimport b.c\nfrom .d import e\nfrom . import f", "pkg.mod"
    )
    assert node_imports("import x from './x'; require('../y'); import 'z'") == {"./x", "../y"}


@given(st.text())
def test_any_text_is_read_or_passed_over(source: str):
    assert all(read.line >= 1 for read in (*python_reads(source), *node_reads(source)))
