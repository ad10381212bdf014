import socket
from running import Weir, client

servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
names = {"localhost:%d" % server.getsockname()[1]: "server %d" % n for n, server in enumerate(servers, 1)}


def named(text):
    for name, shown in names.items():
        text = text.replace(name, shown)
    return text


weir = Weir("connect", *names, "--with-peer", "--count-by-key", "--update-state", "--format", "text",
            "--sort", "key", "--interval", "0.2", "--changed", "--skip-empty", "--reconnect-delay", "0.1")
for round in (1, 2):
    for count, server in enumerate(servers, 1):
        server.settimeout(20)
        connection, _ = server.accept()
        connection.sendall(b"a line\n" * count)
        weir.until(lambda weir: f":{server.getsockname()[1]}\t{round * count}\n" in weir.out())
        connection.close()
print("status", weir.stop())
print(named(weir.out()), end="")

weir = Weir("listen", "0", "--with-peer", "--interval", "0")
one, two = (client(weir.port(), line, stay=True) for line in (b"GET /\n", b"it's\n"))
names = {"127.0.0.1:%d" % end.getsockname()[1]: shown for end, shown in ((one, "one"), (two, "two"))}
weir.until(lambda weir: weir.out().count("\n") == 2)
print("status", weir.stop())
print(*sorted(named(weir.out()).splitlines()), sep="\n")
