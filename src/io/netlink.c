#include "netlink.h"
#include <errno.h>
#include <limits.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#define SEQUENCE 1

/* ---- news ---- */

static bool join(struct mnl_socket *nl, const int *groups, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        int group = groups[i];
        if (mnl_socket_setsockopt(nl, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) != 0)
            return false;
    }
    return true;
}

struct mnl_socket *netlink_listen(int bus, const int *groups, unsigned count)
{
    struct mnl_socket *nl = mnl_socket_open2(bus, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (nl && mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == 0 && join(nl, groups, count))
        return nl;
    int problem = errno;
    netlink_close(nl);
    errno = problem;
    return NULL;
}

void netlink_close(struct mnl_socket *nl)
{
    if (nl)
        mnl_socket_close(nl);
}

int netlink_fd(const struct mnl_socket *nl)
{
    return nl ? mnl_socket_get_fd(nl) : -1;
}

/* ENOBUFS: more news came than the socket holds. */
ssize_t netlink_news(struct mnl_socket *nl, void *buffer, size_t size)
{
    for (;;) {
        ssize_t got = recv(mnl_socket_get_fd(nl), buffer, size, MSG_DONTWAIT);
        if (got > 0)
            return got;
        if (got < 0 && errno == ENOBUFS)
            return 0;
        if (got == 0 || errno != EINTR)
            return -1;
    }
}

void netlink_forget(struct mnl_socket *nl)
{
    char buffer[NETLINK_PART];
    while (netlink_news(nl, buffer, sizeof(buffer)) >= 0)
        continue;
}

/* ---- messages ---- */

/* mnl_nlmsg_ok takes a length above 2 GiB for a small one. */
static bool are_whole(const char *bytes, size_t len)
{
    struct nlmsghdr header;
    while (len >= sizeof(header)) {
        memcpy(&header, bytes, sizeof(header));
        size_t step = NLMSG_ALIGN((size_t)header.nlmsg_len);
        if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > len)
            return false;
        bytes += step < len ? step : len;
        len -= step < len ? step : len;
    }
    return true;
}

/* Both begin with a negated errno value, or 0. One that breaks off a list stands in its end. */
static int take_result(const struct nlmsghdr *message, void *context)
{
    int result;
    (void)context;
    if (mnl_nlmsg_get_payload_len(message) < sizeof(result))
        return MNL_CB_STOP;
    memcpy(&result, mnl_nlmsg_get_payload(message), sizeof(result));
    if (result >= 0)
        return MNL_CB_STOP;
    errno = result == INT_MIN ? EBADMSG : -result;
    return MNL_CB_ERROR;
}

int netlink_messages(const void *bytes, size_t len, unsigned seq, mnl_cb_t take, void *context)
{
    mnl_cb_t results[] = {[NLMSG_ERROR] = take_result, [NLMSG_DONE] = take_result};
    if (are_whole(bytes, len))
        return mnl_cb_run2(bytes, len, seq, 0, take, context, results, sizeof(results) / sizeof(results[0]));
    errno = EBADMSG;
    return MNL_CB_ERROR;
}

/* ---- questions ---- */

static bool read_answer(struct mnl_socket *nl, mnl_cb_t take, void *context)
{
    _Alignas(struct nlmsghdr) char buffer[NETLINK_PART];
    int more = MNL_CB_OK;
    while (more == MNL_CB_OK) {
        ssize_t got = mnl_socket_recvfrom(nl, buffer, sizeof(buffer));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        more = netlink_messages(buffer, (size_t)got, SEQUENCE, take, context);
    }
    return more == MNL_CB_STOP;
}

bool netlink_ask(int bus, struct nlmsghdr *question, mnl_cb_t take, void *context)
{
    struct mnl_socket *nl = mnl_socket_open2(bus, SOCK_CLOEXEC);
    if (!nl)
        return false;
    question->nlmsg_seq = SEQUENCE;
    bool answered = mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == 0 &&
                    mnl_socket_sendto(nl, question, question->nlmsg_len) >= 0 &&
                    read_answer(nl, take, context);
    int problem = errno;
    mnl_socket_close(nl);
    errno = problem;
    return answered;
}

/* ---- routes ---- */

/* Each way has its length, which covers its attributes (rtnetlink(7)). */
void netlink_ways(const struct nlattr *attribute, netlink_way_taker *take, void *context)
{
    const char *at = mnl_attr_get_payload(attribute);
    size_t left = mnl_attr_get_payload_len(attribute);
    struct rtnexthop way;
    while (left >= sizeof(way)) {
        memcpy(&way, at, sizeof(way));
        size_t len = RTNH_ALIGN(way.rtnh_len);
        if (way.rtnh_len < sizeof(way) || len > left)
            return;
        take(context, (unsigned)way.rtnh_ifindex);
        at += len;
        left -= len;
    }
}
