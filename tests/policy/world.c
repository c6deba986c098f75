#include "world.h"
#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[32], file[48];

void need(bool condition, const char *what)
{
    if (condition)
        return;
    perror(what);
    exit(1);
}

const char *file_make(const void *bytes, size_t len)
{
    snprintf(folder, sizeof(folder), "/tmp/quicward-policy-XXXXXX");
    need(mkdtemp(folder) != NULL, "mkdtemp");
    snprintf(file, sizeof(file), "%s/file", folder);
    FILE *out = fopen(file, "w");
    need(out && fwrite(bytes, 1, len, out) == len && fclose(out) == 0, file);
    return file;
}

void file_remove(void)
{
    need(unlink(file) == 0 && rmdir(folder) == 0, file);
}

struct world world_load(const char *path)
{
    struct world world;
    need(config_load(path, stderr, &world.config) == QW_OK, path);
    need(policy_new(world.config, WORLD_SECRET, stderr, &world.policy) == QW_OK, path);
    return world;
}

struct world world_begin(const char *text)
{
    return world_with(WORLD_KEYS, text);
}

struct world world_with(const char *keys, const char *text)
{
    size_t len = strlen(keys) + strlen(text);
    char *all = malloc(len + 1);
    need(all != NULL, "malloc");
    snprintf(all, len + 1, "%s%s", keys, text);
    struct world world = world_load(file_make(all, len));
    file_remove();
    free(all);
    return world;
}

void world_end(struct world *world)
{
    policy_free(world->policy);
    config_free(world->config);
}

struct policy_decision world_decide(const struct world *world, const char *text)
{
    struct policy_flow flow;
    need(policy_flow_read(world->config, text, &flow, stderr), text);
    return policy_decide(world->policy, &flow.facts);
}

void world_expect(const struct world *world, const char *flow, const char *want)
{
    char got[128] = "wait";
    struct policy_decision decision = world_decide(world, flow);
    if (!decision.needs_hello)
        snprintf(got, sizeof(got), "%s %s", config_action_text(decision.action),
                 policy_rule_name(world->policy, decision.rule));
    if (strcmp(got, want) != 0)
        printf("\n%s: got %s, want %s\n", flow, got, want);
    CU_ASSERT_STRING_EQUAL(got, want);
}
