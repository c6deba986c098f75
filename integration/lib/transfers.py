"""Captures of transfers: what they show without any rule, copies whose ends do not spin, and the verdict over many.

    transfers.py look CAPTURE            prints "PACKETS SECONDS FLIPS-UP FLIPS-DOWN MEDIAN-US": 1-RTT packets, from the first to the last of
                                         them, flips of the spin bit by direction, median time between flips that the server sent ("null")
    transfers.py respin IN OUT HOW CLIENT-US SEED
                                         copies a capture with other spin bits, as if one end or both had not spun from the beginning:
                                         zero-both, one-both, random-both, random-client (the server reflects), random-server (the
                                         client inverts), each-client (a constant for each second, as for each connection ID)
    transfers.py cut IN OUT              copies a capture for tests/captures/measured: without Ethernet, and with no more of a packet than is
                                         measured, its connection IDs or its first byte
    transfers.py verdict ROWS            reads a line a capture, fields by FIELDS, and prints the table and a line for each thing that must
                                         hold; status 1 if one does not
The server has port 443. Frames are Ethernet with IPv4.
"""
import random
import struct
import sys

UDP = 14 + 20
PAYLOAD = UDP + 8
SPIN = 0x20


# ---- captures ----


def records(path):
    """Yields (microseconds, header of the record, frame)."""
    with open(path, "rb") as capture:
        yield 0, capture.read(24), None
        while header := capture.read(16):
            seconds, micros, kept, _ = struct.unpack("<IIII", header)
            yield seconds * 1000000 + micros, header, bytearray(capture.read(kept))


def is_short(frame):
    return frame is not None and len(frame) > PAYLOAD and not frame[PAYLOAD] & 0x80


def is_down(frame):
    return frame[UDP : UDP + 2] == b"\x01\xbb"


def median(values):
    return sorted(values)[len(values) // 2] if values else None


def look(path):
    first = last = None
    packets, bits, flips, edge, times = 0, {}, {False: 0, True: 0}, None, []
    for at, _, frame in records(path):
        if not is_short(frame):
            continue
        packets += 1
        first, last = first or at, at
        down, bit = is_down(frame), frame[PAYLOAD] & SPIN
        if bits.get(down, bit) != bit:
            flips[down] += 1
            if down:
                if edge is not None:
                    times.append(at - edge)
                edge = at
        bits[down] = bit
    raw = median(times)
    seconds = (last - first) / 1e6 if packets else 0
    print(packets, f"{seconds:.3f}", flips[False], flips[True], "null" if raw is None else raw)


class Chooser:
    """The bit of each packet, in the order in which the observer sees them."""

    def __init__(self, how, client_us, seed):
        self.kind, self.end = how.split("-")
        self.client_us, self.random = client_us, random.Random(seed)
        self.seen = {False: [], True: []}  # (when, bit) by direction
        self.next = {False: 0, True: 0}  # the first of them that the other end has not heard
        self.constants = {}

    def answer(self, down, at):
        """What an end makes of what it heard: the last packet of the other direction that has reached it."""
        seen, before = self.seen[not down], at - (0 if down else self.client_us)
        while self.next[not down] < len(seen) and seen[self.next[not down]][0] <= before:
            self.next[not down] += 1
        heard = self.next[not down]
        bit = seen[heard - 1][1] if heard else 0
        return bit if down else 1 - bit

    def choose(self, down, at):
        if self.end == "both" or (self.end == "server") == down:
            if self.kind == "random":
                return self.random.randrange(2)
            if self.kind == "each":
                return self.constants.setdefault(at // 1000000, self.random.randrange(2))
            return int(self.kind == "one")
        return self.answer(down, at)


def respin(source, target, how, client_us, seed):
    chooser = Chooser(how, int(client_us), int(seed))
    with open(target, "wb") as out:
        for at, header, frame in records(source):
            if is_short(frame):
                down = is_down(frame)
                bit = chooser.choose(down, at)
                chooser.seen[down].append((at, bit))
                frame[PAYLOAD] = frame[PAYLOAD] & ~SPIN & 0xFF | bit * SPIN
            out.write(header + (frame or b""))


def cut(source, target):
    with open(target, "wb") as out:
        for at, header, frame in records(source):
            if frame is None:
                out.write(header[:16] + struct.pack("<II", 65535, 101))
                continue
            kept = frame[14 : PAYLOAD + (1 if is_short(frame) else 48)]
            length = struct.unpack("<IIII", header)[3] - 14
            out.write(struct.pack("<IIII", at // 1000000, at % 1000000, len(kept), length) + kept)


# ---- the verdict ----

FIELDS = (
    "stack kind bit client server loss reorder step seed true_client true_server later_client later_server "
    "packets seconds flips_up flips_down raw hs_client hs_server exact spin confidence confidence_client confidence_server"
).split()
BULK = ("down", "up")
TOLD = ("medium", "high")
ROUNDS = 20  # of bulk that must be told
SETTLED = 10  # round trips behind a step, before which no figure can be the new one's


def number(text):
    return None if text == "null" else float(text)


class Row:
    def __init__(self, line):
        self.__dict__.update(zip(FIELDS, line.split()))
        for key in FIELDS[9:20] + ["spin"]:
            if key != "exact":
                setattr(self, key, number(getattr(self, key)))
        if self.later_client == 0 or self.later_server == 0:  # it ended before the step
            self.later_client, self.later_server, self.step = self.true_client, self.true_server, "-"
        self.truth = self.later_client + self.later_server
        self.rounds = self.seconds * 1e6 / max(self.truth, self.true_client + self.true_server, 1)

    @property
    def spins(self):
        """False for those whose bit an end or the copy made fixed or random (RFC 9000 17.4: some connections in any case)."""
        if self.bit != "own":
            return False
        most = (3 if self.reorder != "0%" else 1.4) * self.rounds + 8  # a reordered packet beside an edge makes two more
        return 0 < min(self.flips_up, self.flips_down) and max(self.flips_up, self.flips_down) < most

    @property
    def settled(self):
        """A step is written FACTOR@SECONDS."""
        return self.step == "-" or (self.seconds - float(self.step.split("@")[1])) * 1e6 >= SETTLED * self.truth

    @property
    def off(self):
        return None if self.spin is None else (self.spin - self.truth) / self.truth

    def handshake(self):
        """(figure, truth) of client, server, both."""
        pairs = [(self.hs_client, self.true_client), (self.hs_server, self.true_server)]
        both = None if None in (self.hs_client, self.hs_server) else self.hs_client + self.hs_server
        return pairs + [(both, self.true_client + self.true_server)]


def cell(figure, truth):
    return "-" if figure is None else f"{figure / 1000:.1f} ({100 * (figure - truth) / truth:+.1f} %)"


def print_table(rows):
    print("| transfer | halves, ms | loss, reordering, seed | handshake: client | server | spin bit | raw edges | round trips |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        if row.bit not in ("own", "end"):
            continue
        mark = "" if row.exact == "true" else " marked"
        kind = row.kind if row.spins else f"{row.kind}, bit does not spin"
        step = "" if row.step == "-" else f", then {row.later_client / 1000:.1f} + {row.later_server / 1000:.1f}"
        halves = f"{row.true_client / 1000:.1f} + {row.true_server / 1000:.1f}{step}"
        shown = [cell(figure, truth) for figure, truth in row.handshake()[:2]]
        print(
            f"| {row.stack} {kind} | {halves} | {row.loss}, {row.reorder}, {row.seed} | {shown[0]} | {shown[1]}{mark} | "
            f"{cell(row.spin, row.truth)} {row.confidence} | {cell(row.raw, row.truth)} | {row.rounds:.0f} |"
        )


class Verdict:
    def __init__(self):
        self.failed = False

    def say(self, what, holds, figures):
        self.failed |= not holds
        print(f"| {what} | {figures} | {'yes' if holds else 'NO'} |")

    def handshakes(self, rows, of):
        for i, side in enumerate(("client", "server", "sum")):
            pairs = [row.handshake()[i] for row in rows]
            pairs = [(figure, truth) for figure, truth in pairs if figure is not None]
            if not pairs:
                continue
            shares = [abs(figure - truth) / max(0.05 * truth, 3000) for figure, truth in pairs]
            offs, more = [abs(f - t) / t for f, t in pairs], [f - t for f, t in pairs]
            self.say(
                f"handshake, {side}{of}: within max(5 %, 3 ms) in the median",
                median(shares) <= 1,
                f"{100 * median(offs):.1f} %, {median(more) / 1000:+.1f} ms; {sum(s <= 1 for s in shares)} of {len(shares)} are",
            )

    def accepted(self, rows, of, confidences):
        offs = [abs(row.off) for row in rows if row.confidence in confidences]
        if offs:
            worst = sorted(offs)[len(offs) * 9 // 10]
            self.say(
                f"spin bit, {of}: within 10 % in the median",
                median(offs) <= 0.1,
                f"{100 * median(offs):.1f} %, p90 {100 * worst:.1f} %, {sum(off > 0.1 for off in offs)} of {len(offs)} are not",
            )

    def never_high(self, rows, of):
        high = sum(row.confidence == "high" for row in rows)
        medium = sum(row.confidence == "medium" for row in rows)
        if rows:
            self.say(f"{of}: fewer than 1 in 20 are high", 20 * high < len(rows), f"{high} of {len(rows)} (medium: {medium})")

    def told(self, rows, of):
        told = sum(row.confidence in TOLD for row in rows)
        if rows:
            self.say(f"bulk of {ROUNDS} round trips{of}: 2 of 3 are medium or high", 3 * told >= 2 * len(rows), f"{told} of {len(rows)}")


def verdict(path):
    with open(path, encoding="ascii") as lines:
        rows = [row for row in (Row(line) for line in lines) if row.truth > 0]
    print_table(rows)
    judge = Verdict()
    spinning = [row for row in rows if row.spins]
    settled = [row for row in spinning if row.settled]
    bulk = [row for row in settled if row.kind in BULK and row.rounds >= ROUNDS]
    print("\n| what must hold | figures | holds |\n|---|---|---|")
    real = [row for row in rows if row.bit in ("own", "end")]
    judge.handshakes(real, "")
    for stack in sorted({row.stack for row in real}):
        judge.handshakes([row for row in real if row.stack == stack], f" of {stack}")
    judge.accepted(settled, "medium and high", TOLD)
    judge.accepted(settled, "all figures", TOLD + ("low",))
    judge.accepted([row for row in settled if row.step != "-"], "behind a step, all figures", TOLD + ("low",))
    judge.never_high([row for row in rows if not row.spins], "fixed or random bits")
    judge.never_high([row for row in spinning if row.kind not in BULK], "application-limited")
    judge.told(bulk, "")
    for stack in sorted({row.stack for row in bulk}):
        judge.told([row for row in bulk if row.stack == stack], f", {stack}")
    judge.told([row for row in bulk if row.step == "-"], ", without a step")
    for loss in sorted({row.loss for row in bulk}):
        judge.told([row for row in bulk if row.loss == loss], f", {loss} loss")
    print(f"\n{len(real)} transfers, {sum(row.spins for row in real)} that spin, {len(rows) - len(real)} copies with other bits")
    return judge.failed


if sys.argv[1] == "look":
    look(sys.argv[2])
elif sys.argv[1] == "cut":
    cut(*sys.argv[2:])
elif sys.argv[1] == "respin":
    respin(*sys.argv[2:])
else:
    sys.exit(verdict(sys.argv[2]))
