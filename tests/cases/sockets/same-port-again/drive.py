import signal, socket
from running import Weir, client, once

ARGS = ["--count", "--format", "text", "--interval", "0.3"]
weir = Weir("listen", "0", *ARGS)
port = weir.port()
for how in (signal.SIGTERM, signal.SIGKILL):
    connection = client(port, b"a\n", stay=True)
    weir.until(lambda weir: "1" in weir.out().split())
    weir.stop(how)
    weir = Weir("listen", str(port), *ARGS)
    print(how.name, "bound" if weir.until(lambda weir: "listening" in weir.err()) else weir.err())
    connection.close()
status, out, err = once("listen", str(port), "--count")
print("taken: status", status, "it is named" if str(port) in err else err)
print("status", weir.stop())

server = socket.create_server(("127.0.0.1", 0))
server.settimeout(20)
weir = Weir("connect", "localhost:%d" % server.getsockname()[1], "--once", "--count", "--format", "text")
connection, _ = server.accept()
connection.sendall(b"a\nb\nhalf")
connection.close()
print("localhost: status", weir.wait(), weir.out().strip())
