/* One line a message on standard error: "quicward: LEVEL: text". Not for packets: those have counters. */
#ifndef QUICWARD_BASE_LOG_H
#define QUICWARD_BASE_LOG_H

enum qw_log_level { QW_LOG_ERROR, QW_LOG_WARNING, QW_LOG_INFO, QW_LOG_DEBUG };

/* Messages above `level` are not written. The default is QW_LOG_INFO. */
void qw_log_set_level(enum qw_log_level level);

/* Writes one line, whole, with a single write(2); longer than 1,000 bytes is cut. Thread safe. */
void qw_log(enum qw_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
