/* vlan_end INTERFACE TAG: from now on what leaves by INTERFACE has the tag, and what comes without it is
 * dropped. For kernels without VLAN devices. */
#include <bpf/libbpf.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <vlan_end.skel.h>

static int attach(int ifindex, enum bpf_tc_attach_point point, const struct bpf_program *program)
{
    LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point);
    LIBBPF_OPTS(bpf_tc_opts, opts, .handle = 1, .priority = 1, .prog_fd = bpf_program__fd(program));
    bpf_tc_hook_create(&hook); /* the second time it is there */
    return bpf_tc_attach(&hook, &opts);
}

int main(int argc, char **argv)
{
    int ifindex = argc == 3 ? (int)if_nametoindex(argv[1]) : 0;
    struct vlan_end_bpf *end = ifindex ? vlan_end_bpf__open() : NULL;
    if (!end) {
        fprintf(stderr, "usage: vlan_end INTERFACE TAG\n");
        return 2;
    }
    end->rodata->tag = (__u16)atoi(argv[2]);
    if (vlan_end_bpf__load(end) == 0 && attach(ifindex, BPF_TC_EGRESS, end->progs.put_tag) == 0 &&
        attach(ifindex, BPF_TC_INGRESS, end->progs.take_tag) == 0)
        return 0;
    fprintf(stderr, "vlan_end: the kernel refuses\n");
    return 1;
}
