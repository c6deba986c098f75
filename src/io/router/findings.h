/* What was found around the daemon that keeps it from working. Each is said when it is first seen, and again
 * only after it was gone meanwhile. */
#ifndef QUICWARD_IO_FINDINGS_H
#define QUICWARD_IO_FINDINGS_H

#define FINDINGS_MAX 24 /* told at once; who has more has read enough */
#define FINDING_TEXT_MAX 640

struct findings {
    unsigned count;
    char texts[FINDINGS_MAX][FINDING_TEXT_MAX];
};

/* Adds one, unless it is there. A longer text is cut. */
void findings_add(struct findings *findings, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Logs those that are not in `before` as warnings. */
void findings_tell(const struct findings *findings, const struct findings *before);

#endif
