#include "key_check.h"
#include "places.h"
#include "suggest.h"
#include "warn.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE 160

static void report_unknown(struct check *check, struct place place, const char *path, const char *group)
{
    char near[SUGGEST_SIZE], names[SCHEMA_TEXT_SIZE];
    if (check->lost.brackets)
        return;
    if (suggest(path, near))
        report_at(&check->report, place, "unknown key \"%s\"; did you mean \"%s\"?", path, near);
    else if (group)
        report_at(&check->report, place, "unknown key \"%s\"; allowed in \"%s\": %s", path, group,
                  schema_names(group, names));
    else
        report_at(&check->report, place, "unknown key \"%s\"; allowed: %s", path, schema_names(NULL, names));
}

/* For config_load_known. Of a side of which a part is wrong nothing is known, lest the rest be taken for all.
 */
static void note_known(struct check *check, const struct key *key, bool right)
{
    if (key->offset == offsetof(struct config, mode))
        check->knows_mode = right;
    if (key->offset == offsetof(struct config, inside))
        check->knows_inside = right;
    if (key->offset == offsetof(struct config, outside))
        check->knows_outside = right;
}

static void forget_unknown(struct check *check)
{
    static const struct config_interfaces NONE;
    /* Which group a setting belongs to is a guess then. */
    if (check->lost.brackets)
        check->knows_mode = check->knows_inside = check->knows_outside = false;
    if (!check->knows_mode)
        check->config->mode = CONFIG_NAT;
    if (!check->knows_inside)
        check->config->inside = NONE;
    if (!check->knows_outside)
        check->config->outside = NONE;
}

static void read_key(struct check *check, const config_setting_t *setting, const char *path,
                     const char *group)
{
    unsigned count_before = check->report.count;
    struct item item = {setting, check_place(check, setting), path, false};
    const struct key *key = schema_find(path);
    check->no_memory |= key && !places_note(check->config, key, item.place);
    if (!key)
        report_unknown(check, item.place, path, group);
    else if (!key->kind->late) {
        key->kind->check(check, key, &item);
        note_known(check, key, check->report.count == count_before);
    }
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
        if (!SCHEMA[i].kind->late || !setting)
            continue;
        struct item item = {setting, check_place(check, setting), SCHEMA[i].path, false};
        SCHEMA[i].kind->check(check, &SCHEMA[i], &item);
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
    if (check->lost.brackets)
        return;
    struct place whole = {source_place(&check->source, 1).file, 0};
    for (unsigned i = 0; i < SCHEMA_COUNT; i++) {
        char allowed[SCHEMA_TEXT_SIZE];
        bool wanted = check->config->mode == CONFIG_NAT || !schema_of_nat(&SCHEMA[i]);
        if (wanted && SCHEMA[i].required && !config_lookup(&check->file, SCHEMA[i].path) &&
            !syntax_is_lost(&check->lost, SCHEMA[i].path))
            report_at(&check->report, whole, "\"%s\" is missing: %s; allowed: %s", SCHEMA[i].path,
                      SCHEMA[i].meaning, schema_allowed(&SCHEMA[i], allowed));
    }
}

/* A second daemon would find the default path taken. */
static void place_control(struct check *check)
{
    struct config *config = check->config;
    if (!config_lookup(&check->file, "control") && strcmp(config->instance, CONFIG_INSTANCE_DEFAULT) != 0)
        snprintf(config->control, sizeof(config->control), "/run/quicward-%s/control.sock", config->instance);
}

/* Where the control socket is a second daemon has no business either. The path is as long at most. */
static void place_state(struct check *check)
{
    struct config *config = check->config;
    size_t len = (size_t)(strrchr(config->control, '/') - config->control);
    if (config_lookup(&check->file, "state"))
        return;
    memset(config->state, 0, sizeof(config->state));
    memcpy(config->state, config->control, len ? len : 1);
}

/* What the grammar lets pass and libconfig does not: nothing that is known. */
static void report_syntax(struct check *check)
{
    unsigned line = (unsigned)config_error_line(&check->file);
    report_at(&check->report, source_place(&check->source, line), "%s", config_error_text(&check->file));
}

static void look_for_warnings(struct check *check)
{
    warn_useless_rules(check);
    warn_shadowed_rules(check);
    warn_unused(check);
    warn_limits(check);
    warn_uplinks(check);
}

static void read_file(struct check *check)
{
    config_init(&check->file);
    if (config_read_string(&check->file, check->source.text)) {
        read_settings(check);
        read_late(check);
        check_pairs(check);
        check_nat_pairs(check);
        check_cluster_pairs(check);
        check_missing(check);
        place_control(check);
        place_state(check);
        if (check->warns && check->report.count == 0 && !check->no_memory)
            look_for_warnings(check);
    } else {
        report_syntax(check);
    }
    config_destroy(&check->file);
}

static enum qw_error begin(struct check *check, const char *path, FILE *errors)
{
    *check = (struct check){
        .report = {.out = errors}, .warnings = {.out = errors}, .config = calloc(1, sizeof(*check->config))};
    if (!check->config)
        return QW_ERR_NO_MEMORY;
    config_defaults(check->config);
    return source_read(path, &check->report, &check->source);
}

/* The text that was read, in as far as it could be mended. */
static enum qw_error read_text(struct check *check)
{
    enum qw_error error = syntax_check(&check->source, &check->report, &check->lost);
    if (error == QW_OK)
        read_file(check);
    return check->no_memory ? QW_ERR_NO_MEMORY : error;
}

static enum qw_error end(struct check *check, enum qw_error error, struct config **out)
{
    source_free(&check->source);
    *out = error == QW_OK ? check->config : NULL;
    if (error != QW_OK)
        config_free(check->config);
    return error;
}

static enum qw_error load(struct check *check, enum qw_error error, struct config **out)
{
    if (error == QW_OK)
        error = read_text(check);
    if (error == QW_OK && check->report.count)
        error = QW_ERR_INVALID;
    return end(check, error, out);
}

enum qw_error config_load(const char *path, FILE *errors, struct config **out)
{
    struct check check;
    enum qw_error error = begin(&check, path, errors);
    return load(&check, error, out);
}

enum qw_error config_check(const char *path, FILE *errors, unsigned *warnings, struct config **out)
{
    struct check check;
    enum qw_error error = begin(&check, path, errors);
    check.warns = true;
    error = load(&check, error, out);
    *warnings = check.warnings.count;
    return error;
}

enum qw_error config_load_known(const char *path, struct config **out)
{
    struct check check;
    enum qw_error error = begin(&check, path, NULL);
    if (error == QW_OK || error == QW_ERR_INVALID) {
        error = read_text(&check);
        error = error == QW_ERR_NO_MEMORY ? error : QW_OK;
        forget_unknown(&check);
    }
    return end(&check, error, out);
}
