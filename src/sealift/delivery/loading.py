"""Which functions that could not be loaded are broken for certain, why, and what mends it. Pure."""

import re

from sealift.model.loading import Loading
from sealift.model.release import STAND_IN
from sealift.model.values import value

_OUTSIDE = re.compile(
    r"Connect|Connection|Timeout|Timedout|Endpoint|Network|gaierror|URLError|HTTP\w*Error|OperationalError|ClientError|ServiceError"
    r"|Credentials|SSLError|MaxRetry|NotFoundException|AccessDenied|ResourceNotFound"
)
"""Names of errors that say something about what a function reaches, not about the function."""
_MACHINE = re.compile(r"cannot open shared object file|GLIBC_|invalid ELF header|wrong ELF class")
_PYTHON_FRAME = re.compile(r'File "(?:/var/task|/opt)/([^"]+)",? [Ll]ine (\d+)')
_NODE_FRAME = re.compile(r"(?:/var/task|/opt)/([^\s:()]+):(\d+)")
_SYNTAX_PLACE = re.compile(r"\(([^()]+), line (\d+)\)")
_OF_A_LAYER = re.compile(r"Cannot find module '(/opt/[^']+)'")
_ES_MODULE = re.compile(r"Unexpected token 'export'|Cannot use import statement outside a module")
_REQUIRED_BY = re.compile(r"(?:Require stack:\n- |imported from )(?:/var/task|/opt)/(\S+)")
_LACKING = re.compile(r"cannot import name '(\w+)' from '([\w.]+)'")
_MODULE = re.compile(r"No module named '([^'.]+)|Cannot find (?:module|package) '(?!\.|/)((?:@[^'/]+/)?[^'/]+)")


@value
class Judged:
    """Why a function could not be loaded. `certain` means that it fails on AWS too."""

    name: str
    certain: bool
    cause: str
    place: str
    cure: str

    @property
    def text(self) -> str:
        """All of it in a sentence or two."""
        where = f" ({self.place})" if self.place else ""
        return f"{self.name}{where}: {self.cause}. {self.cure}"


def judge(loading: Loading, name: str) -> Judged | None:
    """Return why a function, called by this name in messages, could not be loaded; None when it was loaded."""
    if not loading.error_type:
        return None
    short = loading.message.partition("\n")[0].strip().rstrip(".")
    is_runtime = loading.error_type.startswith("Runtime.")
    cause = short if is_runtime else f"{loading.error_type}: {short}" if short else loading.error_type
    return Judged(
        name=name,
        certain=_is_certain(loading),
        cause=cause,
        place=_place(loading),
        cure=_cure(loading),
    )


def _is_certain(loading: Loading) -> bool:
    if _MACHINE.search(loading.message) or STAND_IN in loading.message:
        return False
    if loading.error_type == "Runtime.ImportModuleError":
        return not loading.absent_layers
    return not _OUTSIDE.search(loading.error_type) and not _OUTSIDE.search(loading.message.partition(":")[0])


def _place(loading: Loading) -> str:
    """Return the file and line in the function's own code, as far as the error says."""
    text = "\n".join(loading.trace)
    frames = _PYTHON_FRAME.findall(text)
    found = frames[-1:] or _NODE_FRAME.findall(text) or _SYNTAX_PLACE.findall(loading.message)
    if found:
        return f"{found[0][0]}:{found[0][1]}"
    required = _REQUIRED_BY.search(loading.message)
    return required[1] if required else ""


_HANDLER = "Correct Handler in the template, or the file it names"
_CURES = {
    **dict.fromkeys(("Runtime.HandlerNotFound", "Runtime.MalformedHandlerName", "Runtime.ImportModuleError"), _HANDLER),
    "Sandbox.Timedout": "It waits for something that is not here, or is slow on this machine: this cannot be decided",
}


def _cure(loading: Loading) -> str:
    module = _MODULE.search(loading.message)
    if _MACHINE.search(loading.message):
        return "Whether Lambda has that library cannot be decided here"
    if STAND_IN in loading.message:
        return f"It depends on a variable that only a deployment knows ({STAND_IN} stands in for its value)"
    if module and loading.absent_layers:
        return f"It may be in a layer or a file system that cannot be had here: {', '.join(loading.absent_layers)}"
    if module:
        return f"Declare {module[1] or module[2]} among the function's dependencies, or add it in a layer"
    if of_layer := _OF_A_LAYER.search(loading.message):
        return f"No layer of it brings {of_layer[1]}; what npm builds for a layer goes into nodejs/ as a whole"
    if lacking := _LACKING.search(loading.message):
        package = lacking[2].partition(".")[0]
        return f"Correct that import, or pin a version of {package} whose {lacking[2]} has {lacking[1]}"
    if loading.error_type in _CURES:
        return _CURES[loading.error_type]
    match loading.error_type:
        case "Runtime.UserCodeSyntaxError" if _ES_MODULE.search(loading.message):
            return "It is an ES module: call it .mjs (esbuild: OutExtension .js=.mjs), or set type: module for it"
        case "Runtime.UserCodeSyntaxError":
            return "Correct the source, or declare the Runtime that it is written for"
        case "KeyError" if "environ" in "".join(loading.trace):
            return "Set the variable under Environment in the template, or read it in the handler"
    if not _is_certain(loading):
        return "It needs something outside of it as it is loaded, so this cannot be decided here"
    return "Correct what the module does as it is loaded"
