/* Opening an Initial packet: header protection off, packet number, packet protection off (RFC 9001 5). */
#include "crypto.h"
#include <string.h>

#define SAMPLE_LEN 16    /* RFC 9001 5.4.3 */
#define PN_LEN_MAX 4     /* the sample begins as if the packet number had this length (RFC 9001 5.4.2) */
#define FIRST_MASK 0x0f  /* protected bits of a long header's first byte (RFC 9001 5.4.1) */
#define PN_LEN_BITS 0x03 /* Packet Number Length, less one (RFC 9000 17.2) */

/* The header fields that header protection hides. */
struct unprotected {
    uint8_t first;
    uint8_t pn[PN_LEN_MAX];
    size_t pn_len;
};

static bool unprotect(EVP_CIPHER_CTX *hp, const uint8_t *key, const struct quic_packet *packet,
                      struct unprotected *out)
{
    uint8_t mask[SAMPLE_LEN];
    int written;
    const uint8_t *pn = packet->packet.data + packet->pn_offset;
    if (!EVP_EncryptInit_ex2(hp, NULL, key, NULL, NULL) ||
        !EVP_EncryptUpdate(hp, mask, &written, pn + PN_LEN_MAX, SAMPLE_LEN))
        return false;
    out->first = packet->packet.data[0] ^ (mask[0] & FIRST_MASK);
    out->pn_len = (size_t)(out->first & PN_LEN_BITS) + 1;
    for (size_t i = 0; i < out->pn_len; i++)
        out->pn[i] = pn[i] ^ mask[1 + i];
    return true;
}

/* RFC 9000 A.3: of the numbers that end in these bytes, the one nearest to the number expected next. */
static uint64_t decode_pn(const struct unprotected *header, int64_t largest)
{
    uint64_t truncated = 0;
    for (size_t i = 0; i < header->pn_len; i++)
        truncated = truncated << 8 | header->pn[i];
    uint64_t expected = (uint64_t)largest + 1, window = (uint64_t)1 << (8 * header->pn_len);
    uint64_t candidate = (expected & ~(window - 1)) | truncated;
    if (candidate + window / 2 <= expected && candidate < ((uint64_t)1 << 62) - window)
        return candidate + window;
    if (candidate > expected + window / 2 && candidate >= window)
        return candidate - window;
    return candidate;
}

/* RFC 9001 5.3 */
static void make_nonce(const uint8_t iv[QUIC_NONCE_LEN], uint64_t pn, uint8_t nonce[QUIC_NONCE_LEN])
{
    memcpy(nonce, iv, QUIC_NONCE_LEN);
    for (unsigned i = 1; i <= sizeof pn; i++, pn >>= 8)
        nonce[QUIC_NONCE_LEN - i] ^= (uint8_t)pn;
}

static enum qw_error check(const struct quic_packet *packet)
{
    if (packet->type != QUIC_INITIAL)
        return QW_ERR_UNSUPPORTED;
    size_t len = packet->packet.len;
    if (packet->pn_offset > len || len - packet->pn_offset < PN_LEN_MAX + SAMPLE_LEN)
        return QW_ERR_TRUNCATED;
    if (len > QUIC_DATAGRAM_MAX)
        return QW_ERR_INVALID;
    return QW_OK;
}

/* The associated data is the header before protection (RFC 9001 5.3); the packet itself is not to change. */
static struct qw_bytes make_aad(struct quic_crypto *crypto, const struct quic_packet *packet,
                                const struct unprotected *header)
{
    memcpy(crypto->aad, packet->packet.data, packet->pn_offset);
    crypto->aad[0] = header->first;
    memcpy(crypto->aad + packet->pn_offset, header->pn, header->pn_len);
    return (struct qw_bytes){crypto->aad, packet->pn_offset + header->pn_len};
}

static enum qw_error open_payload(struct quic_crypto *crypto, const struct quic_initial_keys *keys,
                                  const struct quic_packet *packet, const struct unprotected *header,
                                  uint8_t *buffer, struct quic_opened *out)
{
    struct qw_bytes aad = make_aad(crypto, packet, header);
    struct qw_bytes sealed = {packet->packet.data + aad.len, packet->packet.len - aad.len};
    uint8_t nonce[QUIC_NONCE_LEN];
    make_nonce(keys->iv, out->packet_number, nonce);
    return quic_aead_open(crypto->aead, keys->key, nonce, aad, sealed, buffer);
}

enum qw_error quic_initial_open(struct quic_crypto *crypto, const struct quic_initial_keys *keys,
                                const struct quic_packet *packet, int64_t largest, uint8_t *buffer,
                                size_t size, struct quic_opened *out)
{
    enum qw_error error = check(packet);
    if (error)
        return error;
    struct unprotected header;
    if (!unprotect(crypto->hp, keys->hp, packet, &header))
        return QW_ERR_CRYPTO;
    size_t len = packet->packet.len - packet->pn_offset - header.pn_len - QUIC_TAG_LEN;
    if (len > size)
        return QW_ERR_FULL;
    *out = (struct quic_opened){.packet_number = decode_pn(&header, largest), .frames = {buffer, len}};
    return open_payload(crypto, keys, packet, &header, buffer, out);
}
