#include "capture_file.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAGIC_NANOSECONDS 0xa1b23c4du
#define SNAP_LENGTH 262144u

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

void capture_file_new(struct capture_file *file)
{
    const char *folder = getenv("TMPDIR");
    snprintf(file->path, sizeof(file->path), "%s/capture.XXXXXX",
             folder && strlen(folder) < 40 ? folder : "/tmp");
    int fd = mkstemp(file->path);
    file->out = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!file->out)
        fail(file->path);
}

static void put(struct capture_file *file, const void *data, size_t len)
{
    if (len > 0 && fwrite(data, len, 1, file->out) != 1)
        fail(file->path);
}

static void put_u32(struct capture_file *file, uint32_t v)
{
    put(file, &v, sizeof(v));
}

static void put_u16(struct capture_file *file, uint16_t v)
{
    put(file, &v, sizeof(v));
}

void capture_file_pcap(struct capture_file *file, uint32_t link)
{
    put_u32(file, MAGIC_NANOSECONDS);
    put_u16(file, 2); /* version 2.4 */
    put_u16(file, 4);
    put_u32(file, 0);
    put_u32(file, 0);
    put_u32(file, SNAP_LENGTH);
    put_u32(file, link);
}

void capture_file_frame(struct capture_file *file, uint32_t seconds, uint32_t nanoseconds, const void *data,
                        uint32_t captured, uint32_t len)
{
    put_u32(file, seconds);
    put_u32(file, nanoseconds);
    put_u32(file, captured);
    put_u32(file, len);
    put(file, data, captured);
}

void capture_file_pcapng(struct capture_file *file, uint16_t link)
{
    put_u32(file, 0x0a0d0d0au); /* section header block */
    put_u32(file, 28);
    put_u32(file, 0x1a2b3c4du);
    put_u16(file, 1);
    put_u16(file, 0);
    put_u32(file, UINT32_MAX); /* section length not given */
    put_u32(file, UINT32_MAX);
    put_u32(file, 28);

    put_u32(file, 1); /* interface description block */
    put_u32(file, 20);
    put_u16(file, link);
    put_u16(file, 0);
    put_u32(file, SNAP_LENGTH);
    put_u32(file, 20);
}

void capture_file_block(struct capture_file *file, uint64_t microseconds, const void *data, uint32_t len)
{
    static const uint8_t ZEROS[4];
    uint32_t padding = (4 - len % 4) % 4, total = 32 + len + padding;
    put_u32(file, 6); /* enhanced packet block */
    put_u32(file, total);
    put_u32(file, 0);
    put_u32(file, (uint32_t)(microseconds >> 32));
    put_u32(file, (uint32_t)microseconds);
    put_u32(file, len);
    put_u32(file, len);
    put(file, data, len);
    put(file, ZEROS, padding);
    put_u32(file, total);
}

void capture_file_cut(struct capture_file *file, long bytes)
{
    long end = fflush(file->out) == 0 ? ftell(file->out) : -1;
    if (end < bytes || ftruncate(fileno(file->out), end - bytes) != 0)
        fail(file->path);
}

void capture_file_done(struct capture_file *file)
{
    if (fclose(file->out) != 0)
        fail(file->path);
    file->out = NULL;
}

void capture_file_remove(struct capture_file *file)
{
    unlink(file->path);
}
