#include "veils.h"
#include <quicward/base/log.h>
#include <string.h>

/* Its messages speak of the key `secret`, whose files are alike. */
static bool fail_key(struct io_error *error)
{
    static const char HEAD[] = "secret: ";
    char *tail = strstr(error->text, "; secret = ");
    const char *text =
        strncmp(error->text, HEAD, sizeof HEAD - 1) == 0 ? error->text + sizeof HEAD - 1 : error->text;
    if (tail)
        *tail = '\0';
    qw_log(QW_LOG_ERROR, "anonymise.key: %s; anonymise.key = \"none\" does without", text);
    return false;
}

/* All the bytes of a key of pseudonyms follow from the one that is kept. */
static void make_key(struct qw_hash_key kept, uint8_t out[static CONTROL_VEIL_KEY])
{
    for (uint8_t i = 0; i < CONTROL_VEIL_KEY / 8; i++) {
        uint64_t word = qw_hash24(kept, &i, 1);
        for (unsigned b = 0; b < 8; b++)
            out[8 * i + b] = (uint8_t)(word >> 8 * b);
    }
}

static enum qw_error make_all(const struct config *config, const uint8_t key[static CONTROL_VEIL_KEY],
                              struct veils *out)
{
    enum qw_error result = control_veil_new(config, key, &out->shown);
    if (result == QW_OK && config->anonymise_logs)
        result = control_veil_new(config, key, &out->written);
    if (result == QW_OK && config->anonymise_logs)
        result = control_veil_new(config, key, &out->logged);
    return result;
}

void veils_free(struct veils *veils)
{
    control_veil_free(veils->shown);
    control_veil_free(veils->written);
    control_veil_free(veils->logged);
    *veils = (struct veils){0};
}

bool veils_make(const struct config *config, struct veils *out)
{
    struct qw_hash_key kept;
    struct io_error error = {0};
    uint8_t key[CONTROL_VEIL_KEY];
    *out = (struct veils){0};
    if (config->anonymise_addresses == CONFIG_CLEAR && config->anonymise_names == CONFIG_CLEAR)
        return true;
    if (strcmp(config->anonymise_key, CONFIG_NO_SECRET) == 0)
        kept = io_random_key();
    else if (io_secret(config->anonymise_key, &kept, &error) != QW_OK)
        return fail_key(&error);
    make_key(kept, key);
    enum qw_error result = make_all(config, key, out);
    explicit_bzero(key, sizeof key);
    if (result == QW_OK)
        return true;
    qw_log(QW_LOG_ERROR, "anonymise: %s", qw_error_text(result));
    veils_free(out);
    return false;
}
