"""For cases: starts weir, feeds it, waits for what it prints, ends it. `until` gives up after `limit` seconds."""
import os, re, signal, socket, struct, subprocess, threading, time

WEIR = os.environ["WEIR"]


class Weir:
    """A running weir. Both outputs are collected, so that no pipe fills up."""

    def __init__(self, *args, stdin=False, stdin_file=None, **options):
        source = open(stdin_file, "rb") if stdin_file else subprocess.PIPE if stdin else subprocess.DEVNULL
        self.process = subprocess.Popen([WEIR, *args], stdin=source,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        self.taken = {"out": bytearray(), "err": bytearray()}
        self.threads = [threading.Thread(target=self._take, args=pair, daemon=True)
                        for pair in ((self.process.stdout, "out"), (self.process.stderr, "err"))]
        for thread in self.threads:
            thread.start()

    def _take(self, stream, name):
        while piece := os.read(stream.fileno(), 65536):
            self.taken[name] += piece

    def say(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def out(self):
        return self.taken["out"].decode("utf-8", "replace")

    def err(self):
        return self.taken["err"].decode("utf-8", "replace")

    def until(self, what, limit=20):
        """Waits until what(self) is true; False if it never was."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if what(self):
                return True
            if self.process.poll() is not None:
                for thread in self.threads:
                    thread.join(1)
                return bool(what(self))
            time.sleep(0.02)
        return False

    def port(self):
        self.until(lambda weir: re.search(r":(\d+),", weir.err()))
        return int(re.search(r":(\d+),", self.err()).group(1))

    def stop(self, how=signal.SIGTERM, limit=20):
        """Sends a signal; its exit status, or `hangs`."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.wait(limit)

    def end_of_input(self, limit=20):
        self.process.stdin.close()
        return self.wait(limit)

    def wait(self, limit=20):
        try:
            self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return "hangs"
        for thread in self.threads:
            thread.join(1)
        return self.process.returncode


def once(*args, data=b"", limit=30, **options):
    """Runs weir to its end: (status, stdout, stderr) as text."""
    try:
        ended = subprocess.run([WEIR, *args], input=data, capture_output=True, timeout=limit, **options)
    except subprocess.TimeoutExpired:
        return "hangs", "", ""
    return ended.returncode, ended.stdout.decode("utf-8", "replace"), ended.stderr.decode("utf-8", "replace")


def just_after(interval, into=0.05):
    """Sleeps until shortly after a multiple of the interval since the epoch."""
    time.sleep(interval - time.time() % interval + into)


def client(port, data=b"", reset=False, stay=False):
    """Connects and sends; closes, or resets, the connection unless it is to stay."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    if data:
        connection.sendall(data)
    if reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if stay:
        return connection
    connection.close()
