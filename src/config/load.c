#include "check.h"
#include "suggest.h"
#include <stdlib.h>

#define PATH_SIZE 160

static void report_unknown(struct check *check, struct place place, const char *path, const char *group)
{
    char near[SUGGEST_SIZE], names[SCHEMA_TEXT_SIZE];
    if (suggest(path, near))
        report_at(&check->report, place, "unknown key \"%s\"; did you mean \"%s\"?", path, near);
    else if (group)
        report_at(&check->report, place, "unknown key \"%s\"; allowed in \"%s\": %s", path, group,
                  schema_names(group, names));
    else
        report_at(&check->report, place, "unknown key \"%s\"; allowed: %s", path, schema_names(NULL, names));
}

/* Groups and lists name each other, interfaces and addresses, and may stand before what they name. */
static bool is_late(const struct key *key)
{
    static const bool LATE[KEY_TYPES] = {
        [KEY_GROUPS] = true,   [KEY_SNI_LISTS] = true, [KEY_RULES] = true,
        [KEY_FORWARDS] = true, [KEY_THROTTLES] = true, [KEY_SIZE_LIMITS] = true,
    };
    return LATE[key->type];
}

static void read_key(struct check *check, const config_setting_t *setting, const char *path,
                     const char *group)
{
    struct item item = {setting, check_place(check, setting), path, false};
    const struct key *key = schema_find(path);
    if (!key)
        report_unknown(check, item.place, path, group);
    else if (!is_late(key))
        check_value(check, key, &item);
}

static void read_group(struct check *check, const config_setting_t *group)
{
    char path[PATH_SIZE], names[SCHEMA_TEXT_SIZE];
    const char *name = config_setting_name(group);
    if (!config_setting_is_group(group)) {
        struct item item = {group, check_place(check, group), name, false};
        report_value(&check->report, &item, "is not a group; allowed: { ... } with %s",
                     schema_names(name, names));
        return;
    }
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
        snprintf(path, sizeof(path), "%.64s.%.64s", name, config_setting_name(setting));
        read_key(check, setting, path, name);
    }
}

static void read_late(struct check *check)
{
    for (unsigned i = 0; i < SCHEMA_COUNT; i++) {
        const config_setting_t *setting = config_lookup(&check->file, SCHEMA[i].path);
        if (!is_late(&SCHEMA[i]) || !setting)
            continue;
        struct item item = {setting, check_place(check, setting), SCHEMA[i].path, false};
        check_value(check, &SCHEMA[i], &item);
    }
}

static void read_settings(struct check *check)
{
    char path[PATH_SIZE];
    const config_setting_t *root = config_root_setting(&check->file);
    for (int i = 0; i < config_setting_length(root); i++) {
        const config_setting_t *setting = config_setting_get_elem(root, (unsigned)i);
        snprintf(path, sizeof(path), "%.64s", config_setting_name(setting));
        if (schema_is_group(path))
            read_group(check, setting);
        else
            read_key(check, setting, path, NULL);
    }
}

static void check_missing(struct check *check)
{
    struct place whole = {source_place(&check->source, 1).file, 0};
    for (unsigned i = 0; i < SCHEMA_COUNT; i++) {
        char allowed[SCHEMA_TEXT_SIZE];
        bool wanted = check->config->mode == CONFIG_NAT || !schema_of_nat(&SCHEMA[i]);
        if (wanted && SCHEMA[i].required && !config_lookup(&check->file, SCHEMA[i].path))
            report_at(&check->report, whole, "\"%s\" is missing: %s; allowed: %s", SCHEMA[i].path,
                      SCHEMA[i].meaning, schema_allowed(&SCHEMA[i], allowed));
    }
}

static void report_syntax(struct check *check)
{
    unsigned line = (unsigned)config_error_line(&check->file);
    struct place place = source_place(&check->source, line);
    size_t len;
    const char *text = source_line(&check->source, line, &len);
    if (!text)
        report_at(&check->report, place, "%s: the file ends in the middle of a setting",
                  config_error_text(&check->file));
    else
        report_at(&check->report, place, "%s: %.*s", config_error_text(&check->file),
                  len < 80 ? (int)len : 80, text);
}

static void read_file(struct check *check)
{
    config_init(&check->file);
    if (config_read_string(&check->file, check->source.text)) {
        read_settings(check);
        read_late(check);
        check_pairs(check);
        check_nat_pairs(check);
        check_missing(check);
    } else {
        report_syntax(check);
    }
    config_destroy(&check->file);
}

enum qw_error config_load(const char *path, FILE *errors, struct config **out)
{
    *out = NULL;
    struct check check = {.report = {.out = errors}, .config = calloc(1, sizeof(*check.config))};
    if (!check.config)
        return QW_ERR_NO_MEMORY;
    config_defaults(check.config);
    enum qw_error error = source_read(path, &check.report, &check.source);
    if (error == QW_OK) {
        read_file(&check);
        error = check.no_memory ? QW_ERR_NO_MEMORY : check.report.count ? QW_ERR_INVALID : QW_OK;
    }
    source_free(&check.source);
    if (error == QW_OK)
        *out = check.config;
    else
        config_free(check.config);
    return error;
}
