"""Every kind of packet that a router may meet, sent both ways through the NAT lab, and a table of what arrived.

    packets.py send CLIENT-NAMESPACE SERVER-NAMESPACE CLIENT-GATEWAY SERVER-GATEWAY RESULT   gateways by their MAC
    packets.py table KERNEL FIREWALL NAT MONITOR                                             files that `send` wrote

A packet is known by its number: the identification of IPv4, the flow label of IPv6. Each kind is sent as part of a flow that
began inside, and as part of none.
"""
import ctypes
import json
import os
import socket
import struct
import sys
import time

C4, S4, X4 = '10.0.0.2', '203.0.113.2', '198.51.100.7'
C6, S6 = '2001:db8:1::2', '2001:db8:3::2'
UDP, TCP, AH, ESP = 17, 6, 51, 50
HBH, ROUTING, FRAGMENT, OPTIONS = 0, 43, 44, 60


# ---- bytes ----

def checksum(data):
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def raw(address):
    return socket.inet_pton(socket.AF_INET6 if ':' in address else socket.AF_INET, address)


def pseudo(src, dst, protocol, length):
    if ':' in src:
        return raw(src) + raw(dst) + struct.pack('!IHBB', length, 0, 0, protocol)
    return raw(src) + raw(dst) + struct.pack('!BBH', 0, protocol, length)


def udp(src, dst, sport, dport, protocol=UDP):
    payload = b'every kind of packet'
    length = 8 + len(payload)
    head = struct.pack('!HHHH', sport, dport, length, 0)
    total = checksum(pseudo(src, dst, protocol, length) + head + payload) or 0xffff
    return struct.pack('!HHHH', sport, dport, length, total) + payload


def ip(src, dst, protocol, payload, number=1, options=b'', offset=0, more=False):
    if ':' in src:
        return struct.pack('!IHBB', 6 << 28 | number, len(payload), protocol, 64) + raw(src) + raw(dst) + payload
    words = 5 + len(options) // 4
    head = struct.pack('!BBHHHBBH', 0x40 | words, 0, words * 4 + len(payload), number, more << 13 | offset // 8, 64,
                       protocol, 0) + raw(src) + raw(dst) + options
    return head[:10] + struct.pack('!H', checksum(head)) + head[12:] + payload


def extended(chain, protocol, payload):
    """The extension headers of `chain` in front; returns the first's number and the bytes."""
    for kind in reversed(chain):
        if kind == AH:
            head = bytes([protocol, 4]) + bytes(2) + struct.pack('!II', 7, 1) + bytes(12)
        elif kind == FRAGMENT:
            head = bytes([protocol, 0]) + bytes(2) + struct.pack('!I', 9)
        elif kind == ROUTING:
            head = bytes([protocol, 0, 253, 0]) + bytes(4)
        else:
            head = bytes([protocol, 0]) + b'\1\4\0\0\0\0'
        protocol, payload = kind, head + payload
    return protocol, payload


def icmp(src, dst, kind, quote):
    code = 4 if (':' not in src and kind == 3) else 0
    body = struct.pack('!BBHI', kind, code, 0, 1400) + quote
    start = pseudo(src, dst, 58, len(body)) if ':' in src else b''
    return body[:2] + struct.pack('!H', checksum(start + body)) + body[4:]


# ---- kinds ----

class Way:
    """Where a packet goes: from `src` to `dst`, within a flow or not. `quoted` is a packet the other way."""

    def __init__(self, outwards, family, flow, external):
        inside, outside = (C4, S4) if family == 4 else (C6, S6)
        port = 5000 if flow else 5998 if outwards else 5999
        self.client, self.server = (inside, port), (outside, 7000)
        if family == 4 and external and flow:
            self.client = external
        if outwards and family == 4:
            self.client = (inside, port)
        self.src, self.dst = (self.client, self.server) if outwards else (self.server, self.client)
        # What the inside host got shows its own address; what came to the server shows the external one.
        self.quoted = (self.dst, self.src)

    def udp(self, protocol=UDP):
        return udp(self.src[0], self.dst[0], self.src[1], self.dst[1], protocol)

    def quote(self, protocol=UDP, offset=0, chain=()):
        src, dst = self.quoted
        first, body = extended(chain, protocol, udp(src[0], dst[0], src[1], dst[1]))
        if ':' in src[0] and offset:
            first, body = FRAGMENT, bytes([protocol, 0]) + struct.pack('!HI', offset, 9) + body
            offset = 0
        return ip(src[0], dst[0], first, body, offset=offset)


def upper(protocol, payload=None):
    return lambda way, number: [ip(way.src[0], way.dst[0], protocol, payload or way.udp(), number)]


def chained(chain, protocol=UDP):
    def make(way, number):
        first, body = extended(chain, protocol, way.udp())
        return [ip(way.src[0], way.dst[0], first, body, number)]
    return make


def with_options(options):
    return lambda way, number: [ip(way.src[0], way.dst[0], UDP, way.udp(), number, options)]


def inner(protocol):
    return lambda way, number: [ip(way.src[0], way.dst[0], protocol,
                                   ip(S4, C4, UDP, udp(S4, C4, 7000, 5000)) if protocol == 4 else
                                   ip(S6, C6, UDP, udp(S6, C6, 7000, 5000)), number)]


def pieces(chain, which):
    """In two fragments, of which those in `which` are sent."""
    def make(way, number):
        first, body = extended(chain, UDP, way.udp() + bytes(40))
        middle = 40 if chain else 24  # the first one must have all headers (RFC 8200 4.5)
        parts = []
        for offset, data, more in ((0, body[:middle], 1), (middle, body[middle:], 0)):
            if ':' in way.src[0]:
                head = bytes([first, 0]) + struct.pack('!HI', offset | more, number)
                parts.append(ip(way.src[0], way.dst[0], FRAGMENT, head + data, number))
            else:
                parts.append(ip(way.src[0], way.dst[0], first, data, number, offset=offset, more=bool(more)))
        return [parts[i] for i in which]
    return make


def error(kind, cut=None, **quoted):
    def make(way, number):
        quote = way.quote(**quoted)[:cut]
        protocol = 58 if ':' in way.src[0] else 1
        return [ip(way.src[0], way.dst[0], protocol, icmp(way.src[0], way.dst[0], kind, quote), number)]
    return make


def error_behind(chain):
    def make(way, number):
        first, body = extended(chain, 58, icmp(way.src[0], way.dst[0], 1, way.quote()))
        return [ip(way.src[0], way.dst[0], first, body, number)]
    return make


NAMES = {HBH: 'hop-by-hop', ROUTING: 'routing', FRAGMENT: 'atomic fragment', OPTIONS: 'destination options', AH: 'AH'}


def chain_kinds():
    single = [HBH, ROUTING, FRAGMENT, OPTIONS, AH]
    for first in single:
        yield f'UDP behind {NAMES[first]}', chained([first])
        for second in single:
            if second != HBH:
                yield f'UDP behind {NAMES[first]}, {NAMES[second]}', chained([first, second])
    yield 'UDP behind hop-by-hop, destination options, routing, AH, destination options', chained(
        [HBH, OPTIONS, ROUTING, AH, OPTIONS])
    yield 'UDP behind 8 headers', chained([OPTIONS] * 8)
    yield 'UDP behind 9 headers', chained([OPTIONS] * 9)
    yield 'UDP behind AH and 8 headers', chained([AH] + [OPTIONS] * 8)
    yield 'TCP behind AH', chained([AH], TCP)


def common_kinds(family):
    about = 1 if family == 6 else 3
    header = 40 if family == 6 else 20
    yield 'TCP', upper(TCP, bytes(12) + b'\x50\2\0\0' + bytes(4))
    yield 'UDP-Lite', lambda way, n: [ip(way.src[0], way.dst[0], 136, way.udp(136), n)]
    yield 'ESP', upper(ESP, bytes(40))
    yield 'SCTP', upper(132, bytes(24))
    yield 'GRE', upper(47, bytes(24))
    yield 'IPv4 in IP', inner(4)
    yield 'IPv6 in IP', inner(41)
    yield 'UDP in fragments', pieces([], (0, 1))
    yield 'UDP in fragments, the second first', pieces([], (1, 0))
    yield 'UDP, the first fragment alone', pieces([], (0,))
    yield 'UDP, the second fragment alone', pieces([], (1,))
    yield 'UDP behind AH in fragments', pieces([AH], (0, 1))
    yield 'error about UDP, cut behind the ports', error(about, header + 4)
    yield 'error about UDP, cut before the ports', error(about, header)
    yield 'error with half a header', error(about, 8)
    yield 'error without a quote', error(about, 0)
    yield 'error about a later fragment of UDP', error(about, offset=1400)
    yield 'error about TCP', error(about, protocol=TCP)
    yield 'error about ESP', error(about, protocol=ESP)


def kinds(family):
    yield 'UDP', upper(UDP)
    if family == 4:
        yield 'UDP with options', with_options(b'\x94\4\0\0')
        yield 'UDP with 40 bytes of options', with_options(b'\1' * 39 + b'\0')
        yield 'UDP behind AH', chained([AH])
        yield 'UDP behind AH, AH', chained([AH, AH])
        yield 'TCP behind AH', chained([AH], TCP)
    else:
        yield from chain_kinds()
        yield 'UDP behind mobility', upper(135, bytes([UDP, 0]) + bytes(6) + bytes(8))
        yield 'UDP behind HIP', upper(139, bytes([UDP, 0]) + bytes(6) + bytes(8))
        yield 'UDP behind Shim6', upper(140, bytes([UDP, 0]) + bytes(6) + bytes(8))
        yield 'no next header', upper(59, bytes(8))
        yield 'error about UDP, behind destination options', error_behind([OPTIONS])
        yield 'error about UDP, behind hop-by-hop', error_behind([HBH])
        yield 'error about UDP, behind AH', error_behind([AH])
        yield 'error about UDP behind AH', error(1, chain=[AH])
        yield 'error about UDP behind destination options', error(1, chain=[OPTIONS])
        yield 'error about UDP behind 9 headers', error(1, chain=[OPTIONS] * 9)
    yield from common_kinds(family)
    for kind in range(256):
        yield f'type {kind}', error(kind)


# ---- sending ----

class Port:
    """A packet socket on the only link of a namespace."""

    def __init__(self, namespace, interface, gateway):
        here = os.open('/proc/self/ns/net', os.O_RDONLY)
        there = os.open(f'/run/netns/{namespace}', os.O_RDONLY)
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(there, 0) != 0:
            sys.exit('setns')
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        self.socket.bind((interface, 3))
        libc.setns(here, 0)
        self.interface, self.gateway = interface, bytes.fromhex(gateway.replace(':', ''))

    def send(self, packet):
        kind = 0x86dd if packet[0] >> 4 == 6 else 0x0800
        self.socket.sendto(packet, (self.interface, kind, 0, 0, self.gateway))

    def heard(self, seconds):
        end = time.monotonic() + seconds
        while True:
            self.socket.settimeout(max(end - time.monotonic(), 0.001))
            try:
                data, address = self.socket.recvfrom(65535)
            except (socket.timeout, BlockingIOError):
                if time.monotonic() >= end:
                    return
                continue
            if address[2] != socket.PACKET_OUTGOING and data[0] >> 4 in (4, 6):
                yield data
            if time.monotonic() >= end:
                return


def number_of(packet):
    if packet[0] >> 4 == 6:
        return 6, struct.unpack('!I', packet[:4])[0] & 0xfffff
    return 4, struct.unpack('!H', packet[4:6])[0]


def all_heard(port, quiet=0.6):
    """What came, until nothing does."""
    seen = {}
    while True:
        before = len(seen)
        for packet in port.heard(quiet):
            seen.setdefault(number_of(packet), packet)
        if len(seen) == before:
            return seen


def send_all(sender, receiver, packets):
    """(number, packets) -> those numbers that arrived, each with its first packet."""
    seen = {}
    for i, (_, parts) in enumerate(packets):
        for part in parts:
            sender.send(part)
        if i % 16 == 15:
            time.sleep(0.02)
    seen.update(all_heard(receiver))
    return seen


def begin_flow(client, server, family):
    """The flow from inside, answered; returns its external endpoint."""
    way = Way(True, family, True, None)
    client.send(ip(way.src[0], way.dst[0], UDP, way.udp(), 0x7001))
    packet = all_heard(server).get((family, 0x7001))
    if packet is None:
        sys.exit(f'IPv{family}: no flow begins')
    if family == 6:
        return None
    port = struct.unpack('!H', packet[20:22])[0]
    address = socket.inet_ntoa(packet[12:16])
    return None if address == C4 else (address, port)


def run(client, server):
    external = {family: begin_flow(client, server, family) for family in (4, 6)}
    results, number = {}, 0x100
    for outwards in (True, False):
        for flow in (True, False):
            batch, names = [], {}
            for family in (4, 6):
                for name, make in kinds(family):
                    number += 1
                    way = Way(outwards, family, flow, external[family])
                    batch.append((number, make(way, number)))
                    names[(family, number)] = f'IPv{family} {name}'
            sender, receiver = (client, server) if outwards else (server, client)
            seen = send_all(sender, receiver, batch)
            for key, name in names.items():
                packet = seen.get(key)
                how = 'no' if packet is None else 'yes'
                if packet is not None and outwards and key[0] == 4 and packet[12:16] != raw(C4):
                    how = 'translated'
                results.setdefault(name, {})[('out ' if outwards else 'in ') + ('flow' if flow else 'alone')] = how
    return results


# ---- the table ----

def word(result, direction):
    flow, alone = result[f'{direction} flow'], result[f'{direction} alone']
    if alone != 'no':
        return 'translated' if alone == 'translated' else 'passes'
    if flow != 'no':
        return 'of a flow'
    return 'dropped'


def row(results, name):
    kernel, firewall, nat, monitor = results
    cells = []
    for direction in ('out', 'in'):
        if word(kernel[name], direction) == 'dropped':
            return None
        cells += [word(mode[name], direction) for mode in (firewall, nat, monitor)]
    return cells


def table(results):
    print('| packet | firewall, out | nat, out | monitor, out | firewall, in | nat, in | monitor, in |')
    print('|---|---|---|---|---|---|---|')
    types = []
    for name in results[0]:
        cells = row(results, name)
        family, _, kind = name.partition(' type ')
        if not kind:
            print_row(name, cells)
            continue
        if types and (types[-1][0] != family or types[-1][3] != cells or types[-1][2] + 1 != int(kind)):
            types.append([family, int(kind), int(kind), cells])
        elif types:
            types[-1][2] = int(kind)
        else:
            types.append([family, int(kind), int(kind), cells])
    for family, first, last, cells in types:
        which = f'{first}' if first == last else f'{first} to {last}'
        print_row(f'{"ICMPv6" if family == "IPv6" else "ICMP"} type {which}', cells)


def print_row(name, cells):
    if cells is None:
        print(f'| {name} | not forwarded by the kernel ||||||')
    else:
        print(f'| {name} | ' + ' | '.join(cells) + ' |')


def main(arguments):
    if arguments[0] == 'send':
        client, server = Port(arguments[1], 'c0', arguments[3]), Port(arguments[2], 's0', arguments[4])
        with open(arguments[5], 'w', encoding='ascii') as out:
            json.dump(run(client, server), out)
    else:
        results = []
        for path in arguments[1:]:
            with open(path, encoding='ascii') as file:
                results.append(json.load(file))
        table(results)


main(sys.argv[1:])
