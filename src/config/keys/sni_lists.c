/* Files of host names under names. */
#include "quote.h"
#include "values.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define ALLOWED "the path of a file with one host name a line"

/* The folder of the file that `place` is in, absolute, so that a daemon that changes its own still finds it.
 */
static bool folder_of(struct place place, char out[static PATH_MAX])
{
    char folder[PATH_MAX];
    const char *slash = strrchr(place.file, '/');
    size_t len = slash ? (size_t)(slash + 1 - place.file) : 0;
    if (len >= sizeof(folder)) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(folder, place.file, len);
    folder[len] = '\0';
    return realpath(len ? folder : ".", out) != NULL;
}

/* `text` as an absolute path in `out`; false when that was reported to be impossible. */
static bool resolve(struct check *check, const struct item *item, const char *text, char out[static PATH_MAX])
{
    char folder[PATH_MAX] = "/";
    if (*text != '/' && !folder_of(item->place, folder)) {
        report_value(&check->report, item, "cannot be found from here: %s", strerror(errno));
        return false;
    }
    const char *between = *text == '/' || strcmp(folder, "/") == 0 ? "" : "/";
    int len = snprintf(out, PATH_MAX, "%s%s%s", *text == '/' ? "" : folder, between, text);
    if (len >= 0 && len < PATH_MAX)
        return true;
    report_value(&check->report, item, "is too long: at most %d bytes", PATH_MAX - 1);
    return false;
}

static void add(struct check *check, const struct item *item, const char *name, const char *path)
{
    char asked[PATH_MAX + 16];
    struct config_sni_list *list = values_add(check, &SNI_LISTS_KIND.list);
    if (!list)
        return;
    list->name = values_text(check, name);
    list->path = values_text(check, path);
    snprintf(asked, sizeof(asked), "%s:%u", item->place.file, item->place.line);
    list->asked = values_text(check, asked);
}

static void read_list(struct check *check, const config_setting_t *setting)
{
    const char *name = config_setting_name(setting), *text = config_setting_get_string(setting);
    char path[sizeof("sni_lists.") + CONFIG_NAME_MAX], file[PATH_MAX];
    snprintf(path, sizeof(path), "sni_lists.%.63s", name);
    struct item item = {setting, check_place(check, setting), path, false};
    if (!values_is_name(name))
        report_at(&check->report, item.place, "sni_lists: \"%.64s\" is no name; allowed: %s", name,
                  VALUES_NAME_ALLOWED);
    else if (!values_string(check, &item, ALLOWED))
        return;
    else if (*text == '\0' || text[strlen(text) - 1] == '/')
        report_value(&check->report, &item, "is no file; allowed: %s", ALLOWED);
    else if (resolve(check, &item, text, file))
        add(check, &item, name, file);
}

static void check_sni_lists(struct check *check, const struct key *key, const struct item *lists)
{
    unsigned count = (unsigned)config_setting_length(lists->setting);
    if (!config_setting_is_group(lists->setting))
        check_wrong_type(check, key, lists);
    else if (count > CONFIG_SNI_LISTS_MAX)
        report_value(&check->report, lists, "has %u lists: at most %d", count, CONFIG_SNI_LISTS_MAX);
    else
        for (unsigned i = 0; i < count && !check->no_memory; i++)
            read_list(check, config_setting_get_elem(lists->setting, i));
}

static void print(const struct config *config, const struct key *key, FILE *out)
{
    (void)key;
    fputs("{", out);
    for (unsigned i = 0; i < config->sni_list_count; i++) {
        fprintf(out, "%s    %s = ", i ? "" : "\n", config->sni_lists[i].name);
        quote_write(out, config->sni_lists[i].path, SIZE_MAX);
        fputs(";\n", out);
    }
    fputs("}", out);
}

static void copy(struct own_copying *copying, struct config *config, const struct key *key)
{
    (void)key;
    for (unsigned i = 0; i < config->sni_list_count; i++) {
        config->sni_lists[i].name = own_text(copying, config->sni_lists[i].name);
        config->sni_lists[i].path = own_text(copying, config->sni_lists[i].path);
        config->sni_lists[i].asked = own_text(copying, config->sni_lists[i].asked);
    }
}

static void release(struct config *config, const struct key *key)
{
    (void)key;
    for (unsigned i = 0; i < config->sni_list_count; i++) {
        free(config->sni_lists[i].name);
        free(config->sni_lists[i].path);
        free(config->sni_lists[i].asked);
    }
}

const struct key_kind SNI_LISTS_KIND = {.form = "paths of files such as { ads = \"ads.names\"; }",
                                        .late = true,
                                        .list = OWN_LIST(sni_lists, sni_list_count),
                                        .check = check_sni_lists,
                                        .print = print,
                                        .copy = copy,
                                        .release = release};
