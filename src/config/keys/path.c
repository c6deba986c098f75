/* Paths of files. */
#include "key_string.h"
#include <string.h>

/* "allowed: a path ..., or the word that stands for none". */
static void report_path(struct check *check, const struct key *key, const struct item *item, const char *what,
                        const char *allowed)
{
    if (key->off)
        report_value(&check->report, item, "%s; allowed: %s, or \"%s\"", what, allowed, key->off);
    else
        report_value(&check->report, item, "%s; allowed: %s", what, allowed);
}

/* `root`: the length of the one path that may end with "/", or 0. */
static void read_path(struct check *check, const struct key *key, const struct item *item, size_t root,
                      const char *at_slash, const char *allowed)
{
    const char *text = config_setting_get_string(item->setting);
    size_t len = text ? strlen(text) : 0;
    if (!text)
        check_wrong_type(check, key, item);
    else if (key->off && strcmp(text, key->off) == 0)
        string_set(check->config, key, text);
    else if (len == 0)
        report_path(check, key, item, "is empty", "an absolute path");
    else if (text[0] != '/')
        report_path(check, key, item, "is not absolute", "a path that begins with \"/\"");
    else if (text[len - 1] == '/' && len > root)
        report_path(check, key, item, at_slash, allowed);
    else if (len >= key->size)
        report_value(&check->report, item, "is too long with %zu bytes: at most %zu", len, key->size - 1);
    else
        string_set(check->config, key, text);
}

static void check_path(struct check *check, const struct key *key, const struct item *item)
{
    read_path(check, key, item, 0, "names a folder", "the path of a file");
}

/* "/" is the folder of a control socket that stands there. */
static void check_folder(struct check *check, const struct key *key, const struct item *item)
{
    read_path(check, key, item, 1, "ends with \"/\"", "the path of a folder without it");
}

const struct key_kind PATH_KIND = {.form = "an absolute path in double quotes",
                                   .preset = string_preset,
                                   .check = check_path,
                                   .print = string_print,
                                   .equal = string_equal};

const struct key_kind FOLDER_KIND = {.form = "the absolute path of a folder in double quotes",
                                     .preset = string_preset,
                                     .check = check_folder,
                                     .print = string_print,
                                     .equal = string_equal};
