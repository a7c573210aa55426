"""Functions and their layers against Lambda's limit."""

import pytest

from sealift.delivery.sizes import layers_of, too_large
from sealift.model.template import FunctionSpec, Json, Template

MB = 1 << 20


def template(own: Json, inherited: Json = None) -> Template:
    resource: dict[str, Json] = {"Type": "AWS::Serverless::Function", "Properties": {"Layers": own}}
    body: dict[str, Json] = {"Resources": {"F": resource}, "Globals": {"Function": {"Layers": inherited}}}
    spec = FunctionSpec(logical_id="F", type="x", runtime=None, handler=None, architecture="arm64")
    return Template(file="t", body=body, lines={}, parameters=(), assets=(), functions=(spec,), transforms=())


def test_layers_of_globals_and_of_the_function_count_and_arns_are_of_unknown_size() -> None:
    found = template([{"Ref": "Own"}, "arn:aws:lambda:eu-west-1:1:layer:x:1"], [{"Ref": "All"}])
    assert layers_of(found, "F") == ("All", "Own")
    assert layers_of(template({"Fn::If": ["C", [], []]}), "F") == ()


def test_a_function_that_does_not_fit_with_its_layers_is_named_with_its_parts() -> None:
    sizes = {"F": 100 * MB, "Own": 100 * MB, "Shared": 51 * MB}
    (told,) = too_large(template([{"Ref": "Own"}]), sizes, {"F": "Shared"})
    assert told == (
        "F is 251.0 MB unzipped with its layers (F 100.0 MB, Own 100.0 MB, Shared 51.0 MB); Lambda takes 250.0 MB"
    )


@pytest.mark.parametrize("shared", [{}, {"F": "Shared"}])
def test_a_function_that_fits_is_let_through(shared: dict[str, str]) -> None:
    sizes = {"F": 100 * MB, "Own": 100 * MB, "Shared": 50 * MB, "Other": 900 * MB}
    assert list(too_large(template([{"Ref": "Own"}]), sizes, shared)) == []


def test_a_function_without_layers_is_not_told_of_layers() -> None:
    assert list(too_large(template([]), {"F": 300 * MB}, {})) == []


def test_one_layer_is_enough_to_be_too_large_and_one_of_unknown_size_counts_for_nothing() -> None:
    function = template([{"Ref": "Own"}, {"Ref": "Foreign"}])
    (told,) = too_large(function, {"F": 200 * MB, "Own": 51 * MB}, {})
    assert told.startswith("F is 251.0 MB unzipped with its layers (F 200.0 MB, Own 51.0 MB)")
    assert list(too_large(function, {"F": 300 * MB}, {})) == []
