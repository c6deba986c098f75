#include "rules_job.h"
#include "rules_helper.h"
#include <stdlib.h>

/* Asks the kernel, without changing anything, whether it takes a queue statement: it may have been built
 * without. */
static const char ASK_NFT[] = "nft -c -f - <<'RULES'\n"
                              "table inet quicward_ask {\n"
                              "    chain ask {\n"
                              "        meta l4proto udp queue num 0 bypass\n"
                              "    }\n"
                              "}\n"
                              "RULES\n";

static const char ASK_MANGLE[] = "iptables -w -t mangle -S FORWARD >/dev/null\n";

/* Rules that iptables has made into nft's are shown by iptables. */
static const char OTHERS[] = "exec 2>/dev/null\n"
                             "echo '#tool iptables'; iptables-save\n"
                             "echo '#tool ip6tables'; ip6tables-save\n"
                             "echo '#tool nft'; nft list ruleset\n"
                             "exit 0\n";

void rules_job_print(const struct rules_job *job, const struct config *config, FILE *out)
{
    switch (job->script) {
    case RULES_SCRIPT_ASK_NFT:
        fputs(ASK_NFT, out);
        break;
    case RULES_SCRIPT_ASK_MANGLE:
        fputs(ASK_MANGLE, out);
        break;
    case RULES_SCRIPT_INSTALL:
    case RULES_SCRIPT_REMOVE:
        rules_script_print(config, job->backend, job->script == RULES_SCRIPT_REMOVE, &job->manner, out);
        break;
    case RULES_SCRIPT_STATE:
        rules_state_print(config, job->backend, out);
        break;
    case RULES_SCRIPT_REFRESH:
        rules_refresh_print(config, out);
        break;
    case RULES_SCRIPT_OTHERS:
        fputs(OTHERS, out);
        break;
    case RULES_SCRIPT_COUNT:
        break;
    }
}

static int run_here(const struct rules_job *job, const struct config *config, unsigned ms, int stop,
                    char *said, size_t size)
{
    char *script = NULL;
    size_t len = 0;
    said[0] = '\0';
    FILE *out = open_memstream(&script, &len);
    if (!out)
        return RULES_RUN_FAILED;
    rules_job_print(job, config, out);
    bool printed = fclose(out) == 0;
    int status = printed ? rules_run(script, len, ms, stop, said, size) : RULES_RUN_FAILED;
    free(script);
    return status;
}

int rules_job_run(const struct rules_job *job, const struct config *config, int lock, unsigned ms, int stop,
                  char *said, size_t size)
{
    if (rules_helper_here())
        return rules_helper_run(job, lock, ms, stop, said, size);
    return run_here(job, config, ms, stop, said, size);
}
