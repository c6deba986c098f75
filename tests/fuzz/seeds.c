/* Makes inputs to begin with from captures: seeds FOLDER CAPTURE... writes FOLDER/TARGET/NAME-N. */
#include "client_hello.h"
#include "hellos.h"
#include "hex.h"
#include "sequence_input.h"
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <quicward/io.h>
#include <quicward/packet.h>
#include <quicward/store.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define SEQUENCE_MAX 16000
#define SINGLES_MAX 12 /* packets of a capture that become inputs by themselves */

struct sequence {
    uint8_t bytes[SEQUENCE_MAX];
    size_t len;
};

static const char *folder;

static void save(const char *target, const char *name, unsigned number, const void *bytes, size_t len)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, target);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/%s/%s-%u", folder, target, name, number);
    FILE *out = fopen(path, "w");
    NEED(out && fwrite(bytes, 1, len, out) == len && fclose(out) == 0);
}

/* With one byte in front, as some targets have it. */
static void save_behind(const char *target, const char *name, unsigned number, uint8_t first,
                        const void *bytes, size_t len)
{
    uint8_t whole[4096];
    if (len >= sizeof whole)
        return;
    whole[0] = first;
    memcpy(whole + 1, bytes, len);
    save(target, name, number, whole, len + 1);
}

static void add(struct sequence *sequence, uint8_t flags, const uint8_t *data, size_t len)
{
    if (len >= 2048 || sequence->len + len + 4 > SEQUENCE_MAX)
        return;
    uint8_t *at = sequence->bytes + sequence->len;
    at[0] = flags;
    at[1] = 0x41; /* a millisecond */
    at[2] = (uint8_t)(len >> 8);
    at[3] = (uint8_t)len;
    memcpy(at + 4, data, len);
    sequence->len += len + 4;
}

static void take(struct sequence *sequence, const char *name, unsigned number, const struct io_frame *frame)
{
    static struct qw_endpoint client;
    struct packet_view view;
    if (packet_decode(frame->data, frame->captured, frame->wire_len, &view) != QW_OK)
        return;
    if (number < SINGLES_MAX)
        save_behind("packet", name, number, 0, frame->data, frame->captured);
    if (view.kind != PACKET_UDP)
        return;
    if (number == 0)
        client = view.tuple.src;
    bool server = memcmp(&client, &view.tuple.src, sizeof client) != 0;
    if (number < SINGLES_MAX)
        save("quic", name, number, view.payload.data, view.payload.len);
    add(sequence, server ? SEQUENCE_SERVER : 0, view.payload.data, view.payload.len);
}

static void copy_capture(const char *path, const char *name)
{
    static uint8_t bytes[20000];
    FILE *in = fopen(path, "r");
    if (!in)
        return;
    save("capture", name, 0, bytes, fread(bytes, 1, sizeof bytes, in));
    fclose(in);
}

static void read_capture(const char *path)
{
    static struct sequence sequence;
    struct io_capture *capture;
    struct io_error error;
    struct io_frame frame;
    char name[128];
    snprintf(name, sizeof name, "%s", strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
    copy_capture(path, name);
    if (io_capture_open(path, &capture, &error) != QW_OK)
        return;
    sequence.len = 0;
    for (unsigned i = 0; io_capture_next(capture, &frame, &error) == QW_OK; i++)
        take(&sequence, name, i, &frame);
    save("confirm", name, 0, sequence.bytes, sequence.len);
    static uint8_t with_mode[SEQUENCE_MAX + 1];
    memcpy(with_mode + 1, sequence.bytes, sequence.len);
    for (uint8_t mode = 0; mode < 4; mode++) {
        with_mode[0] = mode;
        save("engine", name, mode, with_mode, sequence.len + 1);
    }
    io_capture_close(capture);
}

static void hellos(void)
{
    static uint8_t bytes[4096], frames[4096];
    static struct sequence sequence;
    for (unsigned i = 0; i < HELLO_COUNT; i++)
        save("tls", HELLOS[i].name, i, bytes, test_hex(HELLOS[i].hex, bytes, sizeof bytes));
    size_t len = test_client_hello(bytes, sizeof bytes, "server.test", 600);
    sequence.len = 1;
    sequence.bytes[0] = 0;
    add(&sequence, SEQUENCE_SEALED, frames, test_crypto_frame(frames, sizeof frames, bytes, 300, len));
    add(&sequence, SEQUENCE_SEALED, frames, test_crypto_frame(frames, sizeof frames, bytes, 0, 300));
    add(&sequence, SEQUENCE_SEALED | SEQUENCE_SERVER, (const uint8_t *)"\x06\x00\x02xx", 5);
    add(&sequence, SEQUENCE_SEALED | SEQUENCE_HANDSHAKE, bytes, 40);
    add(&sequence, 0, (const uint8_t *)"\x40short-header-packet", 20);
    save("engine", "sealed", 0, sequence.bytes, sequence.len);
    save("confirm", "sealed", 0, sequence.bytes + 1, sequence.len - 1);
}

/* The kernel's own answers. */
static void ask_kernel(uint16_t type, uint8_t reader, const char *name)
{
    char buffer[4096];
    struct nlmsghdr *question = mnl_nlmsg_put_header(buffer);
    question->nlmsg_type = type;
    question->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    mnl_nlmsg_put_extra_header(question, sizeof(struct rtmsg));
    struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
    if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
        mnl_socket_sendto(nl, question, question->nlmsg_len) < 0)
        return;
    ssize_t got = mnl_socket_recvfrom(nl, buffer, sizeof buffer - 8);
    if (got > 0)
        save_behind("netlink", name, 0, reader, buffer, (size_t)got);
    mnl_socket_close(nl);
}

static void requests(void)
{
    static const char *const REQUESTS[] = {"flows",
                                           "mappings",
                                           "events",
                                           "events 17",
                                           "reload",
                                           "stats",
                                           "offload",
                                           "hosts",
                                           "hosts limit=3",
                                           "flows sort=bytes limit=5 reverse",
                                           "flows state=two-way,held version=v1 client=192.0.2.0/24 port=443",
                                           "flows sni=*.example.org alpn=h3 rule=default idle=5 brief"};
    for (unsigned i = 0; i < sizeof REQUESTS / sizeof REQUESTS[0]; i++)
        save("control", "request", i, REQUESTS[i], strlen(REQUESTS[i]));
}

int main(int argc, char **argv)
{
    static const uint8_t STEPS[] = {0x00, 0x01, 0x08, 0x03, 0xe5, 0x01, 0x10, 0xe4, 0x11, 0xe3, 0x00, 0x01};
    if (argc < 2) {
        fprintf(stderr, "usage: seeds FOLDER CAPTURE...\n");
        return 2;
    }
    folder = argv[1];
    mkdir(folder, 0755);
    for (int i = 2; i < argc; i++)
        read_capture(argv[i]);
    hellos();
    requests();
    ask_kernel(RTM_GETADDR, 0, "addresses");
    ask_kernel(RTM_GETROUTE, 1, "routes");
    for (uint8_t which = 0; which < 4; which++)
        save_behind("model", "steps", which, which, STEPS, sizeof STEPS);
    save("stream", "steps", 0, "\0\0\0\0\10\0\0\10\0\10\3\0\4\0\1", 15);
    save("state", "steps", 0, "\1\0\0\1\2\1\0\7\377", 9);
    return 0;
}
