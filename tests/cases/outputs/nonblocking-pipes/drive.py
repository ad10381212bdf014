import fcntl, os, subprocess, time
from running import WEIR


def nonblocking(fd):
    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_NONBLOCK)


def cpu():
    times = os.times()
    return times.children_user + times.children_system


with open("in", "w") as file:
    file.writelines("key-%d padding so that the pipe fills up\n" % i for i in range(100_000))
for name, args in (("records", ["--format", "text"]), ("counts", ["--count-by-key", "--format", "tsv", "--no-time"])):
    reader, writer = os.pipe()
    nonblocking(writer)
    with open("in", "rb") as file:
        weir = subprocess.Popen([WEIR, *args], stdin=file, stdout=writer)
    os.close(writer)
    time.sleep(0.5)  # The pipe is full by now.
    lines = 0
    while piece := os.read(reader, 65536):
        lines += piece.count(b"\n")
        time.sleep(0.02 if lines < 20_000 else 0)
    print(name, lines, "status", weir.wait(30))

before = cpu()
reader, writer = os.pipe()
nonblocking(reader)
weir = subprocess.Popen([WEIR, "--once", "--count", "--format", "text"], stdin=reader, stdout=subprocess.PIPE)
os.close(reader)
for piece in (b"a\nb\n", b"c", b"d\n"):
    time.sleep(0.4)
    os.write(writer, piece)
os.close(writer)
out = weir.communicate(timeout=30)[0].decode().strip()
print("stdin", out, "status", weir.returncode)
print("waits idly" if cpu() - before < 0.4 else "waits busily")
