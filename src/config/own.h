/* The memory that a struct config owns. */
#ifndef CONFIG_OWN_H
#define CONFIG_OWN_H

#include <quicward/config.h>
#include <stddef.h>

/* The list with room for one element more than the `count` it has, or NULL, and the list is as before. It
 * must have grown by this function alone. */
void *own_room(void *list, unsigned count, size_t size);

/* Frees what the struct owns, not the struct. */
void own_free(struct config *config);

#endif
