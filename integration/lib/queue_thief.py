"""Takes a queue away from the program that has it, as no program should: queue_thief.py PID QUEUE [SECONDS]

Unbinds QUEUE by a copy of the socket of PID that has it. With SECONDS it then has the queue itself for so long, accepts nothing and
drops what comes. Run it in the network namespace of PID. "unbound" or "taken", else status 1.
"""
import ctypes
import os
import socket
import struct
import sys
import time

NETLINK_NETFILTER = 12
SUBSYS_QUEUE, MSG_CONFIG = 3, 2
BIND, UNBIND = 1, 2
PIDFD_OPEN, PIDFD_GETFD = 434, 438
libc = ctypes.CDLL(None, use_errno=True)


def system_call(number, *arguments):
    got = libc.syscall(number, *arguments)
    if got < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return got


def owner_of(pid, queue):
    with open(f'/proc/{pid}/net/netfilter/nfnetlink_queue', encoding='ascii') as lines:
        for line in lines:
            number, port = line.split()[:2]
            if int(number) == queue:
                return int(port)
    sys.exit(f'queue {queue} is not bound')


def netlink_socket(descriptor):
    """The socket, or None: the descriptor is closed."""
    copy = socket.socket(fileno=descriptor)
    if copy.family == socket.AF_NETLINK and copy.proto == NETLINK_NETFILTER:
        return copy
    copy.close()
    return None


def copies(pid):
    process = system_call(PIDFD_OPEN, pid, 0)
    for name in os.listdir(f'/proc/{pid}/fd'):
        if os.readlink(f'/proc/{pid}/fd/{name}').startswith('socket:'):
            copy = netlink_socket(system_call(PIDFD_GETFD, process, int(name), 0))
            if copy:
                yield copy


def command(to, queue, what):
    """A configuration message (linux/netfilter/nfnetlink_queue.h)."""
    attribute = struct.pack('=HHBBH', 8, 1, what, 0, 0)
    body = struct.pack('=BB', 0, 0) + struct.pack('!H', queue) + attribute
    to.send(struct.pack('=IHHII', 16 + len(body), SUBSYS_QUEUE << 8 | MSG_CONFIG, 1, 0, 0) + body)


def main(pid, queue, seconds=None):
    pid, queue = int(pid), int(queue)
    port = owner_of(pid, queue)
    for copy in copies(pid):
        if copy.getsockname()[0] == port:
            command(copy, queue, UNBIND)
            break
    else:
        sys.exit(f'{pid} has not queue {queue}')
    if seconds is None:
        print('unbound')
        return
    thief = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    thief.bind((0, 0))
    command(thief, queue, BIND)
    print('taken', flush=True)
    time.sleep(float(seconds))


main(*sys.argv[1:])
