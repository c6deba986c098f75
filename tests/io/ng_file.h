/* pcapng files made in memory, in either byte order. */
#ifndef TEST_NG_FILE_H
#define TEST_NG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ng_file {
    uint8_t bytes[16384];
    size_t len, block; /* where the block that is being written begins */
    bool big_endian;
};

/* Numbers in the byte order of the file, and bytes padded to a multiple of four. */
void ng_u16(struct ng_file *file, uint16_t v);
void ng_u32(struct ng_file *file, uint32_t v);
void ng_u64(struct ng_file *file, uint64_t v);
void ng_padded(struct ng_file *file, const void *data, size_t len);

/* A block of any type: between them its body is written. */
void ng_begin(struct ng_file *file, uint32_t type);
void ng_end(struct ng_file *file);

/* Whole blocks. An interface's options come before ng_end, so it is left open by ng_interface_begin. */
void ng_section(struct ng_file *file, bool big_endian);
void ng_interface_begin(struct ng_file *file, uint16_t link, uint32_t snap_len);
void ng_interface(struct ng_file *file, uint16_t link);
void ng_packet(struct ng_file *file, uint32_t interface, uint64_t time, const void *data, uint32_t captured,
               uint32_t wire_len);

#endif
