/* config_load, with everything it says kept. */
#ifndef TEST_CONFIG_LOAD_TEXT_H
#define TEST_CONFIG_LOAD_TEXT_H

#include <quicward/config.h>
#include <stddef.h>

/* What a file needs before any other key matters; four lines, so that what follows begins on line 5. In mode
 * "nat" there has to be nat.external, too. */
#define SIDES "inside = [\"lan0\"];\noutside = [\"wan0\"];\n\n"
#define REQUIRED_KEYS "mode = \"firewall\";\n" SIDES
#define NAT_KEYS "mode = \"nat\";\n" SIDES

struct loaded {
    enum qw_error error;
    struct config *config;
    char *messages;
};

/* Loads `path`; loaded_free. Ends the program when memory is short. */
struct loaded load_path(const char *path);

/* Loads a file of these bytes, called "x.conf" in the messages. */
struct loaded load_bytes(const char *bytes, size_t len);
struct loaded load_text(const char *text);

/* REQUIRED_KEYS, or NAT_KEYS, and then this. */
struct loaded load_more(const char *format, ...) __attribute__((format(printf, 1, 2)));
struct loaded load_nat(const char *format, ...) __attribute__((format(printf, 1, 2)));

void loaded_free(struct loaded *loaded);

/* config_print into a string; the caller frees it. */
char *printed(const struct config *config);

/* The whole file, NUL-terminated; the caller frees it. Ends the program when it cannot be read. */
char *file_text(const char *path);

#endif
