#include "capture_link.h"
#include "capture_ng.h"
#include "fail.h"
#include <errno.h>
#include <pcap/pcap.h>
#include <quicward/packet.h>
#include <stdlib.h>
#include <string.h>

/* A pcap file is read by libpcap, a pcapng file here. */
struct io_capture {
    pcap_t *pcap;          /* or NULL */
    int link;              /* of all its frames */
    struct capture_ng *ng; /* or NULL */
    struct qw_time last;   /* of the frame before */
    struct io_capture_counts counts;
};

static const char *link_name(int link)
{
    const char *name = pcap_datalink_val_to_name(link);
    return name ? name : "unknown";
}

static enum qw_error unknown_link(const char *path, int link, struct io_error *error)
{
    return io_fail(error, QW_ERR_UNSUPPORTED, "%s: link type %s (%d) is not one of " CAPTURE_LINKS, path,
                   link_name(link), link);
}

/* Whatever opens `file` owns it. */
static enum qw_error open_pcap(struct io_capture *capture, const char *path, FILE *file,
                               struct io_error *error)
{
    char reason[PCAP_ERRBUF_SIZE] = "";
    capture->pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, reason);
    if (!capture->pcap)
        return io_fail(error, QW_ERR_MALFORMED, "%s: %s", path, reason);
    capture->link = pcap_datalink(capture->pcap);
    return capture_link_known(capture->link) ? QW_OK : unknown_link(path, capture->link, error);
}

static enum qw_error open_ng(struct io_capture *capture, const char *path, FILE *file, struct io_error *error)
{
    const char *damage = NULL;
    enum qw_error status = capture_ng_open(file, &capture->ng, &damage);
    if (status != QW_OK)
        return io_fail(error, status, "%s: %s", path, damage ? damage : qw_error_text(status));
    int link = capture_ng_unknown_link(capture->ng);
    return link < 0 ? QW_OK : unknown_link(path, link, error);
}

static enum qw_error open_file(struct io_capture *capture, const char *path, struct io_error *error)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (!file)
        return io_fail(error, QW_ERR_SYSTEM, "%s: %s", path, strerror(errno));
    int first = ungetc(getc(file), file);
    enum qw_error status = first == CAPTURE_NG_FIRST_BYTE ? open_ng(capture, path, file, error)
                                                          : open_pcap(capture, path, file, error);
    if (!capture->pcap && !capture->ng && file != stdin)
        fclose(file);
    return status;
}

enum qw_error io_capture_open(const char *path, struct io_capture **out, struct io_error *error)
{
    *out = NULL;
    struct io_capture *capture = calloc(1, sizeof(*capture));
    if (!capture)
        return io_fail(error, QW_ERR_SYSTEM, "%s: out of memory", path);
    enum qw_error status = open_file(capture, path, error);
    if (status != QW_OK) {
        io_capture_close(capture);
        return status;
    }
    *out = capture;
    return QW_OK;
}

static uint64_t pcap_time(const struct timeval *nanoseconds)
{
    if (nanoseconds->tv_sec < 0 || (uint64_t)nanoseconds->tv_sec >= UINT64_MAX / QW_NS_PER_SECOND ||
        nanoseconds->tv_usec < 0)
        return 0;
    return (uint64_t)nanoseconds->tv_sec * QW_NS_PER_SECOND + (uint64_t)nanoseconds->tv_usec;
}

static enum qw_error next_pcap(struct io_capture *capture, struct capture_ng_frame *out, const char **damage)
{
    struct pcap_pkthdr *header;
    int got = pcap_next_ex(capture->pcap, &header, &out->data);
    if (got == PCAP_ERROR_BREAK) /* the end of the file */
        return QW_ERR_NOT_FOUND;
    if (got != 1) {
        *damage = pcap_geterr(capture->pcap);
        return QW_ERR_MALFORMED;
    }
    out->link = capture->link;
    out->ns = pcap_time(&header->ts);
    out->captured = header->caplen;
    out->wire_len = header->len;
    return QW_OK;
}

/* Never before the frame before: captures of several queues or interfaces are slightly out of order, and a
 * damaged one holds anything. */
static struct qw_time frame_time(struct io_capture *capture, uint64_t ns)
{
    if (ns > capture->last.ns)
        capture->last.ns = ns;
    return capture->last;
}

/* A frame without IP that can be seen: false. */
static bool skip_frame(struct io_capture *capture, const struct capture_ng_frame *frame, bool cut)
{
    struct io_capture_counts *counts = &capture->counts;
    if (!capture_link_known(frame->link)) {
        if (counts->other_links++ == 0)
            counts->other_link = link_name(frame->link);
    } else if (cut) {
        counts->cut_headers++;
    } else {
        counts->not_ip++;
    }
    return false;
}

/* What cannot be decoded for want of bytes is skipped here: to the engine it would be malformed. */
static bool decodes(struct io_capture *capture, const struct io_frame *frame)
{
    struct packet_view view;
    enum qw_error error = packet_decode(frame->data, frame->captured, frame->wire_len, &view);
    if (frame->captured >= frame->wire_len)
        return true;
    if (error == QW_ERR_TRUNCATED)
        return false;
    capture->counts.cut_payload += error == QW_OK && view.ip_len > frame->captured;
    return true;
}

/* Fills *out from one captured frame; false when it holds no IP packet. */
static bool read_frame(struct io_capture *capture, const struct capture_ng_frame *frame, struct io_frame *out)
{
    struct qw_bytes bytes = {frame->data, frame->captured};
    uint32_t len = frame->wire_len > frame->captured ? frame->wire_len : frame->captured;
    size_t offset;
    capture->counts.frames++;
    out->time = frame_time(capture, frame->ns);
    if (!capture_ip_offset(frame->link, bytes, &offset))
        return skip_frame(capture, frame, len > frame->captured && capture_ip_cut(frame->link, bytes));
    out->data = frame->data + offset;
    out->captured = frame->captured - offset;
    out->wire_len = len - (uint32_t)offset;
    return decodes(capture, out) || skip_frame(capture, frame, true);
}

enum qw_error io_capture_next(struct io_capture *capture, struct io_frame *out, struct io_error *error)
{
    for (;;) {
        struct capture_ng_frame frame;
        const char *damage = NULL;
        enum qw_error status =
            capture->ng ? capture_ng_next(capture->ng, &frame, &damage) : next_pcap(capture, &frame, &damage);
        if (status == QW_ERR_MALFORMED)
            return io_fail(error, status, "damaged capture: %s", damage);
        if (status != QW_OK || read_frame(capture, &frame, out))
            return status;
    }
}

const struct io_capture_counts *io_capture_counts(const struct io_capture *capture)
{
    return &capture->counts;
}

uint64_t io_capture_skipped(const struct io_capture *capture)
{
    const struct io_capture_counts *counts = &capture->counts;
    return counts->not_ip + counts->other_links + counts->cut_headers;
}

void io_capture_close(struct io_capture *capture)
{
    if (!capture)
        return;
    if (capture->pcap)
        pcap_close(capture->pcap);
    capture_ng_close(capture->ng);
    free(capture);
}
