/* The folder of one instance on a bpffs: what is pinned there goes on without the daemon. Only files; what
 * they are is the business of kernel_pins.c. */
#ifndef OFFLOAD_PINS_H
#define OFFLOAD_PINS_H

#include <quicward/offload.h>

#define PINS_NAME_MAX 32 /* of a file, NUL included */
#define PINS_PATH_MAX 64 /* NUL included */

struct offload_pins {
    int above, folder; /* opened; `above` has the instance's folder in it */
    char name[64];     /* of the instance */
    int left[2];       /* of pins_look (kernel_open_left); -1: not there */
};

/* The path of a file, which works as long as the folder is open, for any user who may write there. */
void pins_path(const struct offload_pins *pins, const char *name, char out[static PINS_PATH_MAX]);

/* No other process has the folder; until pins_unlock, or the end of this one. */
bool pins_lock(const struct offload_pins *pins);
void pins_unlock(const struct offload_pins *pins);

bool pins_has(const struct offload_pins *pins, const char *name);

/* One file. That it was not there is fine. */
void pins_drop(const struct offload_pins *pins, const char *name);

/* Calls `each` with every name, which may drop it. */
typedef void pins_each(void *context, const char *name);
void pins_all(const struct offload_pins *pins, pins_each *each, void *context);

/* Everything in the folder goes, whoever made it; filters go off their interfaces. False: something stays. */
bool pins_clear(const struct offload_pins *pins);

/* And the folder, which nobody uses any more. */
void pins_remove(const struct offload_pins *pins);

/* What stands at an interface: its kind ("xdp", "tc" or "filter") and number make a name. */
void pins_link_name(const char *kind, uint32_t ifindex, char out[static PINS_NAME_MAX]);

/* False: the name is no such one. `kind` is static. */
bool pins_link_read(const char *name, const char **kind, uint32_t *ifindex);

#endif
