"""Which imports of a Node.js function's own code lead nowhere.

JavaScript is read by its words, not parsed: what could be otherwise is not judged.
"""

import posixpath
import re
from collections.abc import Iterator

from sealift.analysis.handlers import without_comments
from sealift.build.inspection.contents import Contents

_IMPORT = re.compile(
    r"""(?:\brequire\(\s*|\bfrom\s*|\bimport\s*\(?\s*)["']([^"'\n]+)["']""",
)
_SUFFIXES = ("", ".js", ".mjs", ".cjs", ".json", ".node", "/index.js", "/index.json", "/package.json")
_BUILTIN = frozenset(
    {"assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto", "dgram",
     "diagnostics_channel", "dns", "domain", "events", "fs", "http", "http2", "https", "inspector", "module", "net",
     "os", "path", "perf_hooks", "process", "punycode", "querystring", "readline", "repl", "stream", "string_decoder",
     "sys", "timers", "tls", "trace_events", "tty", "url", "util", "v8", "vm", "wasi", "worker_threads", "zlib"}
)  # fmt: skip
Missing = Iterator[tuple[str, int, str]]


def missing_imports(handler: str, found: Contents, own: frozenset[str], major: int) -> Missing:
    """Yield file, line and module of each import that is in no package, layer or runtime."""
    waiting, seen = [handler], set[str]()
    judged: list[tuple[str, int, str]] = []
    while waiting:
        name = waiting.pop()
        if name in seen or name not in own or not name.endswith((".js", ".mjs", ".cjs")):
            continue
        seen.add(name)
        text = without_comments(found.text(name))
        for match in _IMPORT.finditer(text):
            module, line = match[1], text.count("\n", 0, match.start()) + 1
            folder = posixpath.dirname(name)
            if module.startswith("."):
                path = posixpath.normpath(posixpath.join(folder, module))
                there = [path + suffix for suffix in _SUFFIXES if path + suffix in found.names]
                waiting += there
                missing = not there and not path.startswith("..")
            else:
                missing = not _package_is_there(module, folder, found, major)
            if missing and "try" not in text[max(0, match.start() - 120) : match.start()]:
                judged.append((name, line, module))
    yield from sorted(judged)


def _package_is_there(module: str, folder: str, found: Contents, major: int) -> bool:
    parts = module.split("/")
    package = "/".join(parts[: 2 if module.startswith("@") else 1])
    if module.startswith(("node:", "#", "/", "data:", "file:", "http:", "https:")) or parts[0] in _BUILTIN:
        return True
    if package == "aws-sdk" and major < 18:
        return True
    if package.startswith(("@aws-sdk/", "@smithy/")) and major >= 18:
        return True  # https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html
    while True:
        at = f"{folder}/node_modules/{package}" if folder else f"node_modules/{package}"
        if found.has(at, f"{at}.js"):
            return True
        if not folder:
            return False
        folder = posixpath.dirname(folder)
