"""The rows of scripts/bench about parts of records: fields, and access logs, against mawk."""

import random

from ground import TSV, check_counts, compared, cpu, duel

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


ROWS = (parts,)
