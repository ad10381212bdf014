import socket
from running import Weir


def counted(*flags):
    weir = Weir("listen", "udp:0", "--count-by-key", "--update-state", "--interval", "0.3", "--format", "text",
                "--sort", "key", *flags)
    address = ("127.0.0.1", weir.port())
    a, b = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in "ab")
    for sender, data in ((a, b"one"), (b, b"two"), (a, b"one\n"), (a, b"x\ny"), (b, b"two\r\n"), (a, b""),
                         (b, b"L" * 60000), (a, b"end\n")):
        sender.sendto(data, address)
    weir.until(lambda weir: "end\t1" in weir.out())
    weir.stop()
    rows = dict(row.rsplit("\t", 1) for row in weir.out().splitlines())
    return sorted((key if len(key) < 100 else f"{len(key)} L", count) for key, count in rows.items())


print(counted())
rows = counted("--max-record", "1000", "--on-bad", "bad")
print(rows, len(open("bad").read().splitlines()), "bad")
