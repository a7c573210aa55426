"""One emulator: started, asked whether it is well, ended, and what a crash left behind removed."""

import http.client
import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from sealift.local.doors import NONCE_HEADER, WHO_PATH, proof
from sealift.local.endpoint import HOST
from sealift.local.folder import LAUNCHER, Folder, Identity, Run
from sealift.local.interpreters import places
from sealift.local.processes import end, is_running, kill_group

_START_S = 60.0
_STOP_S = 25.0
_LOG_BYTES = 4_000_000


def launch(python: str, folder: Folder, identity: Identity, region: str) -> Run | None:
    """Start the emulator of a folder; return None when its launcher failed."""
    if folder.log.exists() and folder.log.stat().st_size > _LOG_BYTES:
        folder.log.replace(folder.log.with_suffix(".1"))
    shutil.rmtree(folder.tmp, ignore_errors=True)
    folder.make()
    # -P keeps the folder out of the module search path.
    command = [python, "-P", "-m", LAUNCHER]
    with folder.log.open("ab") as log:
        try:
            done = subprocess.run(
                [*command, str(folder.path), str(identity.port), region, identity.account],
                env=_child_environment(folder, identity, region),
                cwd=folder.path,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=False,
                start_new_session=True,
                timeout=_START_S,
            )
        except subprocess.TimeoutExpired:
            return None
    return folder.run() if done.returncode == 0 else None


_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""What a network of a company's own needs, for the one package that the emulator fetches itself."""


def _child_environment(folder: Folder, identity: Identity, region: str) -> Mapping[str, str]:
    """Return the whole environment of the emulator. Functions inherit it, so nothing of ours is in it."""
    return {
        "GATEWAY_PORT": str(identity.port),
        "BIND_HOST": HOST,
        "MINISTACK_HOST": HOST,
        "MINISTACK_ACCOUNT_ID": identity.account,
        "MINISTACK_REGION": region,
        "LOG_LEVEL": "WARNING",
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": identity.access_key,
        "AWS_SECRET_ACCESS_KEY": identity.secret_key,
        "AWS_DEFAULT_REGION": region,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(folder.state),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(folder.s3),
        "TMPDIR": str(folder.tmp),
        "HOME": str(folder.tmp),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "PYTHONUNBUFFERED": "1",
        "SEALIFT_PYTHON_VERSIONS": ":".join(map(str, places(os.environ, Path.home()).versions)),
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": os.environ.get("LANG", "C.UTF-8"),
        **{name: os.environ[name] for name in _CERTIFICATES if name in os.environ},
    }


def wait_until_healthy(run: Run, identity: Identity) -> bool:
    """Wait until the emulator answers; say whether it does before it ends or takes too long."""
    until = time.monotonic() + _START_S
    while time.monotonic() < until and is_running(run.guard, run.guard_began):
        if is_healthy(run, identity):
            return True
        time.sleep(0.02)
    return False


def is_healthy(run: Run, identity: Identity) -> bool:
    """Ask the emulator to prove that it is this one: another program may have its port."""
    nonce = secrets.token_hex(16)
    connection = http.client.HTTPConnection(HOST, run.port, timeout=5.0)
    try:
        connection.request("GET", WHO_PATH, headers={NONCE_HEADER: nonce})
        body = json.loads(connection.getresponse().read())
        return bool(body["guard"] == run.guard and body["proof"] == proof(identity.secret_key, nonce))
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return False
    finally:
        connection.close()


def stop(folder: Folder, *, grace_s: float = _STOP_S) -> bool:
    """End the emulator of this folder, and what a crash left behind; say whether anything ran."""
    run = folder.run()
    if run is None:
        shutil.rmtree(folder.tmp, ignore_errors=True)
        return False
    ran = is_running(run.guard, run.guard_began)
    end(run.guard, run.guard_began, grace_s=grace_s)
    end(run.emulator, run.emulator_began, grace_s=grace_s)
    kill_group(run.emulator, run.emulator_began, session=run.guard)
    shutil.rmtree(folder.tmp, ignore_errors=True)
    folder.run_file.unlink(missing_ok=True)
    return ran
