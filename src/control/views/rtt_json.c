#include "flow_line.h"

static void put_known(struct json_line *line, const char *key, uint32_t us)
{
    line_key(line, key);
    if (us)
        line_count(line, us);
    else
        line_text(line, NULL);
}

static void put_exact(struct json_line *line, const struct measure_report *rtt)
{
    line_key(line, "handshake_exact");
    if (rtt->client_us || rtt->server_us)
        line_bool(line, rtt->exact);
    else
        line_text(line, NULL);
}

static void put_sampled(struct json_line *line, const char *key, const struct measure_figure *figure,
                        uint32_t value)
{
    line_key(line, key);
    if (figure->sampled)
        line_count(line, value);
    else
        line_text(line, NULL);
}

static void put_confidence(struct json_line *line, const char *key, const struct measure_figure *figure)
{
    line_key(line, key);
    line_text(line, measure_confidence_word(figure->confidence));
}

bool flow_has_rtt(const struct measure_report *rtt)
{
    return rtt->client_us || rtt->server_us || rtt->client.confidence != MEASURE_NONE ||
           rtt->server.confidence != MEASURE_NONE;
}

void flow_line_rtt(struct json_line *line, const struct measure_report *rtt)
{
    line_key(line, "rtt_us");
    if (!flow_has_rtt(rtt)) {
        line_text(line, NULL);
        return;
    }
    line_raw(line, "{");
    put_known(line, "client", rtt->client_us);
    put_known(line, "server", rtt->server_us);
    put_known(line, "handshake", rtt->handshake_us);
    put_exact(line, rtt);
    put_known(line, "spin", rtt->spin.rtt_us);
    put_known(line, "spin_client", rtt->client.rtt_us);
    put_known(line, "spin_server", rtt->server.rtt_us);
    put_known(line, "spin_min", rtt->spin.min_us);
    put_sampled(line, "spin_var", &rtt->spin, rtt->spin.variation_us);
    put_confidence(line, "spin_confidence", &rtt->spin);
    put_confidence(line, "spin_client_confidence", &rtt->client);
    put_confidence(line, "spin_server_confidence", &rtt->server);
    put_sampled(line, "spin_age_ms", &rtt->spin, rtt->spin.age_ms);
    line_raw(line, "}");
}
