"""A check looks at everything; what it proved before of the same environments it does not prove again."""

import json
import shutil
from dataclasses import replace
from datetime import timedelta

import pytest

from sealift.errors import Refused
from sealift.model.app import AcceptedFinding
from sealift.model.event import Event, FindingReported, Noted, PhaseFinished, PhaseStarted
from sealift.model.finding import Finding, SuiteResult
from sealift.model.template import Json, Location
from sealift.usecases.build import load_templates
from sealift.usecases.fitness import with_supposed_values
from sealift.usecases.review import readable, review
from sealift.usecases.run import RunOptions, run
from tests.component.usecases.world import World, function
from tests.fakes.suites import FakeAnalyzer, failed

LEAKING = {"Hello": function()}
LEAKING["Hello"]["Properties"]["Role"] = "arn:aws:iam::222222222222:role/shared"  # type: ignore[index,call-overload]


def isolation(world: World) -> SuiteResult:
    services = world.services()
    templates = load_templates(world.app, services)
    _, results = review(world.app, services, templates=templates, local=False, tests=False)
    return next(one for one in results if one.name == "isolation")


def test_the_same_environments_are_proved_once_and_the_same_is_said_of_them(world: World):
    world.write(LEAKING)
    first, kept = isolation(world), dict(world.memory.texts)
    told = [e.detail for e in world.events.of(PhaseFinished) if e.phase == "prove"]
    second = isolation(world)
    assert (first.status, second, dict(world.memory.texts)) == ("failed", first, kept)
    assert [e.detail for e in world.events.of(PhaseFinished) if e.phase == "prove"] == told * 2
    shown = [e.finding for e in world.events.of(FindingReported) if e.finding.tool == "isolation"]
    assert shown == [*first.findings, *first.findings]


def test_what_changes_is_proved_anew(world: World):
    world.write(LEAKING)
    assert isolation(world).status == "failed"
    world.write({"Hello": function()})
    assert isolation(world).status == "succeeded"
    world.write(LEAKING)
    assert isolation(world).status == "failed"
    ids = sorted({one.id for one in isolation(world).findings})
    until = (world.clock.now() + timedelta(days=2)).date()
    accepted = tuple(AcceptedFinding(id=one, reason="known", expires=until) for one in ids)
    world.app = replace(world.app, accepted=accepted)
    assert isolation(world).status == "succeeded"
    world.clock.advance(7 * 86_400)
    assert isolation(world).status == "failed"


def test_a_parameter_without_a_value_opens_nothing_and_proves_nothing(world: World):
    key = {
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": {"Ref": "Partner"}}, "Action": "kms:*", "Resource": "*"}]
    }
    template: dict[str, Json] = {
        "Hello": function(),
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": key}},
    }
    template["Files"] = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "Name"}}}
    world.write(template, Parameters={"Partner": {"Type": "String"}, "Name": {"Type": "String"}})
    found = isolation(world)
    assert [f.message for f in found.findings if f.stops] == []
    assert (found.status, found.reason) == ("not tested", "not proved: Partner, Name without a value")
    world.write({**template, **LEAKING}, Parameters={"Partner": {"Type": "String"}, "Name": {"Type": "String"}})
    assert isolation(world).status == "failed"


def test_a_supposed_value_is_one_that_the_template_allows(world: World):
    allowed = {"Type": "String", "AllowedValues": ["dev", "production"]}
    world.write({"Hello": function()}, Parameters={"Stage": allowed, "Size": {"Type": "String", "Default": "s"}})
    services = world.services()
    app, names = with_supposed_values(world.app, load_templates(world.app, services))
    assert names == {"staging": ("Stage",), "production": ("Stage",)}
    assert [one.parameters["Stage"] for one in app.environments] == ["dev", "production"]


@pytest.mark.parametrize("junk", ["", "[]", "{", '{"open": true}', '{"open": true, "events": 1}'])
def test_a_kept_proof_that_cannot_be_read_is_made_anew(world: World, junk: str):
    world.write(LEAKING)
    isolation(world)
    world.memory.texts = dict.fromkeys(world.memory.texts, junk)
    assert isolation(world).status == "failed"


def test_no_deployment_believes_a_kept_proof(world: World):
    world.write(LEAKING)
    isolation(world)
    forged = {"open": True, "message": "L1", "summary": "L1 proved from the templates", "events": []}
    world.memory.texts = dict.fromkeys(world.memory.texts, json.dumps(forged))
    assert isolation(world).status == "succeeded"
    with pytest.raises(Refused) as refused:
        run(world.app, world.services(), RunOptions(local=False))
    assert refused.value.code == "gate-isolation"


def reviewed(world: World) -> tuple[str, list[SuiteResult]]:
    services = world.services()
    return review(world.app, services, templates=load_templates(world.app, services), local=False, tests=True)


def test_parts_that_go_on_side_by_side_are_shown_one_after_the_other(world: World):
    world.write({"Hello": function()})
    world.code("a = 1")
    status, results = reviewed(world)
    shown = [(type(e).__name__, e.phase) for e in world.events.events if isinstance(e, PhaseStarted | PhaseFinished)]
    phases = ("analyse", "prove", "build", "test")
    assert shown == [(kind, phase) for phase in phases for kind in ("PhaseStarted", "PhaseFinished")]
    assert (status, [one.name for one in results][:2]) == ("succeeded", ["analysis", "unit"])


class Slow(FakeAnalyzer):
    """Takes a hundred seconds, from when everything else has been done."""

    world: World

    def analyse(self, *args: object, **kwargs: object) -> SuiteResult:
        assert self.world.builder.looked.wait(60)
        self.world.clock.advance(100.0)
        return self.result


def test_a_build_that_waits_for_the_analysis_does_not_count_the_wait(world: World):
    world.write({"Hello": function()})
    world.code("a = 1")
    world.analyzer = Slow()
    world.analyzer.world = world
    reviewed(world)
    took = {e.phase: e.duration_s for e in world.events.of(PhaseFinished)}
    assert (took["analyse"], took["build"]) == (100.0, 0.0)


def said(events: tuple[Event, ...]) -> list[str]:
    return [e.message for e in events if isinstance(e, Noted)]


def test_a_function_that_does_not_load_fails_the_check_unless_the_analysis_names_a_fault(world: World):
    world.write({"Hello": function()})
    world.code("a = 1")
    world.builder.unloadable = "Hello cannot be loaded"
    status, results = reviewed(world)
    build = next(one for one in results if one.name == "build")
    assert (status, [(f.message, f.stops) for f in build.findings]) == ("failed", [("Hello cannot be loaded", True)])
    assert [e.status for e in world.events.of(PhaseFinished) if e.phase == "build"] == ["errored"]
    world.analyzer.result = failed("analysis")
    status, results = reviewed(world)
    assert (status, results[0].status) == ("failed", "failed")
    assert [e.status for e in world.events.of(PhaseFinished) if e.phase == "build"] == ["errored", "succeeded"]
    assert not any("Hello cannot be loaded" in one for one in said(world.events.events))


def test_an_analysis_that_breaks_ends_the_check_at_once(world: World):
    class Broken(FakeAnalyzer):
        def analyse(self, *args: object, **kwargs: object) -> SuiteResult:
            raise Refused("it broke", code="broken")

    world.write({"Hello": function()})
    world.code("a = 1")
    world.analyzer = Broken()
    with pytest.raises(Refused, match="it broke"):
        reviewed(world)


def test_code_that_is_missing_hides_no_other_finding(world: World):
    missing = function()
    missing["Properties"]["Code"] = "dist/"  # type: ignore[index,call-overload]
    world.write({**LEAKING, "Late": missing})
    services = world.services()
    templates, unbuildable = readable(world.app, services)
    status, results = review(
        world.app, services, templates=templates, local=False, tests=False, unbuildable=unbuildable
    )
    build = next(one for one in results if one.name == "build")
    assert (status, build.status) == ("failed", "failed")
    assert [(f.id, f.message, f.stops) for f in build.findings] == [
        ("template-asset-missing", "Code of Late is dist/, but there is no dist", True)
    ]
    assert next(one for one in results if one.name == "isolation").findings
    assert build.findings[0] in [event.finding for event in world.events.of(FindingReported)]


def test_a_build_that_fails_is_a_finding_beside_all_others(world: World):
    world.code("def handler(event, context): ...")
    world.write(LEAKING)
    services = world.services()
    templates = load_templates(world.app, services)
    shutil.rmtree(world.app.root / "src")
    _, results = review(world.app, services, templates=templates, local=False, tests=False)
    assert [one.status for one in results if one.name in ("isolation", "build")] == ["failed", "failed"]
    found = next(one for one in results if one.name == "build").findings
    assert [(f.id, f.message, f.stops) for f in found] == [("source-missing", "src is not there", True)]


@pytest.mark.parametrize(
    ("message", "about", "line"),
    [
        ("Hello: `npm ci` ended with status 1", None, 1),
        ("Hello, Other: `npm ci` ended with status 1", "Other", 1),
        ("Hello: there is no entry point", "Hello", None),
        ("The registry does not answer", None, 0),
    ],
)
def test_a_build_that_fails_is_reported_at_its_function_unless_the_analysis_reports_why(
    world: World, message: str, about: str | None, line: int | None
):
    world.write({"Hello": function()})
    world.code("a = 1")
    world.builder.broken = {"app:Hello.Code": message}
    old = replace(stop("template.json", "Hello"), data={"function": about} if about else {})
    world.analyzer.result = SuiteResult(name="analysis", status="failed", findings=(old,))
    status, results = reviewed(world)
    build = next(one for one in results if one.name == "build")
    assert status == "failed"
    places = [one.location.line if one.location else 0 for one in build.findings]
    assert places == ([] if line is None else [line])
    assert [one.message for one in build.findings] == [message] * len(places)


def unloadable(world: World, *stops: Finding) -> list[Finding]:
    """Return what a check says of functions that cannot be loaded, beside what the analysis found."""
    status = "failed" if stops else "succeeded"
    world.analyzer.result = SuiteResult(name="analysis", status=status, findings=stops)  # type: ignore[arg-type]
    services = world.services()
    ended, results = review(world.app, services, templates=load_templates(world.app, services), local=True, tests=False)
    assert ended == "failed"
    return [one for result in results if result.name == "functions" for one in result.findings]


@pytest.mark.parametrize(("lint", "rules"), [("auto", []), ("off", ["SHR-02"])])
def test_a_secret_in_plain_text_is_not_reported_once_more_as_shared(world: World, lint: str, rules: list[str]):
    shared = function()
    shared["Properties"]["Environment"] = {"Variables": {"API_KEY": "k8Jd83jfKq92LsPz0x"}}  # type: ignore[index,call-overload]
    world.write({"Hello": shared})
    world.app = replace(world.app, lint=lint)  # type: ignore[arg-type]
    found = isolation(world)
    assert (found.status, [one.id for one in found.findings if one.stops]) == ("failed", rules)
    shown = [e.finding.id for e in world.events.of(FindingReported) if e.finding.stops]
    assert shown == rules


def stop(file: str, logical_id: str | None = None) -> Finding:
    place = Location(file=file, line=1, logical_id=logical_id)
    return Finding(tool="ruff", id="F821", severity="high", message="m", location=place, stops=True)


def test_each_function_that_cannot_be_loaded_is_reported_at_its_line_whatever_else_is_wrong(world: World):
    world.code("one = 1", folder="other")
    world.write({"Hello": function(), "Later": function("other"), "Fine": function()})
    world.builder.missing = {"Hello": "it lacks left_pad", "Later": "it lacks right_pad"}
    for others in ((), (stop("template.json", "Items"),), (stop("tests/test_a.py"),), (stop("sealift.toml"),)):
        found = unloadable(world, *others)
        assert [one.message.rpartition(" lacks ")[2] for one in found] == ["left_pad", "right_pad"]
        assert [str(one.location) for one in found] == ["template.json:1"] * 2
        assert [(one.id, one.fix, one.stops) for one in found] == [("handler-missing", "Mend it.", True)] * 2


@pytest.mark.parametrize("told", [stop("src/app.py"), stop("template.json", "Hello")])
def test_what_the_analysis_says_breaks_a_function_is_not_said_twice(world: World, told: Finding):
    world.code("one = 1", folder="other")
    world.write({"Hello": function(), "Later": function("other")})
    world.builder.missing = {"Hello": "it lacks left_pad", "Later": "it lacks right_pad"}
    assert [one.location.logical_id for one in unloadable(world, told) if one.location] == ["Later"]


def test_shared_code_that_is_broken_may_break_any_function(world: World):
    world.builder.missing = {"Hello": "it lacks left_pad"}
    assert unloadable(world, stop("layer/python/core.py")) == []
