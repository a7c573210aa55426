"""Functions that a stack makes: the emulator takes one whose code is not there, and makes answers up later."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from sealift.cfn.values import mapping_at
from sealift.local.patches.handlers import before

_PROGRAMS = Path(__file__).parents[1] / "functions" / "programs"
_BESIDE_INLINE_CODE = {
    "python": ("cfnresponse", "cfnresponse.py", "cfnresponse.py"),
    "nodejs": ("cfn-response", "cfn-response.cjs", "node_modules/cfn-response/index.js"),
}
"""By language: the module that Lambda puts beside inline code, our program for it, and where it stands."""


def inline_modules(provisioners: ModuleType) -> None:
    """Put beside inline code what Lambda puts there, and nowhere else, when the code names it."""
    pack = provisioners._zip_inline

    def packed(source: str | None, handler: str, runtime: str = "python3.12") -> Any:
        data = pack(source, handler, runtime)
        for language, (module, program, place) in _BESIDE_INLINE_CODE.items():
            if data and module in str(source) and runtime.startswith(language):
                whole = io.BytesIO(data)
                with zipfile.ZipFile(whole, "a", zipfile.ZIP_DEFLATED) as archive:
                    archive.writestr(place, (_PROGRAMS / program).read_bytes())
                data = whole.getvalue()
        return data

    vars(provisioners)["_zip_inline"] = packed


def functions_made(provisioners: ModuleType, prepare: Callable[[str], None], refuse: Callable[[Any], None]) -> None:
    """Let `prepare` know the runtime of each function that a stack makes, and `refuse` raise for what AWS refuses."""

    def look(props: Any) -> None:
        refuse(props)
        prepare(str(props.get("Runtime", "")))

    before(provisioners, "AWS::Lambda::Function", look)


def refuse_without_code(props: Any) -> None:
    """Raise ValueError for a function that Lambda would not make. The emulator shows the text as the reason.

    Documented, not observed: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    """
    from ministack.services import lambda_svc

    code = mapping_at(props.get("Code"))
    bucket, key = code.get("S3Bucket"), code.get("S3Key")
    if bucket and key and lambda_svc._fetch_code_from_s3(bucket, key, version_id=code.get("S3ObjectVersion")) is None:
        raise ValueError(
            f"Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not "
            f"exist. ({bucket}/{key})"
        )
