"""Rows of scripts/bench about statistics of values: minimum, mean and maximum of each key against mawk, DuckDB,
Polars and ClickHouse, sums of a CSV column against Miller, and the errors of sketches beside their bounds.

The engines of tables are told which columns there are and of which types. weir's time is that of its whole
process, theirs that of the query alone.
"""

import math
import random
import shutil

from distinct import environment, queried
from ground import MB, TSV, Row, check, compared, cpu, duel, wall

QUERIES = {
    "ClickHouse": """
import chdb
def top(path):
    return str(chdb.query(
        f"SELECT k, min(v), avg(v), max(v) FROM file('{path}', CSV, 'k String, v Float64') GROUP BY k "
        "SETTINGS max_threads = 1, format_csv_delimiter = ';'", "TSV"))
""",
    "DuckDB": """
import duckdb
def top(path):
    base = duckdb.connect(config={"threads": 1})
    base.execute("SET enable_progress_bar = false")
    rows = base.execute(
        f"SELECT k, min(v), avg(v), max(v) FROM read_csv('{path}', header=false, delim=';', quote='', "
        "escape='', auto_detect=false, columns={'k': 'VARCHAR', 'v': 'DOUBLE'}) GROUP BY k").fetchall()
    return "".join("\\t".join(map(str, row)) + "\\n" for row in rows)
""",
    "Polars": """
import os
os.environ["POLARS_MAX_THREADS"] = "1"
import polars as pl
def top(path):
    lines = pl.scan_csv(path, has_header=False, separator=";", quote_char=None,
                        schema={"k": pl.String, "v": pl.Float64})
    v = pl.col("v")
    stats = lines.group_by("k").agg(v.min().alias("a"), v.mean().alias("b"), v.max().alias("c"))
    return "".join("\\t".join(map(str, row)) + "\\n" for row in stats.collect(engine="streaming").rows())
""",
}

MAWK = """
{ v = $2; if (!($1 in n)) { a[$1] = b[$1] = v } n[$1]++; s[$1] += v; if (v < a[$1]) a[$1] = v; if (v > b[$1]) b[$1] = v }
END { for (k in n) printf "%s\\t%s\\t%.9f\\t%s\\n", k, a[k], s[k] / n[k], b[k] }
"""


def measurements(out, count):
    """Lines as `Hamburg;-12.3`, of 413 names."""
    dice = random.Random(1)
    names = [f"station {n:03}{'x' * (n % 8)}" for n in range(413)]
    block = "".join(f"{dice.choice(names)};{dice.uniform(-99.9, 99.9):.1f}\n" for _ in range(MB)).encode()
    for _ in range(max(1, count // MB)):
        out.write(block)


def stats(bench):
    """Minimum, mean and maximum of each of 413 keys, one thread, by CPU time; and two threads against one."""
    path = bench.input("measurements", measurements, bench.scaled(50_000_000))
    what = "min, mean, max of 413 keys"
    steps = ["--pair", ";", "--stats-by-key", "min,mean,max"]
    command = lambda threads: [bench.weir, "stdin", *steps, "--threads", str(threads), *TSV]
    ours = bench.measure("stats", command(1), path)
    mawk = bench.measure("mawk-stats", ["mawk", "-F", ";", MAWK], path)
    pairs = duel(ours, mawk, bench.rounds)
    check_stats(pairs[-1][0].out.read_text(), pairs[-1][1].out.read_text())
    yield compared(f"{what}, CPU, against mawk", pairs, cpu, goal=13)
    python = environment(bench)
    if python is None:
        yield Row(f"{what}, against ClickHouse, DuckDB, Polars: left out", *[""] * 4, "PyPI is not to be had")
    for name, query in QUERIES.items() if python else ():
        pairs = duel(ours, lambda: queried(bench, python, query, path), bench.rounds)
        check_stats(pairs[-1][0].out.read_text(), pairs[-1][1].out)
        yield compared(f"{what}, CPU, against {name} on one thread", pairs, cpu, goal=2)
    pairs = duel(bench.measure("stats-2", command(2), path), ours, bench.rounds)
    yield compared(f"{what}, wall, 2 threads against 1", pairs, wall, goal=1.7)


def check_stats(ours, theirs):
    """The same of each key, and means to nine digits."""

    def read(text):
        rows = (line.split("\t") for line in text.splitlines())
        return {key: tuple(map(float, values)) for key, *values in rows}

    ours, theirs = read(ours), read(theirs)
    check(ours.keys() == theirs.keys(), "other keys")
    near = lambda a, b: all(math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-8) for x, y in zip(a, b))
    check(all(near(ours[key], theirs[key]) for key in ours), "other statistics")


def sales(out, count):
    """CSV of eight columns: the third is one of 200 shops, the seventh an amount; a few fields have quotes."""
    dice = random.Random(1)
    shop = lambda: f'"shop, {dice.randrange(200)}"' if dice.random() < 0.1 else f"shop {dice.randrange(200)}"
    row = lambda n: f"{n},2025-09-07,{shop()},x,y{n % 77},a b c,{dice.randrange(100_000) / 100},end\n"
    block = "".join(map(row, range(MB // 2))).encode()
    for _ in range(max(1, 2 * count // MB)):
        out.write(block)


def csv_sums(bench):
    """Sums of a column of CSV by another, by wall time, against Miller."""
    if not shutil.which("mlr"):
        yield Row("sums of a CSV column, against Miller: left out", *[""] * 4, "mlr is not here")
        return
    path = bench.input("sales", sales, bench.scaled(5_000_000))
    sums = ["--csv", "3", "--value", "7", "--sum-by-key", "--threads", "1"]
    ours = bench.measure("csv-sums", [bench.weir, "stdin", *sums, *TSV], path)
    miller = ["mlr", "--icsv", "--implicit-csv-header", "--otsv", "--headerless-tsv-output"]
    theirs = bench.measure("mlr", [*miller, "stats1", "-a", "sum", "-f", "7", "-g", "3"], path)
    pairs = duel(ours, theirs, bench.rounds)
    check_stats(*(side.out.read_text() for side in pairs[-1]))
    yield compared("sums of a CSV column by another, CPU, against Miller", pairs, cpu, goal=10)
    yield compared("  wall (Miller takes more threads)", pairs, wall)


def sketches(bench):
    """The greatest relative errors of percentiles, and of how many values are distinct."""
    count = bench.scaled(1_000_000)
    values = lambda out, count: out.write("".join(f"{n * n}\n" for n in range(1, count + 1)).encode())
    path = bench.input("squares", values, count)
    percents = [1, 10, 25, 50, 75, 90, 99, 99.9]
    names = [f"p{percent}" for percent in percents]
    list_of = ",".join([*names, "distinct"])
    done = bench.measure("sketches", [bench.weir, "stdin", "--stats", list_of, *TSV], path)()
    *found, distinct = map(float, done.out.read_text().split("\t"))
    exact = [math.ceil(percent / 100 * count) ** 2 for percent in percents]
    worst = max(abs(a - b) / b for a, b in zip(found, exact))
    yield told("greatest relative error of 8 percentiles", worst, 1 / 128)
    yield told("relative error of distinct (three standard errors are the bound)", abs(distinct / count - 1), 0.049)


def told(what, error, bound):
    """A row of an error and its bound."""
    row = Row(what, "", "", f"{100 * error:.3f} %", "", f"< {100 * bound:.2f} %")
    row.met = error < bound
    return row


ROWS = (stats, csv_sums, sketches)
