"""What the application needs, and what each environment has of it."""

import pytest

from sealift.errors import ConfigError, Refused
from sealift.model.reads import FunctionReads, Read
from sealift.model.template import Json
from sealift.usecases.build import load_templates
from sealift.usecases.contract import Contract, contracts
from sealift.usecases.run import RunOptions, run
from sealift.usecases.settings import set_value, unset_value
from tests.component.usecases.world import ROLE, World, function, table

TAX = "ssm:/shop/production/tax"
PARAMETER: Json = {"SealiftEnvironment": {"Type": "String"}}


def _queue(name: str) -> Json:
    return {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": name}}}


def _looked(world: World) -> dict[str, Contract]:
    templates = load_templates(world.app, world.services())
    found = contracts(world.app, world.services(), templates, world.app.environments)
    return {one.environment: one for one in found}


def _reads(world: World, name: str, *, required: bool = True, variables: Json = None) -> None:
    made = function()
    properties = made["Properties"]
    assert isinstance(properties, dict)
    properties["Environment"] = {"Variables": variables or {}}
    world.write({"Items": table(), "Role": ROLE, "Place": made}, Parameters=PARAMETER)
    world.code("def handler(event, context): ...", folder="src")
    read = Read(kind="setting", name=name, required=required, line=3, file="src/app.py")
    world.analyzer.code = (FunctionReads(logical_id="Place", reads=(read,), sources={}),)


def test_a_setting_that_production_lacks_fails_and_names_the_command_that_mends_it(world: World):
    world.write({"Q": _queue("{{resolve:ssm:/shop/${SealiftEnvironment}/tax}}")}, Parameters=PARAMETER)
    world.account("staging").settings.put("ssm:/shop/staging/tax", "19")
    found = _looked(world)
    (finding,) = found["production"].findings
    assert (found["staging"].status, found["production"].status) == ("succeeded", "failed")
    assert finding.fix == "sealift config set production tax --plain"


def test_a_blank_value_counts_as_missing(world: World):
    world.write({"Q": _queue("{{resolve:ssm:/shop/${SealiftEnvironment}/tax}}")}, Parameters=PARAMETER)
    world.account("production").settings.put(TAX, " ")
    assert _looked(world)["production"].status == "failed"
    world.account("production").settings.put(TAX, "19")
    assert _looked(world)["production"].status == "succeeded"


@pytest.mark.parametrize(("required", "status"), [(True, "failed"), (False, "succeeded")])
def test_what_code_reads_is_needed_unless_it_is_optional(world: World, required: bool, status: str):
    _reads(world, "ssm:/shop/${STAGE}/tax", required=required, variables={"STAGE": {"Ref": "SealiftEnvironment"}})
    found = _looked(world)["production"]
    assert found.status == status
    assert [str(f.location) for f in found.findings] == ["src/app.py:3"]


def test_what_the_stack_makes_itself_is_not_looked_for(world: World):
    tax: Json = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Type": "String", "Value": "19", "Name": {"Fn::Sub": "/shop/${SealiftEnvironment}/tax"}},
    }
    _reads(world, "ssm:/shop/${STAGE}/tax", variables={"STAGE": {"Ref": "SealiftEnvironment"}})
    reads = world.analyzer.code
    made = function()
    properties = made["Properties"]
    assert isinstance(properties, dict)
    properties["Environment"] = {"Variables": {"STAGE": {"Ref": "SealiftEnvironment"}}}
    world.write({"Tax": tax, "Role": ROLE, "Place": made}, Parameters=PARAMETER)
    world.analyzer.code = reads
    assert _looked(world)["production"].status == "succeeded"


def test_a_name_that_is_not_static_is_said(world: World):
    _reads(world, "")
    (note,) = _looked(world)["production"].notes
    assert "src/app.py:3" in note


def test_an_environment_that_cannot_be_read_is_not_looked_at_and_the_others_are(world: World):
    world.write({"Q": _queue("{{resolve:ssm:/shop/${SealiftEnvironment}/tax}}")}, Parameters=PARAMETER)
    world.account("production").settings.denied = "AWS refused: no right"
    found = _looked(world)
    assert (found["staging"].status, found["production"].status) == ("failed", "not looked at")
    assert "no right" in found["production"].reason


def test_credentials_of_another_account_are_no_answer(world: World):
    world.write({"Q": _queue("{{resolve:ssm:/shop/${SealiftEnvironment}/tax}}")}, Parameters=PARAMETER)
    world.account("production").identity.account = "999999999999"
    assert _looked(world)["production"].status == "not looked at"


def test_a_blank_parameter_is_missing_and_one_with_an_empty_default_is_not(world: World):
    world.write({"Items": table()}, Parameters={"Rate": {"Type": "String"}, "Flag": {"Type": "String", "Default": ""}})
    world.change("staging", parameters={"Rate": "19"})
    world.change("production", parameters={"Rate": " "})
    found = _looked(world)
    assert (found["staging"].status, found["production"].status) == ("succeeded", "failed")
    assert "blank" in found["production"].findings[0].message


def test_the_gate_refuses_before_anything_is_written_what_the_check_reports(world: World):
    world.write({"Q": _queue("{{resolve:ssm:/shop/${SealiftEnvironment}/tax}}")}, Parameters=PARAMETER)
    world.account("staging").settings.put("ssm:/shop/staging/tax", "19")
    world.deploy()
    world.soak()
    with pytest.raises(ConfigError) as refused:
        world.promote()
    assert (refused.value.code, "/shop/production/tax" in refused.value.message) == ("settings-missing", True)
    assert world.writes("production") == []


TAX_OF_BOTH: Json = {"Names": {e: {"Tax": f"{{{{resolve:ssm:/shop/{e}/tax}}}}"} for e in ("staging", "production")}}


@pytest.mark.parametrize(
    "queue",
    [
        {
            "Properties": {
                "QueueName": {"Fn::If": ["Live", {"Fn::Sub": "{{resolve:ssm:/shop/${SealiftEnvironment}/tax}}"}, "x"]}
            }
        },
        {"Properties": {"QueueName": {"Fn::FindInMap": ["Names", {"Ref": "SealiftEnvironment"}, "Tax"]}}},
        {"Properties": {"QueueName": "{{resolve:ssm:/shop/production/tax}}"}, "Condition": "Live"},
    ],
)
def test_what_another_environment_alone_needs_stops_no_deployment_and_what_this_one_needs_its_promotion(
    world: World, queue: dict[str, Json]
):
    live: Json = {"Live": {"Fn::Equals": [{"Ref": "SealiftEnvironment"}, "production"]}}
    resources = {"Items": table(), "Q": {"Type": "AWS::SQS::Queue", **queue}}
    world.write(resources, Parameters=PARAMETER, Mappings=TAX_OF_BOTH, Conditions=live)
    if "FindInMap" in str(queue):
        world.account("staging").settings.put("ssm:/shop/staging/tax", "19")
    world.checkouts.keep(world.app.root, "c" * 40)
    assert run(world.app, world.services(), RunOptions(local=False)).status == "succeeded"
    world.soak()
    with pytest.raises(ConfigError) as caught:
        world.promote()
    assert (caught.value.code, caught.value.context["missing"]) == ("settings-missing", [TAX])
    world.account("production").settings.put(TAX, "19")
    assert world.promote().status == "succeeded"


STAGED = "ssm:/shop/${STAGE}/tax"
NAME_OF_STAGE: Json = {"STAGE": {"Ref": "SealiftEnvironment"}}


def _delivered(world: World, *, required: bool = True) -> World:
    """Deliver a release to staging whose code alone reads a setting, which staging has; then let it soak."""
    _reads(world, STAGED, variables=NAME_OF_STAGE, required=required)
    world.account("staging").settings.put("ssm:/shop/staging/tax", "19")
    world.checkouts.keep(world.app.root, "c" * 40)
    assert run(world.app, world.services(), RunOptions(local=False)).status == "succeeded"
    world.soak()
    return world


def test_a_release_whose_code_reads_what_production_lacks_is_not_promoted(world: World):
    with pytest.raises(Refused) as caught:
        _delivered(world).promote()
    assert (caught.value.code, caught.value.context["missing"]) == ("gate-configuration", [TAX])
    assert "sealift config check production" in caught.value.hint
    assert world.entries("production") == ()


def test_what_code_reads_is_asked_for_again_when_the_release_is_promoted(world: World):
    world.account("production").settings.put(TAX, "19")
    assert _delivered(world).promote().status == "succeeded"


def test_what_code_can_do_without_stops_no_promotion(world: World):
    assert _delivered(world, required=False).promote().status == "succeeded"


def test_what_only_code_reads_and_nobody_may_look_for_stops_a_protected_environment(world: World):
    _delivered(world).account("production").settings.denied = "AWS refused to look at parameters"
    with pytest.raises(Refused) as caught:
        world.promote()
    assert (caught.value.code, "is not known" in caught.value.message) == ("gate-configuration", True)
    assert world.entries("production") == ()


def test_what_only_code_reads_and_nobody_may_look_for_is_said_where_nothing_is_protected(world: World):
    world.change("production", protected=False)
    _delivered(world).account("production").settings.denied = "AWS refused to look at parameters"
    assert world.promote().status == "succeeded"
    assert "settings-of-code" in world.notes()


def test_on_the_embedded_cloud_a_setting_that_code_reads_is_said_to_be_missing(world: World):
    world.clouds.local = True
    _reads(world, STAGED, variables=NAME_OF_STAGE)
    assert run(world.app, world.services(), RunOptions(local=True)).status == "succeeded"
    assert "settings-of-code" in world.notes()


def _needed(world: World, body: Json, **sections: Json) -> dict[str, tuple[list[str], tuple[str, ...]]]:
    """Return for each environment the settings that are missing, and what cannot be decided."""
    assert isinstance(body, dict)
    world.write(body, Parameters=PARAMETER, **sections)
    return {
        name: ([str(f.data["setting"]) for f in one.findings if f.id == "setting-missing"], one.notes)
        for name, one in _looked(world).items()
    }


REF: Json = {"Ref": "SealiftEnvironment"}


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("{{resolve:ssm:/shop/tax:3}}", ["ssm:/shop/tax:3"]),
        ("{{resolve:secretsmanager:shop/db:SecretString:password}}", ["secretsmanager:shop/db:SecretString:password"]),
        ({"Fn::Join": ["", ["{{resolve:ssm:/shop/", REF, "/tax}}"]]}, [TAX]),
        ({"Fn::Sub": ["{{resolve:ssm:/shop/${E}/tax}}", {"E": REF}]}, [TAX]),
        ({"Fn::Sub": "x-{{resolve:ssm:/shop/${SealiftEnvironment}/tax}}-y"}, [TAX]),
        ({"Fn::Sub": "{{resolve:ssm:/shop/${AWS::Region}/tax}}"}, ["ssm:/shop/eu-west-1/tax"]),
        ({"Fn::FindInMap": ["Names", REF, "Tax"]}, [TAX]),
        ({"Fn::If": ["Live", "{{resolve:ssm:/shop/production/tax}}", "x"]}, [TAX]),
        ({"Fn::If": ["Live", "x", "{{resolve:ssm:/shop/production/tax}}"]}, []),
    ],
)
def test_a_reference_is_found_however_it_is_written(world: World, name: Json, missing: list[str]):
    queue: Json = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}}
    mappings: Json = {"Names": {e: {"Tax": f"{{{{resolve:ssm:/shop/{e}/tax}}}}"} for e in ("staging", "production")}}
    live: Json = {"Live": {"Fn::Equals": [REF, "production"]}}
    found = _needed(world, {"Q": queue}, Mappings=mappings, Conditions=live)
    assert found["production"] == (missing, ())


def test_a_resource_that_the_environment_does_not_have_needs_nothing(world: World):
    queue: Json = {**_dict(_queue("{{resolve:ssm:/shop/live/tax}}")), "Condition": "Live"}
    found = _needed(world, {"Q": queue}, Conditions={"Live": {"Fn::Equals": [REF, "production"]}})
    assert (found["staging"][0], found["production"][0]) == ([], ["ssm:/shop/live/tax"])


def test_a_reference_that_is_not_static_is_said(world: World):
    name: Json = {"Fn::Join": ["", ["{{resolve:ssm:/shop/", {"Fn::ImportValue": "x"}, "/tax}}"]]}
    found = _needed(world, {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}}})
    assert "not static" in found["production"][1][0]


def test_a_reference_to_what_the_stack_makes_is_neither_missing_nor_undecided(world: World):
    secret: Json = {"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": {}}}
    name: Json = {"Fn::Join": ["", ["{{resolve:secretsmanager:", {"Ref": "Db"}, ":SecretString:password}}"]]}
    queue: Json = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}}
    assert _needed(world, {"Db": secret, "Q": queue})["production"] == ([], ())


def _dict(value: Json) -> dict[str, Json]:
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize(
    ("value", "held"),
    [('{"password": "x"}', True), ('{"password": " "}', False), ('{"user": "x"}', False), ("x", False)],
)
def test_a_key_of_a_secret_that_is_not_in_it_is_missing(world: World, value: str, held: bool):
    world.account("production").settings.put("secretsmanager:shop/db", value)
    found = _needed(world, {"Q": _queue("{{resolve:secretsmanager:shop/db:SecretString:password}}")})
    assert (found["production"][0] == []) is held


@pytest.mark.parametrize("value", [" \t\n", "\u200b", "\ufeff \u00a0"])
def test_a_value_that_shows_nothing_is_blank(world: World, value: str):
    world.account("production").settings.put(TAX, value)
    found = _needed(world, {"Q": _queue("{{resolve:ssm:/shop/${SealiftEnvironment}/tax}}")})
    assert found["production"][0] == [TAX]


def test_a_function_whose_code_is_not_read_is_said(world: World):
    made = _dict(function())
    made["Properties"] = {**_dict(made["Properties"]), "Runtime": "java21"}
    found = _needed(world, {"Role": ROLE, "Place": made})
    assert found["production"][1] == ("what the code of Place (java21) reads is not known",)


def test_values_that_nobody_may_read_are_not_known_and_a_protected_environment_fails(world: World):
    world.account("production").settings.put(TAX, "19")
    world.account("production").settings.sealed = "KMS refused"
    world.write({"Q": _queue("{{resolve:ssm:/shop/${SealiftEnvironment}/tax}}")}, Parameters=PARAMETER)
    found = _looked(world)["production"]
    assert (found.status, found.closed) == ("not looked at", True)
    assert TAX in found.reason


def test_without_a_right_to_look_the_ledger_says_which_keys_are_new(world: World):
    queue = _queue("{{resolve:ssm:/shop/${SealiftEnvironment}/tax}}")
    world.write({"Q": queue}, Parameters=PARAMETER)
    for name in ("staging", "production"):
        world.account(name).settings.put(f"ssm:/shop/{name}/tax", "19")
    world.deliver("print('one')")
    world.account("production").settings.denied = "AWS refused: no right"
    assert _looked(world)["production"].reason.endswith("no right. Its ledger names them all")
    new = {"N": _queue("{{resolve:ssm-secure:/shop/${SealiftEnvironment}/new}}"), "Q": queue}
    world.write(new, Parameters=PARAMETER)
    found = _looked(world)["production"]
    assert (found.status, found.closed) == ("not looked at", True)
    assert found.reason.endswith("Its ledger does not name ssm-secure:/shop/production/new")
    world.account("production").settings.denied = ""
    set_value(world.app, world.production, world.services(), "new", read=lambda: "1", secret=False)
    world.account("production").settings.denied = "AWS refused: no right"
    assert _looked(world)["production"].reason.endswith("Its ledger names them all")


@pytest.mark.parametrize(("key", "warned"), [("tax", True), ("other", False)])
def test_deleting_a_key_that_the_running_release_reads_is_said(world: World, key: str, warned: bool):
    world.write({"Q": _queue("{{resolve:ssm:/shop/${SealiftEnvironment}/tax}}")}, Parameters=PARAMETER)
    settings = world.account("staging").settings
    settings.put("ssm:/shop/staging/tax", "19")
    world.deploy()
    settings.put(f"ssm-secure:/shop/staging/{key}", "19")
    unset_value(world.app, world.staging, world.services(), key)
    assert ("config-needed" in world.notes()) is warned


def test_one_value_that_nobody_may_read_hides_no_other(world: World):
    settings = world.account("production").settings
    names = {name: _queue(f"{{{{resolve:secretsmanager:shop/{name}}}}}") for name in ("Closed", "Blank", "Full")}
    world.write(names, Parameters=PARAMETER)
    for name, value in (("Closed", "1"), ("Blank", " "), ("Full", "1")):
        settings.put(f"secretsmanager:shop/{name}", value)
    settings.closed = {"secretsmanager:shop/Closed"}
    found = _looked(world)["production"]
    assert [f.data["setting"] for f in found.findings] == ["secretsmanager:shop/Blank"]
    settings.put("secretsmanager:shop/Blank", "1")
    found = _looked(world)["production"]
    assert (found.status, "shop/Closed" in found.reason, "shop/Full" in found.reason) == ("not looked at", True, False)


def test_an_environment_that_cannot_be_read_fails_when_it_is_protected(world: World):
    world.write({"Q": _queue("{{resolve:ssm:/shop/${SealiftEnvironment}/tax}}")}, Parameters=PARAMETER)
    for name in ("staging", "production"):
        world.account(name).settings.denied = "AWS refused: no right"
    assert {name: one.closed for name, one in _looked(world).items()} == {"staging": False, "production": True}


def test_a_secure_string_that_a_template_reads_as_if_it_were_plain_is_reported(world: World):
    settings = world.account("production").settings
    settings.put(TAX, "19")
    settings.secure.add(TAX)
    world.write({"Q": _queue("{{resolve:ssm:/shop/${SealiftEnvironment}/tax}}")}, Parameters=PARAMETER)
    found = _looked(world)["production"]
    (finding,) = found.findings
    assert (found.status, finding.id) == ("failed", "setting-encrypted")
    settings.secure.clear()
    assert _looked(world)["production"].status == "succeeded"


def test_a_secure_string_that_code_reads_is_as_it_should_be(world: World):
    _reads(world, TAX)
    settings = world.account("production").settings
    settings.put(TAX, "19")
    settings.secure.add(TAX)
    assert _looked(world)["production"].status == "succeeded"
