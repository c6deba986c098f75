#!/bin/bash
# verifier.sh: what the kernel's verifier says about the programs of the fast path: that they are accepted, or its last lines. It takes
# seconds, and comes before the cases: where a program is refused, all flows pass the queue.
status=0
while read -r object; do
    name=$(basename "$object" .bpf.o)
    # What the verifier did takes many times longer to say than to do: it is asked when it refused.
    if bpftool prog loadall "$object" "/sys/fs/bpf/$name" >/tmp/said 2>&1; then
        echo "accepted: $name"
    else
        echo "refused: $name"
        bpftool -d prog loadall "$object" "/sys/fs/bpf/$name-again" 2>&1 | grep -v '^libbpf: map\|^libbpf: sec' | tail -n 60
        status=1
    fi
done < <(find "$QW_BUILD" -name '*.bpf.o')
exit $status
