/* recapture IN OUT LINK:SNAP:HEX...: the frames of IN, a pcap file of Ethernet as this machine writes it, as
 * if captured otherwise: by turns for each LINK:SNAP:HEX, with LINKTYPE_ LINK, the bytes HEX in the place of
 * the Ethernet header, and at most SNAP bytes (0: all). OUT is a pcap file when there is one, else a pcapng
 * file with an interface for each. */
#include "hex.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ETHERNET_LEN 14u
#define FRAME_MAX 65536u
#define HEADER_MAX 256u
#define LINKS_MAX 8

struct link {
    uint32_t type, snap, len;
    uint8_t header[HEADER_MAX];
};

struct frame {
    uint32_t seconds, microseconds, captured, len;
};

static FILE *out;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void put(const void *data, size_t len)
{
    if (len > 0 && fwrite(data, len, 1, out) != 1)
        fail("output");
}

static void put_u32(uint32_t v)
{
    put(&v, sizeof v);
}

static void put_two(uint32_t first, uint32_t second)
{
    uint16_t both[2] = {(uint16_t)first, (uint16_t)second};
    put(both, sizeof both);
}

static struct link read_link(const char *text)
{
    struct link link = {0};
    int at = 0;
    if (sscanf(text, "%u:%u:%n", &link.type, &link.snap, &at) != 2 || at == 0 ||
        strlen(text + at) > 2 * HEADER_MAX) {
        fprintf(stderr, "recapture: \"%s\" is no LINK:SNAP:HEX\n", text);
        exit(2);
    }
    link.len = (uint32_t)test_hex(text + at, link.header, sizeof link.header);
    return link;
}

static void begin_pcap(const struct link *link)
{
    put_u32(0xa1b2c3d4);
    put_two(2, 4);
    put_u32(0);
    put_u32(0);
    put_u32(FRAME_MAX);
    put_u32(link->type);
}

static void begin_pcapng(const struct link *links, unsigned count)
{
    put_u32(0x0a0d0d0a);
    put_u32(28);
    put_u32(0x1a2b3c4d);
    put_two(1, 0);
    put_u32(UINT32_MAX);
    put_u32(UINT32_MAX);
    put_u32(28);
    for (unsigned i = 0; i < count; i++) {
        put_u32(1);
        put_u32(20);
        put_two(links[i].type, 0);
        put_u32(links[i].snap);
        put_u32(20);
    }
}

static void put_bytes(const struct link *link, const uint8_t *packet, uint32_t captured)
{
    uint32_t of_header = captured < link->len ? captured : link->len;
    put(link->header, of_header);
    put(packet, captured - of_header);
}

static void put_frame(const struct link *link, const struct frame *frame, const uint8_t *packet)
{
    put_u32(frame->seconds);
    put_u32(frame->microseconds);
    put_u32(frame->captured);
    put_u32(frame->len);
    put_bytes(link, packet, frame->captured);
}

static void put_block(const struct link *link, unsigned number, const struct frame *frame,
                      const uint8_t *packet)
{
    static const uint8_t ZEROS[4];
    uint32_t padding = (4 - frame->captured % 4) % 4, total = 32 + frame->captured + padding;
    uint64_t time = frame->seconds * UINT64_C(1000000) + frame->microseconds;
    put_u32(6);
    put_u32(total);
    put_u32(number);
    put_u32((uint32_t)(time >> 32));
    put_u32((uint32_t)time);
    put_u32(frame->captured);
    put_u32(frame->len);
    put_bytes(link, packet, frame->captured);
    put(ZEROS, padding);
    put_u32(total);
}

static bool read_frame(FILE *in, struct frame *frame, uint8_t packet[static FRAME_MAX])
{
    if (fread(frame, sizeof *frame, 1, in) != 1)
        return false;
    if (frame->captured > FRAME_MAX || frame->captured < ETHERNET_LEN ||
        fread(packet, frame->captured, 1, in) != 1)
        fail("input");
    return true;
}

static void copy(FILE *in, const struct link *links, unsigned count)
{
    static uint8_t bytes[FRAME_MAX];
    struct frame frame;
    for (unsigned i = 0; read_frame(in, &frame, bytes); i++) {
        const struct link *link = &links[i % count];
        frame.captured = frame.captured - ETHERNET_LEN + link->len;
        frame.len = frame.len - ETHERNET_LEN + link->len;
        if (link->snap > 0 && frame.captured > link->snap)
            frame.captured = link->snap;
        if (count == 1)
            put_frame(link, &frame, bytes + ETHERNET_LEN);
        else
            put_block(link, i % count, &frame, bytes + ETHERNET_LEN);
    }
}

int main(int argc, char **argv)
{
    struct link links[LINKS_MAX];
    uint8_t header[24];
    unsigned count = 0;
    if (argc < 4 || argc > 3 + LINKS_MAX) {
        fputs("usage: recapture IN OUT LINK:SNAP:HEX...\n", stderr);
        return 2;
    }
    FILE *in = fopen(argv[1], "rb");
    out = fopen(argv[2], "wb");
    if (!in || !out || fread(header, sizeof header, 1, in) != 1)
        fail(argv[1]);
    for (int i = 3; i < argc; i++)
        links[count++] = read_link(argv[i]);
    if (count == 1)
        begin_pcap(links);
    else
        begin_pcapng(links, count);
    copy(in, links, count);
    return fclose(out) == 0 ? 0 : 1;
}
