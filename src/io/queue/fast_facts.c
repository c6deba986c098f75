/* What the kernel says of an interface. */
#include "fast_choice.h"
#include "link_features.h"
#include "netlink.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* The C library's interfaces stand before the kernel's, or both define them. */
/* clang-format off */
#include <net/if.h>
#include <linux/genetlink.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/xfrm.h>
/* clang-format on */

#define QUESTION 256

/* Of the generic netlink family "netdev" (Linux 6.3), whose header is younger than Debian 12. */
#define NETDEV_DEV_GET 1
#define NETDEV_IFINDEX 1
#define NETDEV_XDP_FEATURES 3
#define NETDEV_REDIRECT UINT64_C(2) /* frames of its own may be redirected */
#define NETDEV_NDO_XMIT UINT64_C(4) /* it takes redirected ones */

/* ---- the link ---- */

static void copy_word(const struct nlattr *attribute, char out[static 16])
{
    if (mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0)
        snprintf(out, 16, "%s", mnl_attr_get_str(attribute));
}

struct link_answer {
    struct fast_facts *facts;
    uint32_t carrier; /* ifindex; 0: none, or in another namespace */
    bool abroad;
    uint16_t tag, protocol; /* of a VLAN; the second in network order */
};

static int take_vlan(const struct nlattr *attribute, void *context)
{
    struct link_answer *answer = context;
    if (mnl_attr_validate(attribute, MNL_TYPE_U16) != 0)
        return MNL_CB_OK;
    if (mnl_attr_get_type(attribute) == IFLA_VLAN_ID)
        answer->tag = mnl_attr_get_u16(attribute);
    if (mnl_attr_get_type(attribute) == IFLA_VLAN_PROTOCOL)
        answer->protocol = mnl_attr_get_u16(attribute);
    return MNL_CB_OK;
}

/* The kind stands before what only makes sense with it. */
static int take_info(const struct nlattr *attribute, void *context)
{
    struct link_answer *answer = context;
    if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND)
        copy_word(attribute, answer->facts->kind);
    if (mnl_attr_get_type(attribute) == IFLA_INFO_DATA && strcmp(answer->facts->kind, "vlan") == 0)
        mnl_attr_parse_nested(attribute, take_vlan, answer);
    return MNL_CB_OK;
}

static int take_link_part(const struct nlattr *attribute, void *context)
{
    struct link_answer *answer = context;
    uint16_t type = mnl_attr_get_type(attribute);
    if (type == IFLA_QDISC)
        copy_word(attribute, answer->facts->qdisc);
    if (type == IFLA_LINKINFO)
        mnl_attr_parse_nested(attribute, take_info, answer);
    if (type == IFLA_LINK && mnl_attr_validate(attribute, MNL_TYPE_U32) == 0)
        answer->carrier = mnl_attr_get_u32(attribute);
    answer->abroad |= type == IFLA_LINK_NETNSID;
    return MNL_CB_OK;
}

static int take_link(const struct nlmsghdr *message, void *context)
{
    struct link_answer *answer = context;
    if (message->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(message) < sizeof(struct ifinfomsg))
        return MNL_CB_STOP;
    const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
    answer->facts->ethernet = link->ifi_type == ARPHRD_ETHER;
    mnl_attr_parse(message, sizeof(*link), take_link_part, answer);
    return MNL_CB_STOP;
}

static bool ask_link(unsigned ifindex, struct link_answer *out)
{
    _Alignas(struct nlmsghdr) char buffer[QUESTION];
    struct nlmsghdr *question = mnl_nlmsg_put_header(buffer);
    question->nlmsg_type = RTM_GETLINK;
    question->nlmsg_flags = NLM_F_REQUEST;
    struct ifinfomsg *link = mnl_nlmsg_put_extra_header(question, sizeof(*link));
    link->ifi_index = (int)ifindex;
    return netlink_ask(NETLINK_ROUTE, question, take_link, out);
}

/* ---- its driver ---- */

static struct nlmsghdr *generic(char *buffer, uint16_t family, uint8_t command)
{
    struct nlmsghdr *question = mnl_nlmsg_put_header(buffer);
    question->nlmsg_type = family;
    question->nlmsg_flags = NLM_F_REQUEST;
    struct genlmsghdr *header = mnl_nlmsg_put_extra_header(question, sizeof(*header));
    *header = (struct genlmsghdr){.cmd = command, .version = 1};
    return question;
}

static int take_family_part(const struct nlattr *attribute, void *context)
{
    if (mnl_attr_get_type(attribute) == CTRL_ATTR_FAMILY_ID &&
        mnl_attr_validate(attribute, MNL_TYPE_U16) == 0)
        *(uint16_t *)context = mnl_attr_get_u16(attribute);
    return MNL_CB_OK;
}

static int take_family(const struct nlmsghdr *message, void *context)
{
    mnl_attr_parse(message, sizeof(struct genlmsghdr), take_family_part, context);
    return MNL_CB_STOP;
}

/* 0: there is none. */
static uint16_t netdev_family(void)
{
    _Alignas(struct nlmsghdr) char buffer[QUESTION];
    uint16_t family = 0;
    struct nlmsghdr *question = generic(buffer, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
    mnl_attr_put_strz(question, CTRL_ATTR_FAMILY_NAME, "netdev");
    return netlink_ask(NETLINK_GENERIC, question, take_family, &family) ? family : 0;
}

static int take_feature_part(const struct nlattr *attribute, void *context)
{
    struct fast_facts *facts = context;
    if (mnl_attr_get_type(attribute) != NETDEV_XDP_FEATURES ||
        mnl_attr_validate(attribute, MNL_TYPE_U64) != 0)
        return MNL_CB_OK;
    uint64_t features = mnl_attr_get_u64(attribute);
    facts->features = true;
    facts->redirects = features & NETDEV_REDIRECT && features & NETDEV_NDO_XMIT;
    return MNL_CB_OK;
}

static int take_features(const struct nlmsghdr *message, void *context)
{
    mnl_attr_parse(message, sizeof(struct genlmsghdr), take_feature_part, context);
    return MNL_CB_STOP;
}

static void ask_features(unsigned ifindex, struct fast_facts *out)
{
    _Alignas(struct nlmsghdr) char buffer[QUESTION];
    uint16_t family = netdev_family();
    if (family == 0)
        return;
    struct nlmsghdr *question = generic(buffer, family, NETDEV_DEV_GET);
    mnl_attr_put_u32(question, NETDEV_IFINDEX, ifindex);
    netlink_ask(NETLINK_GENERIC, question, take_features, out);
}

/* ---- IPsec ---- */

static int take_policy(const struct nlmsghdr *message, void *context)
{
    *(bool *)context |= message->nlmsg_type == XFRM_MSG_NEWPOLICY;
    return MNL_CB_OK;
}

/* A kernel without IPsec has none. */
static bool has_policies(void)
{
    _Alignas(struct nlmsghdr) char buffer[QUESTION];
    bool found = false;
    struct nlmsghdr *question = mnl_nlmsg_put_header(buffer);
    question->nlmsg_type = XFRM_MSG_GETPOLICY;
    question->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    mnl_nlmsg_put_extra_header(question, sizeof(struct xfrm_userpolicy_id));
    netlink_ask(NETLINK_XFRM, question, take_policy, &found);
    return found;
}

/* ---- a VLAN's carrier ---- */

/* Tags are there when nobody says that they are taken off. */
static void ask_carrier(const struct link_answer *vlan, struct fast_facts *out)
{
    struct fast_facts facts = {0};
    struct link_answer carrier = {.facts = &facts};
    char name[IF_NAMESIZE];
    if (vlan->abroad || vlan->carrier == 0 || vlan->protocol != htons(ETH_P_8021Q) ||
        !if_indextoname(vlan->carrier, name) || !ask_link(vlan->carrier, &carrier) || !facts.ethernet ||
        strcmp(facts.kind, "vlan") == 0)
        return;
    out->tag = vlan->tag;
    out->stripped = link_feature(name, "rx-vlan-hw-parse") != 0;
    memcpy(out->carrier, name, sizeof(out->carrier));
    memcpy(out->carrier_kind, facts.kind, sizeof(facts.kind));
    memcpy(out->carrier_qdisc, facts.qdisc, sizeof(facts.qdisc));
}

bool fast_ask(const char *name, struct fast_facts *out)
{
    unsigned ifindex = if_nametoindex(name);
    struct link_answer answer = {.facts = out};
    *out = (struct fast_facts){0};
    if (ifindex == 0 || !ask_link(ifindex, &answer))
        return false;
    if (strcmp(out->kind, "vlan") == 0)
        ask_carrier(&answer, out);
    ask_features(out->tag ? answer.carrier : ifindex, out);
    out->policies = has_policies();
    return true;
}
