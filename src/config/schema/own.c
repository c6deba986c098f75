#include "own.h"
#include <stdlib.h>
#include <string.h>

/* Room doubles whenever it is used up, which is when the count is a power of two. */
void *own_room(void *list, unsigned count, size_t size)
{
    if (count & (count - 1))
        return list;
    return realloc(list, (count ? 2 * (size_t)count : 1) * size);
}

/* Pointers to structs all look alike (C11 6.2.5), so one function serves the lists of all of them. */
void *own_elements(const struct config *config, const struct own_list *list)
{
    struct config_rule *elements;
    memcpy(&elements, (const char *)config + list->list, sizeof(elements));
    return elements;
}

unsigned own_count(const struct config *config, const struct own_list *list)
{
    unsigned count;
    memcpy(&count, (const char *)config + list->count, sizeof(count));
    return count;
}

static void set(struct config *config, const struct own_list *list, struct config_rule *elements,
                unsigned count)
{
    memcpy((char *)config + list->list, &elements, sizeof(elements));
    memcpy((char *)config + list->count, &count, sizeof(count));
}

void *own_add(struct config *config, const struct own_list *list)
{
    unsigned count = own_count(config, list);
    char *elements = own_room(own_elements(config, list), count, list->size);
    if (!elements)
        return NULL;
    set(config, list, (void *)elements, count + 1);
    return memset(elements + count * list->size, 0, list->size);
}

void own_free(struct config *config, const struct own_list *list)
{
    free(own_elements(config, list));
    set(config, list, NULL, 0);
}

void *own_copy(struct own_copying *copying, const void *list, unsigned *count, size_t size)
{
    void *copy = *count ? malloc(*count * size) : NULL;
    if (copy)
        memcpy(copy, list, *count * size);
    copying->failed |= *count && !copy;
    if (!copy)
        *count = 0;
    return copy;
}

void own_copy_list(struct own_copying *copying, struct config *copy, const struct own_list *list)
{
    unsigned count = own_count(copy, list);
    void *elements = own_copy(copying, own_elements(copy, list), &count, list->size);
    set(copy, list, elements, count);
}

char *own_text(struct own_copying *copying, const char *text)
{
    char *copy = strdup(text);
    copying->failed |= !copy;
    return copy;
}
