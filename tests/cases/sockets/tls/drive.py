import socket, ssl
from running import Weir, client

weir = Weir("listen", "0", "--tls-cert", "cert.pem", "--tls-key", "key.pem", "--interval", "0")
port = weir.port()
context = ssl.create_default_context(cafile="cert.pem")
with context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="localhost") as sealed:
    sealed.sendall(b"sealed\n")
    weir.until(lambda weir: "sealed\n" in weir.out())
client(port, b"GET / HTTP/1.1\r\n\r\n")
weir.until(lambda weir: "cut off" in weir.err())
print("status", weir.stop(), weir.out(), end="")
print(*(line.split(": ", 2)[2] for line in weir.err().splitlines() if "cut off" in line))

server = socket.create_server(("127.0.0.1", 0))
weir = Weir("connect", "localhost:%d" % server.getsockname()[1], "--tls", "--tls-ca", "cert.pem", "--interval", "0")
sealing = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
sealing.load_cert_chain("cert.pem", "key.pem")
server.settimeout(20)
sealed = sealing.wrap_socket(server.accept()[0], server_side=True)
sealed.sendall(b"from a server\n")
weir.until(lambda weir: "server\n" in weir.out())
print("status", weir.stop(), weir.out(), end="")
