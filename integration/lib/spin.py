"""One side of a QUIC connection as a network sees it: long headers that nobody can open, then short headers with a spin bit.

    spin.py client FROM-PORT ADDRESS PORT
    spin.py server PORT

Each side sends every 4 ms, and takes over what it heard 100 ms after it heard it, so the round trip is 200 ms, in the handshake too. Ends when killed.
"""
import socket
import sys
import time

PAUSE, DELAY = 0.004, 0.1
DATAGRAM = 1200


def long_header(first, dcid, scid):
    head = bytes([first, 0, 0, 0, 1, 8]) + bytes([dcid] * 8) + b"\x08" + bytes([scid] * 8)
    return head + bytes([0, 30]) + bytes(DATAGRAM - len(head) - 2)


def is_long(datagram):
    return datagram[0] & 0x80 != 0


class Side:
    def __init__(self, sock, inverts):
        self.sock, self.inverts, self.bit, self.heard = sock, inverts, 0, []
        sock.setblocking(False)

    def hear(self, now):
        while True:
            try:
                datagram = self.sock.recv(2048)
            except BlockingIOError:
                break
            if datagram and not is_long(datagram):
                self.heard.append((now + DELAY, datagram[0] >> 5 & 1))
        while self.heard and self.heard[0][0] <= now:
            bit = self.heard.pop(0)[1]
            self.bit = 1 - bit if self.inverts else bit

    def run(self):
        due = time.monotonic()
        while True:
            now = time.monotonic()
            self.hear(now)
            self.sock.send(bytes([0x40 | self.bit << 5]) + bytes(30))
            due = max(due + PAUSE, now)
            time.sleep(max(0, due - time.monotonic()))


def client(port, address, server):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("", port))
    sock.connect((address, server))
    sock.settimeout(1)
    while True:
        sock.send(long_header(0xC0, 1, 2))
        try:
            if is_long(sock.recv(2048)):
                break
        except TimeoutError:
            pass
    time.sleep(DELAY)
    sock.send(long_header(0xE0, 3, 2))
    Side(sock, True).run()


def server(port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("", port))
    while True:
        datagram, peer = sock.recvfrom(2048)
        if is_long(datagram):
            break
    sock.connect(peer)
    time.sleep(DELAY)
    sock.send(long_header(0xC0, 2, 3))
    Side(sock, False).run()


if sys.argv[1] == "client":
    client(int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
else:
    server(int(sys.argv[2]))
