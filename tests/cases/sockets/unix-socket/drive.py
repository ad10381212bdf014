import os, signal, socket
from running import Weir, once

for how in (signal.SIGKILL, signal.SIGTERM):
    weir = Weir("listen", "unix:a", "--interval", "0")
    weir.until(lambda weir: "listening on unix:a" in weir.err())
    client = socket.socket(socket.AF_UNIX)
    client.connect("a")
    client.sendall(b"hello\n")
    weir.until(lambda weir: "hello" in weir.out())
    if how == signal.SIGTERM:
        refused = once("listen", "unix:a")
    weir.stop(how)
    print("after a", "kill:" if how == signal.SIGKILL else "stop:", "left" if os.path.exists("a") else "gone")
print("status", refused[0])
print(refused[2], end="")
