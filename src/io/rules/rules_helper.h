/* A process beside the daemon that keeps the privileges which the daemon gives up. It runs the scripts of
 * rules_job.h, which it prints from the configuration it was started with, and opens a few files of the
 * kernel for a daemon of another user; nothing else can be asked of it. */
#ifndef QUICWARD_IO_RULES_HELPER_H
#define QUICWARD_IO_RULES_HELPER_H

#include "rules_job.h"

/* Does this process have one? Where it ended the answer stays true, and every script fails. */
bool rules_helper_here(void);

/* Scripts are for these external addresses and exceptions (CONFIG_EXCEPT_MAX at most) from now on, and for
 * this masquerading; the rest of `config` is as the helper has it. For a reload; not by two threads at once.
 */
void rules_helper_external(const struct config *config);

/* As rules_job_run. RULES_RUN_GONE when the helper has ended. */
int rules_helper_run(const struct rules_job *job, int lock, unsigned ms, int stop, char *said, size_t size);

enum rules_file { RULES_FILE_QUEUES, RULES_FILE_TABLES4, RULES_FILE_TABLES6, RULES_FILE_COUNT };

/* Reads a file of the kernel that only root may open: by itself, or with what the helper has opened. The
 * text, cut if it is longer than `size`, with a NUL; its length, 0 when it is not there or cannot be read.
 * Any thread; takes no memory. */
size_t rules_file_read(enum rules_file file, char *out, size_t size);

#endif
