#include "router_sockets.h"
#include "netlink.h"
#include <errno.h>
#include <inttypes.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct taking {
    router_socket_taker *take;
    void *context;
};

/* ---- socket diagnosis ---- */

static int take_attribute(const struct nlattr *attribute, void *context)
{
    bool *only_v6 = context;
    if (mnl_attr_get_type(attribute) == INET_DIAG_SKV6ONLY && mnl_attr_get_payload_len(attribute) == 1)
        *only_v6 = mnl_attr_get_u8(attribute) != 0;
    return MNL_CB_OK;
}

static int take_message(const struct nlmsghdr *message, void *context)
{
    const struct taking *taking = context;
    const struct inet_diag_msg *entry = mnl_nlmsg_get_payload(message);
    if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY || mnl_nlmsg_get_payload_len(message) < sizeof(*entry))
        return MNL_CB_OK;
    uint8_t address[sizeof(entry->id.idiag_src)];
    memcpy(address, entry->id.idiag_src, sizeof(address));
    struct router_socket socket = {.port = ntohs(entry->id.idiag_sport)};
    if (entry->idiag_family == AF_INET) {
        socket.family = QW_IPV4;
        socket.addr = qw_addr_v4(address);
    } else if (entry->idiag_family == AF_INET6) {
        socket.family = QW_IPV6;
        socket.addr = qw_addr_v6(address);
        mnl_attr_parse(message, sizeof(*entry), take_attribute, &socket.only_v6);
    } else
        return MNL_CB_OK;
    taking->take(&socket, taking->context);
    return MNL_CB_OK;
}

void router_sockets_read_answer(const void *buffer, size_t len, router_socket_taker *take, void *context)
{
    struct taking taking = {take, context};
    netlink_messages(buffer, len, 0, take_message, &taking);
}

static bool ask_kernel(uint8_t family, struct taking *taking)
{
    _Alignas(struct nlmsghdr) char buffer[NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct inet_diag_req_v2))];
    struct nlmsghdr *question = mnl_nlmsg_put_header(buffer);
    question->nlmsg_type = SOCK_DIAG_BY_FAMILY;
    question->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    struct inet_diag_req_v2 *request = mnl_nlmsg_put_extra_header(question, sizeof(*request));
    request->sdiag_family = family;
    request->sdiag_protocol = IPPROTO_UDP;
    request->idiag_states = UINT32_MAX; /* connected ones too */
    return netlink_ask(NETLINK_SOCK_DIAG, question, take_message, taking);
}

/* ---- /proc ---- */

#define LINE_SIZE 512
#define DIGITS4 8 /* of an IPv4 address */
#define DIGITS6 32

/* Each four bytes stand there as one number of the machine's order. */
static void read_address(const char *digits, size_t len, uint8_t *out)
{
    for (size_t i = 0; i < len / 8; i++) {
        char word[9] = "";
        memcpy(word, digits + 8 * i, 8);
        uint32_t number = (uint32_t)strtoul(word, NULL, 16);
        memcpy(out + 4 * i, &number, sizeof(number));
    }
}

/* "  sl  local_address rem_address ...": then "  123: 0100007F:0035 00000000:0000 ...", IPv6 with 32 digits.
 */
static bool read_line(const char *line, struct router_socket *out)
{
    char digits[DIGITS6 + 1], after;
    uint8_t address[16];
    unsigned port;
    if (sscanf(line, " %*u: %32[0-9A-Fa-f]:%4x%c", digits, &port, &after) != 3 || after != ' ')
        return false;
    size_t len = strlen(digits);
    if ((len != DIGITS4 && len != DIGITS6) || port > UINT16_MAX)
        return false;
    read_address(digits, len, address);
    *out = (struct router_socket){.family = len == DIGITS4 ? QW_IPV4 : QW_IPV6, .port = (uint16_t)port};
    out->addr = len == DIGITS4 ? qw_addr_v4(address) : qw_addr_v6(address);
    return true;
}

void router_sockets_read_text(FILE *text, router_socket_taker *take, void *context)
{
    char line[LINE_SIZE];
    struct router_socket socket;
    while (fgets(line, sizeof(line), text))
        if (read_line(line, &socket))
            take(&socket, context);
}

/* Without IPv6 there is no udp6. */
static bool read_files(const struct taking *taking)
{
    static const char *const PATHS[] = {"/proc/self/net/udp", "/proc/self/net/udp6"};
    for (unsigned i = 0; i < 2; i++) {
        FILE *text = fopen(PATHS[i], "re");
        if (!text && errno != ENOENT)
            return false;
        if (!text)
            continue;
        router_sockets_read_text(text, taking->take, taking->context);
        fclose(text);
    }
    return true;
}

/* ---- both ---- */

/* Where the kernel has no diagnosis of UDP, each question makes it look for a module: it is asked once. */
bool router_sockets_ask(router_socket_taker *take, void *context)
{
    static atomic_bool missing;
    struct taking taking = {take, context};
    if (atomic_load_explicit(&missing, memory_order_relaxed))
        return read_files(&taking);
    if (ask_kernel(AF_INET, &taking) && ask_kernel(AF_INET6, &taking))
        return true;
    if (errno == ENOENT || errno == EPROTONOSUPPORT || errno == EINVAL)
        atomic_store_explicit(&missing, true, memory_order_relaxed);
    return read_files(&taking);
}

static bool is_mapped(const struct qw_addr *addr, const struct qw_addr *v4)
{
    static const uint8_t PREFIX[12] = {[10] = 0xff, [11] = 0xff};
    return memcmp(addr->bytes, PREFIX, sizeof(PREFIX)) == 0 &&
           memcmp(addr->bytes + 12, v4->bytes + 12, 4) == 0;
}

bool router_socket_takes(const struct router_socket *socket, const struct qw_addr *address, uint16_t port)
{
    static const struct qw_addr EVERY;
    if (socket->port != port || socket->only_v6)
        return false;
    if (qw_addr_equal(&socket->addr, &EVERY))
        return true;
    return socket->family == QW_IPV4 ? qw_addr_equal(&socket->addr, address)
                                     : is_mapped(&socket->addr, address);
}

struct search {
    const struct qw_addr *address;
    uint16_t port;
    bool found;
};

static void look(const struct router_socket *socket, void *context)
{
    struct search *search = context;
    search->found = search->found || router_socket_takes(socket, search->address, search->port);
}

bool router_sockets_taken(const struct qw_addr *address, uint16_t port)
{
    struct search search = {address, port, false};
    router_sockets_ask(look, &search);
    return search.found;
}
