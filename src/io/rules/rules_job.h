/* The scripts that this program runs, by name: the process that runs them (rules_helper.h) prints them
 * itself, so nobody can have it run another. */
#ifndef QUICWARD_IO_RULES_JOB_H
#define QUICWARD_IO_RULES_JOB_H

#include "kernel_rules.h"

enum rules_script {
    RULES_SCRIPT_ASK_NFT,    /* can nft be used here? */
    RULES_SCRIPT_ASK_MANGLE, /* can iptables? */
    RULES_SCRIPT_INSTALL,
    RULES_SCRIPT_REMOVE,
    RULES_SCRIPT_STATE,   /* prints what stands */
    RULES_SCRIPT_REFRESH, /* makes what depends on inside interfaces so again */
    RULES_SCRIPT_OTHERS,  /* prints all rules, those of others too */
    RULES_SCRIPT_COUNT
};

struct rules_job {
    enum rules_script script;
    enum config_backend backend; /* of INSTALL, REMOVE, STATE */
    struct rules_manner manner;  /* of INSTALL, REMOVE */
};

void rules_job_print(const struct rules_job *job, const struct config *config, FILE *out);

/* Runs the script, as rules_run: by the helper of this process if it has one, whose configuration is `config`
 * then; else here. `lock` (of rules_lock; -1: none) is held until the script ends, whoever ends before. */
int rules_job_run(const struct rules_job *job, const struct config *config, int lock, unsigned ms, int stop,
                  char *said, size_t size);

#endif
