"""What stands in for the AWS SDK that Lambda's Node.js runtimes bring: the emulator's own, cut out of its worker."""

_BEGIN, _END = "// Synthetic AWS SDK v3 stubs", "let handlerFn = null;"
_HEAD = "".join(f"const {name} = require('{name}');\n" for name in ("fs", "path", "http", "https", "url"))
_MODULE = "const Module = require('module');\nconst kept = [https.request, https.get];\n"
_END_OF_PATCHES = "patchAwsSdk();\n[https.request, https.get] = kept; // node.cjs leads names of AWS to the cloud\n"


def node_sdk() -> str:
    """Return the program text: it answers `require("@aws-sdk/…")` where the function brings none."""
    from ministack.core import lambda_runtime

    text: str = lambda_runtime._NODEJS_WORKER_SCRIPT
    begin, end = text.index(_BEGIN), text.index(_END)
    return f"{_HEAD}{_MODULE}{text[begin:end]}\n{_END_OF_PATCHES}"
