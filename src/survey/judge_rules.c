/* The kernel's tools, our rules, and those of others. */
#include "survey_judge.h"
#include <string.h>

#define REMEDY_MAX 256

static void judge_modules(const struct config *config, const struct survey *survey,
                          struct survey_findings *out)
{
    if (!survey->first.queues.known)
        survey_add(out, SURVEY_ABOUT_MODULES, false, "\"modprobe nfnetlink_queue\"",
                   "the kernel has no netfilter queues (nfnetlink_queue)");
    if (!survey->root)
        return;
    if (!survey->nft_queue && !survey->iptables)
        survey_add(out, SURVEY_ABOUT_MODULES, false,
                   "install nftables or iptables; \"modprobe nft_queue\", or \"modprobe xt_NFQUEUE\"",
                   "neither nft nor iptables can be used here");
    else if (config->backend == CONFIG_RULES_NFT && !survey->nft_queue)
        survey_add(out, SURVEY_ABOUT_MODULES, false,
                   "\"modprobe nft_queue\", install nftables, or set rules_backend to \"iptables\"",
                   "rules_backend is \"nft\", and the kernel does not support nft's queue statement");
    else if (config->backend == CONFIG_RULES_IPTABLES && !survey->iptables)
        survey_add(out, SURVEY_ABOUT_MODULES, false, "install iptables, or set rules_backend to \"nft\"",
                   "rules_backend is \"iptables\", which cannot be used here");
}

static const char *how_to_put_back(const struct config *config, const char *path, const struct survey *survey,
                                   char out[static REMEDY_MAX])
{
    const struct survey_daemon *daemon = survey->twice ? &survey->second.daemon : &survey->first.daemon;
    if (daemon->answers && config->manage_rules)
        snprintf(out, REMEDY_MAX, "\"quicward reload -c %.120s\" restores them", path);
    else if (config->manage_rules)
        snprintf(out, REMEDY_MAX, "\"quicward rules -c %.120s --install\"", path);
    else
        snprintf(out, REMEDY_MAX, "\"quicward rules -c %.120s | sh\", or install your own rules again", path);
    return out;
}

static void judge_ours(const struct config *config, const char *path, const struct survey *survey,
                       struct survey_findings *out)
{
    char remedy[REMEDY_MAX];
    if (!survey->rules_asked)
        return;
    how_to_put_back(config, path, survey, remedy);
    if (!survey->rules_stand)
        survey_add(out, SURVEY_ABOUT_RULES, false, remedy,
                   "some or all of the kernel rules that feed the queues are missing");
    else if (!survey->rules_guard)
        survey_add(
            out, SURVEY_ABOUT_RULES, false, remedy,
            "the routing rules that keep UDP from passing after a flush of netfilter's tables are missing "
            "(rules_guard)");
    else if (!survey->rules_marks)
        survey_add(
            out, SURVEY_ABOUT_RULES, false,
            "install nftables; if the kernel does not support this table, set rules_fragments to false",
            "the nft table that measures fragments for size_limits is missing (rules_fragments)");
}

void judge_rules(const struct config *config, const char *path, const struct survey *survey,
                 struct survey_findings *out)
{
    judge_modules(config, survey, out);
    judge_ours(config, path, survey, out);
    for (unsigned i = 0; i < survey->advice.count; i++)
        survey_add(out, SURVEY_ABOUT_RULES, false, "", "%s", survey->advice.list[i]);
}
