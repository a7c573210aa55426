"""Makes a package of code that a template holds, as CloudFormation does, so that it can be looked at like any other.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-code.html
"""

import io
import re
import zipfile
from dataclasses import replace

from sealift.build.cache.store import Cache
from sealift.model.release import Finished

_ES_MODULE = re.compile(r"^\s*(?:import\s*[\w{*\"']|export\s)", re.MULTILINE)
_RESPONSE = {
    "python": ("cfnresponse.py", "SUCCESS, FAILED = 'SUCCESS', 'FAILED'\ndef send(*args, **named): ...\n"),
    "nodejs": (
        "node_modules/cfn-response/index.js",
        "exports.SUCCESS = exports.FAILED = ''; exports.send = () => {}\n",
    ),
}
"""What CloudFormation adds to such code alone."""


def packed(function: Finished, cache: Cache) -> Finished | None:
    """Return the function with its code in a package; None where its runtime is not known to take such code."""
    if function.inline is None:
        return function
    family = next((name for name in _RESPONSE if (function.runtime or "").startswith(name)), None)
    if family is None:
        return None
    suffix = "py" if family == "python" else "mjs" if _ES_MODULE.search(function.inline) else "js"
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name, text in ((f"index.{suffix}", function.inline), _RESPONSE[family]):
            archive.writestr(zipfile.ZipInfo(name), text)
    return replace(function, package=cache.store(body.getvalue()), own=(f"index.{suffix}",))
