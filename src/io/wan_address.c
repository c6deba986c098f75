#include "wan_address.h"
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#define ANSWER_SIZE 8192 /* what the kernel fills a part of a dump with, at most */

struct wanted {
    unsigned index;
    struct qw_addr *out;
};

static bool is_zero(const struct qw_addr *addr)
{
    static const struct qw_addr NONE;
    return qw_addr_equal(addr, &NONE);
}

/* IFA_LOCAL is the interface's own; IFA_ADDRESS the other end's where there is one (PPP). */
static int take_attribute(const struct nlattr *attribute, void *context)
{
    struct qw_addr *local = context;
    if (mnl_attr_get_type(attribute) == IFA_LOCAL && mnl_attr_get_payload_len(attribute) == 4)
        *local = qw_addr_v4(mnl_attr_get_payload(attribute));
    return MNL_CB_OK;
}

static int take_message(const struct nlmsghdr *message, void *context)
{
    const struct wanted *wanted = context;
    const struct ifaddrmsg *entry = mnl_nlmsg_get_payload(message);
    if (message->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(message) < sizeof(*entry))
        return MNL_CB_OK;
    bool ours = entry->ifa_family == AF_INET && entry->ifa_index == wanted->index &&
                entry->ifa_scope == RT_SCOPE_UNIVERSE && !(entry->ifa_flags & IFA_F_SECONDARY);
    if (ours && is_zero(wanted->out))
        mnl_attr_parse(message, sizeof(*entry), take_attribute, wanted->out);
    return MNL_CB_OK;
}

/* MNL_CB_OK when more is to come. */
static int read_answer(const void *buffer, size_t len, unsigned seq, struct wanted *wanted)
{
    return mnl_cb_run(buffer, len, seq, 0, take_message, wanted);
}

void wan_address_read(const void *buffer, size_t len, unsigned index, struct qw_addr *out)
{
    struct wanted wanted = {index, out};
    read_answer(buffer, len, 0, &wanted);
}

static bool send_request(struct mnl_socket *nl, unsigned seq)
{
    _Alignas(struct nlmsghdr) char buffer[NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct ifaddrmsg))];
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    message->nlmsg_type = RTM_GETADDR;
    message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    message->nlmsg_seq = seq;
    struct ifaddrmsg *entry = mnl_nlmsg_put_extra_header(message, sizeof(*entry));
    entry->ifa_family = AF_INET;
    return mnl_socket_sendto(nl, message, message->nlmsg_len) >= 0;
}

static bool read_answers(struct mnl_socket *nl, unsigned seq, struct wanted *wanted)
{
    _Alignas(struct nlmsghdr) char buffer[ANSWER_SIZE];
    int more = MNL_CB_OK;
    while (more == MNL_CB_OK) {
        ssize_t got = mnl_socket_recvfrom(nl, buffer, sizeof(buffer));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        more = read_answer(buffer, (size_t)got, seq, wanted);
    }
    return more == MNL_CB_STOP;
}

/* A socket for every question: nothing of an answer that was given up can be taken for the next one. */
bool wan_address_ask(const char *name, struct qw_addr *out)
{
    static const unsigned SEQUENCE = 1;
    struct wanted wanted = {if_nametoindex(name), out};
    struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    memset(out, 0, sizeof(*out));
    if (!nl)
        return false;
    bool answered = mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == 0 && send_request(nl, SEQUENCE) &&
                    read_answers(nl, SEQUENCE, &wanted);
    mnl_socket_close(nl);
    return answered;
}
