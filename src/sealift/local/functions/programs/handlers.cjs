// Finds a handler as Lambda does, for what runs functions and for what only loads them:
// https://github.com/aws/aws-lambda-nodejs-runtime-interface-client/blob/main/src/UserFunction.js
"use strict";
const fs = require("fs");
const path = require("path");
const { pathToFileURL } = require("url");

const ROOT = process.env.LAMBDA_TASK_ROOT;

function named(name, message, cause) {
  const error = new Error(message);
  error.name = name;
  if (cause?.stack) error.stack = cause.stack;
  return error;
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

async function handlerOf(text) {
  const base = path.basename(text);
  const parts = base.match(/^([^.]*)\.(.*)$/);
  if (!parts || text.includes("..")) throw named("Runtime.MalformedHandlerName", "Bad handler");
  let found;
  try {
    found = await loaded(path.resolve(ROOT, path.dirname(text), parts[1]), parts[1]);
  } catch (error) {
    if (error instanceof SyntaxError) throw named("Runtime.UserCodeSyntaxError", String(error), error);
    if (["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(error?.code)) {
      throw named("Runtime.ImportModuleError", String(error), error);
    }
    throw error;
  }
  for (const name of parts[2].split(".")) found = found?.[name] ?? found?.default?.[name];
  if (!found) throw named("Runtime.HandlerNotFound", `${text} is undefined or not exported`);
  if (typeof found !== "function") throw named("Runtime.HandlerNotFound", `${text} is not a function`);
  return found;
}

// Modules of layers: Lambda lets `import` look where NODE_PATH says, too. So it does for the SDK that the runtime brings;
// names have to be known before a module runs, and a stand-in has those that are imported from it.
function modulesForImport() {
  const folders = (process.env.NODE_PATH ?? "").split(":").filter((folder) => fs.existsSync(folder));
  if (!require("module").register) return;
  const source = `
    import { createRequire } from "module";
    import { readFileSync } from "fs";
    import { fileURLToPath, pathToFileURL } from "url";
    const SDK = "sealift-sdk:";
    const find = createRequire(${JSON.stringify(ROOT + "/")});
    export async function resolve(name, context, next) {
      try { return await next(name, context); } catch (error) {
        if (error.code !== "ERR_MODULE_NOT_FOUND" || /^[./]|^[a-z]+:/.test(name)) throw error;
        try {
          return { url: pathToFileURL(find.resolve(name, { paths: ${JSON.stringify(folders)} })).href, shortCircuit: true };
        } catch {
          if (!/^@(aws-sdk|smithy)[/]/.test(name)) throw error;
          return { url: SDK + name + "?" + namesOf(name, context.parentURL).join(), format: "module", shortCircuit: true };
        }
      }
    }
    function namesOf(name, parent) {
      const found = new Set();
      const clause = /(?:import|export|const|let|var)\\s*(?:[\\w$]+\\s*,\\s*)?[{]([^}]*)[}]\\s*(?:from|=\\s*await\\s+import\\s*[(])\\s*["']([^"']+)["']/g;
      for (const [, list, from] of readFileSync(fileURLToPath(parent), "utf8").matchAll(clause)) {
        if (from === name) for (const one of list.split(",")) found.add(one.trim().split(/\\s+as\\s+|\\s*:\\s*/)[0]);
      }
      return [...found].filter((one) => /^[\\w$]+$/.test(one) && one !== "default");
    }
    export async function load(url, context, next) {
      if (!url.startsWith(SDK)) return next(url, context);
      const [name, names] = url.slice(SDK.length).split("?");
      const source = "import { createRequire } from 'module';"
        + "const it = createRequire(" + JSON.stringify(${JSON.stringify(ROOT + "/")}) + ")(" + JSON.stringify(name) + ");"
        + (names ? "export const { " + names + " } = it;" : "") + "export default it;";
      return { format: "module", source, shortCircuit: true };
    }`;
  require("module").register("data:text/javascript," + encodeURIComponent(source));
}

function usesImport() {
  const stem = path.resolve(ROOT, process.env._HANDLER.replace(/[.][^./]*$/, ""));
  return isModule(stem) || fs.existsSync(stem + ".mjs") || (process.env.NODE_PATH ?? "").split(":").some(fs.existsSync);
}

module.exports = { handlerOf, named, modulesForImport, usesImport };
