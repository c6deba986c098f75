#include "capture_file.h"
#include "ng_file.h"
#include "suite.h"
#include "suites.h"
#include <quicward/io.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINKTYPE_ETHERNET 1
#define LINKTYPE_PPP 9
#define LINKTYPE_IEEE802_11 105
#define LINKTYPE_RAW 101

static const uint8_t IPV4[] = {0x45, 0, 0, 20, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2};
static const uint8_t ARP_FRAME[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x08, 0x06, 0, 1, 8, 0};

static struct io_capture *open_file(struct capture_file *file)
{
    struct io_capture *capture = NULL;
    struct io_error error = {""};
    capture_file_done(file);
    CU_ASSERT_EQUAL_FATAL(io_capture_open(file->path, &capture, &error), QW_OK);
    capture_file_remove(file);
    return capture;
}

static enum qw_error open_error(struct capture_file *file, struct io_error *error)
{
    struct io_capture *capture;
    capture_file_done(file);
    enum qw_error status = io_capture_open(file->path, &capture, error);
    CU_ASSERT_PTR_NULL(capture);
    CU_ASSERT_PTR_EQUAL(strstr(error->text, file->path), error->text);
    capture_file_remove(file);
    return status;
}

static void reads_pcap(void)
{
    struct capture_file file;
    struct io_frame frame;
    struct io_error error;
    capture_file_new(&file);
    capture_file_pcap(&file, LINKTYPE_RAW);
    capture_file_frame(&file, 1700000000, 123456789, IPV4, sizeof(IPV4), sizeof(IPV4));
    struct io_capture *capture = open_file(&file);
    CU_ASSERT_EQUAL_FATAL(io_capture_next(capture, &frame, &error), QW_OK);
    CU_ASSERT_EQUAL(frame.time.ns, 1700000000123456789u);
    CU_ASSERT_EQUAL(frame.captured, sizeof(IPV4));
    CU_ASSERT_EQUAL(frame.wire_len, sizeof(IPV4));
    CU_ASSERT_EQUAL(memcmp(frame.data, IPV4, sizeof(IPV4)), 0);
    CU_ASSERT_EQUAL(io_capture_next(capture, &frame, &error), QW_ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(io_capture_next(capture, &frame, &error), QW_ERR_NOT_FOUND);
    io_capture_close(capture);
}

static void reads_pcapng(void)
{
    struct capture_file file;
    struct io_frame frame;
    struct io_error error;
    capture_file_new(&file);
    capture_file_pcapng(&file, LINKTYPE_RAW);
    capture_file_block(&file, 1700000000123456u, IPV4, sizeof(IPV4));
    capture_file_block(&file, 1700000000123457u, IPV4, sizeof(IPV4) - 3);
    struct io_capture *capture = open_file(&file);
    CU_ASSERT_EQUAL_FATAL(io_capture_next(capture, &frame, &error), QW_OK);
    CU_ASSERT_EQUAL(frame.time.ns, 1700000000123456000u);
    CU_ASSERT_EQUAL(frame.captured, sizeof(IPV4));
    CU_ASSERT_EQUAL_FATAL(io_capture_next(capture, &frame, &error), QW_OK);
    CU_ASSERT_EQUAL(frame.time.ns, 1700000000123457000u);
    CU_ASSERT_EQUAL(frame.captured, sizeof(IPV4) - 3);
    CU_ASSERT_EQUAL(io_capture_next(capture, &frame, &error), QW_ERR_NOT_FOUND);
    io_capture_close(capture);
}

static void tells_wire_length(void)
{
    uint8_t ethernet[14 + sizeof(IPV4)] = {[12] = 0x08, 0x00};
    struct capture_file file;
    struct io_frame frame;
    struct io_error error;
    memcpy(ethernet + 14, IPV4, sizeof(IPV4));
    capture_file_new(&file);
    capture_file_pcap(&file, LINKTYPE_ETHERNET);
    capture_file_frame(&file, 1, 0, ethernet, sizeof(ethernet), 1514);
    capture_file_frame(&file, 1, 0, ethernet, sizeof(ethernet), 3); /* less than captured: a lie */
    struct io_capture *capture = open_file(&file);
    CU_ASSERT_EQUAL_FATAL(io_capture_next(capture, &frame, &error), QW_OK);
    CU_ASSERT_EQUAL(frame.captured, sizeof(IPV4));
    CU_ASSERT_EQUAL(frame.wire_len, 1500);
    CU_ASSERT_EQUAL(memcmp(frame.data, IPV4, sizeof(IPV4)), 0);
    CU_ASSERT_EQUAL_FATAL(io_capture_next(capture, &frame, &error), QW_OK);
    CU_ASSERT_EQUAL(frame.captured, sizeof(IPV4));
    CU_ASSERT_EQUAL(frame.wire_len, sizeof(IPV4));
    io_capture_close(capture);
}

static void time_never_goes_back(void)
{
    static const uint32_t SECONDS[] = {10, 9, 11};
    static const uint64_t EXPECTED[] = {10, 10, 11};
    struct capture_file file;
    struct io_frame frame;
    struct io_error error;
    capture_file_new(&file);
    capture_file_pcap(&file, LINKTYPE_RAW);
    for (unsigned i = 0; i < 3; i++)
        capture_file_frame(&file, SECONDS[i], 0, IPV4, sizeof(IPV4), sizeof(IPV4));
    struct io_capture *capture = open_file(&file);
    for (unsigned i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL_FATAL(io_capture_next(capture, &frame, &error), QW_OK);
        CU_ASSERT_EQUAL(frame.time.ns, EXPECTED[i] * QW_NS_PER_SECOND);
    }
    io_capture_close(capture);
}

static void skips_what_is_not_ip(void)
{
    uint8_t ethernet[14 + sizeof(IPV4)] = {[12] = 0x08, 0x00};
    struct capture_file file;
    struct io_frame frame;
    struct io_error error;
    memcpy(ethernet + 14, IPV4, sizeof(IPV4));
    capture_file_new(&file);
    capture_file_pcap(&file, LINKTYPE_ETHERNET);
    capture_file_frame(&file, 1, 0, ARP_FRAME, sizeof(ARP_FRAME), sizeof(ARP_FRAME));
    capture_file_frame(&file, 2, 0, ethernet, 13, 13); /* cut inside the EtherType */
    capture_file_frame(&file, 3, 0, ethernet, sizeof(ethernet), sizeof(ethernet));
    struct io_capture *capture = open_file(&file);
    CU_ASSERT_EQUAL_FATAL(io_capture_next(capture, &frame, &error), QW_OK);
    CU_ASSERT_EQUAL(frame.time.ns, 3 * QW_NS_PER_SECOND);
    CU_ASSERT_EQUAL(io_capture_skipped(capture), 2);
    io_capture_close(capture);
}

/* An IPv4 packet of 20 + 8 + 2 bytes. */
static const uint8_t UDP4[] = {0x45, 0,   0, 30, 0, 0, 0, 0, 64, 17, 0,  0, 192, 0, 2,
                               1,    192, 0, 2,  2, 0, 1, 0, 2,  0,  10, 0, 0,   1, 2};

static void short_snap_lengths(void)
{
    static const uint8_t ARP_LIKE[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x08, 0x06};
    struct capture_file file;
    struct io_frame frame;
    struct io_error error;
    capture_file_new(&file);
    capture_file_pcap(&file, LINKTYPE_RAW);
    for (uint32_t captured = 0; captured <= sizeof(UDP4); captured++)
        capture_file_frame(&file, 1, 0, UDP4, captured, sizeof(UDP4));
    capture_file_frame(&file, 2, 0, ARP_LIKE, sizeof(ARP_LIKE), 60);
    struct io_capture *capture = open_file(&file);
    for (uint32_t captured = 28; captured <= sizeof(UDP4); captured++) {
        CU_ASSERT_EQUAL_FATAL(io_capture_next(capture, &frame, &error), QW_OK);
        CU_ASSERT_EQUAL(frame.captured, captured);
        CU_ASSERT_EQUAL(frame.wire_len, sizeof(UDP4));
    }
    CU_ASSERT_EQUAL(io_capture_next(capture, &frame, &error), QW_ERR_NOT_FOUND);
    const struct io_capture_counts *counts = io_capture_counts(capture);
    CU_ASSERT_EQUAL(counts->frames, sizeof(UDP4) + 2);
    CU_ASSERT_EQUAL(counts->cut_headers, 28);
    CU_ASSERT_EQUAL(counts->cut_payload, 2);
    CU_ASSERT_EQUAL(counts->not_ip, 1); /* its first byte is none of IP */
    CU_ASSERT_EQUAL(io_capture_skipped(capture), 29);
    io_capture_close(capture);
}

/* A pcapng file with these bytes. */
static void write_ng(struct capture_file *file, const struct ng_file *ng)
{
    capture_file_new(file);
    CU_ASSERT_EQUAL(fwrite(ng->bytes, ng->len, 1, file->out), 1);
}

static void interfaces_of_several_links(void)
{
    static const uint8_t IN_PPP[] = {0xff, 3, 0, 0x21, 0x45, 0, 0, 20, 0,   0, 0, 0,
                                     64,   6, 0, 0,    192,  0, 2, 1,  192, 0, 2, 2};
    struct ng_file ng = {.len = 0};
    struct capture_file file;
    struct io_frame frame;
    struct io_error error;
    ng_section(&ng, false);
    ng_interface(&ng, LINKTYPE_RAW);
    ng_interface(&ng, LINKTYPE_IEEE802_11);
    ng_interface(&ng, LINKTYPE_PPP);
    ng_packet(&ng, 2, 7, IN_PPP, sizeof(IN_PPP), sizeof(IN_PPP));
    ng_packet(&ng, 1, 8, IN_PPP, sizeof(IN_PPP), sizeof(IN_PPP));
    ng_packet(&ng, 0, 9, IPV4, sizeof(IPV4), sizeof(IPV4));
    write_ng(&file, &ng);
    struct io_capture *capture = open_file(&file);
    CU_ASSERT_EQUAL_FATAL(io_capture_next(capture, &frame, &error), QW_OK);
    CU_ASSERT_EQUAL(frame.time.ns, 7000);
    CU_ASSERT_EQUAL(frame.captured, 20);
    CU_ASSERT_EQUAL(memcmp(frame.data, IN_PPP + 4, 20), 0);
    CU_ASSERT_EQUAL_FATAL(io_capture_next(capture, &frame, &error), QW_OK);
    CU_ASSERT_EQUAL(frame.time.ns, 9000);
    CU_ASSERT_EQUAL(io_capture_next(capture, &frame, &error), QW_ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(io_capture_counts(capture)->other_links, 1);
    CU_ASSERT_STRING_EQUAL(io_capture_counts(capture)->other_link, "IEEE802_11");
    io_capture_close(capture);
}

static void refuses_pcapng_of_other_links_only(void)
{
    struct ng_file ng = {.len = 0};
    struct capture_file file;
    struct io_error error;
    ng_section(&ng, true);
    ng_interface(&ng, LINKTYPE_IEEE802_11);
    ng_packet(&ng, 0, 7, IPV4, sizeof(IPV4), sizeof(IPV4));
    write_ng(&file, &ng);
    CU_ASSERT_EQUAL(open_error(&file, &error), QW_ERR_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "link type IEEE802_11 (105) is not one of Ethernet, PPP"));
    capture_file_new(&file);
    fputs("\nno capture, but it begins like a pcapng file\n", file.out);
    CU_ASSERT_EQUAL(open_error(&file, &error), QW_ERR_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "it is no capture file"));
}

/* Ethernet fills short packets up to 60 bytes. */
static void cut_padding_is_no_loss(void)
{
    uint8_t ethernet[14 + sizeof(UDP4)] = {[12] = 0x08, 0x00};
    struct capture_file file;
    struct io_frame frame;
    struct io_error error;
    memcpy(ethernet + 14, UDP4, sizeof(UDP4));
    capture_file_new(&file);
    capture_file_pcap(&file, LINKTYPE_ETHERNET);
    capture_file_frame(&file, 1, 0, ethernet, sizeof(ethernet), 60);
    struct io_capture *capture = open_file(&file);
    CU_ASSERT_EQUAL_FATAL(io_capture_next(capture, &frame, &error), QW_OK);
    CU_ASSERT_EQUAL(io_capture_counts(capture)->cut_payload, 0);
    io_capture_close(capture);
}

static void reports_damage(void)
{
    struct capture_file file;
    struct io_frame frame;
    struct io_error error = {""};
    capture_file_new(&file);
    capture_file_pcap(&file, LINKTYPE_RAW);
    capture_file_frame(&file, 1, 0, IPV4, sizeof(IPV4), sizeof(IPV4));
    capture_file_frame(&file, 2, 0, IPV4, sizeof(IPV4), sizeof(IPV4));
    capture_file_cut(&file, 5);
    struct io_capture *capture = open_file(&file);
    CU_ASSERT_EQUAL(io_capture_next(capture, &frame, &error), QW_OK);
    CU_ASSERT_EQUAL(io_capture_next(capture, &frame, &error), QW_ERR_MALFORMED);
    CU_ASSERT_PTR_EQUAL(strstr(error.text, "damaged capture: "), error.text);
    io_capture_close(capture);
}

static void refuses_other_links(void)
{
    struct capture_file file;
    struct io_error error;
    capture_file_new(&file);
    capture_file_pcap(&file, LINKTYPE_IEEE802_11);
    CU_ASSERT_EQUAL(open_error(&file, &error), QW_ERR_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "link type IEEE802_11 (105) is not one of"));
}

static void refuses_other_files(void)
{
    struct capture_file file;
    struct io_error error;
    capture_file_new(&file);
    fputs("this is no capture, whatever its name says\n", file.out);
    CU_ASSERT_EQUAL(open_error(&file, &error), QW_ERR_MALFORMED);
    capture_file_new(&file);
    CU_ASSERT_EQUAL(open_error(&file, &error), QW_ERR_MALFORMED); /* empty */
}

static void names_missing_file(void)
{
    struct io_capture *capture;
    struct io_error error;
    CU_ASSERT_EQUAL(io_capture_open("/nowhere/at.all", &capture, &error), QW_ERR_SYSTEM);
    CU_ASSERT_STRING_EQUAL(error.text, "/nowhere/at.all: No such file or directory");
}

static void reads_standard_input(void)
{
    struct capture_file file;
    struct io_capture *capture;
    struct io_frame frame;
    struct io_error error;
    capture_file_new(&file);
    capture_file_pcap(&file, LINKTYPE_RAW);
    capture_file_frame(&file, 1, 0, IPV4, sizeof(IPV4), sizeof(IPV4));
    capture_file_done(&file);
    CU_ASSERT_PTR_NOT_NULL_FATAL(freopen(file.path, "rb", stdin));
    CU_ASSERT_EQUAL_FATAL(io_capture_open("-", &capture, &error), QW_OK);
    CU_ASSERT_EQUAL(io_capture_next(capture, &frame, &error), QW_OK);
    CU_ASSERT_EQUAL(io_capture_next(capture, &frame, &error), QW_ERR_NOT_FOUND);
    io_capture_close(capture);
    capture_file_remove(&file);
}

void capture_suite(void)
{
    static const struct test TESTS[] = {
        {"pcap: the frame, its time in nanoseconds, then the end", reads_pcap},
        {"pcapng: padding is not part of a frame", reads_pcapng},
        {"M6: the length on the wire is known of a cut frame", tells_wire_length},
        {"time never goes back", time_never_goes_back},
        {"frames without IP are skipped and counted", skips_what_is_not_ip},
        {"O5: a short snap length: read as far as it goes, and counted", short_snap_lengths},
        {"padding that was not captured is no loss", cut_padding_is_no_loss},
        {"O5: interfaces of several link types, one of them unknown", interfaces_of_several_links},
        {"a pcapng of unknown link types only is refused by name", refuses_pcapng_of_other_links_only},
        {"a file that ends inside a frame is damaged", reports_damage},
        {"another link type is refused by name", refuses_other_links},
        {"what is no capture is refused", refuses_other_files},
        {"a missing file is named", names_missing_file},
        {"'-' is standard input", reads_standard_input},
    };
    TEST_SUITE("capture", TESTS);
}
