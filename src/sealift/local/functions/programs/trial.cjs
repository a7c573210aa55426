// Loads a Node.js function as Lambda does, without an event. Argument: where to write what came of it.
// https://github.com/aws/aws-lambda-nodejs-runtime-interface-client/blob/main/src/UserFunction.js
"use strict";
const fs = require("fs");
const Module = require("module");
const path = require("path");
const { pathToFileURL } = require("url");

const ROOT = process.env.LAMBDA_TASK_ROOT;
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

// Lambda lets `import` look where NODE_PATH says, too.
function layersForImport() {
  const folders = (process.env.NODE_PATH ?? "").split(":").filter((folder) => fs.existsSync(folder));
  if (folders.length === 0 || !Module.register) return;
  const source = `
    import { createRequire } from "module";
    import { pathToFileURL } from "url";
    const find = createRequire(${JSON.stringify(ROOT + "/")});
    export async function resolve(name, context, next) {
      try { return await next(name, context); } catch (error) {
        if (error.code !== "ERR_MODULE_NOT_FOUND" || /^[./]|^[a-z]+:/.test(name)) throw error;
        try {
          return { url: pathToFileURL(find.resolve(name, { paths: ${JSON.stringify(folders)} })).href, shortCircuit: true };
        } catch { throw error; }
      }
    }`;
  Module.register("data:text/javascript," + encodeURIComponent(source));
}

function isModule(file) {
  for (let folder = path.dirname(file); folder.startsWith(ROOT); folder = path.dirname(folder)) {
    const found = path.join(folder, "package.json");
    if (fs.existsSync(found)) return JSON.parse(fs.readFileSync(found, "utf8")).type === "module";
    if (folder === path.dirname(folder)) break;
  }
  return false;
}

async function loaded(stem, name) {
  const modern = isModule(stem);
  if (fs.existsSync(stem) && fs.statSync(stem).isFile()) return require(stem);
  if (!modern && fs.existsSync(stem + ".js")) return require(stem + ".js");
  for (const end of modern ? [".js", ".mjs"] : [".mjs"]) {
    if (fs.existsSync(stem + end)) return import(pathToFileURL(stem + end).href);
  }
  if (fs.existsSync(stem + ".cjs")) return require(stem + ".cjs");
  return require(require.resolve(name, { paths: [ROOT, path.dirname(stem)] }));
}

async function main() {
  layersForImport();
  const parts = path.basename(HANDLER).match(/^([^.]*)\.(.*)$/);
  if (!parts || HANDLER.includes("..")) return answer("Runtime.MalformedHandlerName", "Bad handler");
  let found;
  try {
    found = await loaded(path.resolve(ROOT, path.dirname(HANDLER), parts[1]), parts[1]);
  } catch (error) {
    if (error instanceof SyntaxError) return answer("Runtime.UserCodeSyntaxError", error, error.stack);
    if (!["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(error?.code)) {
      return answer(error?.name ?? typeof error, error?.message ?? error, error?.stack);
    }
    const missing = /Cannot find (?:module|package) '([^']+)'/.exec(error.message)?.[1] ?? "";
    return answer(BROUGHT.test(missing) ? "BroughtByLambda" : "Runtime.ImportModuleError", error, error.stack);
  }
  for (const name of parts[2].split(".")) found = found?.[name] ?? found?.default?.[name];
  if (typeof found !== "function") return answer("Runtime.HandlerNotFound", `${HANDLER} is undefined or not exported`);
  answer("", "");
}

main();
