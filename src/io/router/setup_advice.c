#include "setup_advice.h"
#include "router_sockets.h"
#include <arpa/inet.h>
#include <errno.h>
#include <quicward/base/log.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Only what is the router's own can be bound to. */
static bool is_foreign(const char *address)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, address, &to.sin_addr);
    bool foreign =
        fd >= 0 && bind(fd, (const struct sockaddr *)&to, sizeof(to)) != 0 && errno == EADDRNOTAVAIL;
    if (fd >= 0)
        close(fd);
    return foreign;
}

/* That may well be so, or be a slip of the pen: answers would go to somebody else, and nobody would tell. */
static void tell_foreign_addresses(const struct config *config)
{
    char text[QW_ADDR_TEXT_MAX];
    const char *device = config->outside.names[0];
    if (config_interface_is_pattern(device))
        device = "lo";
    for (unsigned i = 0; i < config->external_count && !config->external_auto; i++)
        if (is_foreign(qw_addr_text(&config->external[i], QW_IPV4, text)))
            qw_log(QW_LOG_INFO,
                   "%s (nat.external) is not an address of this router, so it must be routed here; \"ip "
                   "address add "
                   "%s/32 dev %s\" makes it the router's",
                   text, text, device);
}

/* A provider drops the addresses of another one (BCP 38), and nobody tells. */
static void warn_of_any_way(const struct config *config)
{
    unsigned any = 0;
    for (unsigned i = 0; i < config->external_count; i++)
        any += config->external_uplink[i] == 0;
    if (any > 1 && config->outside.count > 1 && !config->external_auto)
        qw_log(
            QW_LOG_WARNING,
            "%u addresses of nat.external are for all of the %u outside interfaces: a host gets one of them, "
            "whatever "
            "interface its packets leave by; see \"Several ways out\" in docs/nat.md",
            any, config->outside.count);
}

/* What a socket of the router owns never gets to the queue. An address of somebody else has no such socket.
 * The sockets are only read again for ports that the router has at some address. */
static void warn_of_taken_port(const struct config_forward *forward, const struct qw_endpoint *at,
                               const uint64_t ports[static QW_PORT_WORDS])
{
    char text[QW_ENDPOINT_TEXT_MAX], alone[QW_ADDR_TEXT_MAX];
    if (qw_ports_has(ports, at->port) && router_sockets_taken(&at->addr, at->port) &&
        !is_foreign(qw_addr_text(&at->addr, QW_IPV4, alone)))
        qw_log(QW_LOG_WARNING,
               "a program of this router listens on %s: the forward of that port will receive no packets "
               "(nat.forwards, line %u)",
               qw_endpoint_text(at, QW_IPV4, text), forward->line);
}

void setup_advice_forwards(const struct config *config, const struct qw_addr *address,
                           const uint64_t ports[static QW_PORT_WORDS])
{
    for (unsigned i = 0; i < config->forward_count; i++) {
        const struct config_forward *forward = &config->forwards[i];
        struct qw_endpoint at = {config->external_auto ? *address : config->external[forward->external],
                                 forward->port};
        for (unsigned n = config_forward_ports(forward); n > 0; n--, at.port++)
            warn_of_taken_port(forward, &at, ports);
    }
}

void setup_advice(const struct config *config, const struct qw_addr *address,
                  const uint64_t ports[static QW_PORT_WORDS])
{
    tell_foreign_addresses(config);
    warn_of_any_way(config);
    setup_advice_forwards(config, address, ports);
}
