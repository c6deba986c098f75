/* Capture files made to measure: a temporary file, written in host byte order. */
#ifndef TEST_CAPTURE_FILE_H
#define TEST_CAPTURE_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct capture_file {
    char path[64];
    FILE *out;
};

/* Creates the file; ends the program when that fails. */
void capture_file_new(struct capture_file *file);

/* The header of a pcap file with times in nanoseconds and the LINKTYPE_ `link`. */
void capture_file_pcap(struct capture_file *file, uint32_t link);

/* One frame of it: `captured` bytes at `data` of `len` on the wire. */
void capture_file_frame(struct capture_file *file, uint32_t seconds, uint32_t nanoseconds, const void *data,
                        uint32_t captured, uint32_t len);

/* The headers of a pcapng file: a section, and an interface with the LINKTYPE_ `link` and times in
 * microseconds. */
void capture_file_pcapng(struct capture_file *file, uint16_t link);

/* One enhanced packet block, padded as the format asks. */
void capture_file_block(struct capture_file *file, uint64_t microseconds, const void *data, uint32_t len);

/* Cuts the last `bytes` off again. */
void capture_file_cut(struct capture_file *file, long bytes);

/* Closes it for reading. */
void capture_file_done(struct capture_file *file);
void capture_file_remove(struct capture_file *file);

#endif
