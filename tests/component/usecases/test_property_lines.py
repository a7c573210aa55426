"""The place of what a resource has from Globals is in Globals."""

from pathlib import Path

from sealift.template.templates import SamTemplates
from sealift.usecases.proof.views import _property_lines

TEMPLATE = """Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Environment:
      Variables:
        SHARED: one
        OWN: two
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: x
      Handler: index.handler
      Runtime: python3.13
      Environment:
        Variables:
          OWN: three
  Q:
    Type: AWS::SQS::Queue
"""


def test_a_property_is_where_the_resource_says_it_and_else_in_globals(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    lines = dict(_property_lines(SamTemplates().load(tmp_path, "template.yaml")))
    at = "F/Environment/Variables/"
    assert (lines[f"{at}SHARED"], lines[f"{at}OWN"], lines["F/Handler"]) == (6, 17, 13)
    assert not [key for key in lines if key.startswith("Q/")]
