#include "setup_advice.h"
#include "router_ports.h"
#include <arpa/inet.h>
#include <errno.h>
#include <quicward/base/log.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int rp_filter(const char *interface)
{
    char path[sizeof("/proc/sys/net/ipv4/conf//rp_filter") + CONFIG_INTERFACE_NAME_MAX];
    int value = 0;
    snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/rp_filter", interface);
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%d", &value) != 1)
        value = 0;
    if (file)
        fclose(file);
    return value;
}

/* A hairpin comes from an inside interface with an address that is not reached by it. The kernel takes the
 * larger one of the two values. */
static void warn_of_strict_filter(const struct config *config)
{
    int all = rp_filter("all");
    for (unsigned i = 0; i < config->inside.count; i++) {
        int own = rp_filter(config->inside.names[i]);
        if ((all > own ? all : own) == 1)
            qw_log(
                QW_LOG_WARNING,
                "net.ipv4.conf.%s.rp_filter is 1 (strict): inside hosts cannot reach each other's external "
                "endpoints; 0 or 2 lets them",
                config->inside.names[i]);
    }
}

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
    for (unsigned i = 0; i < config->external_count && !config->external_auto; i++)
        if (is_foreign(qw_addr_text(&config->external[i], QW_IPV4, text)))
            qw_log(QW_LOG_INFO, "%s (nat.external) is no address of this router: it has to be routed here",
                   text);
}

static bool taken(const char *path, const struct qw_endpoint *at)
{
    FILE *text = fopen(path, "re");
    bool found = text && router_ports_taken(text, &at->addr, at->port);
    if (text)
        fclose(text);
    return found;
}

/* What a socket of the router owns never gets to the queue. An address of somebody else has no such socket.
 * The sockets are only read again for ports that the router has at some address. */
static void warn_of_taken_forwards(const struct config *config, const struct qw_addr *address,
                                   const uint64_t ports[static NAT_PORT_WORDS])
{
    char text[QW_ENDPOINT_TEXT_MAX], alone[QW_ADDR_TEXT_MAX];
    for (unsigned i = 0; i < config->forward_count; i++) {
        const struct config_forward *forward = &config->forwards[i];
        struct qw_endpoint at = {config->external_auto ? *address : config->external[forward->external],
                                 forward->port};
        if (nat_ports_has(ports, at.port) &&
            (taken("/proc/self/net/udp", &at) || taken("/proc/self/net/udp6", &at)) &&
            !is_foreign(qw_addr_text(&at.addr, QW_IPV4, alone)))
            qw_log(QW_LOG_WARNING,
                   "a program of this router listens on %s: the forward of that port gets nothing "
                   "(nat.forwards, line %u)",
                   qw_endpoint_text(&at, QW_IPV4, text), forward->line);
    }
}

void setup_advice(const struct config *config, const struct qw_addr *address,
                  const uint64_t ports[static NAT_PORT_WORDS])
{
    warn_of_strict_filter(config);
    tell_foreign_addresses(config);
    warn_of_taken_forwards(config, address, ports);
}
