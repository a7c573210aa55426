"""Layers of other accounts: well-known ones have a stand-in, every other one is named."""

import pytest

from sealift.cfn.values import list_at, mapping_at
from sealift.local.expand import Context
from sealift.local.layers import stand_ins
from sealift.model.template import Json

CONTEXT = Context(stack_name="shop", account="111111111111", region="eu-west-1")
POWERTOOLS = "arn:aws:lambda:eu-west-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python312-x86_64:7"


def _body(*layers: Json, runtime: str = "python3.12", functions: int = 1) -> dict[str, Json]:
    one: Json = {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": runtime, "Layers": list(layers)}}
    return {"Resources": {f"F{number}": one for number in range(functions)}}


def _stored(requirement: str, version: tuple[int, int]) -> tuple[str, str] | None:
    return ("bucket", f"{requirement} {version}") if "aws" in requirement else None


def _layers(body: dict[str, Json]) -> list[Json]:
    return list_at(body, "Resources", "F0", "Properties", "Layers")


@pytest.mark.parametrize(
    ("arn", "requirement"),
    [
        (POWERTOOLS, "aws-lambda-powertools[all]>=3,<4"),
        (
            "arn:aws:lambda:eu-west-1:017000801446:layer:AWSLambdaPowertoolsPythonV2:60",
            "aws-lambda-powertools[all]>=2,<3",
        ),
        (
            "arn:aws:lambda:eu-west-1:017000801446:layer:AWSLambdaPowertoolsPython:3",
            "aws-lambda-powertools[pydantic]>=1,<2",
        ),
        ("arn:aws:lambda:eu-west-1:336392948345:layer:AWSSDKPandas-Python312:14", "awswrangler>=3,<4"),
        ("arn:aws:lambda:eu-west-1:770693421928:layer:Klayers-p312-aws-requests-auth:2", "aws-requests-auth"),
    ],
)
def test_a_well_known_layer_has_a_stand_in(arn: str, requirement: str) -> None:
    done = stand_ins(_body(arn), CONTEXT, _stored)
    (layer,) = _layers(done.body)
    made = mapping_at(done.body, "Resources", str(mapping_at(layer)["Ref"]), "Properties", "Content")
    assert made == {"S3Bucket": "bucket", "S3Key": f"{requirement} (3, 12)"}
    assert done.notes == (f"F0: the layer {arn} is of another account; {requirement} from PyPI stands in for it",)


def test_the_region_may_be_a_pseudo_parameter_and_functions_share_one_layer() -> None:
    arn: Json = {"Fn::Sub": POWERTOOLS.replace("eu-west-1", "${AWS::Region}")}
    done = stand_ins(_body(arn, functions=2), CONTEXT, _stored)
    assert len(mapping_at(done.body, "Resources")) == 3
    assert done.notes[0].startswith(f"F0, F1: the layer {POWERTOOLS} ")


@pytest.mark.parametrize(
    ("arn", "runtime"),
    [
        ("arn:aws:lambda:eu-west-1:222222222222:layer:ours:1", "python3.12"),
        (POWERTOOLS, "nodejs22.x"),
    ],
)
def test_what_cannot_be_had_is_named_and_left(arn: str, runtime: str) -> None:
    done = stand_ins(_body(arn, runtime=runtime), CONTEXT, _stored)
    assert _layers(done.body) == [arn]
    assert done.notes == (
        f"F0: the layer {arn} is of another account and cannot be had on the embedded cloud; what it holds is missing",
    )


def test_a_stand_in_that_cannot_be_installed_is_named() -> None:
    done = stand_ins(_body(POWERTOOLS), CONTEXT, lambda _requirement, _version: None)
    assert "cannot be had" in done.notes[0]


def test_what_only_watches_functions_is_left_out() -> None:
    arn = "arn:aws:lambda:eu-west-1:580247275435:layer:LambdaInsightsExtension:53"
    done = stand_ins(_body(arn), CONTEXT, _stored)
    assert (_layers(done.body), done.notes) == ([], (f"F0: the layer {arn} is left out; functions work without it",))


@pytest.mark.parametrize("layer", [{"Ref": "Own"}, "arn:aws:lambda:eu-west-1:111111111111:layer:own:1"])
def test_own_layers_stay(layer: Json) -> None:
    done = stand_ins(_body(layer), CONTEXT, _stored)
    assert (done.body, done.notes) == (_body(layer), ())
