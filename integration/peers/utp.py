"""uTP between two libtorrent sessions, TCP switched off.

  utp.py seed ADDRESSES PORT FILE                 serves FILE until it is told to end
  utp.py fetch ADDRESS PORT FILE FOLDER SERVER    fetches FILE (its hashes are read, not its bytes) from SERVER
"""
import os
import sys
import time

import libtorrent as lt

PIECE = 16384


def session(addresses, port):
    return lt.session({
        "listen_interfaces": ",".join(f"{a}:{port}" for a in addresses.split(",")),
        "enable_incoming_tcp": False, "enable_outgoing_tcp": False,
        "enable_incoming_utp": True, "enable_outgoing_utp": True,
        "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "allow_multiple_connections_per_ip": True,
    })


def torrent(path):
    storage = lt.file_storage()
    lt.add_files(storage, path)
    made = lt.create_torrent(storage, PIECE, lt.create_torrent.v1_only)
    lt.set_piece_hashes(made, os.path.dirname(path))
    return lt.torrent_info(made.generate())


def add(where, path, folder):
    options = lt.add_torrent_params()
    options.ti = torrent(path)
    options.save_path = folder
    return where.add_torrent(options)


def seed(addresses, port, path):
    own = session(addresses, port)
    add(own, path, os.path.dirname(path))
    while True:
        time.sleep(1)


def fetch(address, port, path, folder, server):
    own = session(address, port)
    handle = add(own, path, folder)
    end = time.monotonic() + 30
    while not handle.status().is_seeding:
        if time.monotonic() > end:
            sys.exit("utp.py: not fetched in 30 s")
        handle.connect_peer((server, int(port)))
        time.sleep(0.2)
    own.pause()


{"seed": seed, "fetch": fetch}[sys.argv[1]](*sys.argv[2:])
