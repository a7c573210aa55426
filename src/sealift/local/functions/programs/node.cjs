// Starts a Node.js function as Lambda does. Arguments: a file that stands in for the SDK that Lambda brings, and "held"
// where the process is started before it is wanted: it asks then when to load the function.
// What it prints, posts and exports follows AWS's runtime interface client, whose native part would have to be compiled:
// https://github.com/aws/aws-lambda-nodejs-runtime-interface-client
"use strict";
const http = require("http");
const net = require("net");
const tls = require("tls");
const util = require("util");
const { Writable } = require("stream");
const { handlerOf, modulesForImport, named, usesImport } = require("./handlers.cjs");

const [HOST, PORT] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const API = "/2018-06-01/runtime/";
const JSON_LOGS = process.env.AWS_LAMBDA_LOG_FORMAT === "JSON";
const LEVELS = { TRACE: 0, DEBUG: 1, INFO: 2, WARN: 3, ERROR: 4, FATAL: 5 };
const LEAST = LEVELS[process.env.AWS_LAMBDA_LOG_LEVEL] ?? (JSON_LOGS ? LEVELS.INFO : LEVELS.TRACE);
const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const HTTP_TYPE = "application/vnd.awslambda.http-integration-response";
const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
const write = process.stdout.write.bind(process.stdout);
const request = http.request;
let current;

function send(method, name, data, headers) {
  return new Promise((resolve) => {
    const sent = request({ host: HOST, port: PORT, agent, method, path: name.startsWith("/") ? name : API + name, headers }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => {
        if (answer.statusCode >= 500) process.exit(0);
        resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts).toString() });
      });
    });
    sent.on("error", () => process.exit(0)); // The embedded cloud has ended, or has given this function up.
    sent.end(data);
  });
}

function post(name, value, headers) {
  const data = Buffer.from(value);
  return send("POST", name, data, { "Content-Type": "application/json", "Content-Length": data.length, ...headers });
}

// What is sent to names of AWS goes to the embedded cloud: SDKs of before 2023 do not read AWS_ENDPOINT_URL, and addresses
// that a template makes for AWS reach functions by variables and settings.
const CLOUD = /^http:\/\/(127\.0\.0\.1):(\d+)$/.exec(process.env.AWS_ENDPOINT_URL ?? "");
const AWS = /\.(amazonaws\.com(\.cn)?|on\.aws)\.?$/i;
const encrypted = tls.connect;
tls.connect = function connect(...args) {
  const options = args.find((one) => typeof one === "object") ?? {};
  const name = options.servername || options.host || args.find((one) => typeof one === "string");
  const answersHere = CLOUD && name === CLOUD[1] && Number(options.port) === 443; // cfn-response knows no other port
  if (!CLOUD || !(answersHere || AWS.test(name ?? ""))) return encrypted.apply(this, args);
  const done = args.find((one) => typeof one === "function");
  const socket = net.connect({ host: CLOUD[1], port: Number(CLOUD[2]) });
  Object.assign(socket, { authorized: true, encrypted: true, alpnProtocol: false, getPeerCertificate: () => ({}) });
  socket.once("connect", () => ["secure", "secureConnect"].forEach((event) => socket.emit(event)));
  if (done) socket.once("secureConnect", done);
  return socket;
};
// Port 2773 is that of the extension for parameters and secrets, which the cloud answers for.
const EXTENSION_PORT = Number(process.env.PARAMETERS_SECRETS_EXTENSION_HTTP_PORT ?? 2773);
const connected = net.connect;
function connect(...args) {
  const [first] = args;
  const asked = typeof first === "object" && !Array.isArray(first) ? first : { port: first, host: args[1] };
  const own = ["localhost", "127.0.0.1", undefined].includes(asked.host ?? asked.hostname);
  if (!CLOUD || Number(asked.port) !== EXTENSION_PORT || !own) return connected.apply(this, args);
  const done = args.filter((one) => typeof one === "function");
  return connected.call(this, { ...(typeof first === "object" ? first : {}), host: CLOUD[1], port: Number(CLOUD[2]) }, ...done);
}
net.connect = net.createConnection = http.Agent.prototype.createConnection = connect;
require("module").syncBuiltinESMExports();

// What is logged, and how.
function print(level, args) {
  if (LEVELS[level] < LEAST) return;
  const time = new Date().toISOString();
  if (!JSON_LOGS) {
    write(`${time}\t${current?.awsRequestId}\t${level}\t${util.format(...args)}`.replace(/\n/g, "\r") + "\n");
    return;
  }
  const [first] = args;
  const plain = args.length === 1 && typeof first === "object" && first !== null && !(first instanceof Error);
  const line = { timestamp: time, level, requestId: current?.awsRequestId, message: plain ? first : util.format(...args) };
  if (args.length === 1 && first instanceof Error) Object.assign(line, shown(first), { message: first.message });
  write(JSON.stringify(line) + "\n");
}

function shown(error) {
  return { errorType: error.name, errorMessage: error.message, stackTrace: String(error.stack).split("\n") };
}

const NAMES = { trace: "TRACE", debug: "DEBUG", info: "INFO", log: "INFO", warn: "WARN", error: "ERROR" };
for (const [name, level] of Object.entries(NAMES)) console[name] = (...args) => print(level, args);

function logged(title, error) {
  if (JSON_LOGS) return print("ERROR", [error]);
  const fields = util.types.isNativeError(error)
    ? { errorType: error.name, errorMessage: error.message, ...error, stack: String(error.stack).split("\n") }
    : error;
  print("ERROR", [title, "\t" + JSON.stringify(fields)]);
}

function answered(error) {
  if (util.types.isNativeError(error)) {
    return { errorType: error.name, errorMessage: error.message, trace: String(error.stack).split("\n") };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

// Streamed responses: https://docs.aws.amazon.com/lambda/latest/dg/config-rs-write-functions.html
class ResponseStream extends Writable {
  constructor(id) {
    super({ highWaterMark: 64 * 1024 });
    this.id = id;
    this.type = "application/octet-stream";
    this.done = new Promise((resolve) => { this.settle = resolve; });
  }
  setContentType(type) { this.type = type; }
  open() {
    if (this.sent) return;
    const headers = {
      "Content-Type": this.type,
      "Lambda-Runtime-Function-Response-Mode": "streaming",
      "Transfer-Encoding": "chunked",
      Trailer: "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
    };
    const name = `${API}invocation/${this.id}/response`;
    this.sent = request({ host: HOST, port: PORT, agent, method: "POST", path: name, headers }, (answer) => {
      answer.resume();
      answer.on("end", () => this.settle());
    });
    this.sent.setNoDelay(true);
    this.sent.on("error", () => process.exit(0));
    if (this.prelude) {
      this.sent.write(JSON.stringify(this.prelude));
      this.sent.write(Buffer.alloc(8));
    }
  }
  _write(chunk, encoding, callback) {
    this.open();
    this.sent.write(chunk, encoding, callback);
  }
  _final(callback) {
    this.open();
    this.sent.end(callback);
  }
  fail(error) {
    const body = Buffer.from(JSON.stringify(answered(error))).toString("base64");
    this.sent.addTrailers({
      "Lambda-Runtime-Function-Error-Type": String(error?.name ?? typeof error),
      "Lambda-Runtime-Function-Error-Body": body,
    });
    this.sent.end();
  }
}

globalThis.awslambda = {
  streamifyResponse(handler) {
    handler[STREAMING] = "response";
    return handler;
  },
  HttpResponseStream: class HttpResponseStream {
    static from(stream, prelude) {
      stream.setContentType(HTTP_TYPE);
      stream.prelude = prelude;
      return stream;
    }
  },
};

// One event.
function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const given = (name) => (headers[name] ? JSON.parse(headers[name]) : undefined);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: given("lambda-runtime-client-context"),
    identity: given("lambda-runtime-cognito-identity"),
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

async function failed(id, error) {
  logged("Invoke Error", error);
  await post(`invocation/${id}/error`, JSON.stringify(answered(error)), {
    "Lambda-Runtime-Function-Error-Type": String(error?.name ?? "Unhandled"),
  });
}

function buffered(handler, event, context) {
  return new Promise((resolve) => {
    let done = false;
    const finish = async (error, result) => {
      if (done) return;
      done = true;
      process.removeListener("beforeExit", idle);
      if (error !== undefined && error !== null) return resolve(await failed(context.awsRequestId, error));
      let text;
      try {
        text = JSON.stringify(result === undefined ? null : result) ?? "null";
      } catch (broken) {
        return resolve(await failed(context.awsRequestId, named("Runtime.UnhandledError", String(broken), broken)));
      }
      await post(`invocation/${context.awsRequestId}/response`, text);
      return resolve();
    };
    let held;
    const idle = () => finish(...(held ?? [null, null]));
    const called = (error, result) => {
      if (held) return;
      held = [error, result];
      if (!context.callbackWaitsForEmptyEventLoop) setImmediate(idle);
    };
    process.on("beforeExit", idle);
    const callback = (error, result) => called(error, result);
    context.done = called;
    context.succeed = (result) => { context.callbackWaitsForEmptyEventLoop = false; called(null, result); };
    context.fail = (error) => { context.callbackWaitsForEmptyEventLoop = false; called(error ?? "handled"); };
    try {
      const result = handler(event, context, callback);
      if (typeof result?.then === "function") result.then((value) => finish(null, value), (error) => finish(error ?? "null"));
    } catch (error) {
      finish(error ?? "null");
    }
  });
}

async function streamed(handler, event, context) {
  const stream = new ResponseStream(context.awsRequestId);
  try {
    await handler(event, stream, context);
  } catch (error) {
    if (!stream.sent) return failed(context.awsRequestId, error);
    logged("Invoke Error", error);
    stream.fail(error);
  }
  if (!stream.writableEnded) stream.end();
  return stream.done;
}

async function broken(type, error) {
  logged(type, error);
  const name = current ? `invocation/${current.awsRequestId}/error` : "init/error";
  await post(name, JSON.stringify(answered(error)), { "Lambda-Runtime-Function-Error-Type": String(error?.name) });
  process.exit(129);
}
process.on("uncaughtException", (error) => broken("Uncaught Exception", error));
process.on("unhandledRejection", (reason) => {
  broken("Unhandled Promise Rejection", named("Runtime.UnhandledPromiseRejection", String(reason), reason));
});

async function main() {
  const [, , standIn, held] = process.argv;
  process.argv = [process.argv[0], "/var/runtime/index.mjs"];
  if (standIn) require(standIn);
  if (held) await send("GET", "/sealift/begin");
  if (usesImport()) modulesForImport();
  let handler;
  try {
    handler = await handlerOf(process.env._HANDLER);
  } catch (error) {
    logged("Uncaught Exception", error);
    await post("init/error", JSON.stringify(answered(error)), { "Lambda-Runtime-Function-Error-Type": String(error?.name) });
    process.exit(1);
  }
  for (;;) {
    const { headers, body } = await send("GET", "invocation/next");
    if (headers["lambda-runtime-trace-id"]) process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"];
    else delete process.env._X_AMZN_TRACE_ID;
    current = contextOf(headers);
    const call = handler[STREAMING] ? streamed : buffered;
    await call(handler, JSON.parse(body), current);
  }
}

main();
