"""The page of rules and the hook: made of what is there. tests/unit/docs compares the page on disk."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from sealift.cli.main import COMMANDS
from sealift.isolation.rules import RULES
from tools.isolation_rules import rules_page
from tools.reference import pages

ROOT = Path(__file__).parents[3]


def test_every_rule_has_a_section_with_both_templates() -> None:
    page = rules_page()
    assert pages()["isolation-rules.md"] == page
    sections = dict(re.findall(r"^### (\S+)\n(.*?)(?=^##|\Z)", page, re.DOTALL | re.MULTILINE))
    assert list(sections) == [rule.id for rule in RULES]
    for rule in RULES:
        assert rule.fix in sections[rule.id]
        for example in (rule.failing, rule.passing):
            assert example.template.strip("\n") in sections[rule.id]
            for account in filter(None, example.accounts):
                assert account in sections[rule.id]


def test_every_block_on_the_page_is_a_template() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", rules_page(), re.DOTALL)
    assert len(blocks) >= 2 * len(RULES)
    for block in blocks:
        assert "Resources" in yaml.safe_load(block)


def test_the_hook_runs_a_command_that_is_there() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    (hook,) = (one for one in hooks if one["id"] == "sealift-prove")
    program, command = shlex.split(hook["entry"])
    assert program == "sealift"
    assert command in COMMANDS
    assert hook["pass_filenames"] is False


@pytest.mark.parametrize(
    ("path", "runs"),
    [
        ("template.yaml", True),
        ("infra/stack.yml", True),
        ("a.template", True),
        ("sealift.toml", True),
        ("src/app.py", False),
        ("README.md", False),
    ],
)
def test_the_hook_runs_when_a_template_or_the_configuration_changes(path: str, runs: bool) -> None:
    hook = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())[0]
    assert bool(re.search(hook["files"], path)) is runs
