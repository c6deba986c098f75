#include "capture_ng.h"
#include "capture_link.h"
#include "capture_ng_time.h"
#include <stdlib.h>

#define SECTION_HEADER 0x0a0d0d0au /* the same in both byte orders */
#define INTERFACE_DESCRIPTION 1u
#define OBSOLETE_PACKET 2u
#define SIMPLE_PACKET 3u
#define ENHANCED_PACKET 6u
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define BYTE_ORDER_SWAPPED 0x4d3c2b1au
#define VERSION_MAJOR 1
#define BLOCK_OVERHEAD 12u /* type, length, and the length again */

#define OPTION_END 0u
#define OPTION_RESOLUTION 9u
#define OPTION_OFFSET 14u

#define INTERFACES_MAX 4096u
#define FRAME_MAX 262144u /* the longest that libpcap's tools capture; IP packets are shorter */

struct capture_interface {
    uint16_t link;
    uint32_t snap_len; /* 0: no limit */
    uint8_t resolution;
    int64_t offset_s;
};

struct capture_ng {
    FILE *file;
    const char *damage;                   /* a static text, once something was wrong */
    bool big_endian;                      /* this section */
    bool ahead;                           /* a packet's block was begun, and its packet not yet read */
    uint32_t type, total, left;           /* of the block: `left` bytes before its second length */
    struct capture_interface *interfaces; /* of this section; INTERFACES_MAX of room */
    uint32_t interface_count;
    uint8_t *data; /* FRAME_MAX of room */
};

static bool fail(struct capture_ng *ng, const char *damage)
{
    if (!ng->damage)
        ng->damage = damage;
    return false;
}

/* ---- bytes ---- */

static bool read_bytes(struct capture_ng *ng, void *out, size_t len)
{
    if (fread(out, 1, len, ng->file) == len)
        return true;
    return fail(ng, ferror(ng->file) ? "the file cannot be read" : "the file ends inside a block");
}

/* Bytes of the block's body. */
static bool take(struct capture_ng *ng, void *out, size_t len)
{
    if (len > ng->left)
        return fail(ng, "a block is too short for what it holds");
    ng->left -= (uint32_t)len;
    return read_bytes(ng, out, len);
}

static bool skip(struct capture_ng *ng, uint32_t len)
{
    uint8_t ignored[4096];
    if (len > ng->left)
        return fail(ng, "a block is too short for what it holds");
    for (uint32_t part; len > 0; len -= part) {
        part = len < sizeof ignored ? len : (uint32_t)sizeof ignored;
        if (!take(ng, ignored, part))
            return false;
    }
    return true;
}

static uint64_t number(const struct capture_ng *ng, const uint8_t *bytes, unsigned len)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < len; i++)
        value = value << 8 | bytes[ng->big_endian ? i : len - 1 - i];
    return value;
}

/* Numbers of the body; 0 once something is wrong. */
static uint16_t u16(struct capture_ng *ng)
{
    uint8_t bytes[2] = {0};
    return take(ng, bytes, sizeof bytes) ? (uint16_t)number(ng, bytes, sizeof bytes) : 0;
}

static uint32_t u32(struct capture_ng *ng)
{
    uint8_t bytes[4] = {0};
    return take(ng, bytes, sizeof bytes) ? (uint32_t)number(ng, bytes, sizeof bytes) : 0;
}

static uint32_t padded(uint32_t len)
{
    return len + (4 - len % 4) % 4;
}

/* ---- blocks ---- */

/* The magic of a section comes before its length can be understood. */
static bool learn_byte_order(struct capture_ng *ng)
{
    uint8_t magic[4];
    if (!read_bytes(ng, magic, sizeof magic))
        return false;
    ng->big_endian = true;
    uint64_t order = number(ng, magic, sizeof magic);
    ng->big_endian = order == BYTE_ORDER_MAGIC;
    return ng->big_endian || order == BYTE_ORDER_SWAPPED || fail(ng, "it is no pcapng section");
}

static bool begin_lengths(struct capture_ng *ng, const uint8_t total[static 4], uint32_t already)
{
    ng->total = (uint32_t)number(ng, total, 4);
    if (ng->total % 4 != 0 || ng->total < BLOCK_OVERHEAD + already)
        return fail(ng, "a block's length is wrong");
    ng->left = ng->total - BLOCK_OVERHEAD - already;
    return true;
}

/* QW_ERR_NOT_FOUND where the file ends. */
static enum qw_error begin_block(struct capture_ng *ng)
{
    uint8_t head[8];
    size_t got = fread(head, 1, sizeof head, ng->file);
    if (got == 0 && feof(ng->file))
        return QW_ERR_NOT_FOUND;
    if (got < sizeof head) {
        fail(ng, "the file ends inside a block");
        return QW_ERR_MALFORMED;
    }
    ng->type = (uint32_t)number(ng, head, 4);
    bool section = ng->type == SECTION_HEADER;
    bool begun = (!section || learn_byte_order(ng)) && begin_lengths(ng, head + 4, section ? 4 : 0);
    return begun ? QW_OK : QW_ERR_MALFORMED;
}

static bool end_block(struct capture_ng *ng)
{
    uint8_t again[4];
    return skip(ng, ng->left) && read_bytes(ng, again, sizeof again) &&
           (number(ng, again, sizeof again) == ng->total || fail(ng, "the two lengths of a block differ"));
}

/* The interfaces of the section before are no more. */
static bool read_section(struct capture_ng *ng)
{
    ng->interface_count = 0;
    uint16_t major = u16(ng);
    return ng->damage == NULL && (major == VERSION_MAJOR || fail(ng, "its version of pcapng is not known"));
}

static void read_option(struct capture_ng *ng, struct capture_interface *interface, uint32_t code,
                        uint32_t len)
{
    uint8_t value[8] = {0};
    uint32_t known = code == OPTION_RESOLUTION && len == 1 ? 1 : code == OPTION_OFFSET && len == 8 ? 8 : 0;
    if (!take(ng, value, known))
        return;
    if (known == 1)
        interface->resolution = value[0];
    if (known == 8)
        interface->offset_s = (int64_t)number(ng, value, known);
    skip(ng, padded(len) - known);
}

static bool read_interface(struct capture_ng *ng)
{
    if (ng->interface_count == INTERFACES_MAX)
        return fail(ng, "it describes more than 4096 interfaces");
    struct capture_interface *interface = &ng->interfaces[ng->interface_count];
    *interface = (struct capture_interface){.link = u16(ng), .resolution = CAPTURE_NG_MICROSECONDS};
    skip(ng, 2);
    interface->snap_len = u32(ng);
    while (!ng->damage && ng->left >= 4) {
        uint32_t code = u16(ng), len = u16(ng);
        if (code == OPTION_END)
            break;
        read_option(ng, interface, code, len);
    }
    ng->interface_count += ng->damage == NULL;
    return ng->damage == NULL;
}

/* Up to the body of the next block that holds a packet. */
static enum qw_error advance(struct capture_ng *ng)
{
    enum qw_error error;
    while ((error = begin_block(ng)) == QW_OK) {
        if (ng->type == ENHANCED_PACKET || ng->type == SIMPLE_PACKET || ng->type == OBSOLETE_PACKET)
            return QW_OK;
        bool read = ng->type == SECTION_HEADER          ? read_section(ng)
                    : ng->type == INTERFACE_DESCRIPTION ? read_interface(ng)
                                                        : true;
        if (!read || !end_block(ng))
            return QW_ERR_MALFORMED;
    }
    return error;
}

/* ---- packets ---- */

static bool read_data(struct capture_ng *ng, uint32_t captured, struct capture_ng_frame *out)
{
    if (captured > ng->left)
        return fail(ng, "a packet is longer than its block");
    out->captured = captured < FRAME_MAX ? captured : FRAME_MAX;
    out->data = ng->data;
    return take(ng, ng->data, out->captured) && end_block(ng);
}

/* It has no captured length: the snap length tells, and the first interface is meant. */
static bool read_simple(struct capture_ng *ng, struct capture_ng_frame *out)
{
    if (ng->interface_count == 0)
        return fail(ng, "a packet came before its interface was described");
    const struct capture_interface *interface = &ng->interfaces[0];
    out->link = interface->link;
    out->ns = 0;
    out->wire_len = u32(ng);
    uint32_t captured = out->wire_len;
    if (interface->snap_len > 0 && interface->snap_len < captured)
        captured = interface->snap_len;
    return ng->damage == NULL && read_data(ng, captured, out);
}

static bool read_full(struct capture_ng *ng, struct capture_ng_frame *out)
{
    uint32_t number;
    if (ng->type == OBSOLETE_PACKET) {
        number = u16(ng);
        skip(ng, 2); /* packets dropped before it */
    } else {
        number = u32(ng);
    }
    uint64_t high = u32(ng), count = high << 32 | u32(ng);
    uint32_t captured = u32(ng);
    out->wire_len = u32(ng);
    if (ng->damage)
        return false;
    if (number >= ng->interface_count)
        return fail(ng, "a packet came by an interface that is not described");
    const struct capture_interface *interface = &ng->interfaces[number];
    out->link = interface->link;
    out->ns = capture_ng_time(count, interface->resolution, interface->offset_s);
    return read_data(ng, captured, out);
}

enum qw_error capture_ng_next(struct capture_ng *ng, struct capture_ng_frame *out, const char **damage)
{
    enum qw_error error = ng->damage ? QW_ERR_MALFORMED : ng->ahead ? QW_OK : advance(ng);
    ng->ahead = false;
    if (error == QW_OK && !(ng->type == SIMPLE_PACKET ? read_simple(ng, out) : read_full(ng, out)))
        error = QW_ERR_MALFORMED;
    *damage = ng->damage;
    return error;
}

int capture_ng_unknown_link(const struct capture_ng *ng)
{
    for (uint32_t i = 0; i < ng->interface_count; i++)
        if (capture_link_known(ng->interfaces[i].link))
            return -1;
    return ng->interface_count ? ng->interfaces[0].link : -1;
}

/* ---- life ---- */

static void discard(struct capture_ng *ng)
{
    free(ng->interfaces);
    free(ng->data);
    free(ng);
}

/* The first block says whether this is pcapng at all. */
static bool read_first(struct capture_ng *ng)
{
    enum qw_error error = begin_block(ng);
    if (ng->type != SECTION_HEADER) {
        ng->damage = "it is no capture file";
        return false;
    }
    return error == QW_OK && read_section(ng) && end_block(ng);
}

enum qw_error capture_ng_open(FILE *file, struct capture_ng **out, const char **damage)
{
    *out = NULL;
    struct capture_ng *ng = calloc(1, sizeof *ng);
    if (!ng)
        return QW_ERR_NO_MEMORY;
    ng->file = file;
    ng->interfaces = calloc(INTERFACES_MAX, sizeof *ng->interfaces);
    ng->data = malloc(FRAME_MAX);
    enum qw_error error = ng->interfaces && ng->data ? QW_OK : QW_ERR_NO_MEMORY;
    if (error == QW_OK && !read_first(ng))
        error = QW_ERR_MALFORMED;
    *damage = ng->damage;
    if (error != QW_OK) {
        discard(ng);
        return error;
    }
    ng->ahead = advance(ng) == QW_OK; /* what is wrong there, the next call says */
    *out = ng;
    return QW_OK;
}

void capture_ng_close(struct capture_ng *ng)
{
    if (!ng)
        return;
    if (ng->file != stdin)
        fclose(ng->file);
    discard(ng);
}
