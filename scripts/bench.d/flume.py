"""The rows of Flume: how many events a second weir takes of sinks, and what that costs.

    pushed    from a generator that speaks the protocol, over four connections, with the log and without;
              beside it what the generator reaches of a peer that answers without looking
    agent     from a real agent (scripts/flume-up, StressSource, memory channel): weir's CPU time against its

The generator sends one frame again and again and waits for each answer, as a sink does. Bodies have 100
bytes. Rates by wall time mean something only on a machine that does nothing else.
"""

import os
import re
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import time
from pathlib import Path

from ground import ENV, TSV, Row, Wrong, check, finish, middle, note, shown

CONNECTIONS = 4
BODY = b"x" * 100
HASH = bytes.fromhex("86aadae2c45474c0fe93ffd0f2350a65")
TICK = os.sysconf("SC_CLK_TCK")
SCRIPT = Path(__file__).parent.parent / "flume-up"


def number(value):
    """Avro's long."""
    value <<= 1
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def frame(events, handshake):
    """A call of appendBatch, in one buffer; its serial is to be filled in."""
    event = b"\0" + number(len(BODY)) + BODY
    name = b"appendBatch"
    message = b"\0" + number(len(name)) + name + number(events) + event * events + b"\0"
    if handshake:
        message = HASH + b"\0" + HASH + b"\x02\0" + message
    return bytearray(struct.pack(">iii", 0, 1, len(message)) + message)


def receive(connection, size):
    """Exactly so many bytes."""
    found = connection.recv(size, socket.MSG_WAITALL)
    check(len(found) == size, "the connection was closed")
    return found


def answered(connection):
    """The buffers of an answer, joined."""
    _, buffers = struct.unpack(">ii", receive(connection, 8))
    sizes = (struct.unpack(">i", receive(connection, 4))[0] for _ in range(buffers))
    return b"".join(receive(connection, size) if size else b"" for size in sizes)


def send(port, events, calls):
    """Sends a batch so often over one connection."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for serial in range(1, calls + 1):
            if serial <= 2:
                call = frame(events, serial == 1)
            call[:4] = struct.pack(">i", serial)
            connection.sendall(call)
            check(answered(connection).endswith(b"\0\0\0"), "a batch was not kept")


def flood(port, events, calls):
    """Sends over all connections at once; returns the seconds that took."""
    start = time.monotonic()
    children = []
    for _ in range(CONNECTIONS):
        child = os.fork()
        if child == 0:
            send(port, events, calls)
            os._exit(0)
        children.append(child)
    for child in children:
        check(os.waitpid(child, 0)[1] == 0, "a connection failed")
    return time.monotonic() - start


def blind(events):
    """A peer that answers OK and looks at nothing; returns its port and its processes."""
    listener = socket.create_server(("127.0.0.1", 0))
    first, later = len(frame(events, True)), len(frame(events, False))
    children = []
    for _ in range(CONNECTIONS):
        child = os.fork()
        if child == 0:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            handshake, size = b"\0\0\0\0", first
            while call := connection.recv(size, socket.MSG_WAITALL):
                answer = handshake + b"\0\0\0"
                connection.sendall(call[:4] + struct.pack(">ii", 1, len(answer)) + answer)
                handshake, size = b"", later
            os._exit(0)
        children.append(child)
    port = listener.getsockname()[1]
    listener.close()
    return port, children


def ceiling(events, calls):
    """Seconds that the generator takes of a peer that looks at nothing."""
    port, children = blind(events)
    took = flood(port, events, calls)
    for child in children:
        os.waitpid(child, 0)
    return took


def server(bench, flags, port=0):
    """Starts `weir flume-push` and returns it with its port."""
    count = ["--count", "--update-state", "--interval", "1", "--threads", "2", *TSV]
    command = [bench.weir, "flume-push", str(port), *count, *flags]
    out = open(bench.out("flume"), "wb")
    weir = subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, env=ENV)
    out.close()
    for line in weir.stderr:
        found = re.search(rb"listening on \S*:(\d+)", line)
        if found:
            return weir, int(found[1])
    raise Wrong("weir flume-push does not listen")


def ended(bench, weir, start):
    """Ends weir; returns its measures and how many events it has counted in batches that are out."""
    weir.send_signal(signal.SIGTERM)
    weir.stderr.close()
    run = finish(weir, start, bench.out("flume"))
    return run, int((run.out.read_text().split() or [0])[-1])


def of_weir(bench, events, calls, logs):
    """Seconds that the generator takes of weir, and weir's CPU time."""
    path = bench.dir / "flume-checkpoint"
    shutil.rmtree(path, ignore_errors=True)
    start = time.monotonic()
    weir, port = server(bench, ["--checkpoint", str(path)] if logs else [])
    took = flood(port, events, calls)
    run, count = ended(bench, weir, start)
    if not logs:
        check(count == CONNECTIONS * calls * events, f"{count} events were counted")
    return took, run.cpu


def pushed(bench):
    """Events a second of a generator, beside what it reaches at all."""
    for events in (100, 1000):
        calls = bench.scaled(4_000_000) // events // CONNECTIONS
        total = CONNECTIONS * calls * events
        for logs in (False, True):
            pairs = [(of_weir(bench, events, calls, logs), ceiling(events, calls))
                     for _ in range(bench.rounds + 1)][1:]
            ratio, spread = middle([theirs / ours for (ours, _), theirs in pairs])
            rates = [total / statistics.median(side) / 1e6
                     for side in ([ours for (ours, _), _ in pairs], [theirs for _, theirs in pairs])]
            each = statistics.median(cpu for (_, cpu), _ in pairs) / total * 1e9
            what = f"flume-push, batches of {events}{', logged' if logs else ''}, rate of the generator's own"
            texts = [f"{ratio:.2f}", spread, f"{shown(rates[0])} M/s, {each:.0f} ns CPU", f"{shown(rates[1])} M/s"]
            yield Row(what, *texts)


def cpu_of(pid):
    """The CPU time of a process so far, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def agent(bench):
    """CPU time against a real agent's, which sends as fast as it can."""
    if not shutil.which("java"):
        note("no java: the rows of real agents are left out")
        return
    for version in ("1.11.0", "1.9.0"):
        for events in (100, 1000):
            for logs in (False, True):
                yield against(bench, version, events, logs)


def against(bench, version, events, logs):
    """An agent's second half, when its code is compiled."""
    path = bench.dir / "flume-checkpoint"
    shutil.rmtree(path, ignore_errors=True)
    start = time.monotonic()
    weir, port = server(bench, ["--checkpoint", str(path)] if logs else [])
    stress = ["r.type=org.apache.flume.source.StressSource", f"r.size={len(BODY)}", "r.batchSize=1000"]
    channel = ["c.capacity=1000000", "c.transactionCapacity=10000", f"k.batch-size={events}", "as=bench"]
    env = {**ENV, "WEIR_FLUME_JAVA": "-Xmx1g"}
    subprocess.run([SCRIPT, "push", version, "0", str(port), *stress, *channel], check=True, env=env)
    pid = int(Path("target/flume/bench/pid").read_text())
    out = bench.out("flume")
    warm, span = (2, 2) if bench.quick else (10, 10)
    reads = lambda: (time.monotonic(), cpu_of(pid), cpu_of(weir.pid), int(out.read_text().split()[-1]))
    time.sleep(warm)
    before = reads()
    time.sleep(span)
    after = reads()
    wall, theirs, ours, count = (late - early for early, late in zip(before, after))
    subprocess.run([SCRIPT, "--stop", "bench"], check=True)
    ended(bench, weir, start)
    what = f"flume-push, Flume {version}, batches of {events}{', logged' if logs else ''}, CPU"
    texts = [f"{theirs / ours:.1f}", f"{shown(count / wall / 1e6)} M events/s"]
    shares = [f"{side / wall:.2f} cores" for side in (ours, theirs)]
    return Row(what, *texts, *shares, ">= 4", theirs >= 4 * ours)


ROWS = (pushed, agent)
