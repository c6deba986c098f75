/* What a query says, word by word. */
#include "text.h"
#include <quicward/control.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_SHOWN "'%.80s'"

/* Reads one value into `query`. False when it is none of the kind. */
typedef bool read_value(struct control_query *query, const char *value);

static bool read_state(struct control_query *query, const char *value)
{
    for (enum flow_state state = FLOW_ONE_WAY; state <= FLOW_CONFIRMED; state++)
        if (strcmp(value, flow_state_word(state)) == 0) {
            query->states |= 1u << state;
            return true;
        }
    bool refused = strcmp(value, "refused") == 0, held = strcmp(value, "held") == 0;
    query->states |= refused ? CONTROL_REFUSED : held ? CONTROL_HELD : 0;
    return refused || held;
}

/* "v1", "v2", "0x1a2a3a4a", "none" */
static bool parse_version(const char *value, uint32_t *out)
{
    char text[16];
    char *end;
    unsigned long number = strncmp(value, "0x", 2) == 0 ? strtoul(value, &end, 16) : 0;
    if (strncmp(value, "0x", 2) == 0 && strspn(value + 2, "0123456789abcdefABCDEF") == strlen(value + 2) &&
        value[2] && strlen(value) <= 10) {
        *out = (uint32_t)number;
        return true;
    }
    *out = strcmp(value, "v1") == 0 ? CONFIG_VERSION_1 : strcmp(value, "v2") == 0 ? CONFIG_VERSION_2 : 0;
    return strcmp(value, "none") == 0 || (*out && strcmp(control_version_text(*out, text), value) == 0);
}

static bool read_version(struct control_query *query, const char *value)
{
    return parse_version(value, &query->versions[query->version_count]) && ++query->version_count;
}

static bool read_prefix(struct control_prefixes *prefixes, const char *value)
{
    return qw_prefix_parse(value, &prefixes->list[prefixes->count]) && ++prefixes->count;
}

static bool read_client(struct control_query *query, const char *value)
{
    return read_prefix(&query->clients, value);
}

static bool read_server(struct control_query *query, const char *value)
{
    return read_prefix(&query->servers, value);
}

#define NUMBER_DIGITS 9

static bool parse_number(const char *value, uint64_t least, uint64_t most, uint64_t *out)
{
    size_t digits = strspn(value, "0123456789");
    if (digits == 0 || digits > NUMBER_DIGITS || value[digits])
        return false;
    *out = strtoull(value, NULL, 10);
    return *out >= least && *out <= most;
}

static bool read_port(struct control_query *query, const char *value)
{
    uint64_t port;
    if (!parse_number(value, 1, UINT16_MAX, &port))
        return false;
    query->ports[query->port_count++] = (uint16_t)port;
    return true;
}

/* What stands in a request must have no spaces and no newline. */
static bool read_text(struct control_texts *texts, const char *value)
{
    size_t len = strlen(value);
    for (size_t i = 0; i < len; i++)
        if (value[i] <= ' ' || value[i] > '~')
            return false;
    if (len == 0 || len >= CONTROL_QUERY_NAME_MAX)
        return false;
    memcpy(texts->list[texts->count++], value, len + 1);
    return true;
}

/* A star anywhere but before the first dot would match nothing: that is said at once. */
static bool read_name(struct control_query *query, const char *value)
{
    const char *rest = strncmp(value, "*.", 2) == 0 ? value + 2 : *value == '.' ? value + 1 : value;
    return *rest && *rest != '.' && !strchr(rest, '*') && read_text(&query->names, value);
}

static bool read_protocol(struct control_query *query, const char *value)
{
    return read_text(&query->protocols, value);
}

static bool read_rule(struct control_query *query, const char *value)
{
    return read_text(&query->rules, value);
}

static bool read_idle(struct control_query *query, const char *value)
{
    uint64_t seconds;
    if (!parse_number(value, 0, 86400, &seconds))
        return false;
    query->limits_idle = true;
    query->idle_ms = seconds * 1000;
    return true;
}

static bool read_sort(struct control_query *query, const char *value)
{
    static const char *const WORDS[] = {NULL,
#define X(name, word, meaning) word,
                                        CONTROL_SORTS(X)
#undef X
    };
    for (unsigned i = 1; i < sizeof(WORDS) / sizeof(WORDS[0]); i++)
        if (strcmp(value, WORDS[i]) == 0) {
            query->sort = (enum control_sort)i;
            return true;
        }
    return false;
}

static bool read_limit(struct control_query *query, const char *value)
{
    return parse_number(value, 1, 100000000, &query->limit);
}

static bool read_reverse(struct control_query *query, const char *value)
{
    query->reverse = true;
    return !*value;
}

static bool read_brief(struct control_query *query, const char *value)
{
    query->brief = true;
    return !*value;
}

static unsigned of_states(const struct control_query *query)
{
    (void)query;
    return 0;
}

static unsigned of_versions(const struct control_query *query)
{
    return query->version_count;
}

static unsigned of_ports(const struct control_query *query)
{
    return query->port_count;
}

static unsigned of_clients(const struct control_query *query)
{
    return query->clients.count;
}

static unsigned of_servers(const struct control_query *query)
{
    return query->servers.count;
}

static unsigned of_names(const struct control_query *query)
{
    return query->names.count;
}

static unsigned of_protocols(const struct control_query *query)
{
    return query->protocols.count;
}

static unsigned of_rules(const struct control_query *query)
{
    return query->rules.count;
}

#define X(name, word, meaning) ", " word
#define SORT_WORDS CONTROL_SORTS(X)

static const struct query_key {
    const char *word, *allowed;
    read_value *read;
    unsigned (*count)(const struct control_query *query); /* values so far; NULL: one, the last counts */
    bool whole;                                           /* a comma belongs to the value */
} KEYS[] = {
    {"state", "one-way, two-way, initial, replied, confirmed, refused, held", read_state, of_states, false},
    {"version", "v1, v2, a number such as 0x1a2a3a4a, none", read_version, of_versions, false},
    {"client", "an address, or a prefix such as 192.0.2.0/24", read_client, of_clients, false},
    {"server", "an address, or a prefix such as 192.0.2.0/24", read_server, of_servers, false},
    {"port", "1 to 65535", read_port, of_ports, false},
    {"sni", "www.example.org, *.example.org or .example.org", read_name, of_names, false},
    {"alpn", "a protocol such as h3", read_protocol, of_protocols, true},
    {"rule", "the name of a rule, or default", read_rule, of_rules, true},
    {"idle", "0 to 86400 seconds", read_idle, NULL, true},
    {"sort", &SORT_WORDS[2], read_sort, NULL, true},
    {"limit", "1 to 100000000", read_limit, NULL, true},
    {"reverse", "no value", read_reverse, NULL, true},
    {"brief", "no value", read_brief, NULL, true},
};
#undef X

static const struct query_key *find_key(const char *word)
{
    for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++)
        if (strcmp(KEYS[i].word, word) == 0)
            return &KEYS[i];
    return NULL;
}

static enum qw_error add_value(struct control_query *query, const struct query_key *key, const char *value,
                               struct io_error *error)
{
    char shown[CONTROL_QUERY_NAME_MAX];
    snprintf(shown, sizeof shown, "%s", value);
    control_make_printable(shown);
    if (key->count && key->count(query) == CONTROL_QUERY_VALUES)
        control_say(error, "%s " VALUE_SHOWN " is one too many: at most %u", key->word, shown,
                    CONTROL_QUERY_VALUES);
    else if (key->read(query, value))
        return QW_OK;
    else
        control_say(error, "%s " VALUE_SHOWN " is not known; allowed: %s", key->word, shown, key->allowed);
    return QW_ERR_INVALID;
}

/* Each of a list with commas. */
static enum qw_error add_list(struct control_query *query, const struct query_key *key, const char *value,
                              struct io_error *error)
{
    char one[CONTROL_QUERY_NAME_MAX];
    enum qw_error result = QW_OK;
    do {
        size_t len = strcspn(value, ",");
        if (len >= sizeof one)
            return add_value(query, key, value, error);
        memcpy(one, value, len);
        one[len] = '\0';
        result = add_value(query, key, one, error);
        value += len;
    } while (result == QW_OK && *value++);
    return result;
}

enum qw_error control_query_add(struct control_query *query, const char *word, const char *value,
                                struct io_error *error)
{
    const struct query_key *key = find_key(word);
    if (!key) {
        control_say(error,
                    "there is no '%.32s'; allowed: state, version, client, server, port, sni, alpn, "
                    "rule, idle, sort, limit, reverse, brief",
                    word);
        control_make_printable(error->text);
        return QW_ERR_INVALID;
    }
    return key->whole ? add_value(query, key, value, error) : add_list(query, key, value, error);
}

bool control_query_is_ranked(const struct control_query *query)
{
    return query->sort != CONTROL_UNSORTED && query->limit > 0 && query->limit <= CONTROL_RANKED_MAX;
}
