/* What the kernel says of this process. Files are opened once, before privileges are given up. */
#ifndef METRICS_PROCESS_H
#define METRICS_PROCESS_H

#include <quicward/metrics.h>

struct process_files; /* NULL reads as nothing known */

/* NULL when /proc cannot be read. The caller owns it. */
struct process_files *process_open(void);
void process_close(struct process_files *files);

/* pread, lseek and getdents64 on what is open. */
void process_read(struct process_files *files, struct metrics_process *out);

#endif
