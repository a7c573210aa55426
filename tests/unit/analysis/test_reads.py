"""What code reads: names that are required, optional or undecidable, and where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.analysis.node_reads import node_program, node_reads
from sealift.analysis.node_trees import imported_paths
from sealift.analysis.python_reads import program_reads, python_reads
from sealift.analysis.python_units import python_imports

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


PYDANTIC = "from pydantic_settings import BaseSettings, SettingsConfigDict\nfrom pydantic import Field\n"


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (OS + "env = os.environ\nenv['A']", [("A", True)]),
        (OS + "def f():\n  env = os.environ\n  return env.get('A')", [("A", False)]),
        (OS + "os.environ.setdefault('A', '1')\nos.environ['A']", []),
        (OS + "os.environ.update({'A': '1'})\nos.environ['A']", []),
        (OS + "os.environ.pop('A')\nos.environ.pop('B', None)", [("A", True), ("B", False)]),
        (OS + "for n in ('A', 'B'):\n  os.environ[n]", [("A", True), ("B", True)]),
        (OS + "NAMES = ['A', 'B']\nx = {n: os.environ[n] for n in NAMES}", [("A", True), ("B", True)]),
        (OS + "x = [os.environ[n] for n in {'A': 1}]", [("A", True)]),
        (OS + "class E:\n  class T:\n    A = 'X'\nos.environ[E.T.A]", [("X", True)]),
        (OS + ("from enum import Enum\nclass E(str, Enum):\n  A = 'X'\nos.environ[E.A.value]"), [("X", True)]),
        (
            OS + ("P = 'APP'\nos.environ[f'{P}_A'], os.environ['%s_B' % P], os.environ['{}_C'.format(P)]"),
            [("APP_A", True), ("APP_B", True), ("APP_C", True)],
        ),
        (OS + "N = {'t': 'TABLE'}\nos.environ[N['t']]", [("TABLE", True)]),
        (OS + "if x:\n  N = 'A'\n  os.environ[N]", [("A", True)]),
        (OS + "N = 'A'\nN = 'B'\nos.environ[N]", [("", True)]),
        # What ends the program without it is required, however it is read.
        (OS + "if (A := os.environ.get('A')) is None:\n  raise ValueError", [("A", True)]),
        (OS + "a = os.getenv('A')\nif not a:\n  raise ValueError", [("A", True)]),
        (
            OS + ("a = os.getenv('A')\nb = os.getenv('B')\nif not a or not b:\n  raise ValueError"),
            [("A", True), ("B", True)],
        ),
        (
            OS + ("a = os.getenv('A')\nb = os.getenv('B')\nif not (a and b):\n  raise ValueError"),
            [("A", True), ("B", True)],
        ),
        (
            OS + ("a = os.getenv('A')\nb = os.getenv('B')\nif not all([a, b]):\n  raise ValueError"),
            [("A", True), ("B", True)],
        ),
        (OS + "a = os.getenv('A')\nassert a, 'no A'", [("A", True)]),
        (OS + "if not os.getenv('A'):\n  raise ValueError", [("A", True)]),
        (OS + "a = os.getenv('A')\nif not a:\n  a = 'x'", [("A", False)]),
        (OS + "a = os.getenv('A', 'x')\nif not a:\n  raise ValueError", [("A", False)]),
        (OS + "os.environ.get('A').split(',')", [("A", True)]),
        (OS + "int(os.environ.get('A'))", [("A", True)]),
        (OS + "int(os.environ.get('A', '3'))", [("A", False)]),
        (OS + "int(os.environ.get('A') or 3)", [("A", False)]),
        (OS + "db.Table(os.getenv('A'))", [("A", True)]),
        (OS + "T = os.getenv('A')\ndef f():\n  db.Table(T)", [("A", True)]),
        (OS + "T = os.getenv('A')\ndef f():\n  if T:\n    db.Table(T)", [("A", False)]),
        (OS + "try:\n  os.environ['A']\nexcept KeyError:\n  raise ValueError from None", [("A", True)]),
        (OS + "try:\n  os.environ['A']\nexcept Exception:\n  sys.exit(1)", [("A", True)]),
        (
            OS + ("def h(e, c):\n  try:\n    os.environ['A']\n  except Exception:\n    return {'statusCode': 500}"),
            [("A", True)],
        ),
        (OS + "try:\n  os.environ['A']\nexcept Exception:\n  a = 'x'", [("A", False)]),
        (OS + ("from contextlib import suppress\nwith suppress(KeyError):\n  os.environ['A']"), [("A", False)]),
        (OS + "x = 'A' in os.environ and os.environ['A']", [("A", False)]),
        # A function that is given the name.
        (OS + "def need(n):\n  return os.environ[n]\nneed('A')", [("A", True)]),
        (
            OS + ("def need(n):\n  return os.environ[n]\ndef f():\n  need(n='A')\n  need(other)"),
            [("A", True), ("", True)],
        ),
        (OS + "def get(n, default=None):\n  return os.environ.get(n, default)\nget('A')", [("A", False)]),
        (
            OS
            + (
                "def need(n, default=None):\n"
                "  v = os.environ.get(n)\n"
                "  if v is None:\n"
                "    raise KeyError(n)\n"
                "  return v\n"
                "need('A')\n"
                "need('B', default='x')"
            ),
            [("A", True), ("B", False)],
        ),
        (
            OS + ("def inner(n):\n  return os.environ[n]\ndef outer(n):\n  return inner('APP_' + n)\nouter('A')"),
            [("APP_A", True)],
        ),
        (OS + ("class C:\n  def need_env(self, n):\n    return os.environ[n]\nC().need_env('A')"), [("A", True)]),
        # Libraries for settings.
        (
            PYDANTIC
            + (
                "class S(BaseSettings):\n"
                "  table: str\n"
                "  rate: int = 3\n"
                "  x: str = Field()\n"
                "  y: str = Field(default='')\n"
                "s = S()"
            ),
            [("TABLE", True), ("RATE", False), ("X", True), ("Y", False)],
        ),
        (
            PYDANTIC
            + (
                "class S(BaseSettings):\n"
                "  model_config = SettingsConfigDict(env_prefix='APP_')\n"
                "  a: str\n"
                "  b: str = Field(alias='OTHER')\n"
                "  c: str = Field(..., validation_alias='THIRD')\n"
                "S()"
            ),
            [("APP_A", True), ("OTHER", True), ("THIRD", True)],
        ),
        (
            PYDANTIC
            + (
                "class S(BaseSettings):\n  class Config:\n    env_prefix = 'APP_'\n  a: str\nclass T(S):\n  b: str\nT()"
            ),
            [("APP_A", True), ("APP_B", True)],
        ),
        (
            (
                "from pydantic import BaseSettings\n"
                "from typing import Optional\n"
                "class S(BaseSettings):\n"
                "  a: Optional[str]\n"
                "  b: str\n"
                "S()"
            ),
            [("A", False), ("B", True)],
        ),
        (PYDANTIC + "class S(BaseSettings):\n  a: str\n", [("A", False)]),
        (PYDANTIC + "class S(BaseSettings):\n  a: str\n  b: str\nS(a='1')", [("A", False), ("B", True)]),
        (
            PYDANTIC + ("class S(BaseSettings):\n  a: str = Field(validation_alias=AliasChoices('X', 'Y'))\nS()"),
            [("X", False), ("Y", False)],
        ),
        (
            ("from decouple import config\nconfig('A')\nconfig('B', default='x')\nconfig('C', cast=int)"),
            [("A", True), ("B", False), ("C", True)],
        ),
        (
            (
                "from environs import Env\n"
                "env = Env()\n"
                "env.read_env()\n"
                "env.str('A')\n"
                "env.int('B', 3)\n"
                "with env.prefixed('APP_'):\n"
                "  env('C')"
            ),
            [("A", True), ("B", False), ("APP_C", True)],
        ),
        (
            (
                "import environ\n"
                "env = environ.Env(DEBUG=(bool, False))\n"
                "env('DEBUG')\n"
                "env.str('A')\n"
                "env.list('B', default=[])"
            ),
            [("DEBUG", False), ("A", True), ("B", False)],
        ),
        (
            ("from dynaconf import Dynaconf\nsettings = Dynaconf(envvar_prefix='APP')\nsettings.TAX"),
            [("APP_TAX", False)],
        ),
        (("from starlette.config import Config\nconfig = Config('.env')\nconfig('A')"), [("A", True)]),
    ],
)
def test_python_reads_variables_in_many_ways(source: str, names: list[tuple[str, bool]]):
    assert [(r.name, r.required) for r in python_reads(source) if r.kind == "variable"] == names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (SSM + "def f():\n  name = os.environ['TAX']\n  ssm.get_parameter(Name=name)", ["ssm:${TAX}"]),
        (
            SSM + ("E = os.environ.get('E', 'dev')\nssm.get_parameter(Name=f'/shop/{E}/tax')"),
            ["ssm:/shop/${E|dev}/tax"],
        ),
        (
            SSM + ("E = os.environ.get('E') or 'dev'\nssm.get_parameter(Name='/'.join(['/shop', E]))"),
            ["ssm:/shop/${E|dev}"],
        ),
        (
            SSM + ("def get_secret(n):\n  return c.get_secret_value(SecretId=n)\nget_secret('a')\nget_secret('b')"),
            ["secretsmanager:a", "secretsmanager:b"],
        ),
        (
            SSM
            + (
                "class S:\n"
                "  def __init__(self):\n"
                "    self.name = os.environ['N']\n"
                "  def f(self):\n"
                "    ssm.get_parameter(Name=self.name)"
            ),
            ["ssm:${N}"],
        ),
        (SSM + "N = ['/a', '/b']\nssm.get_parameters(Names=N)", ["ssm:/a", "ssm:/b"]),
        (SSM + "ssm.get_parameters_by_path(Path='/shop/', Recursive=True)", ["ssm-path:/shop/"]),
        (SSM + "ssm.get_paginator('get_parameters_by_path').paginate(Path='/shop/')", ["ssm-path:/shop/"]),
        (SSM + "c.batch_get_secret_value(SecretIdList=['a', 'b'])", ["secretsmanager:a", "secretsmanager:b"]),
        (SSM + "ssm.get_parameter(**given)", [""]),
        (TOOLS + "parameters.get_parameters('/shop')", ["ssm-path:/shop"]),
        (TOOLS + "parameters.get_parameters_by_name({'/a': {}, '/b': {'max_age': 1}})", ["ssm:/a", "ssm:/b"]),
        (TOOLS + "p = parameters.SSMProvider()\np.get('/a')\np.get_multiple('/b')", ["ssm:/a", "ssm-path:/b"]),
        (
            (
                "from aws_lambda_powertools.utilities.parameters import get_secret as g, "
                "SecretsProvider\n"
                "g('a')\n"
                "SecretsProvider().get('b')"
            ),
            ["secretsmanager:a", "secretsmanager:b"],
        ),
        (
            ("from aws_lambda_powertools import Logger\ndef get_secret(name):\n  return vault[name]\nget_secret('a')"),
            [],
        ),
        (
            ("import requests\nrequests.get('http://localhost:2773/systemsmanager/parameters/get?name=%2Fshop%2Ftax')"),
            ["ssm:/shop/tax"],
        ),
        ("U = f'http://localhost:{port}/x'\nget(U)", []),
        (
            ("from aws_secretsmanager_caching import SecretCache\ncache = SecretCache()\ncache.get_secret_string('a')"),
            ["secretsmanager:a"],
        ),
    ],
)
def test_python_reads_settings_in_many_ways(source: str, names: list[str]):
    assert [r.name for r in python_reads(source) if r.kind == "setting"] == names


@pytest.mark.parametrize(
    ("caught", "required"),
    [
        ("ssm.exceptions.ParameterNotFound", False),
        ("ClientError", False),
        ("Exception", False),
        ("KeyError", True),
    ],
)
def test_a_setting_is_optional_where_its_absence_is_caught(caught: str, required: bool):
    source = f"{SSM}try:\n  ssm.get_parameter(Name='/a')\nexcept {caught}:\n  pass"
    assert [r.required for r in python_reads(source) if r.kind == "setting"] == [required]


def test_constants_and_functions_of_other_modules_are_followed():
    sources = {
        "pkg.names": "class ENV:\n  TABLE = 'TABLE'\nPREFIX = '/shop'\n",
        "pkg.__init__": "from .names import ENV\n",
        "pkg.store": (
            "import boto3\n"
            "from . import names\n"
            "def read(key):\n"
            "  return boto3.client('ssm').get_parameter(Name=f'{names.PREFIX}/{key}')\n"
        ),
        "app": ("import os\nfrom pkg import ENV\nfrom pkg.store import read\nT = os.environ[ENV.TABLE]\nread('tax')\n"),
    }
    found = program_reads(sources)
    assert [(r.name, r.line) for r in found["app"]] == [("TABLE", 4), ("ssm:/shop/tax", 5)]
    assert found["pkg.store"] == ()


def test_modules_that_import_each_other_end():
    sources = {"a": "from b import X\nimport os\nos.environ[X]", "b": "from a import X\n"}
    assert [r.name for r in program_reads(sources)["a"]] == [""]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("const { env } = process; env.A; other.env.B;", [("A", True)]),
        ("import { env } from 'node:process'; env['A'] ?? 'x';", [("A", False)]),
        ("import process from 'node:process'; process.env.A;", [("A", True)]),
        ("const e = process.env; e.A;", [("A", True)]),
        ("const { env: { A, B = '1' } } = process;", [("A", True), ("B", False)]),
        ("const { A, B }: NodeJS.ProcessEnv = process.env;", [("A", True), ("B", True)]),
        ("process.env.A!;", [("A", True)]),
        ("const a = process.env.A as string;", [("A", True)]),
        ("const a = (process.env.A as string) || 'x';", [("A", False)]),
        ("const a = parseInt(process.env.A, 10) || 5;", [("A", False)]),
        ("const a = Number(process.env.A ?? 1);", [("A", False)]),
        ("const a = process.env.A ? process.env.A.split(',') : [];", [("A", False)]),
        ("if (process.env.A) { f(process.env.A); }", [("A", False)]),
        ("if (!process.env.A) { throw new Error('A'); }\nf(process.env.A);", [("A", True), ("A", True)]),
        ("if (!process.env.A) throw new Error('A');", [("A", True)]),
        ("const a = process.env.A;\nif (!a) { throw new Error(); }", [("A", True)]),
        ("const a = process.env.A;\nif (a) { f(a); }", [("A", False)]),
        ("const a = process.env.A\nf(a || 'x')", [("A", False)]),
        ("const { A } = process.env;\nconst x = A ?? 'y';", [("A", False)]),
        (("const a = process.env.A ?? fail('A');\nfunction fail(n) { throw new Error(n); }"), [("A", True)]),
        ("const isProd = process.env.A === 'prod';", [("A", False)]),
        ("process.env.A ??= 'x';", [("A", False)]),
        ("const s = `x${process.env.A}y${process.env.B ?? ''}`;", [("A", True), ("B", False)]),
        ("const s = 'process.env.A'; const t = `process.env.B`;", []),
        ("const r = /process.env.A/; const x = a / process.env.B / c;", [("B", True)]),
        ('const u = "it\'s"; // process.env.A\nconst b = process.env.B;', [("B", True)]),
        ("const K = 'A'; process.env[K];", [("A", True)]),
        ("const K = { table: 'A' } as const; process.env[K.table];", [("A", True)]),
        ("enum K { Table = 'A' }\nprocess.env[K.Table];", [("A", True)]),
        ("process.env[`APP_${x}`];", [("", False)]),
        ("import.meta.env.A;", [("A", False)]),
        (
            (
                "const need = (n: string): string => { const v = process.env[n]; if (!v) throw new "
                "Error(n); return v; };\n"
                "need('A'); need('B', 'x');"
            ),
            [("A", True), ("B", False)],
        ),
        ("function get(n) { return process.env[n] || ''; }\nget('A');", [("A", False)]),
        (
            (
                "import { z } from 'zod';\n"
                "const S = z.object({ A: z.string(), B: z.string().optional(), C: "
                "z.coerce.number().default(3) });\n"
                "S.parse(process.env);"
            ),
            [("A", True), ("B", False), ("C", False)],
        ),
        (
            ("import { z } from 'zod';\nexport const env = z.object({ A: z.string().min(1) }).parse(process.env);"),
            [("A", True)],
        ),
        (
            (
                "import { cleanEnv, str, num } from 'envalid';\n"
                "const env = cleanEnv(process.env, { A: str(), B: num({ default: 3 }) });"
            ),
            [("A", True), ("B", False)],
        ),
        (
            (
                "import * as env from 'env-var';\n"
                "const a = env.get('A').required().asString();\n"
                "const b = env.get('B').asString();"
            ),
            [("A", True), ("B", False)],
        ),
        (
            (
                "const convict = require('convict');\n"
                "convict({ db: { host: { format: String, default: null, env: 'A' } }, p: { default: "
                "1, env: 'B' } });"
            ),
            [("A", True), ("B", False)],
        ),
        (
            (
                "const Joi = require('joi');\n"
                "const s = Joi.object({ A: Joi.string().required(), B: Joi.string() }).unknown();\n"
                "s.validate(process.env);"
            ),
            [("A", True), ("B", False)],
        ),
        (
            (
                "import { createEnv } from '@t3-oss/env-core';\n"
                "createEnv({ server: { A: z.string() }, runtimeEnv: process.env });"
            ),
            [("A", True)],
        ),
    ],
)
def test_javascript_reads_variables_in_many_ways(source: str, names: list[tuple[str, bool]]):
    assert [(r.name, r.required) for r in node_reads(source) if r.kind == "variable"] == names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (("const input = { SecretId: process.env.S };\nnew GetSecretValueCommand(input);"), ["secretsmanager:${S}"]),
        (
            ("new GetParameterCommand({ WithDecryption: true, Name: `/shop/${process.env.E}/tax` });"),
            ["ssm:/shop/${E}/tax"],
        ),
        (
            ("const e = process.env.E ?? 'dev';\nssm.getParameter({ Name: '/shop/' + e }).promise();"),
            ["ssm:/shop/${E|dev}"],
        ),
        ("new GetParametersCommand({ Names: ['/a', '/b'] });", ["ssm:/a", "ssm:/b"]),
        ("new GetParametersByPathCommand({ Path: '/shop/' });", ["ssm-path:/shop/"]),
        ("new GetSecretValueCommand(input);", [""]),
        ("new GetSecretValueCommand({ SecretId: name });", [""]),
        ("const Name = '/a';\nnew GetParameterCommand({ Name });", ["ssm:/a"]),
        (
            (
                "import { getParameter, getSecret } from '@aws-lambda-powertools/parameters/ssm';\n"
                "getParameter('/a'); getSecret('b');"
            ),
            ["ssm:/a", "secretsmanager:b"],
        ),
        (
            (
                "import { SSMProvider } from '@aws-lambda-powertools/parameters/ssm';\n"
                "const p = new SSMProvider();\n"
                "p.get('/a'); p.getMultiple('/b');"
            ),
            ["ssm:/a", "ssm-path:/b"],
        ),
        (
            (
                "import { getParametersByName } from '@aws-lambda-powertools/parameters/ssm';\n"
                "getParametersByName({ '/a': {} });"
            ),
            ["ssm:/a"],
        ),
        (
            (
                "import ssm from '@middy/ssm';\n"
                "middy(h).use(ssm({ fetchData: { tax: '/a', all: '/b/' }, setToContext: true }));"
            ),
            ["ssm:/a", "ssm-path:/b/"],
        ),
        (
            (
                "const secretsManager = require('@middy/secrets-manager');\n"
                "middy().use(secretsManager({ fetchData: { t: process.env.T } }));"
            ),
            ["secretsmanager:${T}"],
        ),
        (
            (
                "const get = async (name) => client.send(new GetSecretValueCommand({ SecretId: name "
                "}));\n"
                "await get('a');"
            ),
            ["secretsmanager:a"],
        ),
        (("fetch(`http://localhost:2773/secretsmanager/get?secretId=${process.env.S}`);"), ["secretsmanager:${S}"]),
        ("request.getParameter('page'); getSecret('x');", []),
    ],
)
def test_javascript_reads_settings_in_many_ways(source: str, names: list[str]):
    assert [r.name for r in node_reads(source) if r.kind == "setting"] == names


def test_constants_and_functions_of_other_modules_of_javascript_are_followed():
    sources = {
        "names": (
            "export const KEYS = { table: 'TABLE' };\n"
            "export const need = (n) => { if (!process.env[n]) throw 1; return process.env[n]; };"
        ),
        "app": (
            "import { KEYS, need as must } from './names';\n"
            "import { need } from './names';\n"
            "process.env[KEYS.table];\n"
            "need('TAX');"
        ),
    }
    found = node_program(sources, {"app": {"./names": "names"}})
    assert [(r.name, r.required, r.line) for r in found["app"]] == [("TABLE", True, 3), ("TAX", True, 4)]
    assert found["names"] == ()


@pytest.mark.parametrize(
    ("source", "names"),
    [
        # A name means what the scope around it says.
        ("const K = 'A'; function f() { const K = 'B'; return process.env[K]; }", [("B", True)]),
        ("function f() { const K = 'B'; }\nprocess.env[K];", [("", False)]),
        ("function f(process) { return process.env.A; }", []),
        ("let K; K = 'A'; process.env[K];", [("A", True)]),
        ("let K = 'A'; if (x) K = 'B';\nprocess.env[K];", [("", False)]),
        ("const a = process.env.A; function f(a) { return a || 'x'; }", [("A", True)]),
        # Wherever a value is used, whatever is written around it.
        ("const a = (process.env.A) ? 1 : 2;", [("A", False)]),
        ("const a = <string>process.env.A;", [("A", True)]),
        ("const a = process.env.A satisfies string;", [("A", True)]),
        ("const a = process.env[`${'A'}_${'B'}`];", [("A_B", True)]),
        ("const a = process.env[['A', 'B'].join('_')];", [("A_B", True)]),
        ("const a = process.env[x ? 'A' : 'B'];", [("A", True), ("B", True)]),
        ("const a = x && process.env.A;", [("A", True)]),
        ("const a = process.env.A && process.env.A.length;", [("A", False)]),
        ("const a = (x ?? process.env.A) || 'y';", [("A", False)]),
        ("const a = process.env.A?.trim();", [("A", False)]),
        ("const a = process.env.A ?? (() => { throw new Error(); })();", [("A", True)]),
        ("if (process.env.A === undefined) { process.exit(1); }", [("A", True)]),
        ("if (!x || !process.env.A) { throw new Error(); }", [("A", True)]),
        ("while (!process.env.A) { wait(); }", [("A", False)]),
        ("delete process.env.A; process.env.B += 'x';", [("B", True)]),
        ("function f({ A } = process.env) {}", [("A", True)]),
        ("({ A } = process.env);", [("A", True)]),
        ("const { A: a = 'x', ...rest } = process.env;", [("A", False)]),
        ("const x = <p title={process.env.A}>it's</p>;", [("A", True)]),
        ("type T = typeof process.env.A;", []),
        ("class K { static readonly A = 'X'; }\nprocess.env[K.A];", [("X", True)]),
        ("const K = Object.freeze({ a: 'A' }); process.env[K['a']];", [("A", True)]),
        ("class C { need(n) { return process.env[n]; } f() { return this.need('A'); } }", [("A", True)]),
        ("const o = { need: (n) => process.env[n] };\no.need('A');", [("A", True)]),
        (
            "const inner = (n) => process.env[n];\nconst outer = (n) => inner('APP_' + n);\nouter('A');",
            [("APP_A", True)],
        ),
        ("(" * 3_000 + "process.env.A" + ")" * 3_000, [("A", True)]),
        ("process.env[" + "'x' + " * 500 + "'A'];", [("x" * 500 + "A", True)]),
    ],
)
def test_javascript_is_read_by_its_grammar(source: str, names: list[tuple[str, bool]]):
    assert [(r.name, r.required) for r in node_reads(source) if r.kind == "variable"] == names


@pytest.mark.parametrize(
    ("exported", "imported", "used"),
    [
        ("export const TABLE = 'T';", "import { TABLE } from './names';", "TABLE"),
        ("export default { table: 'T' };", "import names from './names';", "names.table"),
        ("export default 'T';", "import table from './names';", "table"),
        ("module.exports = { table: 'T' };", "const names = require('./names');", "names.table"),
        ("module.exports = { table: 'T' };", "const { table } = require('./names');", "table"),
        ("exports.TABLE = 'T';", "import * as names from './names';", "names.TABLE"),
        ("const a = 'T'; export { a as TABLE };", "import { TABLE as t } from './names';", "t"),
        ("export enum Key { Table = 'T' }", "import { Key } from './names';", "Key.Table"),
        ("export * from './more';", "import { TABLE } from './names';", "TABLE"),
        ("export { TABLE as T } from './more';", "import { T } from './names';", "T"),
    ],
)
def test_names_of_other_modules_of_javascript_are_followed(exported: str, imported: str, used: str):
    sources = {"names": exported, "more": "export const TABLE = 'T';", "app": f"{imported}\nprocess.env[{used}];"}
    found = node_program(sources, {"app": {"./names": "names"}, "names": {"./more": "more"}})
    assert [(r.name, r.line) for r in found["app"]] == [("T", 2)]


def test_modules_of_javascript_that_import_each_other_end():
    sources = {"a": "export * from './b'; import { X } from './b'; process.env[X];", "b": "export * from './a';"}
    assert [r.name for r in node_program(sources, {"a": {"./b": "b"}, "b": {"./a": "a"}})["a"]] == [""]


def test_an_import_in_a_comment_is_none():
    source = (
        "// import x from './a'\n/* require('./b') */ const s = \"import('./c')\"; export * from './d'; import('./e');"
    )
    assert imported_paths(source) == {"./d", "./e"}


def test_imports_are_followed_relative_ones_too():
    assert {"a", "b.c", "pkg.d", "pkg.d.e", "pkg.f"} <= python_imports(
        "import a\nimport b.c\nfrom .d import e\nfrom . import f", "pkg.mod"
    )
    assert imported_paths("import x from './x'; require('../y'); import 'z'") == {"./x", "../y", "z"}


@given(st.text())
def test_any_text_is_read_or_passed_over(source: str):
    assert all(read.line >= 1 for read in (*python_reads(source), *node_reads(source)))


def test_a_program_that_is_read_again_is_the_same_and_another_is_not():
    first = program_reads({"a": "import os\nos.environ['A']\n"})
    assert program_reads({"a": "import os\nos.environ['A']\n"}) == first
    assert program_reads({"a": "import os\nos.environ['B']\n"}) != first
    assert program_reads({"b": "import os\nos.environ['A']\n"}).keys() == {"b"}


ZOD = "import { z } from 'zod'; const base = z.object({ A: z.string(), B: z.string().optional() });\n"
DEV = "http://localhost:2773"


@pytest.mark.parametrize(
    ("source", "names"),
    [
        # Names that are taken from a list, one after the other.
        ("for (const k of ['A', 'B']) { if (!process.env[k]) throw new Error(k); }", [("A", True), ("B", True)]),
        ("['A', 'B'].forEach((k) => { if (!process.env[k]) throw new Error(k); });", [("A", True), ("B", True)]),
        ("const KEYS = ['A', 'B'] as const; KEYS.map((k) => process.env[k]);", [("A", True), ("B", True)]),
        ("for (const k of keys) process.env[k];", [("", False)]),
        ("for (const k of ['A', other]) process.env[k];", [("", False)]),
        (
            "const none = ['A', 'B'].filter((k) => !process.env[k]); if (none.length > 0) throw new Error();",
            [("A", True), ("B", True)],
        ),
        ("const none = ['A'].filter((k) => !process.env[k]); console.warn(none);", [("A", False)]),
        ("if ('A' in process.env) { use(process.env.A); }", [("A", False)]),
        # Schemas that are made of others.
        (f"{ZOD}base.extend({{ C: z.string() }}).parse(process.env);", [("A", True), ("B", False), ("C", True)]),
        (
            f"{ZOD}base.merge(z.object({{ C: z.string() }})).parse(process.env);",
            [("A", True), ("B", False), ("C", True)],
        ),
        (
            f"{ZOD}z.object({{ ...base.shape, C: z.string() }}).parse(process.env)",
            [("A", True), ("B", False), ("C", True)],
        ),
        (f"{ZOD}base.partial().parse(process.env);", [("A", False), ("B", False)]),
        (f"{ZOD}base.strict().refine(check).safeParse(process.env);", [("A", True), ("B", False)]),
    ],
)
def test_variables_that_javascript_names_in_lists_and_schemas(source: str, names: list[tuple[str, bool]]):
    assert sorted((r.name, r.required) for r in node_reads(source) if r.kind == "variable") == names


def test_a_schema_of_another_module_is_followed():
    sources = {"app": "import { S } from './s'; S.parse(process.env);", "s": f"{ZOD}export const S = base.strict();"}
    found = node_program(sources, {"app": {"./s": "s"}})
    assert [(r.name, r.required) for r in found["app"]] == [("A", True), ("B", False)]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (f"fetch(`{DEV}/systemsmanager/parameters/get?name=${{encodeURIComponent('/shop/tax')}}`)", "ssm:/shop/tax"),
        (f"const u = '{DEV}/systemsmanager/parameters/get?name=' + encodeURIComponent(name)", ""),
        ("get(`http://localhost:${port}/secretsmanager/get?secretId=shop%2Fdb`)", "secretsmanager:shop/db"),
        ("get(`http://localhost:${port}/secretsmanager/get?secretId=${id}`)", ""),
    ],
)
def test_what_javascript_asks_of_the_extension(source: str, name: str):
    assert [r.name for r in node_reads(source) if r.kind == "setting"] == [name]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (f"requests.get('{DEV}/systemsmanager/parameters/get', params={{'name': '/shop/tax'}})", "ssm:/shop/tax"),
        (f"get(f'{DEV}/systemsmanager/parameters/get?name={{quote_plus(\"/shop/tax\")}}')", "ssm:/shop/tax"),
        (f"requests.get('{DEV}/secretsmanager/get', params={{'secretId': name}})", ""),
    ],
)
def test_what_python_asks_of_the_extension(source: str, name: str):
    assert [r.name for r in python_reads(source) if r.kind == "setting"] == [name]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (OS + "if 'A' not in os.environ:\n  raise ValueError", [("A", True)]),
        (OS + "if 'A' not in os.environ:\n  print('none')", []),
        (OS + "for k in ('A', 'B'):\n  if k not in os.environ:\n    raise ValueError", [("A", True), ("B", True)]),
        (
            OS + "none = [k for k in ('A', 'B') if k not in os.environ]\nif none:\n  raise ValueError",
            [("A", True), ("B", True)],
        ),
        (OS + "none = [k for k in ('A',) if not os.getenv(k)]\nif len(none) > 0:\n  sys.exit(1)", [("A", True)]),
        (OS + "none = [k for k in ('A',) if not os.getenv(k)]\nprint(none)", [("A", False)]),
        (OS + "assert 'A' in os.environ", [("A", True)]),
        (
            OS
            + (
                "def need(n, required=True):\n"
                "  v = os.environ.get(n)\n"
                "  if v is None and required:\n"
                "    raise ValueError\n"
                "need('A')\n"
                "need('B', required=False)"
            ),
            [("A", True), ("B", False)],
        ),
        (
            OS
            + "def need(n, strict=False):\n  v = os.getenv(n)\n  if not v and strict:\n    raise ValueError\nneed('A')",
            [("A", False)],
        ),
        ("from environs import env\nenv.str('A')\nenv.int('B', default=3)", [("A", True), ("B", False)]),
        ("import dynaconf\ns = dynaconf.Dynaconf(envvar_prefix=False)\ns.TAX", [("TAX", False)]),
    ],
)
def test_variables_that_python_asks_for_before_it_needs_them(source: str, names: list[tuple[str, bool]]):
    assert sorted((r.name, r.required) for r in python_reads(source) if r.kind == "variable") == names


V3 = 'import {{ {0} }} from "@aws-sdk/client-x";\n'


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (V3.format("DynamoDBClient") + 'new DynamoDBClient({ region: "us-east-1" });', ["dynamodb:us-east-1"]),
        (V3.format("SFNClient") + 'const REGION = "us-east-1";\nnew SFNClient({ region: REGION });', ["stepfunctions"]),
        (V3.format("SQSClient") + 'const given = { region: "us-east-1" };\nnew SQSClient(given);', ["sqs:us-east-1"]),
        (V3.format("SQS as Queues") + 'new Queues({ region: "us-east-1" });', ["sqs:us-east-1"]),
        ('const { SNSClient } = require("@aws-sdk/client-sns");\nnew SNSClient({ region: "us-east-1" });', ["sns:"]),
        ('const AWS = require("aws-sdk");\nnew AWS.DynamoDB.DocumentClient({ region: "us-east-1" });', ["dynamodb:"]),
        ('import AWS from "aws-sdk";\nnew AWS.EventBridge({ region: "us-east-1" });', ["events:us-east-1"]),
        (V3.format("DynamoDBClient") + "new DynamoDBClient({ region: process.env.AWS_REGION });", []),
        (V3.format("DynamoDBClient") + 'new DynamoDBClient({ region: process.env.X || "us-east-1" });', []),
        (V3.format("DynamoDBClient") + "new DynamoDBClient({});\nnew DynamoDBClient();", []),
        (V3.format("SESClient") + 'new SESClient({ region: "us-east-1" });', []),
        ('import { DynamoDBClient } from "./ours";\nnew DynamoDBClient({ region: "us-east-1" });', []),
        ('class SQSClient {}\nnew SQSClient({ region: "us-east-1" });', []),
    ],
)
def test_the_regions_that_clients_of_javascript_are_made_for(source: str, found: list[str]) -> None:
    read = [one.name for one in node_reads(source) if one.kind == "region"]
    assert len(read) == len(found)
    assert all(one.startswith(begin) for one, begin in zip(read, found, strict=True))
