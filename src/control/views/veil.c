/* Pseudonyms of addresses: Crypto-PAn (Xu, Fan, Ammar, Moon, "Prefix-Preserving IP Address Anonymization",
 * ICNP 2002), with AES-128. Bit i of a pseudonym is bit i of the address, turned or not as a keyed function
 * of the i bits before it says: so two pseudonyms have as many first bits in common as their addresses. */
#include <openssl/evp.h>
#include <quicward/control.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 16
#define BITS_MAX 128

struct control_veil {
    enum config_anonymise addresses, names;
    struct qw_hash_key key; /* of names */
    EVP_CIPHER_CTX *cipher; /* owned; NULL: addresses have no pseudonyms */
    uint8_t pad[BLOCK];     /* secret too: stands for the bits that are not there yet */
};

/* `in` and `out` may be the same. */
static bool encrypt(EVP_CIPHER_CTX *cipher, const uint8_t *in, uint8_t *out, size_t len)
{
    int written = 0;
    return EVP_EncryptUpdate(cipher, out, &written, in, (int)len) == 1 && written == (int)len;
}

static bool make_cipher(struct control_veil *veil, const uint8_t key[static CONTROL_VEIL_KEY])
{
    veil->cipher = EVP_CIPHER_CTX_new();
    return veil->cipher && EVP_EncryptInit_ex(veil->cipher, EVP_aes_128_ecb(), NULL, key, NULL) == 1 &&
           EVP_CIPHER_CTX_set_padding(veil->cipher, 0) == 1 &&
           encrypt(veil->cipher, key + BLOCK, veil->pad, BLOCK);
}

static struct qw_hash_key names_key(const uint8_t key[static CONTROL_VEIL_KEY])
{
    static const struct qw_hash_key FIRST = {0, 0}, SECOND = {0, 1};
    return (struct qw_hash_key){qw_hash24(FIRST, key, CONTROL_VEIL_KEY),
                                qw_hash24(SECOND, key, CONTROL_VEIL_KEY)};
}

enum qw_error control_veil_new(const struct config *config, const uint8_t key[static CONTROL_VEIL_KEY],
                               struct control_veil **out)
{
    *out = NULL;
    if (config->anonymise_addresses == CONFIG_CLEAR && config->anonymise_names == CONFIG_CLEAR)
        return QW_OK;
    struct control_veil *veil = calloc(1, sizeof *veil);
    if (!veil)
        return QW_ERR_NO_MEMORY;
    veil->addresses = config->anonymise_addresses;
    veil->names = config->anonymise_names;
    veil->key = names_key(key);
    if (veil->addresses == CONFIG_PSEUDONYM && !make_cipher(veil, key)) {
        control_veil_free(veil);
        return QW_ERR_CRYPTO;
    }
    *out = veil;
    return QW_OK;
}

void control_veil_free(struct control_veil *veil)
{
    if (!veil)
        return;
    EVP_CIPHER_CTX_free(veil->cipher);
    OPENSSL_cleanse(veil, sizeof *veil);
    free(veil);
}

/* ---- addresses ---- */

/* The first `bits` bits of `addr`, then those of the pad. */
static void make_block(const struct control_veil *veil, const uint8_t *addr, unsigned bits,
                       uint8_t out[static BLOCK])
{
    memcpy(out, veil->pad, BLOCK);
    memcpy(out, addr, bits / 8);
    if (bits % 8) {
        uint8_t mask = (uint8_t)(0xff << (8 - bits % 8));
        out[bits / 8] = (uint8_t)((addr[bits / 8] & mask) | (veil->pad[bits / 8] & ~mask));
    }
}

/* All blocks at once. False when the cipher fails: the address must not be shown then. */
static bool turn_bits(const struct control_veil *veil, uint8_t *addr, unsigned bits)
{
    uint8_t blocks[BITS_MAX * BLOCK];
    for (unsigned i = 0; i < bits; i++)
        make_block(veil, addr, i, blocks + i * BLOCK);
    if (!encrypt(veil->cipher, blocks, blocks, bits * BLOCK))
        return false;
    for (unsigned i = 0; i < bits; i++)
        addr[i / 8] = (uint8_t)(addr[i / 8] ^ (blocks[i * BLOCK] >> 7) << (7 - i % 8));
    return true;
}

#define KEPT_4 3 /* bytes of a cut address: a /24, a /48 */
#define KEPT_6 6

static void cut(uint8_t *addr, size_t size, size_t kept)
{
    memset(addr + kept, 0, size - kept);
}

void control_veil_address(const struct control_veil *veil, struct qw_addr *addr, enum qw_family family)
{
    static const struct qw_addr NONE;
    uint8_t *bytes = family == QW_IPV4 ? addr->bytes + 12 : addr->bytes;
    size_t size = family == QW_IPV4 ? 4 : 16;
    if (!veil || veil->addresses == CONFIG_CLEAR || qw_addr_equal(addr, &NONE))
        return;
    if (veil->addresses == CONFIG_CUT)
        cut(bytes, size, family == QW_IPV4 ? KEPT_4 : KEPT_6);
    else if (!turn_bits(veil, bytes, (unsigned)size * 8))
        cut(bytes, size, 0);
}

/* ---- names ---- */

#define LABEL_DIGITS 8

static size_t label_before(const char *name, size_t end)
{
    while (end > 0 && name[end - 1] != '.')
        end--;
    return end;
}

/* What stands for the label that begins at `at`: all labels behind it count, so that "www" of two domains
 * differ. */
static void write_label(const struct control_veil *veil, const char *name, size_t at, size_t len, char *out)
{
    static const char HEX[] = "0123456789abcdef";
    uint64_t hash = qw_hash24(veil->key, name + at, len - at);
    for (unsigned i = 0; i < LABEL_DIGITS; i++)
        out[i] = HEX[hash >> (4 * i) & 15];
}

/* From the end on, as far as there is room: what is cut off is the beginning. */
static size_t pseudonym(const struct control_veil *veil, const char *name, size_t len,
                        char out[static TLS_NAME_MAX])
{
    size_t at = TLS_NAME_MAX, end = len;
    for (;;) {
        size_t begin = label_before(name, end);
        if (at < LABEL_DIGITS + 1)
            break;
        at -= LABEL_DIGITS;
        write_label(veil, name, begin, len, out + at);
        if (begin == 0)
            break;
        end = begin - 1;
        out[--at] = '.';
    }
    at += out[at] == '.';
    memmove(out, out + at, TLS_NAME_MAX - at);
    return TLS_NAME_MAX - at;
}

static void veil_name(const struct control_veil *veil, struct engine_hello *hello)
{
    char name[TLS_NAME_MAX], out[TLS_NAME_MAX];
    if (hello->sni_len == 0 || veil->names == CONFIG_CLEAR)
        return;
    for (size_t i = 0; i < hello->sni_len; i++)
        name[i] = (char)(hello->sni[i] >= 'A' && hello->sni[i] <= 'Z' ? hello->sni[i] + 32 : hello->sni[i]);
    size_t len = veil->names == CONFIG_PSEUDONYM ? pseudonym(veil, name, hello->sni_len, out) : 0;
    memset(hello->sni, 0, sizeof hello->sni);
    memcpy(hello->sni, out, len);
    hello->sni_len = (uint8_t)len;
}

/* ---- what views show ---- */

void control_veil_flow(const struct control_veil *veil, struct engine_flow *flow)
{
    if (!veil)
        return;
    control_veil_address(veil, &flow->client.addr, flow->family);
    control_veil_address(veil, &flow->server.addr, flow->family);
    control_veil_address(veil, &flow->external.addr, flow->family);
    veil_name(veil, &flow->hello);
}

void control_veil_event(const struct control_veil *veil, struct engine_event *event)
{
    enum qw_family family = event->family == QW_IPV6 ? QW_IPV6 : QW_IPV4;
    control_veil_address(veil, &event->inside.addr, family);
    control_veil_address(veil, &event->external.addr, family);
    control_veil_address(veil, &event->client.addr, family);
    control_veil_address(veil, &event->server.addr, family);
}

void control_veil_mapping(const struct control_veil *veil, struct nat_mapping *mapping)
{
    control_veil_address(veil, &mapping->inside.addr, QW_IPV4);
    control_veil_address(veil, &mapping->external.addr, QW_IPV4);
}
