/* The daemon, its queues, and what comes to it. */
#include "survey_judge.h"
#include <inttypes.h>
#include <string.h>

#define REMEDY_MAX 256
#define FORWARDED_MANY 200 /* packets between two looks: more than a router's own noise */

static const char *instance_of(const struct config *config)
{
    return config->instance[0] != '\0' ? config->instance : CONFIG_INSTANCE_DEFAULT;
}

static bool lets_pass(const struct config *config)
{
    return config->mode == CONFIG_MONITOR ||
           (config->mode == CONFIG_FIREWALL && config->when_down == CONFIG_DOWN_PASS);
}

static const struct survey_moment *latest(const struct survey *survey)
{
    return survey->twice ? &survey->second : &survey->first;
}

/* ---- the daemon ---- */

static void judge_absent(const struct config *config, const char *path, struct survey_findings *out)
{
    char remedy[REMEDY_MAX];
    snprintf(remedy, sizeof(remedy), "\"systemctl start quicward\", or \"quicward run -c %.120s\"", path);
    survey_add(out, SURVEY_ABOUT_DAEMON, false, remedy,
               "no daemon runs as instance \"%s\": UDP between inside and outside %s meanwhile",
               instance_of(config), lets_pass(config) ? "passes unseen" : "is dropped");
}

static void judge_present(const struct config *config, const char *path, const struct survey_daemon *daemon,
                          struct survey_findings *out)
{
    char remedy[REMEDY_MAX];
    if (daemon->mode != config->mode) {
        snprintf(remedy, sizeof(remedy), "restart it, or give the file that it reads: -c FILE");
        survey_add(out, SURVEY_ABOUT_DAEMON, false, remedy, "the daemon runs in mode %s, and %s says %s",
                   config_mode_text(daemon->mode), path, config_mode_text(config->mode));
    }
    if (daemon->no_external)
        survey_add(out, SURVEY_ABOUT_ADDRESSES, false,
                   "give the outside interface an address, or nat.external another one",
                   "the daemon knows no external address: nothing can be mapped");
    if (daemon->keeps_rules && !daemon->rules_stand)
        survey_add(out, SURVEY_ABOUT_RULES, false, "the log says why: \"journalctl -u quicward\"",
                   "the daemon cannot restore the kernel rules");
}

void judge_daemon(const struct config *config, const char *path, const struct survey *survey,
                  struct survey_findings *out)
{
    const struct survey_daemon *daemon = &latest(survey)->daemon;
    if (daemon->answers)
        judge_present(config, path, daemon, out);
    else if (!daemon->runs)
        judge_absent(config, path, out);
    else
        survey_add(out, SURVEY_ABOUT_DAEMON, false,
                   "ask as root; if it hangs, restart it: \"systemctl restart quicward\"",
                   "the daemon runs (process %u) and does not answer: %s", daemon->pid, daemon->problem);
}

/* ---- its queues ---- */

static const struct survey_queue *find(const struct survey_queues *queues, uint16_t number)
{
    for (unsigned i = 0; i < queues->count; i++)
        if (queues->list[i].number == number)
            return &queues->list[i];
    return NULL;
}

/* The daemon may share its sockets with the process that stands in for it. */
static bool is_foreign(const struct survey_queue *queue, const struct survey_daemon *daemon)
{
    if (strncmp(queue->process, "qw-", 3) == 0)
        return false;
    return daemon->runs ? queue->pid != 0 && daemon->pid != 0 && queue->pid != daemon->pid : true;
}

static void judge_owner(uint16_t number, const struct survey_queue *queue, const struct survey_daemon *daemon,
                        struct survey_findings *out)
{
    if (!queue && daemon->runs)
        survey_add(out, SURVEY_ABOUT_QUEUES, false, "restart the daemon: \"systemctl restart quicward\"",
                   "the daemon runs but has not bound queue %u: packets sent there are dropped, or pass "
                   "unseen",
                   (unsigned)number);
    else if (queue && is_foreign(queue, daemon))
        survey_add(out, SURVEY_ABOUT_QUEUES, false, "stop that program, or set queue.first to another number",
                   "queue %u is held by process %u (%s)", (unsigned)number, queue->pid, queue->process);
}

/* Counters of the kernel wrap. */
static void judge_movement(const struct survey_queue *then, const struct survey_queue *now,
                           struct survey_findings *out)
{
    uint32_t dropped =
        now->queue_dropped - then->queue_dropped + (uint32_t)(now->user_dropped - then->user_dropped);
    if (dropped > 0 && dropped < UINT32_MAX / 2)
        survey_add(out, SURVEY_ABOUT_QUEUES, false,
                   "raise queue.workers or queue.length; \"quicward top\" shows what arrives",
                   "queue %u overflows: the kernel dropped %" PRIu32 " packets of it just now",
                   (unsigned)now->number, dropped);
    if (then->waiting > 0 && now->waiting >= then->waiting && now->last_id == then->last_id)
        survey_add(out, SURVEY_ABOUT_QUEUES, false, "restart the daemon: \"systemctl restart quicward\"",
                   "%" PRIu32 " packets wait in queue %u and nobody reads them", now->waiting,
                   (unsigned)now->number);
}

/* ---- what comes to it ---- */

static void judge_arrival(const struct survey *survey, struct survey_findings *out)
{
    const struct survey_moment *then = &survey->first, *now = &survey->second;
    uint64_t forwarded = now->forwarded - then->forwarded;
    if (!survey->twice || !then->daemon.answers || !now->daemon.answers || now->forwarded < then->forwarded)
        return;
    if (now->daemon.packets == 0 && forwarded >= FORWARDED_MANY)
        survey_add(
            out, SURVEY_ABOUT_COUNTERS, true,
            "if some of them are UDP, check that inside and outside name the interfaces that they cross",
            "the kernel forwarded %" PRIu64
            " packets just now, and the daemon has seen none since it started",
            forwarded);
}

void judge_queues(const struct config *config, const struct survey *survey, struct survey_findings *out)
{
    const struct survey_moment *now = latest(survey);
    for (unsigned i = 0; now->queues.known && i < config->workers; i++) {
        uint16_t number = (uint16_t)(config->queue_first + i);
        const struct survey_queue *queue = find(&now->queues, number);
        const struct survey_queue *before = survey->twice ? find(&survey->first.queues, number) : NULL;
        judge_owner(number, queue, &now->daemon, out);
        if (queue && before)
            judge_movement(before, queue, out);
    }
    judge_arrival(survey, out);
}
