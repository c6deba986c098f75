/* What there is to tell about the fast path. */
#include "fast_path.h"
#include "fast_survey.h"
#include <quicward/io.h>
#include <stdlib.h>
#include <string.h>

static const char *place_word(const struct fast_link *link)
{
    if (!link->attached)
        return "none";
    return link->choice.place == OFFLOAD_XDP ? "xdp" : "tc";
}

/* Of one interface, or of all with NULL. What is not for us (no UDP, say) counts as slow too. */
static void add_counts(struct offload *offload, struct io_offload_link *out)
{
    const char *text;
    struct offload_count count;
    for (unsigned i = 0; offload_why(offload, out->name, i, &text, &count); i++) {
        struct offload_count *sum = i == OFFLOAD_FORWARDED ? &out->fast
                                    : i < OFFLOAD_LEFT     ? &out->dropped
                                                           : &out->slow;
        sum->packets += count.packets;
        sum->bytes += count.bytes;
    }
}

static void add_reasons(struct offload *offload, struct io_offload *out)
{
    struct offload_count count;
    const char *text;
    for (unsigned i = 0; i < IO_OFFLOAD_REASONS_MAX && offload_why(offload, NULL, i, &text, &count); i++)
        out->reasons[out->reason_count++] = (struct io_offload_reason){text, count.packets};
}

static void add_links(struct fast_path *fast_path, struct io_offload *out)
{
    struct offload_port_report ports[IO_OFFLOAD_LINKS_MAX];
    unsigned count = offload_ports(fast_path->offload, ports, IO_OFFLOAD_LINKS_MAX);
    pthread_mutex_lock(&fast_path->linking);
    for (unsigned i = 0; i < fast_path->links.count; i++) {
        const struct fast_link *link = &fast_path->links.all[i];
        struct io_offload_link *to = &out->links[out->link_count++];
        *to = (struct io_offload_link){.name = link->name, .place = place_word(link)};
        memcpy(to->why, link->choice.why, sizeof to->why);
        for (unsigned k = 0; k < count; k++)
            if (strcmp(ports[k].name, link->name) == 0)
                to->entries = ports[k].entries;
        add_counts(fast_path->offload, to);
    }
    pthread_mutex_unlock(&fast_path->linking);
}

static void add_warnings_of(const struct survey_findings *found, const char *interface,
                            struct io_offload *out)
{
    for (unsigned i = 0; i < found->count && out->warning_count < IO_OFFLOAD_WARNINGS_MAX; i++) {
        struct io_offload_warning *to = &out->warnings[out->warning_count++];
        to->interface = interface;
        snprintf(to->text, sizeof to->text, "%.300s: %.200s", found->list[i].what, found->list[i].remedy);
    }
}

/* Asks the kernel, so no lock is held. */
static void add_warnings(const struct config *config, struct io_offload *out)
{
    struct survey *survey = fast_survey_make(config);
    struct survey_findings *found = calloc(1, sizeof *found);
    for (unsigned i = 0; survey && found && i < out->link_count; i++) {
        *found = (struct survey_findings){0};
        survey_judge_fast(config, survey, out->links[i].name, found);
        add_warnings_of(found, out->links[i].name, out);
    }
    free(found);
    free(survey);
}

void fast_path_report(struct fast_path *fast_path, struct io_offload *out)
{
    *out = (struct io_offload){0};
    pthread_mutex_lock(&fast_path->lock);
    out->running = fast_path->offload != NULL;
    if (out->running) {
        offload_stats(fast_path->offload, &out->stats);
        add_reasons(fast_path->offload, out);
        add_links(fast_path, out);
    }
    pthread_mutex_unlock(&fast_path->lock);
    if (out->running)
        add_warnings(fast_path->config, out);
}

bool fast_path_has(struct fast_path *fast_path, uint64_t id)
{
    pthread_mutex_lock(&fast_path->lock);
    bool fast = fast_path->offload && offload_has(fast_path->offload, id);
    pthread_mutex_unlock(&fast_path->lock);
    return fast;
}
