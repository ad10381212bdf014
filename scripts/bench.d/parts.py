"""The rows of scripts/bench about parts of records: fields and access logs against mawk, JSON against jq and DuckDB.

jq only writes the value of each record, and counts nothing. DuckDB is told which column there is and of which
type, so that it need not look for that.
"""

import json
import random
import shutil

from distinct import environment, queried
from ground import MB, TSV, Row, check, check_counts, compared, cpu, duel, run, wall

AGENTS = [
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15",
    "curl/8.4.0",
]


def access_log(out, size):
    """An access log of a few thousand paths, in which no path and no name has a blank."""
    dice = random.Random(1)
    states = [200] * 80 + [304] * 10 + [404] * 6 + [301, 302, 500, 503]
    paths = [f"/p/{n}/{'x' * dice.randint(1, 40)}" for n in range(5000)]

    def line(n):
        host = ".".join(str(dice.randint(1, 250)) for _ in range(4))
        time = f"07/Sep/2025:{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02} +0200"
        request = f"{dice.choice(['GET', 'GET', 'POST'])} {dice.choice(paths)} HTTP/1.1"
        sent = dice.choice(["-", str(dice.randint(100, 99999))])
        ends = f'"http://example.com/{n % 9}" "{dice.choice(AGENTS)}"'
        return f'{host} - - [{time}] "{request}" {dice.choice(states)} {sent} {ends}\n'

    block = "".join(map(line, range(100_000))).encode()
    while out.tell() < size:
        out.write(block)


def parts(bench):
    """Counts by a part of each line of an access log, on one thread, by CPU time."""
    log = bench.input("access-log", access_log, bench.scaled(200_000_000))
    rows = [
        (["--field", "7"], "$7", 3),
        (["--access-log", "status"], "$9", 3),
        (["--access-log", "minute,status"], 'substr($4, 14, 5) " " $9', None),
        (["--field", "1", "--value", "9"], "$1", None),
    ]
    for steps, key, goal in rows:
        count = [bench.weir, "stdin", *steps, "--count-by-key", "--threads", "1", *TSV]
        script = f'{{c[{key}]++}} END{{for(w in c)print w "\\t" c[w]}}'
        ours = bench.measure("weir-parts", count, log)
        pairs = duel(ours, bench.measure("mawk-parts", ["mawk", script], log), bench.rounds)
        if "minute,status" not in steps:
            check_counts(*(side.out for side in pairs[-1]))
        yield compared(f"count by {' '.join(steps)}, CPU, against mawk", pairs, cpu, goal=goal)


DUCKDB = """
import duckdb
def top(path):
    base = duckdb.connect(config={"threads": 2})
    base.execute("SET enable_progress_bar = false")
    rows = base.execute(
        f"SELECT user, count(*) AS n FROM read_json('{path}', format='newline_delimited', "
        "columns={'user': 'VARCHAR'}) GROUP BY user ORDER BY n DESC, user LIMIT 10").fetchall()
    return "".join(f"{key}\\t{count}\\n" for key, count in rows)
"""


def json_log(out, size):
    """A log of records of JSON, some 300 bytes each, of 5000 users; each second block has white space."""
    dice = random.Random(1)
    says = ["nothing to be said about this", 'said "hello" to the world, and left']

    def record():
        return {
            "time": f"2025-09-07T{dice.randrange(24):02}:{dice.randrange(60):02}:00.{dice.randrange(1000):03}Z",
            "level": dice.choice(["info", "warn", "error"]),
            "request": {"method": "GET", "path": dice.choice(["/", "/index.html", "/api/v1/items", "/caf\u00e9"]),
                        "status": dice.choice([200, 200, 200, 404]), "ms": dice.randrange(90_000) / 10},
            "user": f"user{dice.randrange(5000):04}",
            "agent": dice.choice(AGENTS),
            "tags": ["a", "b"][: dice.randrange(3)],
            "id": dice.getrandbits(62),
            "msg": dice.choice(says),
        }

    styles = [(",", ":"), (", ", ": ")]
    lines = lambda style: [json.dumps(record(), separators=style) + "\n" for _ in range(30_000)]
    blocks = ["".join(lines(styles[n % 2])).encode() for n in range(6)]
    while out.tell() < size:
        out.write(dice.choice(blocks))


def json_values(bench):
    """Counts by a value of each record of JSON."""
    log = bench.input("json-log", json_log, bench.scaled(500_000_000))
    count = [bench.weir, "stdin", "--json", ".user", "--count-by-key"]
    if shutil.which("jq"):
        ours = bench.measure("weir-json", [*count, "--threads", "1", *TSV], log)
        pairs = duel(ours, bench.measure("jq", ["jq", "-r", ".user"], log), bench.rounds)
        check_values(bench, *(side.out for side in pairs[-1]))
        yield compared("count by --json .user, CPU, against jq -r .user (which only writes)", pairs, cpu, goal=8)
    python = environment(bench)
    if python is None:
        yield Row("count by --json .user, against DuckDB: left out", *[""] * 4, "PyPI is not to be had")
        return
    ours = bench.measure("json-top", [*count, "--threads", "2", "--top", "10", *TSV], log)
    pairs = duel(ours, lambda: queried(bench, python, DUCKDB, log), bench.rounds)
    check(pairs[-1][0].out.read_text() == pairs[-1][1].out, "DuckDB counts otherwise")
    yield compared("count by --json .user, wall, against DuckDB on as many threads", pairs, wall, goal=1)
    yield compared("  its CPU", pairs, cpu)
    yield compared("  its peak memory", pairs, lambda run: run.rss / MB, "MB")


def check_values(bench, ours, theirs):
    """What weir counts is how often jq writes each value."""
    counted = run("sort | uniq -c", theirs, bench.out("jq-counts"))
    check_counts(ours, counted.out, key_first=False)


ROWS = (parts, json_values)
