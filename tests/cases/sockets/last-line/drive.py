import time
from running import Weir, client

weir = Weir("listen", "0", "--count-by-key", "--update-state", "--interval", "0.3", "--format", "text", "--changed")
port = weir.port()
idle = client(port, b"half of a li", stay=True)
for _ in range(100):
    client(port, b"see me")
pieces = client(port, b"in thr", stay=True)
for piece in (b"ee par", b"ts\r", b"\n", b"\r", b"\n"):
    pieces.sendall(piece)
    time.sleep(0.05)
pieces.close()
served = weir.until(lambda weir: "see me\t100" in weir.out() and "in three parts\t1" in weir.out())
print("others are served" if served else weir.out())
idle.sendall(b"ne")
idle.close()
weir.until(lambda weir: "half of a line" in weir.out())
print("status", weir.stop())
print(sorted(dict(row.rsplit("\t", 1) for row in weir.out().splitlines()).items()))
