"""Datagrams in the name of others, and honest questions.

    flood.py flood TO PORT COUNT RATE PREFIX [KIND]      from COUNT sources in PREFIX, one datagram each; "initial": 1200 bytes that
                                                         look like an Initial, "token": one with a token, else 32
                                                         "big": 1472 bytes; "fragment": the first piece of two; "icmp": not a
                                                         datagram, but an ICMP error about one (IPv4)
    flood.py ask FROM TO PORT COUNT [SECONDS]            COUNT questions, each from a port of its own, asked again once a second;
                                                         who is answered says so to the other side. "answered N of COUNT"
    flood.py answer AT PORT [TIMES]                      answers each datagram TIMES (1) times
    flood.py steady FROM TO PORT RATE SECONDS            one flow of RATE datagrams a second. "N of M came back"
    flood.py greedy FROM TO PORT COUNT SECONDS           COUNT flows at once, each asked again until it is answered, and then twice
    flood.py pairs FROM|TO...                            one datagram for each pair to port 9000, and again after a millisecond
"""
import ipaddress
import resource
import socket
import struct
import sys
import time

SO_RCVBUFFORCE = 33  # beyond net.core.rmem_max, socket(7)


def checksum(data):
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def datagram(source, to, sport, dport, payload):
    length = 8 + len(payload)
    head = struct.pack('!HHHH', sport, dport, length, 0)
    pseudo = source.packed + to.packed + struct.pack('!IHBB', length, 0, 0, 17)
    total = checksum(pseudo + head + payload) or 0xffff
    udp = struct.pack('!HHHH', sport, dport, length, total) + payload
    if to.version == 6:
        return struct.pack('!IHBB', 6 << 28, length, 17, 64) + source.packed + to.packed + udp
    return struct.pack('!BBHHHBBH', 0x45, 0, 20 + length, 0, 0, 64, 17, 0) + source.packed + to.packed + udp


def error(source, to, sport, dport):
    quoted = datagram(to, source, dport, sport, b'x' * 8)
    body = struct.pack('!BBHI', 3, 3, 0, 0) + quoted
    body = body[:2] + struct.pack('!H', checksum(body)) + body[4:]
    return struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(body), 0, 0, 64, 1, 0) + source.packed + to.packed + body


def packet_of(kind, source, to, port, number):
    if kind == 'icmp':
        return error(source, to, port, 1024 + number % 60000)
    packet = datagram(source, to, 1024 + number % 60000, port, payload_of(kind, number))
    if kind != 'fragment':
        return packet
    return packet[:4] + struct.pack('!HH', number & 0xffff, 0x2000) + packet[8:]


def payload_of(kind, number):
    if kind == 'big':
        return b'x' * 1472
    if kind not in ('initial', 'token'):
        return b'x' * 32
    token = b'T' * 16 if kind == 'token' else b''
    head = bytes([0xc0, 0, 0, 0, 1, 8]) + number.to_bytes(8, 'big') + bytes([0, len(token)]) + token
    head += struct.pack('!H', 0x4000 | 1200 - len(head) - 2)
    return head + b'U' * (1200 - len(head))


def flood(to, port, count, rate, prefix, kind=''):
    to, network = ipaddress.ip_address(to), ipaddress.ip_network(prefix)
    family = socket.AF_INET6 if to.version == 6 else socket.AF_INET
    sender = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
    size, began = network.num_addresses, time.monotonic()
    for number in range(int(count)):
        # Neighbours at first, then all over the prefix: an odd factor meets each once.
        source = network[1 + number * 2654435761 % (size - 2)]
        packet = packet_of(kind, source, to, int(port), number)
        try:
            sender.sendto(packet, (str(to), 0))
        except OSError:
            pass
        late = began + (number + 1) / float(rate) - time.monotonic()
        if late > 0.002:
            time.sleep(late)
    print(f'sent {count} in {time.monotonic() - began:.1f} s')


def ask_once(family, source, to, port, seconds):
    with socket.socket(family, socket.SOCK_DGRAM) as asker:
        asker.bind((source, 0))
        asker.settimeout(min(1, seconds))
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            asker.sendto(b'question', (to, port))
            try:
                asker.recv(2048)
            except OSError:
                continue
            asker.sendto(b'thanks', (to, port))
            return True
    return False


def ask(source, to, port, count, seconds='10'):
    family = socket.AF_INET6 if ':' in to else socket.AF_INET
    answered = sum(ask_once(family, source, to, int(port), float(seconds)) for _ in range(int(count)))
    print(f'answered {answered} of {count}')
    return 0 if answered == int(count) else 1


def answer(at, port, times='1'):
    family = socket.AF_INET6 if ':' in at else socket.AF_INET
    server = socket.socket(family, socket.SOCK_DGRAM)
    make_room(server)
    server.bind((at, int(port)))
    while True:
        try:
            data, sender = server.recvfrom(2048)
            for _ in range(int(times)):
                server.sendto(data, sender)
        except OSError:
            pass


def make_room(receiver):
    """What a busy machine lets wait must not be lost here."""
    receiver.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 22)


def received(sender):
    count = 0
    try:
        while True:
            sender.recv(2048)
            count += 1
    except OSError:
        return count


def steady(source, to, port, rate, seconds):
    sender = socket.socket(socket.AF_INET6 if ':' in to else socket.AF_INET, socket.SOCK_DGRAM)
    sender.bind((source, 0))
    make_room(sender)
    sender.settimeout(1)
    for _ in range(20):  # until it is established
        try:
            sender.sendto(b'question', (to, int(port)))
            sender.recv(2048)
            sender.sendto(b'thanks', (to, int(port)))
            sender.recv(2048)
            break
        except OSError:
            continue
    sender.setblocking(False)
    print('established', flush=True)
    sent = back = 0
    began = time.monotonic()
    while time.monotonic() - began < float(seconds):
        sender.sendto(b'question', (to, int(port)))
        sent += 1
        back += received(sender)
        time.sleep(max(0, began + sent / float(rate) - time.monotonic()))
    quiet = 0
    while back < sent and quiet < 50:  # what waits in queues is late, not lost
        time.sleep(0.1)
        more = received(sender)
        back, quiet = back + more, 0 if more else quiet + 1
    print(f'{back} of {sent} came back')


def greedy(source, to, port, count, seconds):
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(count) + 100, int(count) + 100))
    family, senders, thanked = socket.AF_INET6 if ':' in to else socket.AF_INET, [], set()
    until = time.monotonic() + float(seconds)
    for _ in range(int(count)):
        sender = socket.socket(family, socket.SOCK_DGRAM)
        sender.bind((source, 0))
        sender.setblocking(False)
        senders.append(sender)
    while time.monotonic() < until:
        for number, sender in enumerate(senders):
            if number in thanked:
                continue
            if received(sender):
                thanked.add(number)
            sender.sendto(b'question', (to, int(port)))
        time.sleep(0.5)
    print(f'has {len(thanked)} of {count}')


def pairs(*texts):
    senders = []
    for text in texts:
        source, to = text.split('|')
        sender = socket.socket(socket.AF_INET6 if ':' in source else socket.AF_INET, socket.SOCK_DGRAM)
        sender.bind((source, 0))
        sender.setblocking(False)
        senders.append((sender, to))
    while True:
        for sender, to in senders:
            try:
                sender.sendto(b'flood', (to, 9000))
            except OSError:
                pass
        time.sleep(0.001)


if __name__ == '__main__':
    sys.exit({'flood': flood, 'ask': ask, 'answer': answer, 'steady': steady, 'greedy': greedy,
              'pairs': pairs}[sys.argv[1]](*sys.argv[2:]))
