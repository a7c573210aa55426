"""Configuration of environments: read, changed, compared; recorded without values."""

import pytest

from sealift.delivery.lag import UNSEEN_S
from sealift.errors import CloudError, Refused, UserError
from sealift.model.records import SettingChange
from sealift.usecases.settings import (
    differences,
    import_values,
    own_versions,
    set_value,
    settings_of,
    unset_value,
    value_of,
)
from tests.component.usecases.world import World, table

SECRET = "correct horse battery"


def _set(world: World, key: str, value: str, *, where: str = "staging", secret: bool = False) -> str:
    environment = world.app.environment(where)
    assert environment is not None
    return set_value(world.app, environment, world.services(), key, read=lambda: value, secret=secret).done


def _get(world: World, key: str) -> str:
    return value_of(world.app, world.staging, world.services(), key)


@pytest.mark.parametrize("secret", [False, True])
def test_what_is_set_is_read_listed_and_deleted(world: World, secret: bool):
    assert _set(world, "TAX/RATE", "19", secret=secret) == "set"
    assert _get(world, "TAX/RATE") == "19"
    (one,) = settings_of(world.app, world.staging, world.services())
    assert (one.key, one.setting.name, one.by) == ("TAX/RATE", "/shop/staging/TAX/RATE", world.actor)
    assert one.setting.store == ("secret" if secret else "parameter")
    assert unset_value(world.app, world.staging, world.services(), "TAX/RATE").done == "unset"
    assert settings_of(world.app, world.staging, world.services()) == ()


def test_a_change_is_recorded_before_it_is_sent_with_a_salted_hash_and_never_the_value(world: World):
    _set(world, "TOKEN", SECRET)
    _set(world, "OTHER", SECRET)
    entries = [e for e in world.entries() if e.record.kind == "configuration"]
    assert [(e.record.status, e.data["name"]) for e in entries] == [
        ("running", "TOKEN"),
        ("succeeded", "TOKEN"),
        ("running", "OTHER"),
        ("succeeded", "OTHER"),
    ]
    assert SECRET not in repr(entries)
    assert entries[0].data["sha"] != entries[2].data["sha"]


def test_an_equal_value_changes_nothing(world: World):
    _set(world, "TOKEN", SECRET)
    before = world.entries()
    assert _set(world, "TOKEN", SECRET) == "unchanged"
    assert world.entries() == before


def test_of_two_who_set_one_key_at_once_the_second_is_refused_and_told_who_was_first(world: World):
    def meanwhile() -> str:
        world.actor = "bob@laptop"
        _set(world, "TOKEN", "bob's value")
        world.actor = "ann@laptop"
        return "ann's value"

    with pytest.raises(Refused) as refused:
        set_value(world.app, world.staging, world.services(), "TOKEN", read=meanwhile, secret=False)
    assert (refused.value.code, "bob@laptop" in refused.value.message) == ("config-changed", True)
    assert _get(world, "TOKEN") == "bob's value"


@pytest.mark.parametrize("value", ["", " ", "\n\t", "a\0b", "x" * 9000])
def test_what_no_setting_can_hold_is_refused_and_nothing_is_written(world: World, value: str):
    with pytest.raises(UserError) as refused:
        _set(world, "TOKEN", value)
    assert refused.value.code == "config-value"
    assert world.entries() == ()


@pytest.mark.parametrize("key", ["", "/other/app/x", "a b", "TOKEN=hunter2hunter2", "a//b", "a/", "ü"])
def test_a_key_that_is_none_is_refused_and_what_may_be_its_value_is_not_repeated(world: World, key: str):
    with pytest.raises(UserError) as refused:
        _set(world, key, "value")
    assert refused.value.code == "config-key"
    assert "hunter2" not in f"{refused.value.message} {refused.value.hint}"


def test_a_whole_name_is_its_key(world: World):
    _set(world, "/shop/staging/TAX", "19")
    assert _get(world, "TAX") == "19"


def test_a_key_that_is_not_there_is_said_with_a_near_name(world: World):
    _set(world, "TOKEN", SECRET)
    with pytest.raises(UserError) as refused:
        _get(world, "TOKNE")
    assert "TOKEN" in refused.value.message


def test_an_import_writes_nothing_when_one_value_is_blank(world: World):
    with pytest.raises(UserError):
        import_values(world.app, world.staging, world.services(), {"A": "1", "B": " "}, secret=False)
    assert settings_of(world.app, world.staging, world.services()) == ()
    done = import_values(world.app, world.staging, world.services(), {"A": "1", "B": "2"}, secret=False)
    assert [c.done for c in done] == ["set", "set"]


def test_environments_are_compared_without_their_values(world: World):
    for key, value, where in [("A", "1", "staging"), ("A", "1", "production"), ("B", "1", "staging")]:
        _set(world, key, value, where=where)
    _set(world, "C", "1", where="production")
    _set(world, "D", "1")
    _set(world, "D", "2", where="production")
    found = differences(world.app, world.staging, world.production, world.services())
    assert [(one.key, one.state) for one in found] == [
        ("A", "same"),
        ("B", "only in source"),
        ("C", "only in target"),
        ("D", "differs"),
    ]


def test_a_store_that_cannot_be_read_is_said(world: World):
    world.account().settings.denied = "AWS refused to list the parameters: no right"
    with pytest.raises(CloudError) as refused:
        settings_of(world.app, world.staging, world.services())
    assert refused.value.code == "access-denied"


def test_a_change_starts_the_soak_clock_again(world: World):
    world.write({"Items": table()})
    world.deploy()
    soaking = world.standing("staging").soaking_since
    world.clock.sleep(30)
    _set(world, "TAX", "19")
    again = world.standing("staging").soaking_since
    assert soaking is not None
    assert again is not None
    assert again > soaking
    world.clock.sleep(30)
    _set(world, "TAX", "19")
    assert world.standing("staging").soaking_since == again


def test_nothing_is_written_to_an_account_that_is_not_the_declared_one(world: World):
    world.account().identity.account = "999999999999"
    with pytest.raises(Refused):
        _set(world, "TAX", "19")


def test_a_change_that_shows_late_is_waited_for_so_that_the_next_command_sees_it(world: World):
    began = world.clock.monotonic()
    world.account().settings.lagging = lambda: world.clock.monotonic() < began + 12
    assert _set(world, "TOKEN", SECRET) == "set"
    assert world.account().settings.missing([*world.account().settings.known]) == ()
    assert world.clock.monotonic() - began < UNSEEN_S


def test_a_deletion_that_shows_late_is_waited_for_no_longer_than_a_write_may_stay_unseen(world: World):
    _set(world, "TOKEN", SECRET)
    began = world.clock.monotonic()
    world.account().settings.lagging = lambda: not world.account().settings.known
    assert unset_value(world.app, world.staging, world.services(), "TOKEN").done == "unset"
    assert UNSEEN_S <= world.clock.monotonic() - began < 2 * UNSEEN_S


@pytest.mark.parametrize("key", ["..", "../production/TAX", "a/./b", "a//b", "a/", "x" * 510, "/".join("a" * 14)])
def test_a_key_that_no_store_takes_is_refused(world: World, key: str):
    with pytest.raises(UserError) as refused:
        _set(world, key, "19")
    assert refused.value.code == "config-key"
    assert world.entries() == ()


def test_an_import_writes_nothing_when_a_key_was_changed_in_the_console_meanwhile(world: World):
    _set(world, "B", "1")
    settings = world.account("staging").settings
    before = len(world.entries())

    settings.after_list = lambda: settings.change("ssm-secure:/shop/staging/B")
    with pytest.raises(Refused) as refused:
        import_values(world.app, world.staging, world.services(), {"A": "1", "B": "2"}, secret=False)
    assert refused.value.code == "config-changed"
    assert len(world.entries()) == before


def test_an_import_that_breaks_says_how_far_it_came_and_goes_on_when_repeated(world: World):
    settings = world.account("staging").settings
    left = iter([True, False])

    def breaking(_: str) -> None:
        if not next(left):
            raise CloudError("AWS is busy", code="throttled")

    settings.before_put = breaking
    values = {"A": "1", "B": "2"}
    with pytest.raises(CloudError):
        import_values(world.app, world.staging, world.services(), values, secret=False)
    assert "config-partly" in world.notes()
    settings.before_put = lambda _: None
    done = import_values(world.app, world.staging, world.services(), values, secret=False)
    assert [(one.key, one.done) for one in done] == [("A", "unchanged"), ("B", "set")]


def test_a_binary_secret_is_read_as_base64_and_not_taken_for_text(world: World):
    _set(world, "KEY", "aGk=", secret=True)
    world.account("staging").settings.binary = {"secretsmanager:/shop/staging/KEY"}
    assert _get(world, "KEY") == "aGk="
    assert "config-binary" in world.notes()
    assert _set(world, "KEY", "aGk=", secret=True) == "set"


def test_a_plain_key_is_made_so_and_an_encrypted_one_is_not_made_plain(world: World):
    def put(key: str, *, plain: bool) -> str:
        return set_value(
            world.app, world.staging, world.services(), key, read=lambda: "19", secret=False, plain=plain
        ).done

    put("PLAIN", plain=True)
    put("TOKEN", plain=False)
    assert world.account("staging").settings.secure == {"ssm-secure:/shop/staging/TOKEN"}
    with pytest.raises(UserError) as refused:
        put("TOKEN", plain=True)
    assert refused.value.code == "config-elsewhere"
    with pytest.raises(UserError):
        import_values(world.app, world.staging, world.services(), {"TOKEN": "2"}, secret=False, plain=True)


class Killed(BaseException):
    """The process ended."""


def _outcomes(world: World) -> dict[str, str]:
    """Return the last status of each key that the ledger has."""
    changes = [(e.record.details, e.record.status) for e in world.entries()]
    return {change.name: status for change, status in changes if isinstance(change, SettingChange)}


@pytest.mark.parametrize("sent", [False, True])
@pytest.mark.parametrize("last", ["A", "B", "C"])
def test_a_killed_import_is_completed_by_repeating_it_and_the_ledger_has_every_outcome(
    world: World, last: str, sent: bool
):
    settings, values = world.account("staging").settings, {"A": "1", "B": "2", "C": "3"}
    reference = f"ssm-secure:/shop/staging/{last}"

    def kill(there: bool) -> bool:
        if there:
            raise Killed
        return False

    if sent:
        settings.lagging = lambda: kill(reference in settings.values)
    else:
        settings.before_put = lambda one: kill(one == reference) or None
    with pytest.raises(Killed):
        import_values(world.app, world.staging, world.services(), values, secret=False)
    assert _outcomes(world)[last] == "running"
    settings.lagging, settings.before_put = lambda: False, lambda _: None
    import_values(world.app, world.staging, world.services(), values, secret=False)
    assert _outcomes(world) == dict.fromkeys(values, "succeeded")
    assert own_versions(world.entries()) == dict.fromkeys(values, frozenset({"1"}))
    before = world.entries()
    import_values(world.app, world.staging, world.services(), values, secret=False)
    assert world.entries() == before


def test_what_somebody_else_wrote_after_a_kill_is_not_recorded_as_ours(world: World):
    settings = world.account("staging").settings

    def kill(_: str) -> None:
        raise Killed

    settings.before_put = kill
    with pytest.raises(Killed):
        _set(world, "A", "1")
    settings.before_put = lambda _: None
    settings.put("ssm-secure:/shop/staging/A", "2")
    assert _set(world, "A", "2") == "unchanged"
    assert _outcomes(world) == {"A": "running"}


def test_a_killed_deletion_is_completed_by_repeating_it(world: World):
    settings = world.account("staging").settings
    _set(world, "A", "1")

    def gone() -> bool:
        if settings.known:
            return False
        raise Killed

    settings.lagging = gone
    with pytest.raises(Killed):
        unset_value(world.app, world.staging, world.services(), "A")
    settings.lagging = lambda: False
    assert unset_value(world.app, world.staging, world.services(), "A").done == "unset"
    assert _outcomes(world) == {"A": "succeeded"}
    with pytest.raises(UserError):
        unset_value(world.app, world.staging, world.services(), "A")
