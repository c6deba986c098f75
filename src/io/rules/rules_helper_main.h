/* The helper's own side, and what both sides write. */
#ifndef QUICWARD_IO_RULES_HELPER_MAIN_H
#define QUICWARD_IO_RULES_HELPER_MAIN_H

#include "rules_helper.h"

#define HELPER_SAID_MAX (4u << 20) /* bytes that a script's output may be asked for */
#define HELPER_FDS 3

/* With it go the socket for the answer, then the lock and the stop, if it has them. */
struct helper_request {
    uint32_t file; /* RULES_FILE_COUNT: the job */
    struct rules_job job;
    uint32_t ms, size; /* of rules_job_run */
    uint8_t has_lock, has_stop;
    uint8_t masquerade;
    uint32_t external_count; /* 0: all as it was started with; else the addresses that a reload brought */
    struct qw_addr external[CONFIG_EXTERNAL_MAX];
    uint8_t external_uplink[CONFIG_EXTERNAL_MAX];
    uint32_t except_count;
    struct qw_prefix except[CONFIG_EXCEPT_MAX];
};

/* Behind it stand `len` bytes that the script said; beside it an open file, if one was asked for. */
struct helper_answer {
    int32_t status;
    uint32_t len;
};

extern const char *const RULES_FILE_PATHS[RULES_FILE_COUNT];

/* Sends `bytes` with descriptors. False with errno. `flags` of sendmsg(2). */
bool helper_send(int to, const void *bytes, size_t len, const int *fds, unsigned count, int flags);

/* Receives up to `len` bytes; *count is how many descriptors came (CLOEXEC), at most HELPER_FDS. What
 * recvmsg(2) returns. */
ssize_t helper_receive(int from, void *bytes, size_t len, int fds[static HELPER_FDS], unsigned *count);

/* Answers requests of the socket `channel` until its other end is closed. Started again when it is killed. */
void helper_main(int channel, const struct config *config);

#endif
