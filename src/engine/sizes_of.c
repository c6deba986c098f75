/* What an engine takes. Counted from the same structs that it is made of. */
#include "life.h"
#include <quicward/engine_sizes.h>

/* What the kernel accounts for a packet of 1500 bytes that waits (skb and its data). */
#define KERNEL_PACKET 2304u

/* Of a flow table's index, for each flow: 16 to 32, as the number of its entries is a power of two. */
#define FLOW_INDEX_BYTES 32

/* About: words, ports, links and arrays of the 65,536 ports of an address, and their share of two tables; a
 * session where filtering is by address. */
#define NAT_ADDRESS_BYTES (65536u * (8 + 16 + 8 + 2 + 2 + 4 * 16))
/* What of it stands in the store, where space is taken before it is used. */
#define NAT_PLACE_BYTES (65536u * (8 + 16))
#define NAT_SESSION_BYTES 64

struct sizes_list {
    struct engine_size *out;
    size_t count;
};

static void add(struct sizes_list *list, const char *what, const char *keys, uint64_t count, uint64_t each)
{
    list->out[list->count++] = (struct engine_size){what, keys, count, count * each};
}

static void add_tables(struct sizes_list *list, const struct config *config)
{
    uint64_t rows = (uint64_t)SHARES_SIDES * SHARES_ROWS * shares_buckets(config->flows_max);
    add(list, "flows", "flows.max", config->flows_max, sizeof(struct flow) + FLOW_INDEX_BYTES);
    add(list, "peers of confirmed flows", "flows.max", config->flows_max,
        sizeof(struct peer) + sizeof(uint32_t));
    add(list, "counts of sources", "flows.max", rows, sizeof(uint32_t));
    add(list, "handshakes", "flows.handshakes", config->handshakes_max,
        sizeof(struct scratch) + sizeof(struct name_entry) + sizeof(uint32_t));
    add(list, "pieces of ClientHellos", "hello.memory", config->hello_memory_kib, 1024);
}

size_t engine_sizes(const struct config *config, struct engine_size out[static ENGINE_SIZES_MAX])
{
    struct sizes_list list = {.out = out};
    add_tables(&list, config);
    if (config->mode == CONFIG_NAT) {
        add(&list, "external addresses", "nat.external", config->external_count, NAT_ADDRESS_BYTES);
        add(&list, "places for addresses of reloads", "nat.external",
            engine_nat_slots(config) - config->external_count, NAT_PLACE_BYTES);
        add(&list, "sessions of mappings", "flows.max", config->flows_max, NAT_SESSION_BYTES);
    }
    add(&list, "packets in the kernel's queues", "queue.workers, queue.length",
        (uint64_t)config->workers * config->queue_length, KERNEL_PACKET);
    return list.count;
}
