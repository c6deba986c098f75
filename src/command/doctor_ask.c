#include "doctor_ask.h"
#include <jansson.h>
#include <quicward/control.h>
#include <string.h>

#define PATIENCE_MS 5000 /* a daemon at work answers within some hundredths of a second */

static enum config_mode mode_of(const char *word)
{
    static const enum config_mode MODES[] = {CONFIG_FIREWALL, CONFIG_MONITOR, CONFIG_NAT};
    for (unsigned i = 0; word && i < sizeof(MODES) / sizeof(MODES[0]); i++)
        if (strcmp(word, config_mode_text(MODES[i])) == 0)
            return MODES[i];
    return CONFIG_FIREWALL;
}

/* None is known when all that stands there is null. */
static bool knows_external(const json_t *stats)
{
    const json_t *list = json_object_get(json_object_get(stats, "nat"), "external");
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_is_string(json_array_get(list, i)))
            return true;
    return false;
}

static void take(const json_t *stats, struct survey_daemon *out)
{
    const json_t *rules = json_object_get(stats, "kernel_rules");
    out->answers = true;
    out->mode = mode_of(json_string_value(json_object_get(stats, "mode")));
    out->packets = (uint64_t)json_integer_value(json_object_get(stats, "packets"));
    out->keeps_rules = rules != NULL;
    out->rules_stand = json_is_true(json_object_get(rules, "standing"));
    out->put_back = (uint64_t)json_integer_value(json_object_get(rules, "put_back"));
    out->no_external = out->mode == CONFIG_NAT && !knows_external(stats);
}

bool doctor_read_stats(const char *json_line, struct survey_daemon *out)
{
    json_t *line = json_loads(json_line, 0, NULL);
    const json_t *stats = json_object_get(line, "stats");
    bool is_stats = json_is_object(stats) && json_is_string(json_object_get(stats, "mode"));
    if (is_stats)
        take(stats, out);
    json_decref(line);
    return is_stats;
}

static void read_line(void *context, const char *line)
{
    doctor_read_stats(line, context);
}

void doctor_ask(const char *socket, struct survey_daemon *out)
{
    struct io_error error = {"it gave no figures"};
    pid_t daemon = 0;
    bool answered =
        control_request_within(socket, &daemon, "stats", PATIENCE_MS, read_line, out, &error) == QW_OK;
    out->answers = answered && out->answers;
    if (out->answers) {
        out->runs = true;
        out->pid = (unsigned)daemon;
    } else
        snprintf(out->problem, sizeof(out->problem), "%.*s", (int)sizeof(out->problem) - 1, error.text);
}
