import json
import shlex
from pathlib import Path

import pytest
import yaml

SEALED = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Items:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: "def handler(event, context): return {}"
      Handler: index.handler
      Runtime: python3.12
      Policies: [{DynamoDBReadPolicy: {TableName: !Ref Items}}]
"""


@pytest.fixture
def app(folder: Path) -> Path:
    (folder / "template.yaml").write_text(SEALED)
    return folder


def leak(app: Path, old: str, new: str) -> None:
    file = app / "template.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_a_sealed_application_is_proved_in_one_shared_account(sealift, app):
    shown = sealift("prove", "-C", app, "--json")
    assert shown.code == 0
    body = shown.json
    assert body["verdict"] == "L1"
    assert not [f for f in body["findings"] if f["severity"] in {"critical", "high"}]


def test_nothing_is_built_for_a_proof(sealift, app):
    leak(app, "Runtime: python3.12", "Runtime: java21")
    leak(app, 'InlineCode: "def handler(event, context): return {}"', "CodeUri: target/not-there-yet.jar")
    assert sealift("build", "-C", app).code == 1
    shown = sealift("prove", "-C", app, "--json")
    assert (shown.code, shown.json["release"], shown.json["verdict"]) == (0, None, "L1")


def test_a_function_of_a_container_image_is_proved(sealift, app):
    leak(app, "      Runtime: python3.12\n", "")
    leak(app, "      Handler: index.handler\n", "      PackageType: Image\n")
    leak(
        app,
        'InlineCode: "def handler(event, context): return {}"',
        "ImageUri: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:1",
    )
    leak(app, "Policies: [{DynamoDBReadPolicy: {TableName: !Ref Items}}]", "Policies: [AmazonDynamoDBFullAccess]")
    found = {f["id"] for f in sealift("prove", "-C", app, "--json").json["findings"]}
    assert found >= {"IAM-06", "LAY-01"}


def test_a_proof_of_a_release_says_the_same_as_one_of_its_templates(sealift, app, tmp_path):
    leak(app, "Policies: [{DynamoDBReadPolicy: {TableName: !Ref Items}}]", "Policies: [AmazonDynamoDBFullAccess]")
    of_templates = sealift("prove", "-C", app, "--json").json
    of_release = sealift("prove", "-C", app, "--json", "--certificate", tmp_path / "proof.json").json
    assert of_release["findings"] == of_templates["findings"]
    assert of_release["release"]


def test_a_role_that_reaches_every_table_is_refused_with_witness_place_and_cure(sealift, app):
    leak(
        app,
        "Policies: [{DynamoDBReadPolicy: {TableName: !Ref Items}}]",
        'Policies: [{Version: "2012-10-17", Statement: [{Effect: Allow, Action: "dynamodb:*", Resource: "*"}]}]',
    )
    shown = sealift("prove", "-C", app, "--json")
    assert shown.code == 3
    found = next(f for f in shown.json["findings"] if f["id"] == "IAM-01")
    assert found["severity"] == "high"
    assert found["witness"]["action"].startswith("dynamodb:")
    assert "table/" in found["witness"]["resource"]
    assert found["location"]["file"] == "template.yaml"
    assert found["location"]["line"] > 0
    assert found["fix"]


WIDE = """\
      Policies:
        - DynamoDBReadPolicy: {TableName: !Ref Items}
        - Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Action: logs:CreateLogGroup
              Resource: "*"
            - Effect: Allow
              Action: dynamodb:*
              Resource: "*"
"""


def wide(app: Path) -> None:
    """Give Hello a statement that reaches every table."""
    leak(app, "      Policies: [{DynamoDBReadPolicy: {TableName: !Ref Items}}]\n", WIDE)


def lines_found(sealift, app: Path, rule: str) -> list[str]:
    """Return the template's text from the line of a rule's finding on."""
    place = next(f for f in sealift("prove", "-C", app, "--json").json["findings"] if f["id"] == rule)["location"]
    return [line.strip() for line in (app / "template.yaml").read_text().splitlines()[place["line"] - 1 :]]


def test_a_finding_names_the_line_of_the_statement(sealift, app):
    wide(app)
    assert lines_found(sealift, app, "IAM-02")[:2] == ["- Effect: Allow", "Action: dynamodb:*"]


def test_a_finding_names_the_line_of_the_property(sealift, app):
    leak(app, "      BillingMode: PAY_PER_REQUEST", "      BillingMode: PAY_PER_REQUEST\n      TableName: items")
    assert lines_found(sealift, app, "NAM-01")[0] == "TableName: items"


def test_a_finding_names_the_logical_id_of_the_users_template(sealift, app):
    wide(app)
    found = sealift("prove", "-C", app, "--json").json["findings"]
    assert {f["location"]["logical_id"] for f in found if f["id"] == "IAM-02"} == {"Hello"}


def test_a_statement_is_one_finding_for_each_direction_however_much_it_reaches(sealift, app):
    wide(app)
    found = [f for f in sealift("prove", "-C", app, "--json").json["findings"] if f["id"] == "IAM-01"]
    assert sorted((f["from"], f["to"]) for f in found) == [("production", "staging"), ("staging", "production")]
    assert {f["witness"]["action"] for f in found} == {"dynamodb:PutItem"}


def test_a_person_reads_what_holds_in_both_directions_once(sealift, app):
    wide(app)
    shown = sealift("prove", "-C", app).out
    assert shown.count("IAM-02") == 1
    assert "staging ⇄ production" in shown
    assert "dynamodb:PutResourcePolicy on Items of production" in shown


def test_a_person_reads_findings_with_one_cure_together(sealift, app):
    wide(app)
    text = (app / "template.yaml").read_text()
    text += text[text.index("  Hello:") :].replace("  Hello:", "  Again:")
    (app / "template.yaml").write_text(text)
    shown = sealift("prove", "-C", app).out
    assert shown.count("IAM-02") == 1
    assert shown.count("dynamodb:PutResourcePolicy  arn:aws:") == 2
    assert shown.count("Limit the permission to the environment's own") == 1


def test_a_person_reads_what_one_statement_allows_once_and_a_program_all_of_it(sealift, app):
    everything = "{Effect: Allow, Action: ['*'], Resource: '*'}"
    leak(
        app,
        "Policies: [{DynamoDBReadPolicy: {TableName: !Ref Items}}]",
        f"Policies: [{{Version: '2012-10-17', Statement: [{everything}]}}]",
    )
    found = {f["id"] for f in sealift("prove", "-C", app, "--json").json["findings"]}
    assert found >= {"IAM-01", "IAM-02", "IAM-03", "DEP-01"}
    shown = sealift("prove", "-C", app).out
    assert shown.count("DEP-01") == shown.count("IAM-02") == 1
    assert "critical" in next(line for line in shown.splitlines() if "DEP-01" in line)


def test_values_that_were_not_looked_at_can_be_refused(sealift, app):
    leak(
        app, "Runtime: python3.12\n", "Runtime: python3.12\n      Environment: {Variables: {X: '{{resolve:ssm:/x}}'}}\n"
    )
    accounts = "\n".join(
        f"[environments.{name}]\nregion = 'eu-west-1'\naccount = '{account}'\n{more}"
        for name, account, more in (("staging", "1" * 12, ""), ("production", "2" * 12, "promotes_from = 'staging'\n"))
    )
    (app / "sealift.toml").write_text(f"[app]\nname = 'shop'\n{accounts}")
    shown = sealift("prove", "-C", app, "--json").json
    assert shown["verdict"] == "L1"
    assert shown["not_looked_at"] == ["SSM parameter /x of production", "SSM parameter /x of staging"]
    (app / "sealift.toml").write_text(f"[app]\nname = 'shop'\n[isolation]\nnot_looked_at = 'refused'\n{accounts}")
    refused = sealift("prove", "-C", app, "--json")
    assert (refused.code, refused.json["verdict"]) == (3, "L0")
    assert "SSM parameter /x of staging was not looked at" in str(refused.json["findings"])


def test_a_managed_policy_is_found_where_it_is_attached_with_a_cure_that_can_be_done(sealift, app):
    leak(app, "Policies: [{DynamoDBReadPolicy: {TableName: !Ref Items}}]", "Policies: [AmazonDynamoDBFullAccess]")
    assert lines_found(sealift, app, "IAM-02")[0] == "Policies: [AmazonDynamoDBFullAccess]"
    found = sealift("prove", "-C", app, "--json").json["findings"]
    assert {f["fix"][:26] for f in found if f["id"] == "IAM-02"} == {"Write a policy of your own"}


def test_a_fixed_table_name_collides_in_one_account_and_not_in_two(sealift, app):
    leak(app, "      BillingMode: PAY_PER_REQUEST", "      BillingMode: PAY_PER_REQUEST\n      TableName: items")
    assert sealift("prove", "-C", app).code == 3
    (app / "sealift.toml").write_text(
        '[app]\nname = "shop"\n[environments.staging]\nbranch = "main"\naccount = "111122223333"\n'
        '[environments.production]\npromotes_from = "staging"\naccount = "444455556666"\n'
    )
    apart = sealift("prove", "-C", app, "--json")
    assert "NAM-01" not in {f["id"] for f in apart.json["findings"]}


def test_a_level_that_needs_the_live_account_is_not_reached_from_templates(sealift, app):
    assert sealift("prove", "-C", app, "--require", "L2").code == 3


def test_a_person_sees_the_witness(sealift, app):
    leak(app, "Policies: [{DynamoDBReadPolicy: {TableName: !Ref Items}}]", "Policies: [AmazonDynamoDBFullAccess]")
    shown = sealift("prove", "-C", app)
    assert shown.code == 3
    assert "not proved" in shown.out or "witness" in shown.out
    assert "Hello" in shown.out
    assert "Traceback" not in shown.err


def test_the_json_has_the_promised_keys(sealift, app):
    keys = set(json.loads(sealift("prove", "-C", app, "--json").out))
    assert {"verdict", "findings", "residuals", "axioms"} <= keys


def test_the_hook_of_pre_commit_proves_a_folder_that_holds_a_template_alone(sealift, app, monkeypatch):
    hooks = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text())
    program, *argv = shlex.split(hooks[0]["entry"])
    assert program == "sealift"
    monkeypatch.chdir(app)
    assert sealift(*argv).code == 0
    leak(app, "Policies: [{DynamoDBReadPolicy: {TableName: !Ref Items}}]", "Policies: [AmazonDynamoDBFullAccess]")
    assert sealift(*argv).code == 3


def test_a_probe_on_aws_has_to_be_asked_for_twice(sealift, app):
    refused = sealift("prove", "-C", app, "--probe", "staging", "--json")
    assert (refused.code, refused.json["error"]["code"]) == (1, "probe-on-aws")


def test_what_is_no_certificate_anywhere_is_told(sealift, app, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    told = sealift("prove", "-C", app, "--check", "stagin", "--json")
    assert (told.code, told.json["error"]["code"]) == (1, "certificate-unknown")
    assert "staging" in told.json["error"]["message"]


def test_previews_of_strangers_may_not_be_in_the_account_of_production(sealift, app):
    config = '[previews]\nuntrusted = true\naccount = "{}"\n[environments.production]\naccount = "444455556666"\n'
    (app / "sealift.toml").write_text(config.format("444455556666"))
    shown = sealift("prove", "-C", app, "--json")
    assert shown.code == 3
    assert [(f["id"], f["from"], f["to"]) for f in shown.json["findings"] if f["severity"] == "critical"] == [
        ("PRV-01", "pr-*", "production")
    ]
    (app / "sealift.toml").write_text(config.format("111122223333"))
    apart = sealift("prove", "-C", app, "--json")
    assert (apart.code, apart.json["verdict"]) == (0, "L1")
    assert apart.json["environments"] == ["production", "pr-*"]


def test_a_preview_is_not_deployed_and_the_error_says_so(sealift, app):
    (app / "sealift.toml").write_text("[previews]\n")
    told = sealift("deploy", "pr-12", "-C", app, "--json")
    error = json.loads(told.out.splitlines()[-1])
    assert (told.code, error["error"]) == (1, "preview-apart")
    assert "sealift preview up" in error["hint"]


def test_a_name_in_the_code_is_found_with_the_file_and_line_where_it_stands(sealift, app):
    leak(app, 'InlineCode: "def handler(event, context): return {}"', "CodeUri: src/")
    leak(app, "Handler: index.handler", "Handler: app.handler")
    (app / "src").mkdir()
    (app / "src" / "app.py").write_text('"""shop-production-Items"""\n\nTABLE = "shop-production-Items-1ABC"\n')
    (app / "src" / "settings.json").write_text('{"table": "shop-staging-Items-2DEF"}\n')
    shown = sealift("prove", "-C", app, "--json")
    found = [f for f in shown.json["findings"] if f["id"] == "REF-07"]
    assert [(f["from"], f["to"], f["location"]["file"], f["location"]["line"]) for f in found] == [
        ("production", "staging", "src/settings.json", 1),
        ("staging", "production", "src/app.py", 3),
    ]
    assert found[1]["witness"]["resource"] == "shop-production-Items-1ABC"
    assert (shown.code, shown.json["verdict"]) == (0, "L1")


OWN_ROLE = """
  Shifting:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: codedeploy.amazonaws.com}, Action: "sts:AssumeRole"}]
      Policies:
        - PolicyName: shift
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: ["lambda:UpdateAlias", "lambda:GetAlias"]
                Resource: !Sub "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:${AWS::StackName}-*"
"""


def test_the_role_that_sam_makes_for_codedeploy_is_named_and_not_the_function(sealift, app):
    shifting = "Runtime: python3.12\n      AutoPublishAlias: live\n      DeploymentPreference: {Type: AllAtOnce}"
    leak(app, "Runtime: python3.12", shifting)
    body = sealift("prove", "-C", app, "--json").json
    stopping = [f for f in body["findings"] if f["severity"] in {"critical", "high"}]
    assert (body["verdict"], stopping != []) == ("L0", True)
    assert all(f["message"].startswith("CodeDeployServiceRole of ") for f in stopping)
    assert all("Give `DeploymentPreference` a `Role` of your own" in f["fix"] for f in stopping)


def test_the_cure_that_is_named_for_a_shift_of_traffic_works(sealift, app):
    shifting = "DeploymentPreference: {Type: AllAtOnce, Role: !GetAtt Shifting.Arn}"
    leak(app, "Runtime: python3.12", f"Runtime: python3.12\n      AutoPublishAlias: live\n      {shifting}")
    (app / "template.yaml").write_text((app / "template.yaml").read_text() + OWN_ROLE)
    assert sealift("prove", "-C", app, "--json").json["verdict"] == "L1"


KEY = """\
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy: {Statement: [{Effect: Allow, Principal: {AWS: !Ref Partner}, Action: "kms:*", Resource: "*"}]}
"""


@pytest.mark.parametrize("certificate", [False, True])
def test_a_parameter_without_a_value_is_named_and_taken_for_nothing(sealift, app, tmp_path, certificate):
    leak(app, "Resources:", "Parameters: {Partner: {Type: String}}\nResources:")
    leak(app, SEALED[SEALED.index("  Items") :], KEY + SEALED[SEALED.index("  Items") :])
    shown = sealift("prove", "-C", app, "--json", *(["--certificate", tmp_path / "proof.json"] if certificate else []))
    assert (shown.code, shown.json["verdict"]) == (3, "L0")
    told = [f["message"] for f in shown.json["findings"] if f["severity"] in {"critical", "high"}]
    assert told == [f"Not proved for {name}: the parameter Partner has no value." for name in ("production", "staging")]
    given = (
        f'[environments.{name}]\nregion = "eu-central-1"\n[environments.{name}.parameters]\nPartner = "{number * 12}"\n'
        for number, name in (("1", "staging"), ("2", "production"))
    )
    (app / "sealift.toml").write_text("".join(given))
    assert sealift("prove", "-C", app, "--json").json["verdict"] == "L1"
