/* Memory that ends where the process does: a read or write of one byte too many is a crash, in our code and
 * in the crypto library's assembly, with or without sanitizers. */
#ifndef TEST_GUARD_H
#define TEST_GUARD_H

#include <stddef.h>
#include <stdint.h>

struct guard {
    uint8_t *pages; /* the last one can't be touched */
    size_t size;    /* of those that can */
};

/* Room for at least `size` bytes. Ends the program when there is none. */
struct guard guard_new(size_t size);
void guard_free(struct guard *guard);

/* The last `len` bytes before the wall. */
uint8_t *guard_last(const struct guard *guard, size_t len);

/* A copy of `data` there. */
uint8_t *guard_copy(const struct guard *guard, const void *data, size_t len);

#endif
