#!/usr/bin/env bash
# Runs a command where nothing that it writes is taken, until it ends: troubled.sh FOLDER COMMAND...
#   FOLDER/full/events.json   a file on a disk without room
#   /dev/log                  a syslog that reads nothing
#   FOLDER/metrics            four readers hang there in turn, and read a byte a second
# To be run in a mount namespace of its own, as by `ip netns exec`. The helpers end with the command.
set -eu
folder=$1
shift
mkdir -p "$folder/full" "$folder/dev"
mount -t tmpfs -o size=16k full "$folder/full"
mount -t tmpfs dev "$folder/dev"
for device in null zero full random urandom; do
    touch "$folder/dev/$device"
    mount --bind "/dev/$device" "$folder/dev/$device"
done
mount --rbind "$folder/dev" /dev
head -c 16k /dev/zero >"$folder/full/ballast" 2>"$folder/ballast.log" || true

python3 - "$$" "$folder/metrics" >"$folder/troubled.log" 2>&1 <<'END' &
import os, socket, sys, time

parent, metrics = int(sys.argv[1]), sys.argv[2]
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind("/dev/log")

def reader():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    try:
        s.connect(metrics)
        s.send(b"GET /metrics HTTP/1.1\r\nHost: quicward\r\n\r\n")
    except OSError:
        return None
    s.settimeout(0.01)
    return s

readers = [None] * 4
while os.getppid() == parent:
    for i, s in enumerate(readers):
        try:
            if s is None or not s.recv(1):
                readers[i] = reader()
        except TimeoutError:
            pass
        except OSError:
            readers[i] = None
    time.sleep(1)
END
while [ ! -S /dev/log ]; do
    sleep 0.05
done
exec "$@"
