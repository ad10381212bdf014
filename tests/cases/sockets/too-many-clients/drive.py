import os, resource, time
from running import Weir, client

ARGS = ["listen", "0", "--count", "--interval", "0.3", "--format", "text"]


def cpu(weir):
    with open(f"/proc/{weir.process.pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descriptors(weir):
    return len(os.listdir(f"/proc/{weir.process.pid}/fd"))


def counted(weir):
    return sum(map(int, weir.out().split()))


def said(weir):
    """What weir has said of clients: a machine that is busy makes batches late, which is said too."""
    return [line for line in weir.err().splitlines() if "batch" not in line]


few = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))
weir = Weir(*ARGS, preexec_fn=few)
port = weir.port()
clients = [client(port, b"x\n", stay=True) for _ in range(60)]
time.sleep(1)
before = cpu(weir)
time.sleep(2)
print("idle" if cpu(weir) - before < 0.3 else "busy")
print("not all are in yet" if counted(weir) < 60 else "all are in")
for connection in clients:
    connection.close()
print("all are served" if weir.until(lambda weir: counted(weir) == 60) else counted(weir))
print("it is said once" if len(said(weir)) == 2 else weir.err())
print("status", weir.stop())

weir = Weir(*ARGS)
port = weir.port()
client(port, b"a\n")
weir.until(lambda weir: counted(weir) == 1)
before = descriptors(weir)
for i in range(200):
    client(port, reset=i % 2 == 0)
client(port, b"still here\n")
print("still here" if weir.until(lambda weir: counted(weir) == 2) else counted(weir))
print("all have left" if weir.until(lambda weir: descriptors(weir) <= before) else descriptors(weir))
print(len(said(weir)), "line on stderr, status", weir.stop())
