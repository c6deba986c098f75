/* measure_spin as a BPF program: the "packet" is a line of the test, the record stands in an array map. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <quicward/measure.h>

struct line {
    __u32 now_us;
    __u8 sender, spin;
    __u8 padding[10]; /* an Ethernet header is the least that may be given to XDP */
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct measure);
} records SEC(".maps");

SEC("xdp")
int spin(struct xdp_md *context)
{
    const struct line *line = (const void *)(long)context->data;
    __u32 first = 0;
    struct measure *measure = bpf_map_lookup_elem(&records, &first);
    if (!measure || (const void *)(line + 1) > (const void *)(long)context->data_end)
        return XDP_ABORTED;
    measure_spin(measure, line->sender, line->spin, line->now_us);
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
