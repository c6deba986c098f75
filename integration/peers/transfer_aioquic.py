"""Transfers by aioquic, over raw QUIC streams: see ../lib/transfers.sh for the words.

    transfer_aioquic.py server PORT CERTIFICATE KEY
    transfer_aioquic.py client ADDRESS PORT AUTHORITY KIND SIZE EVERY COUNT SECONDS

A stream begins with 32 bytes of text: what its other end shall send back, "SIZE EVERY COUNT", "0 0 0" for nothing.
TRANSFER_SPIN in the environment is "zero", "one" or "random" for ends that do not spin (RFC 9000 17.4), TRANSFER_ACK the milliseconds by which
they delay acknowledgements, as with the ACK frequency extension.
"""
import asyncio
import os
import random
import sys

from aioquic.asyncio import connect, serve
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.quic import events
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection

HEAD, PIECE = 32, 65536
BUFFERED = 1 << 18  # bytes of a stream that wait in the library


SPIN = {"zero": lambda _: False, "one": lambda _: True, "random": lambda _: random.random() < 0.5}


class Connection(QuicConnection):
    """What the environment asks for beside the ordinary."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if os.environ.get("TRANSFER_ACK"):
            self._ack_delay = int(os.environ["TRANSFER_ACK"]) / 1000


if os.environ.get("TRANSFER_SPIN"):
    Connection._spin_bit = property(SPIN[os.environ["TRANSFER_SPIN"]], lambda _self, _heard: None)
for module in ("aioquic.asyncio.client", "aioquic.asyncio.server"):
    sys.modules[module].QuicConnection = Connection


class End(QuicConnectionProtocol):
    """Answers streams that the peer opened; `ended` holds those that this end opened."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.heads, self.ended, self.tasks = {}, {}, set()

    def quic_event_received(self, event):
        if isinstance(event, events.StreamDataReceived):
            if event.stream_id in self.ended:
                if event.end_stream:
                    self.ended[event.stream_id].set_result(True)
            else:
                self.take(event)
        elif isinstance(event, events.ConnectionTerminated):
            for task in self.tasks:
                task.cancel()

    def take(self, event):
        head = self.heads.setdefault(event.stream_id, bytearray())
        if len(head) < HEAD:
            head += event.data[: HEAD - len(head)]
            if len(head) == HEAD:
                size, every, count = (int(word) for word in head.split())
                self.spawn(self.send(event.stream_id, size, every, count))

    def spawn(self, work):
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def waits(self, stream):
        """Bytes that the library still holds of a stream."""
        found = self._quic._streams.get(stream)
        return 0 if found is None else len(found.sender._buffer)

    async def send(self, stream, size, every, count):
        loop = asyncio.get_running_loop()
        began = loop.time()
        for i in range(count):
            await asyncio.sleep(max(0, began + i * every / 1000 - loop.time()))
            for left in range(size, 0, -PIECE):
                while self.waits(stream) > BUFFERED:
                    await asyncio.sleep(0.001)
                self._quic.send_stream_data(stream, bytes(min(left, PIECE)))
                self.transmit()
        self._quic.send_stream_data(stream, b"", True)
        self.transmit()

    async def exchange(self, back, forth):
        stream = self._quic.get_next_available_stream_id()
        ended = self.ended[stream] = asyncio.get_running_loop().create_future()
        self._quic.send_stream_data(stream, " ".join(str(n) for n in back).encode().ljust(HEAD))
        await self.send(stream, *forth)
        await ended


async def transfer(end, kind, size, every, count):
    loop = asyncio.get_running_loop()
    much, nothing = (size, every, count), (0, 0, 0)
    if kind == "get":
        await end.exchange(much, nothing)
    elif kind == "put":
        await end.exchange(nothing, much)
    elif kind == "talk":
        await end.exchange(much, much)
    else:
        for _ in range(count):
            began = loop.time()
            await end.exchange((size, 0, 1), nothing)
            await asyncio.sleep(max(0, began + every / 1000 - loop.time()))


def configuration(is_client):
    return QuicConfiguration(is_client=is_client, alpn_protocols=["transfer"], idle_timeout=60)


async def server(port, certificate, key):
    config = configuration(False)
    config.load_cert_chain(certificate, key)
    await serve("0.0.0.0", int(port), configuration=config, create_protocol=End)
    print("ready", flush=True)
    await asyncio.Event().wait()


async def client(address, port, authority, kind, size, every, count, seconds):
    config = configuration(True)
    config.load_verify_locations(authority)
    config.server_name = "server.test"
    async with connect(address, int(port), configuration=config, create_protocol=End) as end:
        work = end.spawn(transfer(end, kind, int(size), int(every), int(count)))
        await asyncio.wait([work], timeout=float(seconds))
        os._exit(0)


main = server if sys.argv[1] == "server" else client
asyncio.run(main(*sys.argv[2:]))
