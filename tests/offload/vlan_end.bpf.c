/* An end of a link whose frames have tags, without VLAN devices. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char program_license[] SEC("license") = "GPL";

const volatile __u16 tag = 1;

SEC("tc") int put_tag(struct __sk_buff *skb)
{
    return bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), tag) == 0 ? TC_ACT_OK : TC_ACT_SHOT;
}

/* What has another one is not for us. */
SEC("tc") int take_tag(struct __sk_buff *skb)
{
    if (!skb->vlan_present || (skb->vlan_tci & 0xfff) != tag)
        return TC_ACT_SHOT;
    return bpf_skb_vlan_pop(skb) == 0 ? TC_ACT_OK : TC_ACT_SHOT;
}
