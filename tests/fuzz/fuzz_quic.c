/* Any bytes as a UDP payload, and any bytes as what an opened Initial holds. */
#include "fuzz_input.h"
#include <quicward/quic.h>

static void read_frames(struct qw_bytes frames)
{
    struct qw_reader reader = qw_reader(frames.data, frames.len);
    struct quic_crypto_frame frame;
    while (quic_next_crypto(&reader, &frame) == QW_OK)
        NEED(fuzz_within(frame.data, frames.data, frames.len));
}

static void open_initial(struct quic_crypto *crypto, const struct quic_packet *packet)
{
    static uint8_t buffer[QUIC_DATAGRAM_MAX];
    struct quic_initial_keys keys;
    struct quic_opened opened;
    for (int sender = QUIC_CLIENT; sender <= QUIC_SERVER; sender++)
        if (quic_initial_keys(crypto, packet->version, packet->dcid, (enum quic_sender)sender, &keys) ==
                QW_OK &&
            quic_initial_open(crypto, &keys, packet, -1, buffer, sizeof buffer, &opened) == QW_OK) {
            NEED(fuzz_within(opened.frames, buffer, sizeof buffer));
            read_frames(opened.frames);
        }
}

static void check_packet(struct quic_crypto *crypto, const struct quic_packet *packet, const uint8_t *data,
                         size_t size)
{
    NEED(packet->packet.len > 0 && fuzz_within(packet->packet, data, size));
    if (packet->type == QUIC_SHORT)
        return;
    NEED(fuzz_within(packet->dcid, packet->packet.data, packet->packet.len));
    NEED(fuzz_within(packet->scid, packet->packet.data, packet->packet.len));
    if (packet->type == QUIC_INITIAL || packet->type == QUIC_RETRY)
        NEED(fuzz_within(packet->token, packet->packet.data, packet->packet.len));
    if (packet->type == QUIC_INITIAL)
        open_initial(crypto, packet);
    if (packet->type == QUIC_RETRY)
        quic_retry_verify(crypto, packet, packet->scid);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct quic_crypto *crypto;
    struct quic_packet packet;
    if (!crypto)
        crypto = quic_crypto_new();
    NEED(crypto);
    struct qw_reader reader = qw_reader(data, size);
    for (unsigned i = 0; quic_next(&reader, &packet) == QW_OK; i++) {
        NEED(i <= size);
        check_packet(crypto, &packet, data, size);
    }
    read_frames((struct qw_bytes){data, size});
    return 0;
}
