"""The row of --ui: a batch is not later because somebody looks.

    page        how late batches are out, with 50 browsers of which ten never read, against without any

Browsers are connections that ask for events, which is all that a page does once it is loaded; a process of
their own has them, so that who measures does not wait for them. Lateness is from a batch's Time until its row
has come through the pipe: the 99th percentile of the batches of a run. That takes some 100 seconds.
"""

import os
import re
import selectors
import socket
import statistics
import subprocess
import threading
import time

from ground import ENV, Row, check, middle, shown

BROWSERS = 50
DEAF = 10
INTERVAL = 0.05  # s
SECONDS = 16  # a run
# Batches at the beginning of a run that do not count.
WARM = 20
LATER = 1.1
# What one batch differs from the next by: below that a ratio is chance.
CHANCE = 0.25  # ms


def page(bench):
    """With browsers against without, in turns; every batch has lines, and a report of 20 keys."""
    batches = WARM + round((4 if bench.quick else SECONDS) / INTERVAL)
    pairs = [(late(bench, batches, BROWSERS), late(bench, batches, 0)) for _ in range(bench.rounds)]
    # Of each run on its own: what once disturbs the machine disturbs one of them.
    ratio, spread = middle([p99(with_them) / p99(without) for with_them, without in pairs])
    with_them, without = (statistics.median(map(p99, side)) for side in zip(*pairs))
    met = ratio <= LATER or with_them - without < CHANCE
    texts = [f"{ratio:.2f}", spread, f"{shown(with_them)} ms", f"{shown(without)} ms"]
    what = f"lateness of a batch, p99, {BROWSERS} browsers ({DEAF} never read) against none"
    yield Row(what, *texts, f"<= {LATER}", met)


def p99(found):
    """The 99th percentile."""
    return sorted(found)[int(0.99 * len(found))]


def late(bench, batches, browsers):
    """How late the rows of batches come, in ms."""
    count = [bench.weir, "stdin", "--split", " ", "--count-by-key", "--interval", f"{INTERVAL}s", "--ui", "0"]
    out = ["--format", "tsv", "--epoch", "--top", "1", "--batches", str(batches)]
    process = subprocess.Popen(
        [*count, *out], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENV
    )
    line = process.stderr.readline()
    port = int(re.search(rb"127\.0\.0\.1:(\d+)", line)[1])
    told = crowd(port, browsers) if browsers else None
    threading.Thread(target=feed, args=(process,), daemon=True).start()
    found = []
    for row in process.stdout:
        found.append(1000 * (time.time() - float(row.split(b"\t")[0])))
    check(process.wait() == 0, f"weir: {process.stderr.read()}")
    check(len(found) >= 0.9 * batches, f"{len(found)} of {batches} batches had rows")
    if told:
        least = told()
        check(least >= 0.9 * batches, f"a browser was told of {least} of {batches} batches")
    return found[WARM:]


def feed(process):
    """Some lines each few milliseconds, for as long as they are taken."""
    words = " ".join(f"word{number}" for number in range(20)).encode()
    try:
        while True:
            process.stdin.write(words + b"\n" + words[:60] + b"\n")
            process.stdin.flush()
            time.sleep(0.005)
    except (BrokenPipeError, ValueError):
        pass


def crowd(port, browsers):
    """Browsers in a process of their own, which ends with weir.

    Returns what waits for that, and says how many batches the one was told of that was told of the fewest.
    """
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(browsers)]
    for connection in connections:
        connection.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    result, ours = os.pipe()
    child = os.fork()
    if child == 0:
        # Real ones are on other machines: here they have what nobody else wants of the processors, and are
        # interrupted at once (one of little priority that is not idle may finish its turn first, 1.4 ms here).
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        os.write(ours, str(listen(connections[DEAF:])).encode())
        os._exit(0)
    os.close(ours)
    for connection in connections:
        connection.close()

    def told():
        with open(result, encoding="ascii") as text:
            least = text.read()
        check(os.waitpid(child, 0)[1] == 0 and least, "the browsers have failed")
        return int(least)

    return told


def listen(connections):
    """Reads to the ends of all; returns the least number of batches that one was told of."""
    told = dict.fromkeys(connections, 0)
    with selectors.DefaultSelector() as ready:
        for connection in connections:
            ready.register(connection, selectors.EVENT_READ)
        while ready.get_map():
            for key, _ in ready.select():
                try:
                    data = key.fileobj.recv(1 << 16)
                except ConnectionResetError:
                    data = b""
                told[key.fileobj] += data.count(b"event: batch")
                if not data:
                    ready.unregister(key.fileobj)
    return min(told.values())


ROWS = (page,)
