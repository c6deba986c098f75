#include "doctor_text.h"
#include <jansson.h>
#include <stdlib.h>

static const char NOT_SEEN[] = "the kernel rules could not be looked at, which needs root (CAP_NET_ADMIN)";

/* ---- for people ---- */

static void print_one(const struct survey_finding *one, FILE *out)
{
    fprintf(out, "%s %s: %s\n", one->note ? "note: " : "fault:", survey_topic_word(one->topic), one->what);
    if (one->remedy[0] != '\0')
        fprintf(out, "       do: %s\n", one->remedy);
}

static void print_count(unsigned count, const char *what, FILE *out)
{
    fprintf(out, "%u %s%s", count, what, count == 1 ? "" : "s");
}

bool doctor_print_text(const struct survey_findings *found, bool rules_seen, FILE *out)
{
    for (unsigned i = 0; i < found->count; i++)
        print_one(&found->list[i], out);
    if (!rules_seen)
        fprintf(out, "%s\n", NOT_SEEN);
    if (found->count == 0 && rules_seen) {
        fputs("all is well\n", out);
    } else {
        print_count(found->faults, "fault", out);
        fputs(", ", out);
        print_count(found->count - found->faults, "note", out);
        fputc('\n', out);
    }
    return !ferror(out);
}

/* ---- for programs ---- */

static bool write_line(json_t *line, FILE *out)
{
    char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
    bool written = text && fprintf(out, "%s\n", text) > 0;
    free(text);
    json_decref(line);
    return written;
}

/* A rule may hold bytes that are no UTF-8, and JSON has none of these. */
static json_t *text_of(const char *text)
{
    char plain[SURVEY_TEXT_MAX];
    json_t *string = json_string(text);
    if (string)
        return string;
    snprintf(plain, sizeof(plain), "%s", text);
    for (char *at = plain; *at; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
    return json_string(plain);
}

static json_t *one_of(const struct survey_finding *one)
{
    return json_pack("{s:{s:s,s:s,s:o,s:o}}", "finding", "topic", survey_topic_word(one->topic), "level",
                     one->note ? "note" : "fault", "what", text_of(one->what), "do",
                     one->remedy[0] != '\0' ? text_of(one->remedy) : json_null());
}

bool doctor_print_json(const struct survey_findings *found, bool rules_seen, FILE *out)
{
    for (unsigned i = 0; i < found->count; i++)
        if (!write_line(one_of(&found->list[i]), out))
            return false;
    return write_line(json_pack("{s:{s:i,s:i,s:b}}", "doctor", "faults", (int)found->faults, "notes",
                                (int)(found->count - found->faults), "rules_seen", (int)rules_seen),
                      out);
}
