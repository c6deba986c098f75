"""drip.py ADDRESS PORT: a TCP server that speaks alone: twenty numbered lines a second to each client, for as long as it stays."""

import socket
import sys
import threading
import time


def drip(client):
    number = 0
    try:
        while True:
            client.sendall(b"%d\n" % number)
            number += 1
            time.sleep(0.05)
    except OSError:
        client.close()


listener = socket.create_server((sys.argv[1], int(sys.argv[2])), family=socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
while True:
    threading.Thread(target=drip, args=(listener.accept()[0],), daemon=True).start()
