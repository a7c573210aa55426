"""Draws docs/run.svg, the picture of the README: `sealift run --local` in the example application, on a terminal.

`python -m tools.picture` runs the command, which takes about a minute, and writes what the terminal showed.
"""

import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "run.svg"
COLUMNS, LINE_PX, CHARACTER_PX, MARGIN_PX = 96, 18, 7.85, 16
_STYLES = {
    "1": "font-weight='bold'", "2": "fill='#8b949e'", "31": "fill='#ff7b72'", "32": "fill='#3fb950'",
    "33": "fill='#d29922'", "36": "fill='#39c5cf'",
}  # fmt: skip
_CODE = re.compile(r"\x1b\[([0-9;]*)m")


def main() -> None:
    """Run the command in a copy of the example, draw what it said, and stop its embedded cloud."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Path(folder, "orders")
        shutil.copytree(ROOT / "examples" / "orders", shop, ignore=shutil.ignore_patterns(".sealift", "__pycache__"))
        for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "Open the shop"]):
            subprocess.run(
                ["git", "-c", "user.name=ann", "-c", "user.email=ann@example.com", *command], cwd=shop, check=True
            )
        sealift = str(Path(sys.executable).with_name("sealift"))
        try:
            said = _on_a_terminal([sealift, "run", "--local"], shop, cache=Path(folder, "cache"))
        finally:
            subprocess.run([sealift, "local", "down"], cwd=shop, check=True)
    PICTURE.write_text(drawn("$ sealift run --local\n" + said), encoding="utf-8")


def _on_a_terminal(command: list[str], cwd: Path, *, cache: Path) -> str:
    """Return what a command shows on a terminal, its living last lines taken back."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CI", "NO_COLOR"))}
    env = {**kept, "TERM": "xterm-256color", "XDG_CACHE_HOME": str(cache)}
    process = subprocess.Popen(command, cwd=cwd, env=env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b"".join(_read(ours))
    if process.wait() != 0:
        raise SystemExit(said.decode(errors="replace"))
    lines = said.decode().replace("\r\n", "\n").split("\n")
    return "\n".join(line.rpartition("\r\x1b[K")[2] for line in lines).rstrip()


def _read(descriptor: int) -> Iterator[bytes]:
    try:
        while data := os.read(descriptor, 65536):
            yield data
    except OSError:  # the other end is closed
        os.close(descriptor)


def drawn(said: str) -> str:
    """Return the picture of a terminal that shows this text with its colours."""
    lines = said.split("\n")
    width, height = round(COLUMNS * CHARACTER_PX + 2 * MARGIN_PX), len(lines) * LINE_PX + 2 * MARGIN_PX
    rows = [
        f"<text x='{MARGIN_PX}' y='{MARGIN_PX + LINE_PX * number + 13}'>{_styled(line)}</text>"
        for number, line in enumerate(lines)
        if line
    ]
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' height='{height}' "
        "font-family='ui-monospace,SFMono-Regular,Menlo,Consolas,monospace' font-size='13' fill='#e6edf3' "
        "xml:space='preserve'>\n<style>text{white-space:pre}</style><title>sealift run --local</title>\n"
        f"<rect width='100%' height='100%' rx='8' fill='#0d1117'/>\n" + "\n".join(rows) + "\n</svg>\n"
    )


def _styled(line: str) -> str:
    parts, style, end = [], "", 0
    for code in _CODE.finditer(line):
        parts.append(_piece(line[end : code.start()], style))
        style = " ".join(_STYLES[name] for name in code[1].split(";") if name in _STYLES)
        end = code.end()
    return "".join((*parts, _piece(line[end:], style)))


def _piece(text: str, style: str) -> str:
    return f"<tspan {style}>{escape(text)}</tspan>" if style and text else escape(text)


if __name__ == "__main__":
    main()
