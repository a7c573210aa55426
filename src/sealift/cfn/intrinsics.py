"""The intrinsic functions of CloudFormation: their short forms, and how to recognize a long form.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from collections.abc import Iterator

from sealift.model.template import Json, TemplatePath

_FUNCTIONS = (
    "And", "Base64", "Cidr", "Contains", "EachMemberEquals", "EachMemberIn", "Equals", "FindInMap", "GetAtt",
    "GetAZs", "GetStackOutput", "If", "ImportValue", "Join", "Length", "Not", "Or", "RefAll", "Select", "Split",
    "Sub", "ToJsonString", "Transform", "ValueOf", "ValueOfAll",
)  # fmt: skip

LONG_FORMS: dict[str, str] = {"!Ref": "Ref", "!Condition": "Condition"} | {f"!{n}": f"Fn::{n}" for n in _FUNCTIONS}
"""Long form by short-form tag."""


def long_form(tag: str, value: Json) -> Json:
    """Return what a short-form tag on `value` stands for: `!GetAtt a.b` is `{"Fn::GetAtt": ["a", "b"]}`."""
    if tag == "!GetAtt" and isinstance(value, str) and "." in value:
        value = list(value.split(".", 1))
    return {LONG_FORMS[tag]: value}


def is_intrinsic(value: Json) -> bool:
    """Say whether a value is a call of an intrinsic function, which only CloudFormation can resolve."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    ((name, argument),) = value.items()
    if name == "Condition":
        return isinstance(argument, str)  # else it is the Condition of an IAM statement
    return name == "Ref" or name.startswith("Fn::")


def walk(value: Json, path: TemplatePath = ()) -> Iterator[tuple[TemplatePath, Json]]:
    """Yield every value below and including `value` with its path, parents first, in the order written."""
    yield path, value
    if isinstance(value, dict):
        for key, child in value.items():
            yield from walk(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from walk(child, (*path, index))
