/* Datagrams of both sides against a handshake's scratch. A copy of the scratch reads the same. */
#include "sequence_input.h"
#include <quicward/confirm.h>
#include <string.h>

static void check_pieces(const struct confirm_reader *reader)
{
    const struct confirm_piece *pieces;
    size_t count = confirm_pieces(reader, &pieces);
    NEED(count <= CONFIRM_PIECES_MAX);
    for (size_t i = 0; i < count; i++)
        NEED(pieces[i].slot < CONFIRM_ATTEMPTS && pieces[i].frame.data.len <= QUIC_DATAGRAM_MAX);
}

static void check_view(const struct confirm *scratch, const struct confirm_view *view)
{
    NEED(scratch->in_use <= CONFIRM_ATTEMPTS);
    NEED(view->slot >= -1 && view->slot < (int)scratch->in_use);
    NEED(view->speaker >= -1 && view->speaker < (int)scratch->in_use);
    NEED(view->state <= FLOW_CONFIRMED);
}

static void read_one(struct confirm *scratch, struct confirm *copy, struct confirm_reader *readers[2],
                     const struct sequence_datagram *datagram)
{
    struct confirm_view view, again;
    enum flow_side from = datagram->flags & SEQUENCE_SERVER ? FLOW_HI : FLOW_LO;
    struct qw_bytes payload = sequence_payload(datagram);
    confirm_look(payload, (uint32_t)payload.len + datagram->pause);
    confirm_copy(copy, scratch);
    confirm_datagram(scratch, readers[0], from, payload, &view);
    confirm_datagram(copy, readers[1], from, payload, &again);
    check_view(scratch, &view);
    check_pieces(readers[0]);
    NEED(view.slot == again.slot && view.speaker == again.speaker && view.state == again.state &&
         view.version == again.version && view.stalled == again.stalled);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct confirm_reader *readers[2];
    static struct confirm scratch, copy;
    struct fuzz_input in = {data, size};
    struct sequence_datagram datagram;
    for (int i = 0; i < 2; i++)
        if (!readers[i])
            readers[i] = confirm_reader_new((struct qw_hash_key){1, 2});
    NEED(readers[0] && readers[1]);
    memset(&scratch, 0xa5, sizeof scratch);
    confirm_start(&scratch);
    for (unsigned i = 0; i < 64 && sequence_next(&in, &datagram); i++)
        read_one(&scratch, &copy, readers, &datagram);
    return 0;
}
