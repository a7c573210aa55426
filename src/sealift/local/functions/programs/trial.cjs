// Loads a Node.js function as Lambda does, without an event. Argument: where to write what came of it.
"use strict";
const fs = require("fs");
const Module = require("module");
const { handlerOf, modulesForImport, usesImport } = require("./handlers.cjs");

// From Node.js 18 on, Lambda brings version 3 of the SDK alone: https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html
const BROUGHT = /nodejs1[0-7]\./.test(process.env.AWS_EXECUTION_ENV) ? /^aws-sdk($|\/)/ : /^(@aws-sdk|@smithy|@aws-crypto)\//;
const HANDLER = process.env._HANDLER;
const LINE = process.argv[2];

function answer(type, message, stack) {
  const trace = String(stack ?? "").split("\n").slice(0, 20);
  fs.writeSync(Number(LINE), JSON.stringify({ type, message: String(message).slice(0, 2000), trace }));
  process.exit(0);
}

// https://docs.aws.amazon.com/lambda/latest/dg/config-rs-write-functions.html
globalThis.awslambda = { streamifyResponse: (handler) => handler, HttpResponseStream: { from: (stream) => stream } };

process.on("uncaughtException", (error) => answer(error?.name ?? typeof error, error?.message ?? error, error?.stack));
process.on("unhandledRejection", () => {});

// What Lambda brings and is not here: anything may be taken from it and made of it.
const standIn = new Proxy(function () {}, {
  get: (target, name) => (name === "prototype" ? target.prototype : name === "then" ? undefined : name === Symbol.toPrimitive ? () => "" : standIn),
  apply: () => standIn,
  construct: () => standIn,
});
const load = Module._load;
Module._load = function (name, ...rest) {
  try {
    return load.call(this, name, ...rest);
  } catch (error) {
    if (error?.code === "MODULE_NOT_FOUND" && BROUGHT.test(name)) return standIn;
    throw error;
  }
};

async function main() {
  if (usesImport()) modulesForImport();
  try {
    await handlerOf(HANDLER);
  } catch (error) {
    const missing = /Cannot find (?:module|package) '([^']+)'/.exec(error?.message)?.[1] ?? "";
    const brought = error?.name === "Runtime.ImportModuleError" && BROUGHT.test(missing);
    return answer(brought ? "BroughtByLambda" : (error?.name ?? typeof error), error?.message ?? error, error?.stack);
  }
  answer("", "");
}

main();
