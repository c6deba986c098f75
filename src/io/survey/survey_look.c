#include "fail.h"
#include "fast_survey.h"
#include "findings.h"
#include "holder.h"
#include "kernel_rules.h"
#include "link_features.h"
#include "port_pool.h"
#include "queue_stats.h"
#include "router_links.h"
#include "router_ports.h"
#include "router_sockets.h"
#include "rules_fragments.h"
#include "rules_job.h"
#include "setup_host.h"
#include "setup_rules.h"
#include <errno.h>
#include <quicward/io.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#define RULES_MAX (4u << 20) /* bytes of rules that are read */
#define STATE_MAX (1u << 20) /* and of those of one instance */
#define LINE_MAX_LEN 512
#define CLOCK_TRIES 10
#define CLOCK_APART_NS (10 * QW_NS_PER_MS) /* that the two clocks may be read apart */

/* ---- moments ---- */

/* One line of /proc/net/snmp names the numbers of the next: "Ip: Forwarding DefaultTTL ... ForwDatagrams". */
static uint64_t snmp_number(const char *path, const char *name)
{
    char heads[LINE_MAX_LEN], values[LINE_MAX_LEN], *head_rest = NULL, *value_rest = NULL;
    uint64_t found = 0;
    FILE *file = fopen(path, "re");
    bool read = file && fgets(heads, sizeof(heads), file) && fgets(values, sizeof(values), file);
    if (file)
        fclose(file);
    if (!read)
        return 0;
    const char *head = strtok_r(heads, " \n", &head_rest), *value = strtok_r(values, " \n", &value_rest);
    for (; head && value;
         head = strtok_r(NULL, " \n", &head_rest), value = strtok_r(NULL, " \n", &value_rest))
        if (strcmp(head, name) == 0)
            found = strtoull(value, NULL, 10);
    return found;
}

/* A line is a name and a number. */
static uint64_t snmp6_number(const char *name)
{
    char line[LINE_MAX_LEN], word[64];
    unsigned long long value, found = 0;
    FILE *file = fopen("/proc/self/net/snmp6", "re");
    while (file && fgets(line, sizeof(line), file))
        if (sscanf(line, "%63s %llu", word, &value) == 2 && strcmp(word, name) == 0)
            found = value;
    if (file)
        fclose(file);
    return found;
}

static void add_queue(const struct queue_line *line, struct survey_queues *out)
{
    if (out->count == SURVEY_QUEUES_MAX)
        return;
    struct survey_queue *queue = &out->list[out->count++];
    *queue = (struct survey_queue){.number = line->number,
                                   .waiting = line->waiting,
                                   .queue_dropped = line->queue_dropped,
                                   .user_dropped = line->user_dropped,
                                   .last_id = line->last_id};
    queue->pid = holder_find(line->portid, queue->process, sizeof(queue->process));
}

static void look_at_queues(struct survey_queues *out)
{
    char line[LINE_MAX_LEN];
    struct queue_line queue;
    FILE *file = fopen("/proc/self/net/netfilter/nfnetlink_queue", "re");
    *out = (struct survey_queues){.known = file};
    while (file && fgets(line, sizeof(line), file))
        if (queue_stats_parse(line, &queue))
            add_queue(&queue, out);
    if (file)
        fclose(file);
}

/* Both at one moment: a busy machine may stop this process between the two. */
static void look_at_clocks(struct survey_moment *out)
{
    struct timespec wall;
    struct qw_time before;
    for (unsigned i = 0; i < CLOCK_TRIES; i++) {
        before = io_now();
        clock_gettime(CLOCK_REALTIME, &wall);
        out->uptime_ns = before.ns;
        out->wall_ns = wall.tv_sec * (int64_t)QW_NS_PER_SECOND + wall.tv_nsec;
        if (qw_time_since(io_now(), before) < CLOCK_APART_NS)
            return;
    }
}

void io_survey_moment(const struct config *config, struct survey_moment *out)
{
    pid_t pid = 0;
    *out = (struct survey_moment){0};
    look_at_clocks(out);
    out->forwarded =
        snmp_number("/proc/self/net/snmp", "ForwDatagrams") + snmp6_number("Ip6OutForwDatagrams");
    look_at_queues(&out->queues);
    out->daemon.runs = config && io_instance_holder(config, &pid);
    out->daemon.pid = (unsigned)pid;
}

/* ---- tools and rules ---- */

static bool works(enum rules_script question)
{
    char said[256];
    struct config config;
    const struct rules_job job = {.script = question};
    config_defaults(&config);
    return rules_job_run(&job, &config, -1, RULES_RUN_MS, -1, said, sizeof(said)) == 0;
}

static void look_at_rules(struct survey *survey)
{
    struct config config;
    const struct rules_job job = {.script = RULES_SCRIPT_OTHERS};
    survey->root = rules_may_administer();
    if (!survey->root)
        return;
    survey->nft_queue = works(RULES_SCRIPT_ASK_NFT);
    survey->iptables = works(RULES_SCRIPT_ASK_MANGLE);
    config_defaults(&config);
    survey->rules = malloc(RULES_MAX);
    if (survey->rules && rules_job_run(&job, &config, -1, RULES_RUN_MS, -1, survey->rules, RULES_MAX) >= 0)
        return;
    free(survey->rules);
    survey->rules = NULL;
}

/* An error of adjtimex is the state of a clock that nobody keeps. */
static void look_at_clock(struct survey *survey)
{
    struct timex state = {0};
    survey->clock_synced = adjtimex(&state) >= 0 && !(state.status & STA_UNSYNC);
}

enum qw_error io_survey_make(struct survey **out, struct io_error *error)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct survey *survey = calloc(1, sizeof(*survey));
    *out = NULL;
    if (!survey)
        return io_fail(error, QW_ERR_NO_MEMORY, "no memory to look at the router");
    if (!router_links_ask(survey)) {
        free(survey);
        return io_fail(error, QW_ERR_SYSTEM, "the kernel does not tell its interfaces: %s", strerror(errno));
    }
    survey->processors = processors > 0 ? (unsigned)processors : 1;
    link_features_ask(survey);
    io_survey_moment(NULL, &survey->first);
    look_at_rules(survey);
    look_at_clock(survey);
    *out = survey;
    return QW_OK;
}

void io_survey_free(struct survey *survey)
{
    if (!survey)
        return;
    free(survey->rules);
    free(survey);
}

/* ---- what a configuration names ---- */

static void look_at_own(const struct config *config, struct survey *survey)
{
    struct io_error error;
    struct rules_job job = {.script = RULES_SCRIPT_STATE};
    char *state = malloc(STATE_MAX);
    if (state && io_rules_choose(config, &job.backend, &error) == QW_OK &&
        rules_job_run(&job, config, -1, RULES_RUN_MS, -1, state, STATE_MAX) == 0) {
        survey->rules_asked = true;
        survey->rules_stand = rules_state_complete(config, job.backend, state);
        survey->rules_guard = rules_state_guarded(config, state);
        survey->rules_marks = rules_state_measures(config, state);
    }
    free(state);
}

static void look_at_others(const struct config *config, struct survey *survey)
{
    struct findings *found = calloc(1, sizeof(*found));
    char *text = survey->rules ? strdup(survey->rules) : NULL; /* it is changed */
    if (found && text)
        setup_rules_look(config, text, found);
    survey->advice.count = 0;
    for (unsigned i = 0; found && i < found->count && survey->advice.count < SURVEY_TEXTS_MAX; i++)
        snprintf(survey->advice.list[survey->advice.count++], SURVEY_TEXT_MAX, "%s", found->texts[i]);
    free(text);
    free(found);
}

/* An address of somebody else has no socket here, not even one on every address. */
static bool is_own(const struct survey *survey, const struct qw_addr *addr)
{
    for (unsigned i = 0; i < survey->interface_count; i++)
        for (unsigned k = 0; k < survey->interfaces[i].address_count; k++)
            if (survey->interfaces[i].addresses[k].family == QW_IPV4 &&
                qw_addr_equal(&survey->interfaces[i].addresses[k].addr, addr))
                return true;
    return false;
}

static void look_at_ports(const struct config *config, struct survey *survey)
{
    uint64_t router[QW_PORT_WORDS], pool[QW_PORT_WORDS];
    survey->ports_known = router_ports_read(router);
    if (!survey->ports_known)
        return;
    config_nat_usable(config, pool);
    survey->ports_left = port_pool_left(pool, router);
    for (unsigned i = 0; i < config->forward_count && survey->taken_count < SURVEY_FORWARDS_MAX; i++) {
        const struct config_forward *forward = &config->forwards[i];
        const struct qw_addr *at =
            config->external_auto ? &survey->external : &config->external[forward->external];
        if (qw_ports_has(router, forward->port) && is_own(survey, at) &&
            router_sockets_taken(at, forward->port))
            survey->taken[survey->taken_count++] = forward->port;
    }
}

void io_survey_of(const struct config *config, bool own, struct survey *survey)
{
    setup_host_external(config, survey);
    fast_survey_fill(config, survey);
    if (own && survey->root)
        look_at_own(config, survey);
    look_at_others(config, survey);
    if (config->mode == CONFIG_NAT)
        look_at_ports(config, survey);
}
