#include "transport.h"
#include "ipfix_message.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct transport {
    struct config_collector collector;
    SSL_CTX *tls; /* NULL: none */
    SSL *session;
    int fd; /* -1: closed */
    enum transport_state state;
    short wants; /* of poll(2) */
    bool connected;
    size_t len, sent; /* of the message under way */
    uint8_t bytes[MESSAGE_MAX];
};

/* ---- life ---- */

static enum qw_error fail(struct io_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum qw_error fail(struct io_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return QW_ERR_SYSTEM;
}

static enum qw_error fail_file(struct io_error *error, const char *key, const char *path)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    return fail(error, "nat.%s: %s: %s", key, path, reason ? reason : "it cannot be used");
}

static enum qw_error read_files(SSL_CTX *tls, const struct config *config, struct io_error *error)
{
    if (SSL_CTX_load_verify_locations(tls, config->ipfix_ca, NULL) != 1)
        return fail_file(error, "ipfix_ca", config->ipfix_ca);
    if (strcmp(config->ipfix_certificate, CONFIG_NO_FILE) == 0)
        return QW_OK;
    if (SSL_CTX_use_certificate_chain_file(tls, config->ipfix_certificate) != 1)
        return fail_file(error, "ipfix_certificate", config->ipfix_certificate);
    if (SSL_CTX_use_PrivateKey_file(tls, config->ipfix_key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(tls) != 1)
        return fail_file(error, "ipfix_key", config->ipfix_key);
    return QW_OK;
}

/* RFC 7011 11.4. The name that the collector's certificate must have is its address. */
static enum qw_error make_tls(struct transport *transport, const struct config *config,
                              struct io_error *error)
{
    transport->tls = SSL_CTX_new(TLS_client_method());
    if (!transport->tls)
        return QW_ERR_NO_MEMORY;
    SSL_CTX_set_min_proto_version(transport->tls, TLS1_2_VERSION);
    SSL_CTX_set_verify(transport->tls, SSL_VERIFY_PEER, NULL);
    return read_files(transport->tls, config, error);
}

enum qw_error transport_new(const struct config *config, struct transport **out, struct io_error *error)
{
    struct transport *transport = calloc(1, sizeof *transport);
    *out = NULL;
    if (!transport)
        return QW_ERR_NO_MEMORY;
    transport->fd = -1;
    enum qw_error result = config_collector_parse(config->ipfix, &transport->collector)
                               ? QW_OK
                               : fail(error, "nat.ipfix = \"%s\" is no collector", config->ipfix);
    if (result == QW_OK && transport->collector.kind == CONFIG_COLLECTOR_TLS)
        result = make_tls(transport, config, error);
    if (result == QW_OK)
        *out = transport;
    else
        transport_free(transport);
    return result;
}

void transport_close(struct transport *transport)
{
    if (transport->session)
        SSL_free(transport->session);
    if (transport->fd >= 0)
        close(transport->fd);
    transport->session = NULL;
    transport->fd = -1;
    transport->state = TRANSPORT_CLOSED;
    transport->connected = false;
    transport->len = transport->sent = 0;
}

void transport_free(struct transport *transport)
{
    if (!transport)
        return;
    transport_close(transport);
    SSL_CTX_free(transport->tls);
    free(transport);
}

enum transport_state transport_state(const struct transport *transport)
{
    return transport->state;
}

bool transport_forgets(const struct transport *transport)
{
    return transport->collector.kind == CONFIG_COLLECTOR_UDP;
}

short transport_events(const struct transport *transport, int *fd)
{
    *fd = transport->fd;
    return transport->wants;
}

/* ---- connecting ---- */

static int connect_to(const struct config_collector *collector, int fd)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(collector->endpoint.port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(collector->endpoint.port)};
    memcpy(&v4.sin_addr, collector->endpoint.addr.bytes + 12, sizeof v4.sin_addr);
    memcpy(&v6.sin6_addr, collector->endpoint.addr.bytes, sizeof v6.sin6_addr);
    if (collector->family == QW_IPV4)
        return connect(fd, (const struct sockaddr *)&v4, sizeof v4);
    return connect(fd, (const struct sockaddr *)&v6, sizeof v6);
}

void transport_open(struct transport *transport)
{
    bool udp = transport->collector.kind == CONFIG_COLLECTOR_UDP;
    transport_close(transport);
    transport->fd = socket(transport->collector.family == QW_IPV4 ? AF_INET : AF_INET6,
                           (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (transport->fd < 0)
        return;
    if (connect_to(&transport->collector, transport->fd) < 0 && errno != EINPROGRESS) {
        transport_close(transport);
        return;
    }
    transport->state = udp ? TRANSPORT_OPEN : TRANSPORT_OPENING;
    transport->wants = udp ? 0 : POLLOUT;
}

/* The address stands in the certificate (RFC 6125 1.7.2, RFC 9525 4.1 IP-ID). */
static bool make_session(struct transport *transport)
{
    char address[QW_ADDR_TEXT_MAX];
    qw_addr_text(&transport->collector.endpoint.addr, transport->collector.family, address);
    transport->session = SSL_new(transport->tls);
    return transport->session &&
           X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(transport->session), address) == 1 &&
           SSL_set_fd(transport->session, transport->fd) == 1;
}

/* What a call of TLS that returned `result` waits for; false: it failed. */
static bool waits(struct transport *transport, int result)
{
    int why = SSL_get_error(transport->session, result);
    transport->wants = why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
    ERR_clear_error();
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

static void opened(struct transport *transport)
{
    transport->state = TRANSPORT_OPEN;
    transport->wants = POLLIN; /* a collector says nothing: something to read is its end */
}

static void shake_hands(struct transport *transport)
{
    if (!transport->session && !make_session(transport)) {
        transport_close(transport);
        return;
    }
    ERR_clear_error();
    int result = SSL_connect(transport->session);
    if (result == 1)
        opened(transport);
    else if (!waits(transport, result))
        transport_close(transport);
}

static void go_on_opening(struct transport *transport)
{
    int problem = 0;
    socklen_t len = sizeof problem;
    if (!transport->connected &&
        (getsockopt(transport->fd, SOL_SOCKET, SO_ERROR, &problem, &len) < 0 || problem != 0)) {
        transport_close(transport);
        return;
    }
    transport->connected = true;
    if (transport->tls)
        shake_hands(transport);
    else
        opened(transport);
}

/* ---- sending ---- */

static ssize_t write_some(struct transport *transport, const uint8_t *bytes, size_t len)
{
    if (!transport->session)
        return send(transport->fd, bytes, len, MSG_NOSIGNAL);
    ERR_clear_error();
    int sent = SSL_write(transport->session, bytes, (int)len);
    if (sent > 0)
        return sent;
    errno = waits(transport, sent) ? EAGAIN : EPIPE;
    return -1;
}

static void go_on_sending(struct transport *transport)
{
    ssize_t sent =
        write_some(transport, transport->bytes + transport->sent, transport->len - transport->sent);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        transport_close(transport);
        return;
    }
    transport->sent += sent > 0 ? (size_t)sent : 0;
    if (transport->sent == transport->len)
        opened(transport);
    else {
        transport->state = TRANSPORT_BUSY;
        if (!transport->session)
            transport->wants = POLLOUT;
    }
}

/* A datagram goes or does not; an error of an earlier one (ICMP) comes back by this call, and it is tried
 * again. */
static bool send_datagram(struct transport *transport, const uint8_t *bytes, size_t len)
{
    if (send(transport->fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len)
        return true;
    return errno == ECONNREFUSED && send(transport->fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len;
}

bool transport_send(struct transport *transport, const uint8_t *bytes, size_t len)
{
    if (transport_forgets(transport))
        return send_datagram(transport, bytes, len);
    memcpy(transport->bytes, bytes, len);
    transport->len = len;
    transport->sent = 0;
    go_on_sending(transport);
    return transport->state != TRANSPORT_CLOSED;
}

/* The other side of an open connection: closed, or (TLS 1.3) a ticket that is read and forgotten. */
static void hear(struct transport *transport)
{
    uint8_t rest[512];
    ssize_t got;
    if (transport->session) {
        ERR_clear_error();
        int read = SSL_read(transport->session, rest, sizeof rest);
        got = read > 0 ? 1 : waits(transport, read) ? -1 : 0;
        transport->wants = POLLIN;
    } else {
        got = recv(transport->fd, rest, sizeof rest, 0);
        got = got < 0 && errno != EAGAIN ? 0 : got;
    }
    if (got == 0)
        transport_close(transport);
}

void transport_step(struct transport *transport)
{
    if (transport->state == TRANSPORT_OPENING)
        go_on_opening(transport);
    else if (transport->state == TRANSPORT_BUSY)
        go_on_sending(transport);
    else if (transport->state == TRANSPORT_OPEN && !transport_forgets(transport))
        hear(transport);
}
