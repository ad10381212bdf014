from running import Weir, client

weir = Weir("listen", "0", "--csv", "city", "--count-by-key", "--update-state", "--interval", "0.2",
            "--format", "text", "--changed", "--on-bad", "bad", "--threads", "4")
port = weir.port()
seen = lambda key, count: weir.until(lambda weir: f"{key}\t{count}\n" in weir.out())
one = client(port, b"id,city\n", stay=True)
other = client(port, b"city,id\n", stay=True)
for count in range(1, 6):
    one.sendall(b"1,Rome\n" * 1000)
    other.sendall(b"Oslo,1\n" * 1000)
    print(count, seen("Rome", 1000 * count), seen("Oslo", 1000 * count))
client(port, b"id,town\n2,Lima\n")
client(port, b"city\nRome\n")
print("a new one", seen("Rome", 5001))
one.close()
other.close()
print("status", weir.stop())
keys = {row.split("\t")[0] for row in weir.out().splitlines()}
print(sorted(keys))
for line in open("bad"):
    print(line.split('"reason":')[1].strip())
