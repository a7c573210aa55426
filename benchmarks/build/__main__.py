"""`python -m benchmarks.build [--quick] [--only NAME]`: prints tables; ratios are what counts.

All run on this machine, one after the other, in the same run. "Cold" means an empty cache of the tool's own; what pip
and uv have downloaded before is there for all of them. Sealift ends with finished zips, `sam build` with folders.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.build.apps import SHAPES, AppShape, change_one_file, write_app, write_chalice_app
from benchmarks.build.peers import environment, installed, sealift
from benchmarks.build.timing import Run, middle, timed

_REPEAT = 5
_CURVE = (1, 5, 20, 100)

Row = dict[str, Run]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.build", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out the peers")
    parser.add_argument("--only", choices=[*SHAPES, "curve"], help="measure one application")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--home", type=Path, default=Path(tempfile.gettempdir()) / "sealift-benchmarks")
    options = parser.parse_args()
    results: dict[str, dict[str, Row]] = {}
    for shape in SHAPES.values():
        if options.only in (None, shape.name):
            results[shape.name] = measure(shape, options.home, peers=not options.quick)
            sys.stdout.write(table(shape, results[shape.name]))
            sys.stdout.flush()
    if options.only in (None, "curve"):
        results["curve"] = curve(options.home)
        sys.stdout.write(curve_table(results["curve"]))
    if options.json:
        options.json.write_text(json.dumps(results, default=_plain, indent=1))


def measure(shape: AppShape, home: Path, *, peers: bool) -> dict[str, Row]:
    """Return a row of runs per tool."""
    rows = {"sealift build": _ours(shape, home)}
    if not peers:
        return rows
    sam = installed("sam", home)
    env = environment(home, sam)
    rows["sam build"] = _row(shape, home, env, [str(sam / "sam"), "build"], after=False)
    cached = [str(sam / "sam"), "build", "--cached", "--parallel"]
    rows["sam build --cached --parallel"] = _row(shape, home, env, cached)
    uv = [str(sam / "sam"), "build", "--beta-features"]
    rows["sam build, method python-uv"] = _row(shape, home, env, uv, build_method="python-uv")
    if shape.dependencies:
        chalice = installed("chalice", home)
        argv = [str(chalice / "chalice"), "package", "out"]
        rows["chalice package (one function)"] = _row(shape, home, environment(home, chalice), argv, chalice=True)
    return rows


def _ours(shape: AppShape, home: Path) -> Row:
    env = environment(home, sealift().parent)
    cache = Path(env["XDG_CACHE_HOME"])
    return _row(shape, home, env, [str(sealift()), "build"], before=lambda: shutil.rmtree(cache, ignore_errors=True))


def _row(
    shape: AppShape,
    home: Path,
    env: dict[str, str],
    argv: list[str],
    *,
    build_method: str | None = None,
    chalice: bool = False,
    after: bool = True,
    before: Callable[[], None] = lambda: None,
) -> Row:
    root = home / "app"
    shutil.rmtree(root, ignore_errors=True)
    before()
    if chalice:
        write_chalice_app(shape, root)
    else:
        write_app(shape, root, build_method=build_method)
    try:
        row = {"cold": timed(argv, cwd=root, env=env)}
    except RuntimeError as error:
        sys.stderr.write(f"{error}\n")
        return {}
    if not after:
        return row
    ours = Path(argv[0]).name == "sealift"
    repeat = _REPEAT if ours else 2
    row["unchanged"] = middle([timed(argv, cwd=root, env=env) for _ in range(repeat)])
    changed = []
    for turn in range(repeat):
        change_one_file(root, turn)
        changed.append(timed(argv, cwd=root, env=env))
    row["one file changed"] = middle(changed)
    return row


def curve(home: Path) -> dict[str, Row]:
    """Return Sealift's times by number of functions."""
    medium = SHAPES["medium"]
    shapes = [AppShape(name=str(n), functions=n, dependencies=medium.dependencies) for n in _CURVE]
    return {shape.name: _ours(shape, home) for shape in shapes}


def table(shape: AppShape, rows: dict[str, Row]) -> str:
    """Return a Markdown table; in brackets how many times as long as Sealift."""
    depends = ", ".join(shape.dependencies) or "no dependencies"
    columns = ("cold", "unchanged", "one file changed")
    lines = [
        f"\n### {shape.name}: {shape.functions} function(s), {depends}\n",
        f"| | {' | '.join(columns)} | largest process |",
        "|---|---|---|---|---|",
    ]
    ours = rows["sealift build"]
    for name, row in rows.items():
        cells = [_cell(row.get(column), ours[column]) for column in columns]
        peak = max((run.peak_bytes for run in row.values()), default=0) / 1e6
        lines.append(f"| {name} | {' | '.join(cells)} | {peak:.0f} MB |")
    return "\n".join(lines) + "\n"


def curve_table(rows: dict[str, Row]) -> str:
    """Return times by number of functions."""
    lines = [
        "\n### Sealift by number of functions\n",
        "| functions | cold | unchanged | one file changed |",
        "|---|---|---|---|",
    ]
    for name, row in rows.items():
        lines.append(f"| {name} | {' | '.join(f'{run.wall_s:.2f} s' for run in row.values())} |")
    return "\n".join(lines) + "\n"


def _cell(run: Run | None, ours: Run) -> str:
    if run is None:
        return "not measured, or failed"
    ratio = "" if run is ours else f" ({run.wall_s / ours.wall_s:.1f}×)"
    return f"{run.wall_s:.2f} s{ratio}"


def _plain(run: object) -> object:
    if isinstance(run, Run):
        return {"wall_s": run.wall_s, "cpu_s": run.cpu_s, "peak_bytes": run.peak_bytes}
    raise TypeError(run)


if __name__ == "__main__":
    main()
