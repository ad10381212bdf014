"""Rows of scripts/bench about counts by key: many, few and Zipf's keys against engines of tables.

ClickHouse (as chdb), DuckDB and Polars come from PyPI into a virtual environment under target/bench.
Each has two threads, as weir has, and finds the ten most frequent lines of a file. Their time is that
of the query alone, without the start of Python and of the engine; weir's is that of its whole process.
Where PyPI is not to be had these rows are left out, and the table says so.
"""

import itertools
import json
import random
import subprocess
import sys

from ground import ENV, MB, TSV, Row, Run, check, compared, cpu, distinct_keys, duel, note, wall

ENGINES = {"ClickHouse": "chdb", "DuckDB": "duckdb", "Polars": "polars"}

# Each defines top(path), whose result is the text that weir prints.
QUERIES = {
    "chdb": """
import chdb
def top(path):
    return str(chdb.query(
        f"SELECT line, count() AS n FROM file('{path}', LineAsString) GROUP BY line "
        "ORDER BY n DESC, line LIMIT 10 SETTINGS max_threads = 2", "TSV"))
""",
    "duckdb": """
import duckdb
def top(path):
    base = duckdb.connect(config={"threads": 2})
    base.execute("SET enable_progress_bar = false")
    rows = base.execute(
        f"SELECT k, count(*) AS n FROM read_csv('{path}', header=false, delim='\\x01', quote='', "
        "escape='', auto_detect=false, columns={'k': 'VARCHAR'}) "
        "GROUP BY k ORDER BY n DESC, k LIMIT 10").fetchall()
    return "".join(f"{key}\\t{count}\\n" for key, count in rows)
""",
    "polars": """
import polars
def top(path):
    lines = polars.scan_csv(
        path, has_header=False, separator="\\x01", quote_char=None, schema={"k": polars.String})
    counts = lines.group_by("k").len().sort(["len", "k"], descending=[True, False]).head(10)
    rows = counts.collect(engine="streaming").rows()
    return "".join(f"{key}\\t{count}\\n" for key, count in rows)
""",
}

TIMED = """
import json, resource, sys, time
def used():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return time.monotonic(), usage.ru_utime + usage.ru_stime
before = used()
text = top(sys.argv[1])
after = used()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps([after[0] - before[0], after[1] - before[1], peak, text]))
"""


def tables(bench):
    """Counts by key against ClickHouse, DuckDB and Polars."""
    python = environment(bench)
    cases = [
        (f"{bench.key_count / MB:.3g} M distinct keys", bench.keys, 2),
        ("413 keys", bench.input("stations", stations, bench.scaled(20_000_000)), None),
        ("a million keys by Zipf's law", bench.input("zipf", zipf, bench.scaled(20_000_000)), None),
    ]
    for what, path, goal in cases:
        if python is None:
            texts = ["", "", "", "", "PyPI is not to be had"]
            yield Row(f"{what}, against ClickHouse, DuckDB, Polars: left out", *texts)
            continue
        ours = bench.measure("tables", by_key(bench, "--top", "10"), path)
        for name, package in ENGINES.items():
            pairs = duel(ours, lambda: queried(bench, python, QUERIES[package], path), bench.rounds)
            check(pairs[-1][0].out.read_text() == pairs[-1][1].out, f"{name} counts otherwise")
            is_goal = goal if name == "ClickHouse" else None
            yield compared(f"{what}, wall, against {name}", pairs, wall, goal=is_goal)
            yield compared("  its CPU", pairs, cpu)
            yield compared("  its peak memory", pairs, lambda run: run.rss / MB, "MB")


def many(bench):
    """100 million distinct keys cost as much a key as 20 million do; not with --quick."""
    if bench.quick:
        return
    few, count = bench.key_count, 100_000_000
    keys = bench.input("keys-100", distinct_keys, count)
    ours = bench.measure("many", by_key(bench, "--top", "10"), keys)
    theirs = bench.measure("fewer", by_key(bench, "--top", "10"), bench.keys)
    pairs = duel(ours, theirs, bench.rounds)
    check(len(pairs[-1][0].out.read_text().splitlines()) == 10, "not ten rows of 100 M")
    each = [(large.cpu / count * 1e9, small.cpu / few * 1e9) for large, small in pairs]
    yield compared("100 M distinct keys, CPU a key, against 20 M", each, lambda ns: ns, "ns", goal=0.7)
    each = [(large.rss / count, small.rss / few) for large, small in pairs]
    row = compared("  memory a key", each, lambda size: size, "B")
    row.goal, row.met = "weir < 32 B", max(large for large, _ in each) < 32
    yield row


def by_key(bench, *flags):
    """The command that counts lines in two threads."""
    return [bench.weir, "stdin", "--count-by-key", "--threads", "2", *flags, *TSV]


def queried(bench, python, query, path):
    """A run of an engine; its output is the text itself."""
    command = [str(python), "-c", query + TIMED, str(path)]
    env = {**ENV, "POLARS_MAX_THREADS": "2"}
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, cwd=bench.dir, check=True)
    seconds, used, peak, text = json.loads(done.stdout)
    return Run(seconds, used, peak, text)


def environment(bench):
    """The Python that has the engines, or None if they are not to be had."""
    home = bench.dir / "venv"
    python = home / "bin" / "python"
    imports = "; ".join(f"import {package}" for package in ENGINES.values())
    has_all = lambda: python.exists() and run_quietly([str(python), "-c", imports])
    if has_all():
        return python
    note(f"installing {', '.join(ENGINES.values())} from PyPI under {home}")
    pip = [str(home / "bin" / "pip"), "install", "--quiet", *ENGINES.values()]
    made = run_quietly([sys.executable, "-m", "venv", str(home)]) and run_quietly(pip)
    if made and has_all():
        return python
    note("PyPI is not to be had: nothing is measured against ClickHouse, DuckDB and Polars")
    return None


def run_quietly(command):
    """Runs a command, and tells whether it has done what it should."""
    null = subprocess.DEVNULL
    return subprocess.run(command, stdout=null, stderr=null, check=False).returncode == 0


# ---- Inputs


def lines(out, keys, weights, count):
    """So many lines of some keys, by chance."""
    dice, cumulated = random.Random(1), list(itertools.accumulate(weights))
    while count > 0:
        some = dice.choices(keys, cum_weights=cumulated, k=min(count, MB))
        out.write(("\n".join(some) + "\n").encode())
        count -= len(some)


def stations(out, count):
    """Lines of 413 keys, all as frequent."""
    keys = [f"station {n:03}{'x' * (n % 8)}" for n in range(413)]
    lines(out, keys, [1] * len(keys), count)


def zipf(out, count):
    """Lines of a million keys, of which the nth is an nth as frequent as the first."""
    keys = [f"k{n * 2_654_435_761 % 2**32:x}" for n in range(MB)]
    lines(out, keys, (1 / rank for rank in range(1, MB + 1)), count)


ROWS = (tables, many)
