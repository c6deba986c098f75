"""Asks every 10 ms, and says how long answers stayed away: the gap of a failover.

    beat.py NAME=udp:ADDRESS:PORT | NAME=ping:ADDRESS ...    (IPv6 in brackets)

At each SIGUSR1 it prints a line for each NAME, "NAME MS SENT ANSWERED": the longest time without an answer, how many datagrams went out and
how many came back, since the last one. A line "beat MS" besides is the longest time that it did not run itself, which no network is
guilty of.
"""

import os
import select
import signal
import socket
import struct
import sys
import time

EVERY = 0.010


def split(text):
    """(family, (address, port))"""
    if text.startswith("["):
        address, _, port = text[1:].partition("]")
        return socket.AF_INET6, (address, int(port[1:] or 0))
    address, _, port = text.partition(":")
    return socket.AF_INET, (address, int(port or 0))


class Probe:
    def __init__(self, word):
        self.name, _, what = word.partition("=")
        self.kind, _, where = what.partition(":")
        self.family, self.to = split(where)
        if self.kind == "udp":
            self.socket = socket.socket(self.family, socket.SOCK_DGRAM)
        else:
            protocol = socket.IPPROTO_ICMP if self.family == socket.AF_INET else socket.IPPROTO_ICMPV6
            self.socket = socket.socket(self.family, socket.SOCK_RAW, protocol)
        self.socket.setblocking(False)
        self.mark = struct.pack("!HQ", os.getpid() & 0xFFFF, id(self))
        self.reset(time.monotonic())

    def reset(self, now):
        self.longest, self.sent, self.answered, self.last = 0.0, 0, 0, now

    def send(self):
        self.sent += 1
        try:
            self.socket.sendto(self.packet(), self.to)
        except OSError:
            pass  # no route, or no neighbour, just now

    def packet(self):
        if self.kind == "udp":
            return self.mark
        request = 8 if self.family == socket.AF_INET else 128
        body = self.mark[:2] + struct.pack("!H", self.sent & 0xFFFF) + self.mark
        return struct.pack("!BBH", request, 0, checksum(struct.pack("!BBH", request, 0, 0) + body)) + body

    def receive(self, now):
        while True:
            try:
                data = self.socket.recv(2048)
            except OSError:
                return
            if self.kind == "ping":
                at = (data[0] & 15) * 4 if self.family == socket.AF_INET else 0
                if data[at] != (0 if self.family == socket.AF_INET else 129):
                    continue
            if data.endswith(self.mark):
                self.longest = max(self.longest, now - self.last)
                self.answered, self.last = self.answered + 1, now


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Beat:
    def __init__(self, words):
        self.probes = [Probe(word) for word in words]
        self.asleep, self.ran, self.asked = 0.0, time.monotonic(), False
        signal.signal(signal.SIGUSR1, self.ask)

    def ask(self, *_):
        self.asked = True

    def report(self, now):
        for probe in self.probes:
            probe.longest = max(probe.longest, now - probe.last)
            print(f"{probe.name} {probe.longest * 1000:.0f} {probe.sent} {probe.answered}")
            probe.reset(now)
        print(f"beat {self.asleep * 1000:.0f}", flush=True)
        self.asleep, self.asked = 0.0, False

    def run(self):
        next_beat, sockets = time.monotonic(), {probe.socket: probe for probe in self.probes}
        while True:
            now = time.monotonic()
            self.asleep, self.ran = max(self.asleep, now - self.ran - EVERY), now
            if now >= next_beat:
                for probe in self.probes:
                    probe.send()
                next_beat = max(next_beat + EVERY, now - 10 * EVERY)
            ready = select.select(list(sockets), [], [], max(0, min(EVERY, next_beat - time.monotonic())))[0]
            now = time.monotonic()
            for one in ready:
                sockets[one].receive(now)
            if self.asked:
                self.report(now)


if len(sys.argv) < 2:
    sys.exit("usage: beat.py NAME=udp:ADDRESS:PORT|NAME=ping:ADDRESS ...")
Beat(sys.argv[1:]).run()
