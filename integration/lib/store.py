"""Compares a store of a pair of routers with the table that it is a mirror of, record by record.

    store.py SOCKET SITE ROUTER REFRESH FLOWS [USER PASSWORD]

SOCKET is that of the Redis, FLOWS a file with the lines of `quicward flows --json`, REFRESH the key cluster.refresh. Each flow that is
copied must have one record, whose endpoints, external endpoint, state, version and rule are its own and whose idle time is at most
REFRESH seconds (and two) off; each record must have a flow. Prints what differs and "N records, N flows, N differ"; status 1 when
something does. The layout is that of src/peer/record.h.
"""

import ipaddress
import json
import socket
import struct
import sys

RECORD = 64
STATES = ["one-way", "two-way", "initial", "replied", "confirmed"]
FAMILIES = {4: 4, 6: 6}


class Store:
    """The few words of RESP that reading needs."""

    def __init__(self, path, user=None, password=None):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")
        if user:
            self.ask("AUTH", user, password)

    def ask(self, *words):
        out = b"*%d\r\n" % len(words)
        for word in words:
            word = word.encode()
            out += b"$%d\r\n%s\r\n" % (len(word), word)
        self.socket.sendall(out)
        return self.answer()

    def answer(self):
        line = self.file.readline().rstrip(b"\r\n")
        if line[:1] == b"-":
            raise SystemExit(f"store.py: {line[1:].decode()}")
        if line[:1] != b"$":
            return line[1:]
        size = int(line[1:])
        if size < 0:
            return None
        return self.file.read(size + 2)[:-2]


def endpoint(family, address, port):
    if family == 4:
        return f"{ipaddress.IPv4Address(address[12:])}:{port}"
    return f"[{ipaddress.IPv6Address(address)}]:{port}"


def rule_number(name):
    """FNV-1a, never 0: engine_mirror_rule()."""
    if name is None:
        return 0
    number = 2166136261
    for byte in name.encode():
        number = ((number ^ byte) * 16777619) & 0xFFFFFFFF
    return number or 1


def version_word(number):
    return {0: None, 1: "v1", 0x6B3343CF: "v2"}.get(number, f"0x{number:08x}")


def record(raw, form, now):
    (version, family, state, _, _, _, inside_port, inside, outside, outside_port, external_port, external, quic, seen, rule,
     _) = struct.unpack("!BBBBBBH16s16sHH4sIIII", raw)
    if version != form or family not in FAMILIES or state >= len(STATES):
        raise SystemExit(f"store.py: a record of another form: {raw.hex()}")
    mapped = f"{ipaddress.IPv4Address(external)}:{external_port}" if external_port else None
    ends = frozenset([endpoint(family, inside, inside_port), endpoint(family, outside, outside_port)])
    return ends, {"external": mapped, "state": STATES[state], "version": version_word(quic), "rule": rule}, now - seen


def records(store, site, router):
    header = store.ask("GET", f"qw:{site}:{router}:h")
    if header is None or len(header) < 80 or header[:6] != b"QWPEER":
        raise SystemExit("store.py: no header")
    form = struct.unpack("!H", header[6:8])[0]
    now, shards = struct.unpack("!Q", header[24:32])[0] // 10**9, struct.unpack("!I", header[40:44])[0]
    found = {}
    for shard in range(shards):
        text = store.ask("GET", f"qw:{site}:{router}:s:{shard}") or b""
        if len(text) % RECORD:
            raise SystemExit(f"store.py: shard {shard} has {len(text)} bytes")
        for at in range(0, len(text), RECORD):
            raw = text[at:at + RECORD]
            if raw.strip(b"\0"):
                ends, values, idle = record(raw, form, now)
                if ends in found:
                    raise SystemExit(f"store.py: two records of {sorted(ends)}")
                found[ends] = (values, idle)
    return found


def flows(path):
    found = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            flow = json.loads(line)
            if flow.get("state") in (None, "one-way"):
                continue
            values = {key: flow[key] for key in ("external", "state", "version")} | {"rule": rule_number(flow["rule"])}
            found[frozenset([flow["client"], flow["server"]])] = (values, flow["idle_ms"] / 1000)
    return found


def main():
    path, site, router, refresh, file = sys.argv[1:6]
    stored, table, differ = records(Store(path, *sys.argv[6:8]), site, router), flows(file), 0
    for ends in stored.keys() | table.keys():
        name = " ".join(sorted(ends))
        if ends not in stored or ends not in table:
            print(f"{name}: {'no flow' if ends in stored else 'no record'}")
            differ += 1
            continue
        (have, idle), (want, truth) = stored[ends], table[ends]
        if have != want or abs(idle - truth) > float(refresh) + 2:
            print(f"{name}: {have}, idle {idle} s, is {want}, idle {truth} s")
            differ += 1
    print(f"{len(stored)} records, {len(table)} flows, {differ} differ")
    return 1 if differ or not stored else 0


sys.exit(main())
