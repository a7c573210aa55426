// What Lambda puts beside inline code of Node.js: answers CloudFormation for a custom resource.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-lambda-function-code-cfnresponsemodule.html
"use strict";

exports.SUCCESS = "SUCCESS";
exports.FAILED = "FAILED";

exports.send = function (event, context, responseStatus, responseData, physicalResourceId, noEcho) {
  const body = JSON.stringify({
    Status: responseStatus,
    Reason: `See the details in CloudWatch Log Stream: ${context.logStreamName}`,
    PhysicalResourceId: physicalResourceId || context.logStreamName,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    NoEcho: noEcho || false,
    Data: responseData,
  });
  const { request } = require(event.ResponseURL.startsWith("https:") ? "https" : "http");
  const headers = { "content-type": "", "content-length": Buffer.byteLength(body) };
  return new Promise((resolve) => {
    const ended = (said) => {
      if (said) console.log(said);
      if (context.done) context.done();
      resolve(context);
    };
    const sent = request(event.ResponseURL, { method: "PUT", headers }, (answer) => answer.resume().on("end", ended));
    sent.on("error", (error) => ended(`send(..) failed executing https.request(..): ${error}`));
    sent.end(body);
  });
};
