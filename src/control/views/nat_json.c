/* Mappings as JSON lines. */
#include "text.h"
#include <quicward/control.h>

bool control_mapping_json(const struct nat_mapping *mapping, struct qw_time now, FILE *out)
{
    char inside[QW_ENDPOINT_TEXT_MAX], external[QW_ENDPOINT_TEXT_MAX];
    uint64_t age_ms = qw_time_since(now, mapping->since) / QW_NS_PER_MS;
    qw_endpoint_text(&mapping->inside, QW_IPV4, inside);
    qw_endpoint_text(&mapping->external, QW_IPV4, external);
    /* clang-format off */
    return control_write_line(json_pack("{s:s,s:s,s:I,s:b,s:I}",
                                        "inside", inside,
                                        "external", external,
                                        "sessions", control_count(mapping->sessions),
                                        "forward", mapping->forward,
                                        "age_ms", control_count(age_ms)), out);
    /* clang-format on */
}
