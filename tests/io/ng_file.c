#include "ng_file.h"
#include <stdlib.h>
#include <string.h>

static void put(struct ng_file *file, const void *data, size_t len)
{
    if (len > sizeof(file->bytes) - file->len)
        abort();
    if (len > 0)
        memcpy(file->bytes + file->len, data, len);
    file->len += len;
}

static void number(struct ng_file *file, uint64_t v, unsigned len)
{
    uint8_t bytes[8];
    for (unsigned i = 0; i < len; i++)
        bytes[file->big_endian ? len - 1 - i : i] = (uint8_t)(v >> 8 * i);
    put(file, bytes, len);
}

void ng_u16(struct ng_file *file, uint16_t v)
{
    number(file, v, 2);
}

void ng_u32(struct ng_file *file, uint32_t v)
{
    number(file, v, 4);
}

void ng_u64(struct ng_file *file, uint64_t v)
{
    number(file, v, 8);
}

void ng_padded(struct ng_file *file, const void *data, size_t len)
{
    put(file, data, len);
    number(file, 0, (4 - len % 4) % 4);
}

void ng_begin(struct ng_file *file, uint32_t type)
{
    file->block = file->len;
    ng_u32(file, type);
    ng_u32(file, 0);
}

void ng_end(struct ng_file *file)
{
    size_t end = file->len;
    uint32_t total = (uint32_t)(end - file->block) + 4;
    ng_u32(file, total);
    memcpy(file->bytes + file->block + 4, file->bytes + end, 4);
}

void ng_section(struct ng_file *file, bool big_endian)
{
    file->big_endian = big_endian;
    ng_begin(file, 0x0a0d0d0a);
    ng_u32(file, 0x1a2b3c4d);
    ng_u16(file, 1);
    ng_u16(file, 0);
    ng_u64(file, UINT64_MAX); /* section length not given */
    ng_end(file);
}

void ng_interface_begin(struct ng_file *file, uint16_t link, uint32_t snap_len)
{
    ng_begin(file, 1);
    ng_u16(file, link);
    ng_u16(file, 0);
    ng_u32(file, snap_len);
}

void ng_interface(struct ng_file *file, uint16_t link)
{
    ng_interface_begin(file, link, 0);
    ng_end(file);
}

void ng_packet(struct ng_file *file, uint32_t interface, uint64_t time, const void *data, uint32_t captured,
               uint32_t wire_len)
{
    ng_begin(file, 6);
    ng_u32(file, interface);
    ng_u32(file, (uint32_t)(time >> 32));
    ng_u32(file, (uint32_t)time);
    ng_u32(file, captured);
    ng_u32(file, wire_len);
    ng_padded(file, data, captured);
    ng_end(file);
}
