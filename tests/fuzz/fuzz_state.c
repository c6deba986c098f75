/* A state file with anything in it. The first byte chooses: any bytes at all; or a sound file, and the rest
 * are changes to it: where, and what. An engine takes over what it believes and works on. */
#include "engine_input.h"
#include "layout.h"
#include "packets.h"
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define COMMON "inside = [\"lan0\"]; outside = [\"wan0\"]; flows = { max = 64; handshakes = 8; };"
#define FIREWALL "mode = \"firewall\";" COMMON
#define NAT "mode = \"nat\"; nat = { external = [\"198.51.100.7\"]; };" COMMON

static struct config *config; /* of the input: in mode nat all is slower, for there is a word for each port */
static const struct qw_time START = {1000 * QW_NS_PER_SECOND};

static void send_from(struct engine_worker *worker, const char *from, const char *to, bool server,
                      struct qw_time now)
{
    uint8_t bytes[64];
    struct engine_verdict verdict;
    size_t len = test_udp(bytes, sizeof bytes, from, to, "x", 1);
    const struct engine_packet packet = {.data = bytes,
                                         .writable = bytes,
                                         .captured = len,
                                         .wire_len = (uint32_t)len,
                                         .from = server ? ENGINE_OUTSIDE : ENGINE_INSIDE,
                                         .from_interface = server ? "wan0" : "lan0",
                                         .to_interface = server ? "lan0" : "wan0"};
    engine_handle(worker, &packet, now, &verdict);
}

static void use(struct engine *engine, struct qw_time now)
{
    char from[32];
    struct engine_worker *worker = engine_worker_new(engine);
    NEED(worker);
    for (unsigned i = 0; i < 12; i++) {
        snprintf(from, sizeof from, "10.0.0.%u:%u", i % 5, 5000 + i);
        send_from(worker, from, "192.0.2.1:443", false, now);
    }
    engine_tick(worker, now, 1000);
    now.ns += 400 * QW_NS_PER_SECOND;
    while (engine_tick(worker, now, 100) == 100)
        continue;
    engine_worker_free(worker);
}

static struct store *sound_store(void)
{
    struct store_part parts[STORE_PARTS_MAX];
    struct store_plan plan = {.parts = parts};
    struct store *store;
    const struct engine_options options = {.config = config, .shards = 1};
    plan.part_count = engine_parts(&options, parts);
    NEED(store_new(&plan, &store) == QW_OK);
    struct engine *engine = fuzz_engine(config, store, START);
    struct engine_worker *worker = engine_worker_new(engine);
    NEED(worker);
    for (unsigned i = 0; i < 8; i++) {
        char from[32];
        snprintf(from, sizeof from, "10.0.0.%u:%u", i % 3, 5000 + i);
        send_from(worker, from, "192.0.2.1:443", false, START);
        snprintf(from, sizeof from, "[2001:db8:1::%u]:5000", i);
        send_from(worker, from, "[2001:db8:2::1]:443", false, START);
    }
    engine_worker_free(worker);
    engine_free(engine);
    return store;
}

static void take_over(const struct store *left)
{
    struct engine_recovery counts = {0};
    const struct qw_time now = {START.ns + 5 * QW_NS_PER_SECOND};
    struct engine *engine = fuzz_engine(config, NULL, now);
    if (engine_recover(engine, left, now, 1, &counts) == QW_OK)
        use(engine, now);
    engine_free(engine);
}

/* What describes the records may be wrong too. */
static void change_fields(struct fuzz_input *in, struct store *store)
{
    size_t at = (size_t)fuzz_word(in) % sizeof store->header.fields;
    ((uint8_t *)store->header.fields)[at] = fuzz_byte(in);
}

/* Words of 32 bits: where to write (in the part, by records), and what. */
static void change(struct fuzz_input *in, struct store *store)
{
    while (in->left >= 4) {
        const uint8_t where = fuzz_byte(in);
        if (where >= 0xc0) {
            change_fields(in, store);
            continue;
        }
        const struct store_part *part = store_part_at(store, where % store->header.part_count);
        struct store_region region;
        NEED(store_region(store, part->name, &region));
        uint64_t at = (uint64_t)fuzz_word(in) % (region.head_size + region.count * region.record_size);
        uint8_t *byte = at < region.head_size ? (uint8_t *)region.head + at
                                              : (uint8_t *)region.records + (at - region.head_size);
        *byte = fuzz_byte(in);
    }
}

static void any_file(const uint8_t *data, size_t size)
{
    struct store *store;
    struct store_error error;
    int fd;
    const char *path = fuzz_file(data, size, &fd);
    if (store_look(path, &store, &error) == QW_OK) {
        take_over(store);
        store_free(store);
    }
    close(fd);
}

/* The sound file's bytes, which every change starts from. */
static void changed(struct fuzz_input *in)
{
    static struct sound {
        struct store *store;
        uint8_t *bytes;
        struct header header;
    } sounds[2];
    struct sound *sound = &sounds[config->mode == CONFIG_NAT];
    if (!sound->store) {
        sound->store = sound_store();
        sound->bytes = malloc(sound->store->size);
        NEED(sound->bytes);
        memcpy(sound->bytes, sound->store->memory, sound->store->size);
        memcpy(&sound->header, &sound->store->header, sizeof sound->header);
    }
    change(in, sound->store);
    take_over(sound->store);
    memcpy(sound->store->memory, sound->bytes, sound->store->size);
    memcpy(&sound->store->header, &sound->header, sizeof sound->header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    static struct config *configs[2];
    if (!configs[0]) {
        configs[0] = fuzz_config(FIREWALL);
        configs[1] = fuzz_config(NAT);
    }
    if (size == 0)
        return 0;
    config = configs[data[0] >> 2 & 1];
    if (data[0] % 4 == 0)
        any_file(data + 1, size - 1);
    else {
        fuzz_byte(&in);
        changed(&in);
    }
    return 0;
}
