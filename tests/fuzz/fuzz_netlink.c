/* Any bytes as what the kernel says. The first byte chooses who reads them. */
#include "fuzz_input.h"
#include "inside_routes.h"
#include "packet_message.h"
#include "router_sockets.h"
#include "rules_keeper.h"
#include "wan_address.h"
#include <string.h>

static void take_socket(const struct router_socket *socket, void *context)
{
    const struct qw_addr any = {0};
    unsigned *count = context;
    NEED(socket->family == QW_IPV4 || socket->family == QW_IPV6);
    router_socket_takes(socket, &any, socket->port);
    ++*count;
}

static void read_text(const uint8_t *data, size_t size)
{
    unsigned count = 0;
    FILE *text = fmemopen((void *)(uintptr_t)data, size, "r");
    if (!text)
        return;
    router_sockets_read_text(text, take_socket, &count);
    fclose(text);
}

static void read_packet(uint8_t *data, size_t size)
{
    struct packet_message message;
    packet_message_read(data, size, &message);
    if (message.kind != PACKET_MESSAGE_PACKET || !message.data)
        return;
    struct qw_bytes bytes = {message.data, message.captured};
    NEED(fuzz_within(bytes, data, size));
    NEED(message.wire_len >= message.captured);
}

static void read_routes(const uint8_t *data, size_t size)
{
    const struct inside_links links = {.count = 2, .index = {2, 3}};
    struct inside_routes routes;
    NEED(inside_routes_init(&routes));
    inside_routes_read(data, size, &links, &routes);
    inside_routes_concern(data, size, &links);
    inside_routes_free(&routes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned count = 0;
    struct qw_addr addr = {0};
    if (size < 2)
        return 0;
    /* Where malloc puts them, so that one byte too many is seen, and aligned as for netlink. */
    uint8_t *copy = malloc(size - 1);
    NEED(copy);
    memcpy(copy, data + 1, size - 1);
    switch (data[0] % 6) {
    case 0:
        wan_address_read(copy, size - 1, 2, &addr);
        break;
    case 1:
        read_routes(copy, size - 1);
        break;
    case 2:
        router_sockets_read_answer(copy, size - 1, take_socket, &count);
        break;
    case 3:
        rules_events_concerns(copy, size - 1, "quicward_main");
        break;
    case 4:
        read_packet(copy, size - 1);
        break;
    default:
        read_text(copy, size - 1);
        break;
    }
    free(copy);
    return 0;
}
