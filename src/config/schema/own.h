/* The memory that a struct config owns. */
#ifndef CONFIG_OWN_H
#define CONFIG_OWN_H

#include <quicward/config.h>
#include <stddef.h>

/* The list with room for one element more than the `count` it has, or NULL, and the list is as before. It
 * must have grown by this function alone. */
void *own_room(void *list, unsigned count, size_t size);

/* A list of struct config: where its pointer and its number of elements stand, and how large an element is.
 */
struct own_list {
    size_t list, count, size;
};
#define OWN_LIST(member, number)                                                                             \
    {                                                                                                        \
        offsetof(struct config, member), offsetof(struct config, number),                                    \
            sizeof(*((struct config *)0)->member)                                                            \
    }

void *own_elements(const struct config *config, const struct own_list *list);
unsigned own_count(const struct config *config, const struct own_list *list);

/* Adds an element of zeros and returns it; NULL when memory is short, and nothing has changed. */
void *own_add(struct config *config, const struct own_list *list);

/* Frees the list, not what its elements own. */
void own_free(struct config *config, const struct own_list *list);

/* Making a copy: each list that it shares with its original is replaced at once, by its own or by none, so
 * that freeing the copy never frees anything of the original, whatever failed. */
struct own_copying {
    bool failed;
};

/* A copy of `*count` elements; NULL, and *count is 0, when memory is short. */
void *own_copy(struct own_copying *copying, const void *list, unsigned *count, size_t size);
void own_copy_list(struct own_copying *copying, struct config *copy, const struct own_list *list);

/* NULL when memory is short. */
char *own_text(struct own_copying *copying, const char *text);

#endif
