#include "survey_judge.h"
#include <stdarg.h>
#include <string.h>

const char *survey_topic_word(enum survey_topic topic)
{
    static const char *const WORDS[] = {
#define X(name, word, meaning) word,
        SURVEY_TOPICS(X)
#undef X
    };
    return WORDS[topic];
}

static bool has(const struct survey_findings *findings, const struct survey_finding *one)
{
    for (unsigned i = 0; i < findings->count; i++)
        if (findings->list[i].topic == one->topic && strcmp(findings->list[i].what, one->what) == 0)
            return true;
    return false;
}

/* Names of programs and comments in rules are others' words, and a terminal obeys control characters. */
static void make_plain(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
}

void survey_add(struct survey_findings *out, enum survey_topic topic, bool note, const char *remedy,
                const char *format, ...)
{
    struct survey_finding one = {.topic = topic, .note = note};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(one.what, sizeof(one.what), format, arguments);
    va_end(arguments);
    snprintf(one.remedy, sizeof(one.remedy), "%s", remedy);
    make_plain(one.what);
    make_plain(one.remedy);
    if (out->count == SURVEY_FINDINGS_MAX || has(out, &one))
        return;
    out->faults += !note;
    out->list[out->count++] = one;
}

bool judge_is_named(const struct config_interfaces *named, const char *name)
{
    return config_interface_find(named, name) >= 0;
}

const struct survey_interface *judge_next(const struct survey *survey, const char *named, unsigned *from)
{
    while (*from < survey->interface_count) {
        const struct survey_interface *one = &survey->interfaces[(*from)++];
        if (config_interface_covers(named, one->name))
            return one;
    }
    return NULL;
}

bool judge_is_ours(const struct config *config, const char *name)
{
    return judge_is_named(&config->inside, name) || judge_is_named(&config->outside, name);
}

static void judge_side(const struct config *config, const struct survey *survey,
                       const struct config_interfaces *side, judge_interface *judge,
                       struct survey_findings *out)
{
    for (unsigned i = 0; i < side->count; i++) {
        unsigned from = 0;
        for (const struct survey_interface *one; (one = judge_next(survey, side->names[i], &from));)
            judge(config, survey, one, side == &config->inside, out);
    }
}

void judge_each(const struct config *config, const struct survey *survey, judge_interface *judge,
                struct survey_findings *out)
{
    judge_side(config, survey, &config->inside, judge, out);
    judge_side(config, survey, &config->outside, judge, out);
}

void survey_judge(const struct config *config, const char *path, const struct survey *survey,
                  struct survey_findings *out)
{
    *out = (struct survey_findings){0};
    judge_daemon(config, path, survey, out);
    judge_queues(config, survey, out);
    judge_rules(config, path, survey, out);
    judge_interfaces(config, survey, out);
    survey_judge_host(config, survey, out);
    judge_links(config, survey, out);
    judge_each(config, survey, judge_fast, out);
    judge_ports(config, survey, out);
    judge_clock(config, survey, out);
}
