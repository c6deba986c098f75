#include "random.h"
#include "router_sockets.h"
#include "suite.h"
#include "suites.h"
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKETS_MAX 64

static struct router_socket found[SOCKETS_MAX];
static unsigned count;

static void note(const struct router_socket *socket, void *context)
{
    (void)context;
    if (count < SOCKETS_MAX)
        found[count] = *socket;
    count++;
}

static bool takes(const char *address, uint16_t port)
{
    struct qw_addr wanted;
    enum qw_family family;
    bool any = false;
    CU_ASSERT_TRUE_FATAL(qw_addr_parse(address, &wanted, &family) && count <= SOCKETS_MAX);
    for (unsigned i = 0; i < count; i++)
        any = any || router_socket_takes(&found[i], &wanted, port);
    return any;
}

/* ---- /proc ---- */

static const char UDP[] =
    "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref\n"
    "   53: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 0 0\n"
    " 1234: 0100007F:FFFF 0100007F:0035 01 00000000:00000000 00:00000000 00000000     0        0 1 2 0 0\n"
    "65000: 0764A8C0:CA6C 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 0 0\n";

static const char UDP6[] =
    "  sl  local_address                         remote_address                        st tx_queue rx_queue\n"
    "   53: 00000000000000000000000000000000:0035 00000000000000000000000000000000:0000 07 "
    "00000000:00000000\n"
    "  546: 000080FE00000000FF005450FE123456:0222 00000000000000000000000000000000:0000 07 "
    "00000000:00000000\n"
    "  600: 0000000000000000FFFF00000764A8C0:0258 00000000000000000000000000000000:0000 07 "
    "00000000:00000000\n";

static void read_text(const char *text, size_t len)
{
    FILE *file = fmemopen((void *)(uintptr_t)text, len, "r");
    if (!file)
        exit(1);
    count = 0;
    router_sockets_read_text(file, note, NULL);
    fclose(file);
}

/* 192.168.100.7 is 0764A8C0 on machines of little endian order, as most are. */
static const char *where(void)
{
    const bool little = *(const uint8_t *)&(const uint16_t){1} == 1;
    return little ? "192.168.100.7" : "7.100.168.192";
}

static void text_of_v4(void)
{
    read_text(UDP, strlen(UDP));
    CU_ASSERT_EQUAL(count, 3);
    CU_ASSERT_TRUE(takes("198.51.100.7", 53));
    CU_ASSERT_FALSE(takes("198.51.100.7", 54));
    CU_ASSERT_FALSE(takes("198.51.100.7", 51820));
    CU_ASSERT_TRUE(takes(where(), 51820));
    CU_ASSERT_EQUAL(found[1].port, 65535);
}

static void text_of_v6(void)
{
    read_text(UDP6, strlen(UDP6));
    CU_ASSERT_EQUAL(count, 3);
    CU_ASSERT_TRUE(takes("198.51.100.7", 53));
    CU_ASSERT_FALSE(takes("198.51.100.7", 546));
    CU_ASSERT_FALSE(takes("198.51.100.7", 600));
    CU_ASSERT_EQUAL(found[1].port, 546);
    if (strcmp(where(), "192.168.100.7") == 0)
        CU_ASSERT_TRUE(takes(where(), 600));
}

static void other_lines(void)
{
    static const char *const TEXTS[] = {
        "\n",
        "  sl  local_address rem_address\n",
        "1: 00000000:\n",
        "1: 00000000:0035",
        "1: 00000000:00035 00000000:0000\n",
        "1: 00000000:-035 00000000:0000\n",
        "1: 00000000:xyz! 00000000:0000\n",
        "1: 0000000:0035 00000000:0000\n",
        "1: 000000000000000000000000000000000:0035 00000000:0000\n",
        "x: 00000000:0035 00000000:0000\n",
        ": 00000000:0035 00000000:0000\n",
    };
    for (unsigned i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        read_text(TEXTS[i], strlen(TEXTS[i]));
        CU_ASSERT_EQUAL(count, 0);
    }
}

static void any_text(void)
{
    static const char LETTERS[] = "0123456789ABCDEF:,- \n";
    uint64_t random = 1;
    char text[2048];
    for (unsigned i = 0; i < 2000; i++) {
        size_t len = 1 + test_random(&random) % sizeof(text);
        for (size_t at = 0; at < len; at++)
            text[at] = i % 8 == 0 ? (char)test_random(&random)
                                  : LETTERS[test_random(&random) % (sizeof(LETTERS) - 1)];
        read_text(text, len);
    }
}

/* ---- answers of the kernel ---- */

static _Alignas(struct nlmsghdr) char buffer[4096];
static size_t filled;

static struct inet_diag_msg *tell(uint8_t family, const char *address, uint16_t port)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer + filled);
    message->nlmsg_type = SOCK_DIAG_BY_FAMILY;
    message->nlmsg_flags = NLM_F_MULTI;
    struct inet_diag_msg *entry = mnl_nlmsg_put_extra_header(message, sizeof(*entry));
    entry->idiag_family = family;
    entry->id.idiag_sport = htons(port);
    CU_ASSERT_EQUAL_FATAL(inet_pton(family, address, entry->id.idiag_src), 1);
    if (family == AF_INET6)
        mnl_attr_put_u8(message, INET_DIAG_SKV6ONLY, port % 2);
    filled += NLMSG_ALIGN(message->nlmsg_len);
    return entry;
}

static void read_answer(size_t len)
{
    count = 0;
    router_sockets_read_answer(buffer, len, note, NULL);
}

static void tell_all(void)
{
    filled = 0;
    tell(AF_INET, "0.0.0.0", 53);
    tell(AF_INET, "198.51.100.7", 55);
    tell(AF_INET6, "::", 600);
    tell(AF_INET6, "::", 601); /* IPv6 only */
    tell(AF_INET6, "::ffff:198.51.100.7", 700);
    tell(AF_INET6, "::198.51.100.7", 800); /* another address */
}

static void answers(void)
{
    tell_all();
    read_answer(filled);
    CU_ASSERT_EQUAL(count, 6);
    CU_ASSERT_TRUE(takes("203.0.113.1", 53));
    CU_ASSERT_TRUE(takes("198.51.100.7", 55));
    CU_ASSERT_FALSE(takes("203.0.113.1", 55));
    CU_ASSERT_TRUE(takes("203.0.113.1", 600));
    CU_ASSERT_FALSE(takes("203.0.113.1", 601));
    CU_ASSERT_TRUE(takes("198.51.100.7", 700));
    CU_ASSERT_FALSE(takes("203.0.113.1", 700));
    CU_ASSERT_FALSE(takes("198.51.100.7", 800));
}

static void other_answers(void)
{
    filled = 0;
    tell(AF_INET, "0.0.0.0", 53)->idiag_family = AF_UNIX;
    tell(AF_INET, "0.0.0.0", 54);
    ((struct nlmsghdr *)(void *)buffer)->nlmsg_len -= 4;
    read_answer(filled);
    CU_ASSERT_EQUAL(count, 0);
}

static void any_answer(void)
{
    uint64_t random = 1;
    for (unsigned i = 0; i < 20000; i++) {
        tell_all();
        for (unsigned changes = 1 + test_random(&random) % 4; changes > 0; changes--)
            buffer[test_random(&random) % filled] = (char)test_random(&random);
        read_answer(test_random(&random) % (filled + 1));
        CU_ASSERT_TRUE(count <= 6);
    }
}

/* ---- this machine ---- */

/* A socket on loopback, or with `only_v6` on all of IPv6 alone. */
static int open_socket(int family, bool connected, uint16_t *port)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct sockaddr *address = family == AF_INET ? (void *)&v4 : (void *)&v6;
    socklen_t len = family == AF_INET ? sizeof(v4) : sizeof(v6);
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0), yes = 1;
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
    CU_ASSERT_TRUE_FATAL(fd >= 0 && bind(fd, address, len) == 0);
    struct sockaddr_in6 name;
    len = sizeof(name);
    getsockname(fd, (struct sockaddr *)&name, &len);
    *port = ntohs(name.sin6_port); /* stands where that of IPv4 does */
    v4.sin_port = htons(9);
    if (connected)
        CU_ASSERT_EQUAL(connect(fd, (const struct sockaddr *)&v4, sizeof(v4)), 0);
    return fd;
}

static bool is_taken(uint16_t port)
{
    static const uint8_t LOOPBACK[4] = {127, 0, 0, 1};
    const struct qw_addr address = qw_addr_v4(LOOPBACK);
    return router_sockets_taken(&address, port);
}

static void here_and_now(void)
{
    uint16_t port, connected_port;
    int fd = open_socket(AF_INET, false, &port), connected = open_socket(AF_INET, true, &connected_port);
    CU_ASSERT_TRUE(is_taken(port) && is_taken(connected_port));
    close(fd);
    close(connected);
    CU_ASSERT_FALSE(is_taken(port) || is_taken(connected_port));
}

static bool seen;

static void look_for(const struct router_socket *socket, void *context)
{
    seen = seen || (socket->family == QW_IPV6 && socket->port == *(const uint16_t *)context);
}

static void here_in_v6(void)
{
    uint16_t port;
    int probe = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (probe < 0) /* no IPv6 here */
        return;
    close(probe);
    int fd = open_socket(AF_INET6, false, &port);
    seen = false;
    CU_ASSERT_TRUE(router_sockets_ask(look_for, &port));
    CU_ASSERT_TRUE(seen);
    close(fd);
}

void router_sockets_suite(void)
{
    static const struct test TESTS[] = {
        {"N4: the text of the router's IPv4 sockets", text_of_v4},
        {"N4: the text of its IPv6 sockets", text_of_v6},
        {"lines of another form are passed over", other_lines},
        {"any text is read", any_text},
        {"N11: a socket takes the port of its address, or of all; one of IPv6 alone takes none", answers},
        {"answers of another form are passed over", other_answers},
        {"any answer is read", any_answer},
        {"N4: those of this machine, connected or not, until they are closed", here_and_now},
        {"N4: those of IPv6 likewise", here_in_v6},
    };
    TEST_SUITE("router sockets", TESTS);
}
