"""The row of --ui: a batch is not later because somebody looks.

    page        how late batches are out, with 50 browsers of which ten never read, against without any

Browsers are connections that ask for events, which is all that a page does once it is loaded. Lateness is
from a batch's Time until its row has come through the pipe: the 99th percentile of a run's batches.
"""

import re
import socket
import subprocess
import threading
import time

from ground import ENV, Row, check, duel, middle, shown

BROWSERS = 50
DEAF = 10
LATER = 1.1
# What one batch differs from the next by: below that a ratio is chance.
CHANCE = 0.25  # ms


def page(bench):
    """With browsers against without; every batch has lines, and a report of 20 keys."""
    batches = 100 if bench.quick else 600
    pairs = duel(lambda: late(bench, batches, BROWSERS), lambda: late(bench, batches, 0), bench.rounds)
    ratio, spread = middle([with_them / without for with_them, without in pairs])
    with_them, without = (sorted(side)[len(side) // 2] for side in zip(*pairs))
    met = ratio <= LATER or with_them - without < CHANCE
    texts = [f"{ratio:.2f}", spread, f"{shown(with_them)} ms", f"{shown(without)} ms"]
    what = f"lateness of a batch, p99, {BROWSERS} browsers ({DEAF} never read) against none"
    yield Row(what, *texts, f"<= {LATER}", met)


def late(bench, batches, browsers):
    """The 99th percentile of how late the rows of batches come, in ms."""
    count = [bench.weir, "stdin", "--split", " ", "--count-by-key", "--interval", "100ms", "--ui", "0"]
    out = ["--format", "tsv", "--epoch", "--top", "1", "--batches", str(batches)]
    process = subprocess.Popen(
        [*count, *out], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENV
    )
    line = process.stderr.readline()
    port = int(re.search(rb"127\.0\.0\.1:(\d+)", line)[1])
    feeder = threading.Thread(target=feed, args=(process,), daemon=True)
    crowd = Crowd(port, browsers)
    feeder.start()
    found = []
    for row in process.stdout:
        found.append(1000 * (time.time() - float(row.split(b"\t")[0])))
    check(process.wait() == 0, f"weir: {process.stderr.read()}")
    crowd.leave()
    check(len(found) >= 0.9 * batches, f"{len(found)} of {batches} batches had rows")
    check(browsers == 0 or crowd.told > batches, f"browsers were told of {crowd.told} batches")
    return sorted(found)[int(0.99 * len(found))]


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


class Crowd:
    """Browsers; some of them never read."""

    def __init__(self, port, count):
        self.told = 0
        self.all = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
        for number, browser in enumerate(self.all):
            browser.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            if number >= DEAF:
                threading.Thread(target=self.listen, args=(browser,), daemon=True).start()

    def listen(self, browser):
        """Reads to the end."""
        try:
            while data := browser.recv(1 << 16):
                self.told += data.count(b"event: batch")
        except OSError:
            pass

    def leave(self):
        """Closes all."""
        for browser in self.all:
            browser.close()


ROWS = (page,)
