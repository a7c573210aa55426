"""Parameters and secrets that are there, or not, as a template names them; and keys that sign."""

import pytest

from sealift.errors import CloudError
from sealift.model.template import Json
from tests.contract.worlds import World, template


def test_a_parameter_is_there_as_long_as_its_stack_is(world: World) -> None:
    name = world.name()
    wanted = f"ssm:/{name}/tax"
    body = template(Tax={"Type": "AWS::SSM::Parameter", "Properties": {**_of(name), "Name": f"/{name}/tax"}})

    assert world.cloud.settings.missing([wanted]) == (wanted,)
    world.deploy(name, body)
    assert world.cloud.settings.missing([wanted, f"{wanted}:1"]) == ()
    world.cloud.stacks.delete_stack(name, token="gone")
    world.settled(name)
    assert world.cloud.settings.missing([wanted]) == (wanted,)


def test_a_secret_is_there_once_its_stack_made_it(world: World) -> None:
    name = world.name()
    wanted = f"secretsmanager:{name}/key:SecretString:user"
    secret = {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": f"{name}/key", "SecretString": "none"}}

    assert world.cloud.settings.missing([wanted]) == (wanted,)
    world.deploy(name, template(Key=secret))
    assert world.cloud.settings.missing([wanted]) == ()


def test_a_key_that_is_not_there_signs_nothing(world: World) -> None:
    with pytest.raises(CloudError) as caught:
        world.cloud.signing_keys.sign(f"alias/{world.name()}", b"message")

    assert caught.value.code == "not-found"


def _of(name: str) -> dict[str, str]:
    return {"Type": "String", "Value": f"of {name}"}


def test_a_version_is_another_one_once_the_value_was_changed(world: World) -> None:
    name = world.name()
    parameter = f"ssm:/{name}/tax"

    def body(value: str) -> dict[str, Json]:
        return template(
            Tax={
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Type": "String", "Value": value, "Name": f"/{name}/tax"},
            }
        )

    assert world.cloud.settings.versions([parameter]) == {}
    world.deploy(name, body("one"))
    before = world.cloud.settings.versions([parameter])
    assert before.keys() == {parameter}
    assert world.cloud.settings.versions([parameter]) == before
    world.deploy(name, body("two"))
    assert world.cloud.settings.versions([parameter]) != before


@pytest.mark.parametrize("service", ["ssm-secure", "secretsmanager"])
def test_a_setting_that_is_written_is_listed_read_changed_and_deleted(world: World, service: str) -> None:
    settings, prefix = world.cloud.settings, f"/{world.name()}/staging/"
    wanted = f"{service}:{prefix}TAX"

    assert (settings.held(wanted), settings.listed(prefix)) == (None, ())
    settings.remove(wanted)
    first = settings.put(wanted, "19")
    second = settings.put(wanted, "20")
    held = settings.held(wanted)
    (listed,) = settings.listed(prefix)
    assert first != second
    assert held is not None
    assert (held.value, held.version) == ("20", second)
    store = "secret" if service == "secretsmanager" else "parameter"
    assert (listed.name, listed.store, listed.version) == (f"{prefix}TAX", store, second)
    settings.remove(wanted)
    assert (settings.held(wanted), settings.listed(prefix), settings.missing([wanted])) == (None, (), (wanted,))
    settings.put(wanted, "21")
    held = settings.held(wanted)
    assert held is not None
    assert held.value == "21"
    settings.remove(wanted)


def test_a_parameter_keeps_its_type_and_a_new_one_is_secure_unless_it_is_plain(world: World) -> None:
    settings, prefix = world.cloud.settings, f"/{world.name()}/staging/"
    plain, secure = f"ssm-secure:{prefix}PLAIN", f"ssm-secure:{prefix}TOKEN"

    settings.put(plain, "19", plain=True)
    settings.put(secure, "s")
    settings.put(plain, "20")
    settings.put(secure, "t", plain=True)
    held = [settings.held(plain), settings.held(secure)]
    assert [(one.value, one.is_secure) for one in held if one is not None] == [("20", False), ("t", True)]
    settings.remove(plain)
    settings.remove(secure)


def test_many_values_are_read_together_whichever_store_has_them(world: World) -> None:
    settings, prefix = world.cloud.settings, f"/{world.name()}/staging/"
    written = {f"ssm-secure:{prefix}P{at}": str(at) for at in range(12)} | {f"secretsmanager:{prefix}S": "s"}
    for reference, value in written.items():
        settings.put(reference, value)
    held = settings.held_each([*written, f"ssm:{prefix}NONE", f"secretsmanager:{prefix}NONE"])
    assert {r: one.value for r, one in held.items() if not isinstance(one, CloudError)} == written
    assert held == {r: settings.held(r) for r in written}
