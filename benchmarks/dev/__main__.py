"""The developer's minute, side by side: `python -m benchmarks.dev [FOLDER]`. Prints a table of Markdown.

FOLDER is where `npm install serverless@3 serverless-offline@13` was run; without it Sealift is measured alone.
`sam local start-api` runs functions in Docker containers, so there is no row of it where Docker is not there.
Each figure is the best of several, with the time of a processor that the tool's processes took in brackets: that does
not depend on what else the machine does.
"""

import contextlib
import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

_SAVES, _WARM, _CLIENTS, _LOAD_S, _LONGEST_S = 7, 50, 10, 3.0, 180.0
_HANDLERS = {
    "Python": ("python3.11", "app.py", 'def handler(event, context):\n    return {"statusCode": 200, "body": "%s"}\n'),
    "Node.js": (
        "nodejs20.x",
        "app.js",
        'exports.handler = async () => ({ statusCode: 200, body: "%s" });\n',
    ),
}
_SAM = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Greet:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: %s
      Handler: app.handler
      CodeUri: src/
      Events: {Get: {Type: HttpApi, Properties: {Path: /hello, Method: GET}}}
Outputs:
  Url: {Value: !Sub "https://${ServerlessHttpApi}.execute-api.${AWS::Region}.amazonaws.com/hello"}
"""
_SERVERLESS = """
service: greet
provider: {name: aws, runtime: %s}
plugins: [serverless-offline]
functions:
  greet: {handler: src/app.handler, events: [{httpApi: "GET /hello"}]}
"""


@dataclass(frozen=True)
class Figures:
    """What was measured of one tool."""

    start: "Taken"
    cold: "Taken"
    save: "Taken"
    template: "Taken | None"
    warm: "Taken"
    per_second: float
    per_request: "Taken"


@dataclass(frozen=True, order=True)
class Taken:
    """How long something took, by the clock and of a processor."""

    wall_s: float
    cpu_s: float

    def __str__(self) -> str:
        return f"{self.wall_s * 1000:.0f} ms ({self.cpu_s * 1000:.0f})"


@dataclass
class Tool:
    """A tool that serves the application in a folder, and how to know where."""

    name: str
    argv: list[str]
    url: re.Pattern[str]
    template: str
    path: str = ""


def main() -> None:
    """Measure each tool with each language."""
    peers = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
    load = os.getloadavg()[0]
    print(f"Load average before: {load:.1f}; {os.cpu_count()} processors\n")
    titles = (
        "",
        "",
        "start",
        "cold request",
        "save → answer",
        "template → answer",
        "warm request",
        "a second",
        "CPU each",
    )
    print(f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}")
    for language in _HANDLERS:
        for tool in _tools(peers):
            made = _measured(tool, language, peers)
            cells = (made.start, made.cold, made.save, made.template or "", made.warm, f"{made.per_second:.0f}")
            cpu = f"{made.per_request.cpu_s * 1000:.1f} ms"
            print(f"| {language} | {tool.name} | {' | '.join(map(str, cells))} | {cpu} |", flush=True)
    if shutil.which("docker") is None:
        print("\n`sam local start-api` does not run here: there is no Docker.")


def _tools(peers: Path | None) -> Iterator[Tool]:
    yield Tool(
        "`sealift dev`", [sys.executable, "-m", "sealift", "dev"], re.compile(r"Url +(http\S+)"), "template.yaml"
    )
    if peers is not None:
        program = str(peers / "node_modules" / ".bin" / "serverless")
        argv = [program, "offline", "--httpPort", "13789", "--lambdaPort", "13790", "--reloadHandler"]
        yield Tool(
            "`serverless offline`", argv, re.compile(r"Server ready: (http\S+)"), "serverless.yml", path="/hello"
        )


def _measured(tool: Tool, language: str, peers: Path | None) -> Figures:
    runtime, name, handler = _HANDLERS[language]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        source = root / "src" / name
        source.parent.mkdir()
        source.write_text(handler % "0")
        (root / "template.yaml").write_text(_SAM % runtime)
        (root / "serverless.yml").write_text(_SERVERLESS % runtime)
        if peers is not None:
            (root / "node_modules").symlink_to(peers / "node_modules")
        began = time.monotonic()
        with _running(tool, root) as (url, session):

            def taken(do: Callable[[], object]) -> Taken:
                before, since = _cpu_s(root, session), time.monotonic()
                do()
                return Taken(time.monotonic() - since, _cpu_s(root, session) - before)

            start = Taken(time.monotonic() - began, _cpu_s(root, session))
            cold = taken(lambda: _until(url, "0"))
            saves = [taken(lambda n=n: _saved(source, handler % n, url, n)) for n in map(str, range(1, _SAVES))]
            routes = range(3) if tool.template == "template.yaml" else ()
            templates = [taken(lambda n=n: _template_saved(root, url, n)) for n in routes]
            _until(url, str(_SAVES - 1))
            warm = [taken(lambda: _asked(url)) for _ in range(_WARM)]
            rates: list[float] = []
            load = taken(lambda: rates.append(_rate(url)))
            each = Taken(load.wall_s / (rates[0] * _LOAD_S), load.cpu_s / (rates[0] * _LOAD_S))
            return Figures(start, cold, min(saves), min(templates, default=None), min(warm), rates[0], each)


def _cpu_s(root: Path, session: int) -> float:
    """Return the seconds of a processor that the processes of a session took, and of those that name a folder."""
    sessions, seconds = {session}, dict[int, float]()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if str(root).encode() in (stat.parent / "cmdline").read_bytes():
                sessions.add(int(fields[3]))
            ticks = sum(map(int, fields[11:15]))  # with those of children that have ended
            seconds[int(fields[3])] = seconds.get(int(fields[3]), 0.0) + ticks / os.sysconf("SC_CLK_TCK")
    return sum(seconds.get(one, 0.0) for one in sessions)


def _saved(source: Path, text: str, url: str, wanted: str) -> None:
    source.write_text(text)
    _until(url, wanted)


def _template_saved(root: Path, url: str, number: int) -> None:
    """Save the template with one more route, and wait until that answers."""
    file, path = root / "template.yaml", f"/more{number}"
    more = f"      Events: {{More{number}: {{Type: HttpApi, Properties: {{Path: {path}, Method: GET}}}}, "
    file.write_text(file.read_text().replace("      Events: {", more))
    while _status(url.replace("/hello", path)) != http.client.OK:
        time.sleep(0.01)


def _until(url: str, wanted: str) -> None:
    until = time.monotonic() + _LONGEST_S
    while _asked(url) != wanted:
        if time.monotonic() > until:
            raise TimeoutError(f"{url} never answered {wanted}")
        time.sleep(0.01)


def _connection(url: str) -> tuple[http.client.HTTPConnection, str]:
    parts = urlsplit(url)
    return http.client.HTTPConnection(parts.netloc, timeout=30), parts.path


def _asked(url: str) -> str:
    line, path = _connection(url)
    with contextlib.suppress(OSError, http.client.HTTPException):
        line.request("GET", path)
        return line.getresponse().read().decode()
    return ""


def _status(url: str) -> int:
    line, path = _connection(url)
    with contextlib.suppress(OSError, http.client.HTTPException):
        line.request("GET", path)
        return line.getresponse().status
    return 0


def _rate(url: str) -> float:
    until = time.monotonic() + _LOAD_S

    def ask(_: int) -> int:
        line, path = _connection(url)
        done = 0
        while time.monotonic() < until:
            line.request("GET", path)
            done += line.getresponse().read() != b""
        return done

    with ThreadPoolExecutor(_CLIENTS) as pool:
        return sum(pool.map(ask, range(_CLIENTS))) / _LOAD_S


@contextmanager
def _running(tool: Tool, root: Path) -> Iterator[tuple[str, int]]:
    """Run a tool; the value is the address of the function, and the session of its processes."""
    log = root / "log"
    env = {**os.environ, "PYTHONUNBUFFERED": "1", "CI": "true", "SLS_TELEMETRY_DISABLED": "1"}
    with log.open("w") as file:
        process = subprocess.Popen(tool.argv, cwd=root, stdout=file, stderr=file, env=env, start_new_session=True)
    try:
        until = time.monotonic() + _LONGEST_S
        while (found := tool.url.search(log.read_text())) is None:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{tool.name} did not start:\n{log.read_text()}")
            time.sleep(0.05)
        yield found[1].rstrip("/") + tool.path, process.pid
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
