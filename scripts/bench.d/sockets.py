"""The rows of sockets that are no TCP: weir against netcat and wc, by CPU time.

    local         a file through a socket of this machine
    datagrams     short datagrams, as those of statsd: sent in bursts, each when the one before has been read

Who takes datagrams never ends by himself: a signal ends him when all has been read.
"""

import itertools
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from ground import ENV, TSV, Wrong, check, compared, cpu, duel, finish, note, numbers, run

BURST = 100
DATAGRAM = b"requests.front.2xx:1|c|@0.1"


def netcat():
    """OpenBSD's netcat, or nothing."""
    found = shutil.which("nc.openbsd")
    if not found:
        note("netcat is not installed: rows of sockets are left out")
    return found


def local(bench):
    """Lines through a socket of this machine."""
    nc = netcat()
    if not nc:
        return
    wc = run(["wc", "-l"], bench.lines, bench.out("wc"))
    lines, path = numbers(wc.out)[0], bench.dir / "socket"
    weir = [bench.weir, "listen", f"unix:{path}", "--count", "--once", *TSV]
    # The shell counts what both programs take.
    theirs = ["sh", "-c", f"{nc} -lU {path} | wc -l"]

    def side(name, command):
        return lambda: through_path(bench, name, command, path)

    pairs = duel(side("weir-local", weir), side("nc-local", theirs), bench.rounds)
    for one in itertools.chain(*pairs):
        check(sum(numbers(one.out)) == lines, f"{one.out}: not {lines} lines")
    yield compared("lines over a socket of this machine, CPU, against nc | wc -l", pairs, cpu)


def through_path(bench, name, command, path):
    """Starts what listens at a path and sends it the lines."""
    path.unlink(missing_ok=True)
    out = bench.out(name)
    start = time.monotonic()
    with open(out, "wb") as target:
        process = subprocess.Popen(command, stdout=target, stderr=subprocess.DEVNULL, env=ENV)
    client = connected(path)
    with client, open(bench.lines, "rb") as file:
        client.sendfile(file)
    return finish(process, start, out)


def connected(path):
    """A client, as soon as somebody listens."""
    for _ in range(1000):
        try:
            client = socket.socket(socket.AF_UNIX)
            client.connect(str(path))
            return client
        except OSError:
            client.close()
            time.sleep(0.01)
    raise Wrong(f"nobody listens at {path}")


def datagrams(bench):
    """Short datagrams, a line each."""
    nc = netcat()
    if not nc:
        return
    count = bench.scaled(1_000_000)
    weir = [bench.weir, "listen", None, "--count", "--update-state", "--format", "text", "--changed"]
    # Datagrams have no newlines, and these two bars each.
    pid = bench.dir / "nc.pid"
    script = f"{{ {nc} -luk 127.0.0.1 $0 & echo $! >{pid}; wait; }} | tr -cd '|' | wc -c"
    theirs = ["sh", "-c", script, None]
    pairs = duel(
        lambda: burst(bench, "weir-mail", weir, count, None),
        lambda: burst(bench, "nc-mail", theirs, count, pid),
        bench.rounds,
    )
    for ours, other in pairs:
        last = ours.out.read_text().split()[-1]
        check(int(last) == count, f"{ours.out}: {last}, not {count}")
        check(numbers(other.out)[0] == 2 * count, f"{other.out}: not {2 * count} bars")
    yield compared(f"{count} datagrams, CPU, against nc | tr | wc", pairs, cpu)


def burst(bench, name, command, count, pid):
    """Starts what takes datagrams at a free port, and sends them; what is to be ended when all have been read
    has written its number into the file `pid`, unless it is the process itself."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    at = f"udp:{port}" if command[0] == bench.weir else str(port)
    out = bench.out(name)
    start = time.monotonic()
    with open(out, "wb") as target:
        process = subprocess.Popen(
            [at if word is None else word for word in command],
            stdout=target, stderr=subprocess.DEVNULL, env=ENV,
        )
    wait_for(port, lambda queue: queue is not None)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", port))
        for sent in range(count):
            client.send(DATAGRAM)
            if sent % BURST == BURST - 1:
                wait_for(port, lambda queue: queue == 0)
        wait_for(port, lambda queue: queue == 0)
    # The reader's last batch, or what netcat has not written yet.
    time.sleep(0.3)
    os.kill(int(pid.read_text()) if pid else process.pid, signal.SIGTERM)
    return finish(process, start, out)


def wait_for(port, what):
    """Waits until something is so of the queue of a port: its bytes, or None where nobody listens."""
    for _ in range(100_000):
        if what(queue_of(port)):
            return
        time.sleep(0.0005)
    raise Wrong(f"udp:{port}: what was sent is not read")


def queue_of(port):
    """How many bytes wait to be read."""
    rows = Path("/proc/net/udp").read_text()
    found = re.search(rf"^ *\d+: 0100007F:{port:04X} \S+ \S+ [0-9A-F]+:([0-9A-F]+)", rows, re.M)
    return int(found[1], 16) if found else None


ROWS = (local, datagrams)
