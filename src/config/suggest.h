#ifndef CONFIG_SUGGEST_H
#define CONFIG_SUGGEST_H

/* The path of the key or group that the unknown `path` most likely means, or NULL when nothing is near
 * enough. A key of another group counts, so that a setting outside of its group is named. Copied into `out`.
 */
#define SUGGEST_SIZE 64
const char *suggest(const char *path, char out[static SUGGEST_SIZE]);

#endif
