/* Every captured packet through the kernel's program, as part of a flow that goes fast: bytes and verdict
 * equal the engine's, or the packet is left alone. */
#include "fast_packet.h"
#include "flows.h"
#include "program.h"
#include "suite.h"
#include "suites.h"
#include <ftw.h>
#include <pcap/pcap.h>
#include <quicward/packet.h>
#include <stdio.h>
#include <string.h>

#define FOLDERS_OPEN 8

static struct {
    struct kernel *kernel;
    unsigned captures;
    unsigned long packets, forwarded;
} all;

/* As if its source were inside; what is IPv4 is translated. */
static struct flow_path path_of(const struct packet_view *view)
{
    char from[QW_ENDPOINT_TEXT_MAX], to[QW_ENDPOINT_TEXT_MAX];
    qw_endpoint_text(&view->tuple.src, view->family, from);
    qw_endpoint_text(&view->tuple.dst, view->family, to);
    struct flow_path path = test_path(1, from, view->family == QW_IPV4 ? "192.0.2.77:40001" : NULL, to);
    path.flags = FLOW_PATH_PUNT_LONG;
    return path;
}

static enum fast_why expected(const struct flow_path *path, const uint8_t *packet, size_t len)
{
    struct fast_packet read;
    struct fast_key4 four;
    struct fast_key6 six;
    _Alignas(8) uint8_t copy[FRAME_MAX];
    memcpy(copy, packet, len);
    struct fast_record record = entry_record(path, FLOW_PATH_UP, 0, 1, 0);
    enum fast_why why = path->family == QW_IPV6 ? fast_read6(copy, copy + len, (uint32_t)len, &read, &six)
                                                : fast_read4(copy, copy + len, (uint32_t)len, &read, &four);
    if (why == FAST_FORWARD)
        why = fast_judge(&record, &read, read.ip_len);
    return why == FAST_FORWARD && fast_is_longer(read.ip_len, 1500) ? FAST_TOO_LONG : why;
}

static void run_at(enum offload_place place, const struct flow_path *path, const uint8_t *packet, size_t len)
{
    struct fast_match match = entry_match(&path->ways[FLOW_PATH_UP].match);
    struct fast_record old;
    CU_ASSERT_TRUE_FATAL(test_put(all.kernel, path, FLOW_PATH_UP, place));
    bool went = test_compare(all.kernel, place, &path->ways[FLOW_PATH_UP], packet, len);
    CU_ASSERT_EQUAL(went, expected(path, packet, len) == FAST_FORWARD);
    CU_ASSERT_TRUE(kernel_take(all.kernel, &match, &old));
    all.forwarded += went;
}

static void run_packet(const uint8_t *packet, size_t captured, size_t len)
{
    struct packet_view view;
    if (captured > FRAME_MAX - 14 || captured != len ||
        packet_decode(packet, captured, (uint32_t)len, &view) != QW_OK || view.kind != PACKET_UDP)
        return;
    struct flow_path path = path_of(&view);
    all.packets++;
    run_at(OFFLOAD_XDP, &path, packet, captured);
    run_at(OFFLOAD_TC, &path, packet, captured);
}

static int run_capture(const char *name, const struct stat *status, int type, struct FTW *where)
{
    char error[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *header;
    const uint8_t *data;
    const char *ending = strrchr(name, '.');
    (void)status, (void)where;
    if (type != FTW_F || !ending || strcmp(ending, ".pcap") != 0)
        return 0;
    pcap_t *capture = pcap_open_offline(name, error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(capture);
    unsigned link = pcap_datalink(capture) == DLT_EN10MB ? 14 : 0; /* the others begin with IP */
    all.captures++;
    while (pcap_next_ex(capture, &header, &data) == 1)
        if (header->caplen > link)
            run_packet(data + link, header->caplen - link, header->len - link);
    pcap_close(capture);
    return 0;
}

static void captured(void)
{
    all.kernel = test_kernel();
    if (!all.kernel)
        return;
    CU_ASSERT_EQUAL(nftw(TEST_CAPTURES, run_capture, FOLDERS_OPEN, FTW_PHYS), 0);
    printf("%u captures, %lu packets at two places, %lu forwarded ", all.captures, all.packets,
           all.forwarded);
    CU_ASSERT_TRUE(all.captures >= 40 && all.packets > 500 && all.forwarded > all.packets / 2);
    kernel_free(all.kernel);
}

void suite_captures(void)
{
    static const struct test TESTS[] = {
        {"X3 X2: every captured packet leaves the kernel's program as it leaves the engine, or untouched",
         captured},
    };
    TEST_SUITE("offload: captures", TESTS);
}
