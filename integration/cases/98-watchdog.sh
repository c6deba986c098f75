#!/usr/bin/env bash
# S4: systemd's watchdog is fed while every queue's worker makes progress, also without traffic; a worker that hangs is named in the log
# and silences it, though the rest of the daemon answers; once it goes on the watchdog is fed again. One thread is stopped here.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without python3
lab_trap
lab_up || exit 1

# What systemd would hear: a line a message.
cat >"$LAB_DIR/hear.py" <<'P'
import socket, sys
heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
heard.bind(sys.argv[1])
while True:
    print(heard.recv(100).decode(), flush=True)
P
# Stops one thread of a process, until its standard input ends.
cat >"$LAB_DIR/stop.py" <<'P'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
SEIZE, INTERRUPT, WALL = 0x4206, 0x4207, 0x40000000
for tid in map(int, os.listdir('/proc/%s/task' % sys.argv[1])):
    if open('/proc/%d/comm' % tid).read().strip() == sys.argv[2]:
        break
else:
    sys.exit('there is no such thread')
if libc.ptrace(SEIZE, tid, None, None) or libc.ptrace(INTERRUPT, tid, None, None):
    sys.exit(os.strerror(ctypes.get_errno()))
os.waitpid(tid, WALL)
print('stopped', flush=True)
sys.stdin.read()
P

fed() {
    grep -c '^WATCHDOG=1$' "$LAB_DIR/heard.log"
}

fed_beyond() { # NUMBER
    [ "$(fed)" -gt "$1" ]
}

# More than four feedings could come meanwhile.
unfed_for() { # SECONDS
    local before
    before=$(fed)
    sleep "$1"
    [ "$(fed)" = "$before" ]
}

lab_spawn "$LAB_ROUTER" heard python3 "$LAB_DIR/hear.py" "$LAB_DIR/notify"
wait_for 5 [ -S "$LAB_DIR/notify" ] || exit 1
export NOTIFY_SOCKET=$LAB_DIR/notify WATCHDOG_USEC=2000000
start_quicward || exit 1
check 'it is fed without traffic' wait_for 5 fed_beyond 5
mkfifo "$LAB_DIR/hold"
in_router python3 "$LAB_DIR/stop.py" "$QUICWARD_PID" qw-queue-7401 <"$LAB_DIR/hold" >"$LAB_DIR/stop.log" 2>&1 &
exec 9>"$LAB_DIR/hold"
check 'one worker of two hangs' wait_for 5 grep -q stopped "$LAB_DIR/stop.log"
sleep 0.6 # what was due for the time before
check 'it is not fed any more' unfed_for 3
check 'the rest of the daemon answers' stats_json
check 'the log names the queue' wait_for 5 grep -q 'queue 7401: its worker hangs; systemd ends' "$LAB_DIR/quicward.log"
before=$(fed)
exec 9>&-
check 'the worker goes on' wait_for 5 grep -q 'queue 7401: its worker goes on' "$LAB_DIR/quicward.log"
check 'it is fed again' wait_for 5 fed_beyond "$before"
check_not 'the other queue was never said to hang' grep 'queue 7400: its worker' "$LAB_DIR/quicward.log"
check 'quicward ends cleanly' stop_quicward
export WATCHDOG_PID=1
start_quicward || exit 1
before=$(fed)
check 'a watchdog of another process is not fed' unfed_for 2
check 'quicward ends cleanly' stop_quicward
case_end
