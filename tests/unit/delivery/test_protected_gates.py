"""Whatever a hostile work tree declares, the gates are the protected branch's."""

from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pytest

from sealift.delivery.protected_gates import counted, effective
from sealift.model.app import (
    AcceptedFinding,
    App,
    Environment,
    GatesRead,
    Hooks,
    PreviewRules,
    Probe,
    Signing,
    StackSpec,
    SuiteSpec,
)

READ = GatesRead(reference="origin/main", commit="1" * 40)
STAGING = Environment(
    name="staging",
    region="eu-west-1",
    account="111111111111",
    stack_name="shop-staging",
    branch="main",
    soak_s=3600,
    parameters={"Size": "1"},
)
PRODUCTION = Environment(
    name="production",
    region="eu-west-1",
    account="222222222222",
    stack_name="shop-production",
    promotes_from="staging",
    approvals=1,
    protected=True,
    parameters={"Size": "9"},
)
PROTECTED = App(
    name="shop",
    root=Path("/app"),
    config_path="sealift.toml",
    stacks=(StackSpec(name="app", template="template.yaml"),),
    environments=(STAGING, PRODUCTION),
    lint="on",
    unit_tests=SuiteSpec(enabled="on"),
    probes=(Probe(name="health", url="https://a.example/health", contains="ok"),),
    signing=Signing(public_key="keys/release.pub"),
)


def own(**changes: object) -> App:
    return replace(PROTECTED, **changes)  # type: ignore[arg-type]


def production(**changes: object) -> App:
    hostile = replace(PRODUCTION, **changes)  # type: ignore[arg-type]
    return own(environments=(STAGING, hostile))


APP_CONTENT = {"root", "config_path", "stacks", "hooks", "build", "local_settings"}
APP_GATES = {
    "name",
    "lint",
    "lint_commands",
    "needs",
    "sandbox",
    "signing",
    "verify_timeout_s",
    "accepted",
    "not_looked_at",
    "notifications",
}
APP_MERGED = {"environments", "unit_tests", "acceptance_tests", "probes", "previews", "preview_rules", "gates"}
ENVIRONMENT_CONTENT = {"parameters", "stack_parameters", "tags"}
ENVIRONMENT_GATES = {
    "name",
    "kind",
    "region",
    "account",
    "stack_name",
    "stack_names",
    "bucket",
    "branch",
    "promotes_from",
    "soak_s",
    "roles",
    "role",
    "cloudformation_role",
    "trust",
    "approvals",
    "approvers",
    "windows",
    "freezes",
    "protected",
    "drift",
    "watch_s",
    "health",
    "untrusted",
}
SUITE_CONTENT = {"command", "path", "requirements", "python", "timeout_s", "variables"}
SUITE_GATES = {"enabled", "environments", "coverage"}


@pytest.mark.parametrize(
    ("noun", "sides"),
    [
        (App, (APP_CONTENT, APP_GATES, APP_MERGED)),
        (Environment, (ENVIRONMENT_CONTENT, ENVIRONMENT_GATES)),
        (SuiteSpec, (SUITE_CONTENT, SUITE_GATES)),
    ],
)
def test_every_field_is_said_to_be_a_gate_or_content(noun: type, sides: tuple[set[str], ...]):
    """A new field counts as on the protected branch. Put it on its side here, and say why in docs/decisions."""
    named = [name for side in sides for name in side]
    assert sorted(named) == sorted(f.name for f in fields(noun))


@pytest.mark.parametrize("name", sorted(ENVIRONMENT_GATES - {"name"}))
def test_a_gate_of_an_environment_is_that_of_the_protected_branch(name: str):
    hostile = replace(STAGING, **{name: object()})  # type: ignore[arg-type]
    app = effective(own(environments=(hostile, PRODUCTION)), PROTECTED)
    assert app.environments[0] == STAGING


@pytest.mark.parametrize("name", sorted(ENVIRONMENT_CONTENT))
def test_what_goes_with_the_template_is_of_the_work_tree(name: str):
    changed = replace(STAGING, **{name: {"Size": "2"}})  # type: ignore[arg-type]
    assert effective(own(environments=(changed, PRODUCTION)), PROTECTED).environments[0] == changed


def test_what_is_promoted_into_has_the_reviewed_parameters():
    assert effective(production(parameters={"Size": "0"}), PROTECTED).environments[1] == PRODUCTION


@pytest.mark.parametrize("name", sorted(APP_GATES))
def test_a_gate_of_the_application_is_that_of_the_protected_branch(name: str):
    assert getattr(effective(own(**{name: object()}), PROTECTED), name) == getattr(PROTECTED, name)


@pytest.mark.parametrize("name", sorted(APP_CONTENT))
def test_content_of_the_application_is_of_the_work_tree(name: str):
    mine = object()
    assert getattr(effective(own(**{name: mine}), PROTECTED), name) is mine


@pytest.mark.parametrize("name", sorted(SUITE_GATES | SUITE_CONTENT))
def test_whether_tests_run_is_a_gate_and_how_goes_with_them(name: str):
    hostile = replace(PROTECTED.unit_tests, **{name: "changed"})  # type: ignore[arg-type]
    counts = effective(own(unit_tests=hostile, acceptance_tests=hostile), PROTECTED)
    expected = "changed" if name in SUITE_CONTENT else getattr(PROTECTED.unit_tests, name)
    assert getattr(counts.unit_tests, name) == expected
    assert getattr(counts.acceptance_tests, name) == (
        "changed" if name in SUITE_CONTENT else getattr(PROTECTED.acceptance_tests, name)
    )


def test_a_probe_can_not_be_removed_or_softened():
    softer = Probe(name="health", url="https://evil.example/")
    for probes in ((), (softer,)):
        assert effective(own(probes=probes), PROTECTED).probes == PROTECTED.probes


def test_a_probe_can_be_added():
    new = Probe(name="orders", url="https://a.example/orders")
    assert effective(own(probes=(*PROTECTED.probes, new)), PROTECTED).probes == (*PROTECTED.probes, new)


def test_where_nothing_is_promoted_from_probes_go_with_the_code():
    demo = Environment(name="demo", region="eu-west-1", stack_name="shop-demo", branch="develop")
    protected = own(environments=(STAGING, PRODUCTION, demo))
    changed = Probe(name="health", url="https://a.example/health", contains="fine")
    probes = effective(replace(protected, probes=(changed,)), protected).probes
    assert [(p.contains, p.environments) for p in probes] == [
        ("ok", ("staging", "production")),
        ("fine", ("demo",)),
    ]


def test_a_probe_of_one_environment_stays_there():
    only = replace(PROTECTED.probes[0], environments=("production",))
    protected = own(probes=(only,))
    assert effective(protected, protected).probes == (only,)


def test_an_environment_of_the_work_tree_alone_does_not_count():
    twin = replace(PRODUCTION, name="production2", promotes_from=None, branch="evil")
    app = counted(own(environments=(STAGING, PRODUCTION, twin)), PROTECTED, read=READ)
    assert (app.environment("production2"), app.gates.left_out) == (None, ("production2",))


def test_an_environment_that_the_work_tree_lacks_still_counts():
    app = counted(own(environments=(STAGING,)), PROTECTED, read=READ)
    assert (app.environment("production"), app.gates.differences) == (
        PRODUCTION,
        ("production is declared (work tree: not)",),
    )


def test_previews_are_where_the_protected_branch_says_and_what_it_lacks_is_proved_too():
    strict = Environment(
        name="pr-*", kind="preview", region="eu-west-1", account="333333333333", stack_name="x", untrusted=True
    )
    hostile = replace(strict, account="222222222222", untrusted=False, parameters={"Size": "2"})
    app = effective(own(previews=hostile), own(previews=strict))
    assert app.previews == replace(strict, parameters={"Size": "2"})
    assert effective(own(previews=None), own(previews=strict)).previews == strict
    assert effective(own(previews=strict), PROTECTED).previews == strict


def test_a_rehearsal_tries_what_the_work_tree_adds():
    demo = Environment(name="demo", region="eu-west-1", stack_name="shop-demo")
    changed = Probe(name="health", url="https://a.example/health", contains="fine")
    mine = own(environments=(STAGING, replace(PRODUCTION, approvals=0), demo), probes=(changed,))
    app = effective(mine, PROTECTED, rehearsal=True)
    assert (app.environment("demo"), app.environment("production"), app.probes) == (demo, PRODUCTION, (changed,))


def test_differences_are_told_as_they_would_be_written():
    hostile = own(
        environments=(replace(STAGING, soak_s=0), replace(PRODUCTION, approvals=0, account="333333333333")),
        unit_tests=SuiteSpec(enabled="off"),
        accepted=(AcceptedFinding(id="IAM-01", reason="why not", expires=date(2099, 1, 1)),),
    )
    assert counted(hostile, PROTECTED, read=READ).gates.differences == (
        "tests.unit.enabled on (work tree: off)",
        "isolation.accepted differs",
        "staging.soak 1h (work tree: 0s)",
        "production.account 222222222222 (work tree: 333333333333)",
        "production.approvals 1 (work tree: 0)",
    )


def test_content_that_differs_is_no_difference_of_gates():
    mine = own(hooks=Hooks(), stacks=(StackSpec(name="app", template="other.yaml"),))
    assert counted(mine, PROTECTED, read=READ).gates == READ


def test_gates_that_nobody_reviewed_can_not_be_relied_on():
    app = counted(own(), None, read=READ)
    assert app.gates.problem.startswith("origin/main has no Sealift configuration")
    assert "sealift.toml" in app.gates.hint


def test_without_any_configuration_the_defaults_count_on_both_sides():
    assert counted(own(config_path=None), None, read=READ).gates == READ


PREVIEWS = Environment(name="pr-*", kind="preview", region="eu-west-1", stack_name="x")


@pytest.mark.parametrize(
    ("mine", "reviewed", "rehearsal", "left_out"),
    [
        (PREVIEWS, None, False, ("pr-*",)),
        (PREVIEWS, None, True, ()),
        (PREVIEWS, PREVIEWS, False, ()),
        (None, PREVIEWS, False, ()),
        (None, None, False, ()),
    ],
)
def test_previews_that_only_the_work_tree_declares_are_left_out_but_of_a_rehearsal(
    mine: Environment | None, reviewed: Environment | None, left_out: tuple[str, ...], *, rehearsal: bool
):
    app = counted(own(previews=mine), own(previews=reviewed), read=READ, rehearsal=rehearsal)
    assert app.gates.left_out == left_out
    assert app.gates.differences == (("previews differs",) if mine is None and reviewed else ())


def test_who_gets_a_preview_is_reviewed_and_its_seed_data_is_of_the_work_tree():
    hostile = PreviewRules(when="always", cap=99, seed=("make seed",))
    mine, reviewed = own(preview_rules=hostile), own(preview_rules=PreviewRules(when="label"))
    assert effective(mine, reviewed).preview_rules == PreviewRules(when="label", seed=("make seed",))
    assert effective(mine, reviewed, rehearsal=True).preview_rules == hostile


def test_a_rehearsal_has_each_environment_once_with_the_parameters_of_the_work_tree():
    app = effective(production(parameters={"Size": "0"}, approvals=0), PROTECTED, rehearsal=True)
    assert app.environments == (STAGING, replace(PRODUCTION, parameters={"Size": "0"}))


def test_a_new_probe_of_one_environment_is_sent_there_alone():
    lab = Environment(name="lab", region="eu-west-1", stack_name="shop-lab", branch="lab")
    protected = own(environments=(STAGING, PRODUCTION, lab))
    for environments in (("production",), ("lab",), ("lab", "staging"), ("gone",)):
        new = Probe(name="new", url="https://a.example/", environments=environments)
        sent = effective(replace(protected, probes=(*protected.probes, new)), protected).probes
        assert {name for probe in sent if probe.name == "new" for name in probe.environments} == {*environments} - {
            "gone"
        }


@pytest.mark.parametrize(
    ("name", "theirs", "mine", "told"),
    [
        ("protected", True, False, "protected true (work tree: false)"),
        ("account", "1" * 12, None, f"account {'1' * 12} (work tree: none)"),
        ("soak_s", 90.0, 60.0, "soak 1m30s (work tree: 1m)"),
        ("bucket", "b" * 60, "c" * 6, f"bucket {'b' * 60} (work tree: cccccc)"),
        ("bucket", "b" * 60, "c" * 7, "bucket differs"),
        ("approvers", ("ann",), (), "approvers differs"),
        ("trust", "a", ("b",), "trust differs"),
    ],
)
def test_a_difference_is_told_with_both_values_when_they_are_short_and_plain(name, theirs, mine, told: str):
    reviewed = own(environments=(replace(STAGING, **{name: theirs}),))
    app = counted(own(environments=(replace(STAGING, **{name: mine}),)), reviewed, read=READ)
    assert app.gates.differences == (f"staging.{told}",)
