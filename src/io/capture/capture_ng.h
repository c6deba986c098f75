/* A pcapng file (draft-ietf-opsawg-pcapng), block by block. libpcap refuses files whose interfaces differ in
 * link type; every frame here says its own. A frame's bytes are the only ones kept: all else is read past, so
 * no length in a file makes memory grow. */
#ifndef QUICWARD_IO_CAPTURE_NG_H
#define QUICWARD_IO_CAPTURE_NG_H

#include <quicward/base/error.h>
#include <stdint.h>
#include <stdio.h>

#define CAPTURE_NG_FIRST_BYTE 0x0a /* no other capture file begins so */

struct capture_ng;

struct capture_ng_frame {
    int link;            /* a LINKTYPE_ value */
    uint64_t ns;         /* since 1970; 0 when the file does not say */
    const uint8_t *data; /* valid until the next call */
    uint32_t captured;   /* bytes at `data`; of longer frames the first 262,144 are kept */
    uint32_t wire_len;
};

/* Reads up to the first frame. *out, owned by the caller, takes over `file` (closed with it unless it is
 * stdin). QW_OK; QW_ERR_MALFORMED with *damage, a static text, when `file` is no pcapng; QW_ERR_NO_MEMORY.
 * *out is NULL then, and `file` stays the caller's. */
enum qw_error capture_ng_open(FILE *file, struct capture_ng **out, const char **damage);

/* The link type of the first interface when none of those described before the first frame is known
 * (capture_link_known); else -1. */
int capture_ng_unknown_link(const struct capture_ng *ng);

/* QW_OK; QW_ERR_NOT_FOUND at the end; QW_ERR_MALFORMED with *damage. */
enum qw_error capture_ng_next(struct capture_ng *ng, struct capture_ng_frame *out, const char **damage);

/* NULL is fine. */
void capture_ng_close(struct capture_ng *ng);

#endif
