#!/bin/bash
# verifier.sh: what the kernel's verifier says about the programs of the fast path: that they are accepted, or its last lines. It takes
# seconds, and comes before the cases: where a program is refused, all flows pass the queue.
status=0
while read -r object; do
    name=$(basename "$object" .bpf.o)
    if bpftool -d prog loadall "$object" "/sys/fs/bpf/$name" >/tmp/said 2>&1; then
        echo "accepted: $name"
        grep -h '^stack depth\|^processed' /tmp/said
    else
        echo "refused: $name"
        grep -v '^libbpf: map\|^libbpf: sec' /tmp/said | tail -n 60
        status=1
    fi
done < <(find "$QW_BUILD" -name '*.bpf.o')
exit $status
