#include "list_entry.h"
#include "suggest.h"
#include <stdlib.h>
#include <string.h>

static void report_unknown(const struct entry *entry, const struct entry_kind *kind,
                           const config_setting_t *setting)
{
    struct report *report = &entry->check->report;
    struct place place = check_place(entry->check, setting);
    const char *name = config_setting_name(setting);
    struct suggestion near = suggest_for(name);
    char names[SCHEMA_TEXT_SIZE] = "";
    for (size_t i = 0, used = 0; i < kind->key_count; i++) {
        suggest_consider(&near, kind->keys[i].name);
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s\"%s\"", i ? ", " : "",
                                 kind->keys[i].name);
    }
    if (suggest_found(&near))
        report_at(report, place, "%s: unknown key \"%.64s\"; did you mean \"%s\"?", entry->label, name,
                  suggest_found(&near));
    else
        report_at(report, place, "%s: unknown key \"%.64s\"; allowed: %s", entry->label, name, names);
}

static void read_key(const struct entry *entry, const struct entry_kind *kind,
                     const config_setting_t *setting)
{
    char path[ENTRY_LABEL_SIZE + sizeof(": from_interface")];
    for (size_t i = 0; i < kind->key_count; i++)
        if (strcmp(kind->keys[i].name, config_setting_name(setting)) == 0) {
            snprintf(path, sizeof(path), "%s: %s", entry->label, kind->keys[i].name);
            struct item item = {setting, check_place(entry->check, setting), path, false};
            kind->keys[i].read(entry->check, &item, entry->target);
            return;
        }
    report_unknown(entry, kind, setting);
}

static void check_missing(const struct entry *entry, const struct entry_kind *kind)
{
    char words[SCHEMA_TEXT_SIZE];
    for (size_t i = 0; i < kind->key_count; i++) {
        const struct entry_key *key = &kind->keys[i];
        if (key->required && !config_setting_get_member(entry->setting, key->name))
            report_at(&entry->check->report, entry->place, "%s: \"%s\" is missing; allowed: %s", entry->label,
                      key->name, key->words ? schema_words(key->words, words) : key->allowed);
    }
}

static void read_keys(struct entry *entry, const struct entry_kind *kind)
{
    const char *name = NULL;
    if (config_setting_lookup_string(entry->setting, "name", &name) && values_is_name(name))
        snprintf(entry->label, sizeof(entry->label), "%s \"%s\"", kind->one, name);
    for (int i = 0; i < config_setting_length(entry->setting) && !entry->check->no_memory; i++)
        read_key(entry, kind, config_setting_get_elem(entry->setting, (unsigned)i));
    check_missing(entry, kind);
    if (kind->check_pairs)
        kind->check_pairs(entry);
}

/* An empty element; NULL: check->no_memory. */
static void *add(struct check *check, const struct key *key, const struct entry_kind *kind, unsigned line)
{
    char *element = values_add(check, &key->kind->list);
    if (element)
        memcpy(element + kind->line, &line, sizeof(line));
    return element;
}

static void read_entry(struct check *check, const struct key *key, const struct item *list,
                       const struct entry_kind *kind, unsigned number)
{
    const config_setting_t *setting = config_setting_get_elem(list->setting, number);
    struct entry entry = {.check = check, .setting = setting, .place = check_place(check, setting)};
    snprintf(entry.label, sizeof(entry.label), "%s %u", kind->one, number + 1);
    unsigned errors = check->report.count;
    entry.target = add(check, key, kind, entry.place.line);
    if (!entry.target)
        return;
    if (config_setting_is_group(setting)) {
        read_keys(&entry, kind);
    } else {
        struct item item = {setting, entry.place, list->path, true};
        check_type_is(check, &item, kind->example);
    }
    if (check->report.count > errors && kind->plain)
        memset(entry.target, 0, key->kind->list.size);
}

bool entries_read(struct check *check, const struct key *key, const struct item *list,
                  const struct entry_kind *kind)
{
    unsigned count = (unsigned)config_setting_length(list->setting);
    bool empty_array = config_setting_is_array(list->setting) && count == 0;
    if (!config_setting_is_list(list->setting) && !empty_array) {
        check_wrong_type(check, key, list);
        return false;
    }
    if (count > kind->max) {
        report_value(&check->report, list, "has %u %s: at most %u", count, kind->many, kind->max);
        return false;
    }
    for (unsigned i = 0; i < count && !check->no_memory; i++)
        read_entry(check, key, list, kind, i);
    return !check->no_memory;
}

/* Equal ones stay in the order of the file. */
static int compare(const void *a, const void *b, void *context)
{
    const struct entry_twins *twins = context;
    const char *const *x = a, *const *y = b;
    int order = twins->order(*x, *y);
    return order ? order : (*x > *y) - (*x < *y);
}

unsigned entries_number(const struct entry_twins *twins, const struct config *config, const void *element)
{
    const char *first = own_elements(config, &twins->list);
    return (unsigned)((size_t)((const char *)element - first) / twins->list.size) + 1;
}

static struct place place_of(struct check *check, const struct item *list, const struct entry_twins *twins,
                             const void *element)
{
    unsigned index = entries_number(twins, check->config, element) - 1;
    return check_place(check, config_setting_get_elem(list->setting, index));
}

static bool meet(const struct entry_twins *twins, const void *a, const void *b)
{
    return twins->meets ? twins->meets(a, b) : twins->order(a, b) == 0;
}

/* Sorted: thousands of elements are not compared each with each. */
void entries_find_twins(struct check *check, const struct item *list, const struct entry_twins *twins)
{
    unsigned count = 0, elements = own_count(check->config, &twins->list);
    const char *first = own_elements(check->config, &twins->list);
    const char **sorted = calloc(elements + 1, sizeof(*sorted));
    if (!sorted) {
        check->no_memory = true;
        return;
    }
    for (unsigned i = 0; i < elements; i++) {
        const char *element = first + i * twins->list.size;
        if (twins->has(element))
            sorted[count++] = element;
    }
    qsort_r(sorted, count, sizeof(*sorted), compare, &(struct entry_twins){.order = twins->order});
    const char *before = sorted[0];
    for (unsigned i = 1; i < count; i++) {
        if (meet(twins, before, sorted[i]))
            twins->tell(twins, check, place_of(check, list, twins, sorted[i]), sorted[i],
                        place_of(check, list, twins, before));
        if (!twins->passes || twins->passes(before, sorted[i]))
            before = sorted[i];
    }
    free(sorted);
}

void entries_print(const struct config *config, const struct key *key, entry_printer *one, const char *end,
                   FILE *out)
{
    const struct own_list *list = &key->kind->list;
    const char *first = own_elements(config, list);
    unsigned count = own_count(config, list);
    fputs("(", out);
    for (unsigned i = 0; i < count; i++) {
        fputs(i ? ",\n" : "\n", out);
        one(config, first + i * list->size, out);
    }
    fprintf(out, "%s)", count ? end : "");
}
