"""Bad configuration: everything wrong is said at once, each with its place."""

from pathlib import Path

import pytest

from sealift.config.load import Source, load_app
from sealift.errors import ConfigError


def _problems(root: Path, text: str, file: str = "sealift.toml") -> list[tuple[int, str, str]]:
    with pytest.raises(ConfigError) as caught:
        load_app(root, source=Source(file=file, text=text))
    assert caught.value.code == "config-invalid"
    problems = caught.value.context["problems"]
    assert isinstance(problems, list)
    return [(one["line"], one["key"], one["message"]) for one in problems]


def _messages(root: Path, text: str) -> str:
    return "\n".join(message for _, _, message in _problems(root, text))


def test_all_problems_are_told_at_once_in_the_order_of_the_file(app_folder: Path) -> None:
    text = """\
[app]
name = 3

[environments.staging]
sok = "10m"
account = 123456789012
soak = "soon"

[environments.production]
promotes_from = "stagin"
[environments.production.parameters]
Version = 3.10

[[probes]]
status = 99
"""
    assert _problems(app_folder, text) == [
        (2, "app.name", "must be letters, digits and dashes, a letter first, not 3"),
        (5, "environments.staging.sok", 'unknown key (did you mean "soak"?)'),
        (6, "environments.staging.account", "must be an AWS account id: twelve digits in quotes, not 123456789012"),
        (7, "environments.staging.soak", 'must be a duration such as "10s", "30m", "2h" or "1d", not "soon"'),
        (
            10,
            "environments.production.promotes_from",
            'there is no environment "stagin" (did you mean "staging"?)',
        ),
        (
            12,
            "environments.production.parameters.Version",
            "must be text, a whole number, true, false or a list of texts, not 3.1: write it in quotes",
        ),
        (14, "probes[1]", "url is missing"),
        (15, "probes[1].status", "must be a whole number from 100 to 599, not 99"),
    ]


def test_the_message_names_file_line_and_key(app_folder: Path) -> None:
    (app_folder / "sealift.toml").write_text("[app]\n\nnmae = 'x'\n")
    with pytest.raises(ConfigError) as caught:
        load_app(app_folder)
    assert caught.value.message == (
        'sealift.toml has a problem:\n  sealift.toml:3: app.nmae: unknown key (did you mean "name"?)'
    )


def test_lines_in_pyproject_are_the_files_own(app_folder: Path) -> None:
    text = '[project]\nname = "x"\n\n[tool.sealift.app]\nnam = "y"\n'
    assert _problems(app_folder, text, "pyproject.toml") == [(5, "app.nam", 'unknown key (did you mean "name"?)')]


def test_broken_toml_is_told_with_its_line(app_folder: Path) -> None:
    (app_folder / "sealift.toml").write_text("[app]\nname = \n")
    with pytest.raises(ConfigError, match="line 2") as caught:
        load_app(app_folder)
    assert caught.value.code == "config-syntax"


def test_two_configurations_are_refused(app_folder: Path) -> None:
    (app_folder / "sealift.toml").write_text("")
    (app_folder / "pyproject.toml").write_text("[tool.sealift]\n")
    with pytest.raises(ConfigError) as caught:
        load_app(app_folder)
    assert caught.value.code == "config-twice"


def test_a_file_that_is_no_text_is_refused(app_folder: Path) -> None:
    (app_folder / "sealift.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError) as caught:
        load_app(app_folder)
    assert caught.value.code == "config-encoding"


def test_a_folder_in_the_place_of_the_file_is_refused(app_folder: Path) -> None:
    (app_folder / "sealift.toml").mkdir()
    with pytest.raises(ConfigError) as caught:
        load_app(app_folder)
    assert caught.value.code == "config-unreadable"


def test_tool_sealift_must_be_a_table(app_folder: Path) -> None:
    (app_folder / "pyproject.toml").write_text("[tool]\nsealift = 3\n")
    with pytest.raises(ConfigError, match="must be a table"):
        load_app(app_folder)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("app = 3", "must be a table, not a number"),
        ("environments = []", "must be a table of tables, not a list"),
        ("[environments]\nstaging = true", "must be a table, not true or false"),
        ("[environments.Staging]", "must be named with lower-case letters"),
        ("stacks = 1", "must be an array of tables ([[stacks]]), not a number"),
        ("stacks = ['x']", "must be a table, not text"),
        ("stacks = []", "holds no stack"),
        ("parameters = 'x'", "must be a table of parameters, not text"),
        ("[parameters]\nA-B = 'x'", "is not a parameter name"),
        ("[parameters]\nA = 2024-01-01", "not a date or time: write it in quotes"),
        ("[parameters]\nA = ['x', 1]", "not a list"),
        ("[parameters]\nA = ['x,y']", "not a list"),
        ("[parameters]\nA = {b = 1}", "not a table"),
        (
            "[environments.staging]\nregion = 'Frankfurt'",
            'must be an AWS region, such as eu-central-1, not "Frankfurt"',
        ),
        ("[environments.staging]\naccount = '123'", "twelve digits in quotes"),
        ("[environments.staging]\nstack_name = '1x'", "must be a stack name"),
        ("[environments.staging]\nbucket = 'UPPER'", "must be the name of an S3 bucket"),
        ("[environments.staging]\nbranch = 'a b'", "must be the name of a branch"),
        ("[environments.staging]\napproval = 'yes'", 'must be true or false, not "yes"'),
        ("[environments.staging]\ntags = { a = 1 }", "must be text, not 1"),
        ("[environments.staging]\ntags = 3", "must be a table of texts, not a number"),
        ("[environments.staging]\nsoak = 10", "must be a duration"),
        ("[environments.staging]\nsoak = '-1m'", "must be a duration"),
        ("[tests.unit]\nenabled = 'maybe'", 'must be true, false or "auto", not "maybe"'),
        ('[tests.unit]\ncommand = "a \'b"', "cannot be split into words"),
        ("[tests.unit]\ncommand = []", "must be a command line"),
        ("[tests.unit]\nrequirements = [1]", "must be a list of texts"),
        ("[tests.unit]\npython = '2.7'", "must be a Python version"),
        ("[app]\nfoo = 1", "unknown key; there are name, template"),
        ("[tests.unit]\nenvironments = ['staging']", "unknown key"),
        ("[[probes]]\nurl = 'ftp://x'", "must be an address"),
        ("[[probes]]\nurl = 'http://x'\nmethod = 'get'", "must be an HTTP method in capitals"),
        ("[[probes]]\nurl = 'http://x'\nenvironments = ['prod']", 'there is no environment "prod"'),
        ("[[probes]]\nurl = 'http://x'\n[[probes]]\nurl = 'http://x'", 'two probes are called "GET http://x"'),
        ("[tests.acceptance]\nenvironments = ['stagin']", 'did you mean "staging"?'),
        ("[previews]\nenabled = true", "unknown key"),
        ("[previews]\nuntrusted = 'yes'", "must be true or false"),
        ("[environments.a]\nrole = 'deploy'", "must be the ARN of a role"),
        (
            "[environments.a]\nrole = 'arn:aws:iam::111122223333:role/x'\n"
            "[environments.b]\ncloudformation_role = 'arn:aws:iam::111122223333:role/x'",
            'acts for "a" too: each environment needs its own',
        ),
        ("[previews]\nroles = ['deploy']", '"deploy" is not the ARN of a role'),
        (
            "[previews]\n[environments.staging]\n[environments.pr-12]",
            "orders-pr-12 is a name that a preview would have",
        ),
        ("[enviroments.staging]", 'unknown key (did you mean "environments"?)'),
    ],
)
def test_a_wrong_value_says_what_would_be_right(app_folder: Path, text: str, expected: str) -> None:
    assert expected in _messages(app_folder, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[environments.a]\nstack_name = 'x'\n[environments.b]\nstack_name = 'x'",
            'has the stack name x in the account and region of "a"',
        ),
        (
            "[environments.a]\nbucket = 'shared'\n[environments.b]\nbucket = 'shared'",
            'is the bucket of "a" too',
        ),
        (
            "[environments.a]\npromotes_from = 'b'\n[environments.b]\npromotes_from = 'a'",
            "environments promote from each other in a circle: a → b → a",
        ),
        ("[environments.a]\npromotes_from = 'a'", "in a circle: a → a"),
        (
            "[environments.a]\n[environments.b]\npromotes_from = 'a'\nbranch = 'x'",
            "is not used together with promotes_from",
        ),
        (
            "[[stacks]]\nname = 'a'\ntemplate = 'template.yaml'\n[[stacks]]\nname = 'b'\ntemplate = 'template.yaml'\n"
            "[environments.e.stacks.a]\nstack_name = 'x'\n[environments.e.stacks.b]\nstack_name = 'x'",
            "has the stack name x twice",
        ),
        ("[environments.a.stacks.ap.parameters]\nX = '1'", 'there is no stack "ap" (did you mean "app"?)'),
        ("[app]\ntemplate = 'gone.yaml'", "there is no file gone.yaml"),
        ("[app]\ntemplate = 'template.yaml'\n[[stacks]]\nname = 'a'\ntemplate = 'template.yaml'", "[[stacks]]"),
        ("[[stacks]]\nname = 'a'\ntemplate = 'gone.yaml'", "there is no file gone.yaml"),
        ("[[stacks]]\nname = 'a'\ntemplate = 'template.yaml'\nneeds = 'b'", 'there is no stack "b"'),
        (
            "[[stacks]]\nname = 'a'\ntemplate = 'template.yaml'\n[[stacks]]\nname = 'a'\ntemplate = 'template.yaml'",
            '"a" is the name of two stacks',
        ),
        (
            "[[stacks]]\nname = 'a'\ntemplate = 'template.yaml'\nneeds = 'b'\n"
            "[[stacks]]\nname = 'b'\ntemplate = 'template.yaml'\nneeds = ['a']",
            "stacks need each other in a circle: a → b → a",
        ),
        ("[[stacks]]\ntemplate = 'template.yaml'", "name is missing"),
        (
            f"[environments.a]\nstack_name = '{'x' * 128}'\n[[stacks]]\nname = 'n'\ntemplate = 'template.yaml'\n"
            "[[stacks]]\nname = 'm'\ntemplate = 'template.yaml'",
            "has more than 128 characters",
        ),
    ],
)
def test_parts_that_contradict_each_other_are_told(app_folder: Path, text: str, expected: str) -> None:
    assert expected in _messages(app_folder, text)


def test_the_same_stack_name_in_different_accounts_or_regions_is_fine(app_folder: Path) -> None:
    for difference in ("account = '{}'", "region = 'eu-west-{}'"):
        one, two = ("1" * 12, "2" * 12) if "account" in difference else ("1", "2")
        text = f"[environments.a]\nstack_name='x'\n{difference.format(one)}\n[environments.b]\nstack_name='x'\n"
        app = load_app(app_folder, source=Source(file="sealift.toml", text=text + difference.format(two)))
        assert [e.stack_name for e in app.environments] == ["x", "x"]


def test_a_long_value_is_shortened_in_the_message(app_folder: Path) -> None:
    (message,) = (m for _, _, m in _problems(app_folder, f"[environments.a]\nregion = '{'z' * 500}'"))
    assert len(message) < 120


def test_a_stand_in_names_a_setting_as_the_template_does(app_folder: Path) -> None:
    text = """\
[local.settings]
"ssm:/shop/url" = "http://127.0.0.1"
"ssm-secure:/shop/key" = "x"
"secretsmanager:db:SecretString:password" = "x"
"/shop/other" = "x"
"ssm:/shop/${Stage}" = "x"
"""
    assert [(line, key) for line, key, _ in _problems(app_folder, text)] == [
        (5, 'local.settings."/shop/other"'),
        (6, 'local.settings."ssm:/shop/${Stage}"'),
    ]


def test_a_key_in_kms_is_the_only_one_that_signs_and_has_its_public_key_beside_it(app_folder: Path) -> None:
    text = '[signing]\nkms_key = "alias/releases"\nprivate_key = "key.pem"\n'
    assert _problems(app_folder, text) == [
        (2, "signing.kms_key", "is not used together with private_key: one key signs"),
        (2, "signing.kms_key", "needs public_key, the file that the signature is checked with"),
    ]
