"""tunnel.py DEVICE AT PORT PEER: a tunnel as WireGuard's, without its cipher: packets of a TUN device in datagrams of an
ordinary UDP socket (IPv6 or IPv4), 32 bytes longer than they are, in full if need be by fragments."""
import fcntl
import os
import select
import socket
import struct
import sys

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000
OVERHEAD = bytes(32)


def device(name):
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    return tun


def send(sock, datagram, peer):
    """As WireGuard does: what a PTB says is taken over, and the same datagram goes out in fragments."""
    for _ in range(2):
        try:
            sock.sendto(datagram, peer)
            return
        except OSError:
            pass


def main(name, at, port, peer):
    family = socket.AF_INET6 if ":" in at else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.bind((at, int(port)))
    tun = device(name)
    while True:
        for ready in select.select([sock, tun], [], [])[0]:
            if ready is tun:
                send(sock, OVERHEAD + os.read(tun, 65535), (peer, int(port)))
            else:
                os.write(tun, sock.recv(65535)[len(OVERHEAD):])


main(*sys.argv[1:])
