import socket, subprocess
from running import WEIR, client


def free():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def counted(names, *arguments):
    ports = [free() for _ in names]
    command = ["systemd-socket-activate"]
    for port in ports:
        command += ["-l", f"127.0.0.1:{port}"]
    command += [f"--fdname={':'.join(names)}", WEIR, "listen", *arguments, "--once", "--count", "--format", "text"]
    systemd = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # It says so of each socket that it has opened, and then waits for a client.
    for _ in names:
        while "Listening on" not in systemd.stderr.readline():
            pass
    return ports, systemd


ports, systemd = counted(["lines"])
client(ports[0], b"a\nb\nhalf")
print("of one socket:", systemd.communicate(timeout=20)[0].strip())
ports, systemd = counted(["lines", "other"], "fd:other")
client(ports[1], b"a\nb\n")
print("of one of two by its name:", systemd.communicate(timeout=20)[0].strip())
