"""A collector's door for nfcapd, which reads UDP alone: takes IPFIX by TCP or TLS, and passes each message on by UDP.

    collect.py ADDRESS PORT TO-ADDRESS TO-PORT [CERTIFICATE KEY CA]

With files it speaks TLS and wants a certificate that CA signs. A line on standard output for each connection, and "passed N" when N records
of mappings (template 256) have been passed on.
"""
import socket
import ssl
import sys


def messages(stream):
    kept = b""
    while True:
        got = stream.recv(65536)
        if not got:
            return
        kept += got
        while len(kept) >= 16 and len(kept) >= int.from_bytes(kept[2:4], "big"):
            length = int.from_bytes(kept[2:4], "big")
            yield kept[:length]
            kept = kept[length:]


def mappings(message):
    at, count = 16, 0
    while at < len(message):
        length = int.from_bytes(message[at + 2:at + 4], "big")
        if int.from_bytes(message[at:at + 2], "big") == 256:
            count += (length - 4) // 22
        at += length
    return count


passed = 0
address, port, to, to_port = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
door = socket.create_server((address, port))
context = None
if len(sys.argv) > 5:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=sys.argv[7])
    context.load_cert_chain(sys.argv[5], sys.argv[6])
    context.verify_mode = ssl.CERT_REQUIRED
while True:
    stream, _ = door.accept()
    try:
        if context:
            stream = context.wrap_socket(stream, server_side=True)
        print("connected", flush=True)
        for message in messages(stream):
            out.sendto(message, (to, to_port))
            passed += mappings(message)
            print(f"passed {passed}", flush=True)
    except OSError as error:
        print(f"refused: {error}", flush=True)
    stream.close()
