#include "seal.h"
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <quicward/base/bytes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAG_LEN = 16, SECRET_LEN = 32, SAMPLE_LEN = 16, PN_LEN_MAX = 4 };

/* What the two versions don't share. Written apart from the program's own table: each checks the other. */
struct profile {
    uint32_t version;
    unsigned initial_bits, retry_bits; /* long packet types */
    const char *salt, *key_label, *iv_label, *hp_label, *retry_key, *retry_nonce;
};

static const struct profile PROFILES[] = {
    {1, 0, 3, "\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a", "quic key",
     "quic iv", "quic hp", "\xbe\x0c\x69\x0b\x9f\x66\x57\x5a\x1d\x76\x6b\x54\xe3\x68\xc8\x4e",
     "\x46\x15\x99\xd3\x5d\x63\x2b\xf2\x23\x98\x25\xbb"},
    {0x6b3343cf, 1, 0, "\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9",
     "quicv2 key", "quicv2 iv", "quicv2 hp",
     "\x8f\xb4\xb0\x1b\x56\xac\x48\xe2\x60\xfb\xcb\xce\xad\x7c\xcc\x92",
     "\xd8\x69\x69\xbc\x2d\x7c\x6d\x99\x90\xef\xb0\x4a"},
};

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "seal: %s\n", what);
    exit(1);
}

static const struct profile *profile_of(uint32_t version)
{
    const struct profile *found = NULL;
    for (size_t i = 0; i < sizeof PROFILES / sizeof PROFILES[0]; i++)
        if (PROFILES[i].version == version)
            found = &PROFILES[i];
    need(found, "only v1 and v2 can be sealed");
    return found;
}

/* One step of HKDF-SHA256: `salt` for Extract, `info` for Expand. */
static void hkdf(int mode, const void *secret, size_t secret_len, const void *salt_or_info, size_t len,
                 uint8_t *out, size_t out_len)
{
    const char *name = mode == EVP_KDF_HKDF_MODE_EXTRACT_ONLY ? OSSL_KDF_PARAM_SALT : OSSL_KDF_PARAM_INFO;
    uint8_t ikm[SECRET_LEN], second[64];
    char digest[] = "SHA2-256";
    need(secret_len <= sizeof ikm && len <= sizeof second, "HKDF input too long");
    memcpy(ikm, secret, secret_len);
    memcpy(second, salt_or_info, len);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, ikm, secret_len),
        OSSL_PARAM_construct_octet_string(name, second, len),
        OSSL_PARAM_construct_end(),
    };
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    need(ctx && EVP_KDF_derive(ctx, out, out_len, params) == 1, "HKDF failed");
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
}

/* RFC 8446 7.1, with an empty context. */
static void expand_label(const uint8_t secret[SECRET_LEN], const char *label, uint8_t *out, uint8_t len)
{
    uint8_t info[64];
    struct qw_writer w = qw_writer(info, sizeof info);
    qw_put_u16(&w, len);
    qw_put_u8(&w, (uint8_t)(strlen("tls13 ") + strlen(label)));
    qw_put(&w, "tls13 ", strlen("tls13 "));
    qw_put(&w, label, strlen(label));
    qw_put_u8(&w, 0);
    hkdf(EVP_KDF_HKDF_MODE_EXPAND_ONLY, secret, SECRET_LEN, info, qw_written(&w), out, len);
}

struct keys {
    uint8_t key[16], iv[12], hp[16];
};

static struct keys derive(const struct profile *profile, const struct test_cid *dcid, bool from_server)
{
    struct keys keys;
    uint8_t secret[SECRET_LEN], sender[SECRET_LEN];
    hkdf(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, dcid->bytes, dcid->len, profile->salt, 20, secret, sizeof secret);
    expand_label(secret, from_server ? "server in" : "client in", sender, sizeof sender);
    expand_label(sender, profile->key_label, keys.key, sizeof keys.key);
    expand_label(sender, profile->iv_label, keys.iv, sizeof keys.iv);
    expand_label(sender, profile->hp_label, keys.hp, sizeof keys.hp);
    return keys;
}

/* AES-128-GCM of `text` in place, the tag behind it. */
static void seal(const void *key, const void *nonce, const uint8_t *aad, size_t aad_len, uint8_t *text,
                 size_t len)
{
    int n;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    need(ctx && EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, key, nonce) == 1 &&
             EVP_EncryptUpdate(ctx, NULL, &n, aad, (int)aad_len) == 1 &&
             (len == 0 || EVP_EncryptUpdate(ctx, text, &n, text, (int)len) == 1) &&
             EVP_EncryptFinal_ex(ctx, text + len, &n) == 1 &&
             EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_LEN, text + len) == 1,
         "AES-GCM failed");
    EVP_CIPHER_CTX_free(ctx);
}

static void header_mask(const uint8_t hp[16], const uint8_t *sample, uint8_t mask[SAMPLE_LEN])
{
    int n;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    need(ctx && EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, hp, NULL) == 1 &&
             EVP_EncryptUpdate(ctx, mask, &n, sample, SAMPLE_LEN) == 1,
         "AES failed");
    EVP_CIPHER_CTX_free(ctx);
}

static void put_cid(struct qw_writer *w, const struct test_cid *cid)
{
    qw_put_u8(w, cid->len);
    qw_put(w, cid->bytes, cid->len);
}

static void put_header(struct qw_writer *w, unsigned first, uint32_t version, const struct test_cid *dcid,
                       const struct test_cid *scid)
{
    qw_put_u8(w, (uint8_t)first);
    qw_put_u32(w, version);
    put_cid(w, dcid);
    put_cid(w, scid);
}

/* Two bytes as in the RFCs' examples, four when that is not enough. */
static size_t length_size(size_t length)
{
    return length < 1u << 14 ? 2 : 4;
}

static void put_length(struct qw_writer *w, size_t length)
{
    need(length < 1u << 30, "packet too long");
    if (length_size(length) == 2)
        qw_put_u16(w, (uint16_t)(0x4000u | length));
    else
        qw_put_u32(w, 0x80000000u | (uint32_t)length);
}

/* What Length counts: packet number, frames, PADDING and tag. `before` bytes of header precede Length. */
static size_t protected_len(const struct test_initial *initial, size_t before)
{
    size_t len = initial->pn_len + initial->frames_len + TAG_LEN;
    if (len < PN_LEN_MAX + SAMPLE_LEN)
        len = PN_LEN_MAX + SAMPLE_LEN;
    size_t packet = before + length_size(len) + len;
    return packet < initial->pad_to ? len + initial->pad_to - packet : len;
}

static void put_pn(struct qw_writer *w, const struct test_initial *initial)
{
    for (unsigned i = initial->pn_len; i-- > 0;)
        qw_put_u8(w, (uint8_t)(initial->packet_number >> (8 * i)));
}

/* RFC 9001 5.3 and 5.4 over a packet that is complete but for its protection. */
static void protect(const struct keys *keys, const struct test_initial *initial, uint8_t *packet,
                    size_t pn_at, size_t len)
{
    uint8_t nonce[12], mask[SAMPLE_LEN];
    memcpy(nonce, keys->iv, sizeof nonce);
    for (unsigned i = 0; i < 8; i++)
        nonce[4 + i] ^= (uint8_t)(initial->packet_number >> (56 - 8 * i));
    size_t header_len = pn_at + initial->pn_len;
    seal(keys->key, nonce, packet, header_len, packet + header_len, len - header_len - TAG_LEN);
    header_mask(keys->hp, packet + pn_at + PN_LEN_MAX, mask);
    packet[0] ^= mask[0] & 0x0f;
    for (unsigned i = 0; i < initial->pn_len; i++)
        packet[pn_at + i] ^= mask[1 + i];
}

size_t test_seal_initial(const struct test_initial *initial, uint8_t *out, size_t size)
{
    need(initial->pn_len >= 1 && initial->pn_len <= PN_LEN_MAX, "packet number length not 1..4");
    const struct profile *profile = profile_of(initial->version);
    unsigned first = (initial->grease ? 0x80u : 0xc0u) | profile->initial_bits << 4 | (initial->pn_len - 1);
    struct qw_writer w = qw_writer(out, size);
    put_header(&w, first, initial->version, &initial->dcid, &initial->scid);
    qw_put_varint(&w, initial->token_len);
    qw_put(&w, initial->token, initial->token_len);
    size_t length = protected_len(initial, qw_written(&w));
    put_length(&w, length);
    size_t pn_at = qw_written(&w);
    put_pn(&w, initial);
    qw_put(&w, initial->frames, initial->frames_len);
    qw_put_zeros(&w, length - initial->pn_len - initial->frames_len); /* PADDING is 0; then the tag's room */
    need(!w.bad, "the Initial does not fit");
    struct keys keys = derive(profile, &initial->key_dcid, initial->from_server);
    protect(&keys, initial, out, pn_at, qw_written(&w));
    return qw_written(&w);
}

size_t test_long_header(uint8_t *out, size_t size, uint32_t version, unsigned type_bits,
                        const struct test_cid *dcid, const struct test_cid *scid, size_t body_len)
{
    need(type_bits <= 3, "a long packet type has two bits");
    struct qw_writer w = qw_writer(out, size);
    put_header(&w, 0xc0u | type_bits << 4, version, dcid, scid);
    put_length(&w, body_len);
    uint32_t noise = 0x2545f491;
    for (size_t i = 0; i < body_len; i++) {
        noise = noise * 1664525 + 1013904223;
        qw_put_u8(&w, (uint8_t)(noise >> 24));
    }
    need(!w.bad, "the packet does not fit");
    return qw_written(&w);
}

size_t test_retry(uint8_t *out, size_t size, uint32_t version, const struct test_cid *dcid,
                  const struct test_cid *scid, const struct test_cid *original_dcid, const uint8_t *token,
                  size_t token_len)
{
    const struct profile *profile = profile_of(version);
    struct qw_writer w = qw_writer(out, size);
    put_header(&w, 0xcfu | profile->retry_bits << 4, version, dcid, scid); /* unused bits as in the RFCs */
    qw_put(&w, token, token_len);
    size_t covered = qw_written(&w);
    qw_put_zeros(&w, TAG_LEN);
    need(!w.bad, "the Retry does not fit");
    uint8_t *pseudo = malloc(1 + sizeof original_dcid->bytes + size);
    need(pseudo, "out of memory");
    pseudo[0] = original_dcid->len;
    memcpy(pseudo + 1, original_dcid->bytes, original_dcid->len);
    memcpy(pseudo + 1 + original_dcid->len, out, covered);
    seal(profile->retry_key, profile->retry_nonce, pseudo, 1 + (size_t)original_dcid->len + covered,
         out + covered, 0);
    free(pseudo);
    return qw_written(&w);
}
