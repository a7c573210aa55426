"""Templates for the examples of rules."""

TABLE = """
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
"""


def role(statement: str, *, more: str = "") -> str:
    """Return a template with a table and a role that has this statement (YAML flow) and more role properties."""
    return f"""
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{{Effect: Allow, Action: "sts:AssumeRole", Principal: {{Service: lambda.amazonaws.com}}}}]
      {more}
      Policies:
        - PolicyName: own
          PolicyDocument:
            Statement: [{statement}]
"""


def resource(cfn_type: str, properties: str, *, more: str = "") -> str:
    """Return a template with one resource `It` and more resources (YAML, indented by two)."""
    return f"""
Resources:
  It:
    Type: {cfn_type}
    Properties: {properties}
{more}
"""
