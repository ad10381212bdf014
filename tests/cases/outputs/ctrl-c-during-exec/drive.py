import os, signal, time
from running import Weir


def pressed(times):
    """The status after so many Ctrl-C, and what the command has noted."""
    weir = Weir("--count", "--format", "text", "--interval", "0.3", "--skip-empty", "--filter", ".", "--exec",
                "read n; echo begin >> log; sleep 1; echo $n >> log", stdin=True, start_new_session=True)
    weir.say(b"a\na\na\n")
    weir.until(lambda _: os.path.exists("log"))
    for _ in range(times):
        os.killpg(weir.process.pid, signal.SIGINT)
        time.sleep(0.1)
    status = weir.wait()
    time.sleep(1.5)  # A command that nobody waits for ends as well.
    with open("log") as log:
        noted = log.read().split()
    os.remove("log")
    return status, noted


status, noted = pressed(1)
print("one: status", status, "the batch is", "whole" if noted[:2] == ["begin", "3"] else noted)
print("two: status", pressed(2)[0])
