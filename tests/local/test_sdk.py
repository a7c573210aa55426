"""A function of Node.js that brings no AWS SDK has the one that Lambda's runtime would bring."""

import io
import zipfile

from sealift.model.template import Json
from tests.local.deploying import http
from tests.local.opening import Opened

CODE = """
import { S3Client, PutObjectCommand, GetObjectCommand } from "@aws-sdk/client-s3";
const s3 = new S3Client({});
export const handler = async () => {
  await s3.send(new PutObjectCommand({ Bucket: process.env.FILES, Key: "a", Body: "kept" }));
  const got = await s3.send(new GetObjectCommand({ Bucket: process.env.FILES, Key: "a" }));
  return { statusCode: 200, body: await got.Body.transformToString() };
};
"""


def test_an_es_module_uses_the_sdk_that_it_does_not_bring(opened: Opened) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.mjs", CODE)
    given: Json = {
        "Runtime": "nodejs22.x",
        "Handler": "app.handler",
        "Timeout": 25,
        "CodeUri": {"Bucket": {"Ref": "SealiftArtifactBucket"}, "Key": opened.blob(packed.getvalue())},
        "Environment": {"Variables": {"FILES": {"Ref": "Files"}}},
        "Policies": [{"S3CrudPolicy": {"BucketName": {"Ref": "Files"}}}],
        "FunctionUrlConfig": {"AuthType": "NONE"},
    }
    template: dict[str, Json] = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {
            "Files": {"Type": "AWS::S3::Bucket"},
            "F": {"Type": "AWS::Serverless::Function", "Properties": given},
        },
        "Outputs": {"Url": {"Value": {"Fn::GetAtt": ["FUrl", "FunctionUrl"]}}},
    }
    state = opened.deploy("brings-no-sdk", template)
    answer = http("GET", state.outputs["Url"])
    assert (answer.status, answer.text) == (200, "kept"), opened.notes
    assert [note for note in opened.notes if "@aws-sdk/client-s3 from npm" in note]
