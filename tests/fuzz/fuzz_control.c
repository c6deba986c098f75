/* Any bytes as a request on the control socket: one answer, whose last line is JSON. */
#include "engine_input.h"
#include "session.h"
#include <string.h>

#define PIECES_MAX 100

static bool reload(void *context, FILE *errors)
{
    (void)context;
    fputs("f.conf:1: no\xff", errors);
    return false;
}

static struct engine *engine_with_flows(void)
{
    struct config *config = fuzz_config("mode = \"firewall\"; inside = [\"lan0\"]; outside = [\"wan0\"];");
    struct engine *engine = fuzz_engine(config, NULL, (struct qw_time){1});
    struct engine_event event = {.kind = ENGINE_EVENT_STARTED, .text = "a\xfftext"};
    config_free(config);
    for (unsigned i = 0; i < 100; i++)
        engine_tell(engine, &event);
    return engine;
}

/* All pieces of the answer. */
static void answer(struct session *session, const struct session_source *source)
{
    session_write *write = answer_request;
    for (unsigned i = 0; write; i++) {
        char *text = NULL;
        size_t len = 0;
        FILE *out = open_memstream(&text, &len);
        NEED(out && i < PIECES_MAX);
        session->next = NULL;
        NEED(write(session, source, (struct qw_time){5}, out));
        NEED(fclose(out) == 0);
        write = session->next;
        NEED(len > 2 && text[len - 1] == '\n' && text[len - 2] == '}' && strlen(text) == len);
        free(text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct engine *engine;
    struct session session = {.fd = -1};
    if (!engine)
        engine = engine_with_flows();
    const struct session_source source = {.engine = engine,
                                          .handlers = {.reload = reload},
                                          .nat = size % 2,
                                          .mappings = engine_mappings,
                                          .events = engine_events};
    size_t len = size <= SESSION_REQUEST_MAX + 1 ? size : SESSION_REQUEST_MAX + 1;
    memcpy(session.request, data ? data : (const uint8_t *)"", len);
    session.request_len = len;
    answer(&session, &source);
    session_close(&session);
    return 0;
}
