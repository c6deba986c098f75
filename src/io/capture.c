#include "capture_link.h"
#include "fail.h"
#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

struct io_capture {
    pcap_t *pcap;
    int link;
    struct qw_time last; /* of the frame before */
    uint64_t skipped;
};

static enum qw_error open_pcap(const char *path, pcap_t **out, struct io_error *error)
{
    char reason[PCAP_ERRBUF_SIZE] = "";
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "rb");
    if (!file)
        return io_fail(error, QW_ERR_SYSTEM, "%s: %s", path, strerror(errno));
    *out = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, reason);
    if (*out)
        return QW_OK; /* which owns `file` now */
    if (!is_stdin)
        fclose(file);
    return io_fail(error, QW_ERR_MALFORMED, "%s: %s", path, reason);
}

static enum qw_error check_link(const char *path, int link, struct io_error *error)
{
    if (capture_link_known(link))
        return QW_OK;
    const char *name = pcap_datalink_val_to_name(link);
    return io_fail(error, QW_ERR_UNSUPPORTED,
                   "%s: link type %s (%d) is not one of Ethernet, raw IP, Linux cooked, BSD loopback", path,
                   name ? name : "unknown", link);
}

enum qw_error io_capture_open(const char *path, struct io_capture **out, struct io_error *error)
{
    *out = NULL;
    struct io_capture *capture = calloc(1, sizeof(*capture));
    if (!capture)
        return io_fail(error, QW_ERR_SYSTEM, "%s: out of memory", path);
    enum qw_error status = open_pcap(path, &capture->pcap, error);
    if (status == QW_OK) {
        capture->link = pcap_datalink(capture->pcap);
        status = check_link(path, capture->link, error);
    }
    if (status != QW_OK) {
        io_capture_close(capture);
        return status;
    }
    *out = capture;
    return QW_OK;
}

/* The time of a frame, but never before that of the frame before: captures of several queues or interfaces
 * are slightly out of order, and a damaged one holds anything. */
static struct qw_time frame_time(struct io_capture *capture, const struct pcap_pkthdr *header)
{
    struct qw_time at = {0};
    if (header->ts.tv_sec >= 0 && (uint64_t)header->ts.tv_sec < UINT64_MAX / QW_NS_PER_SECOND &&
        header->ts.tv_usec >= 0)
        at.ns = (uint64_t)header->ts.tv_sec * QW_NS_PER_SECOND + (uint64_t)header->ts.tv_usec;
    if (at.ns > capture->last.ns)
        capture->last = at;
    return capture->last;
}

/* Fills *out from one captured frame; false when it holds no IP packet. */
static bool read_frame(struct io_capture *capture, const struct pcap_pkthdr *header, const uint8_t *data,
                       struct io_frame *out)
{
    size_t offset;
    out->time = frame_time(capture, header);
    if (!capture_ip_offset(capture->link, (struct qw_bytes){data, header->caplen}, &offset))
        return false;
    uint32_t len = header->len > header->caplen ? header->len : header->caplen;
    out->data = data + offset;
    out->captured = header->caplen - offset;
    out->wire_len = len - (uint32_t)offset;
    return true;
}

enum qw_error io_capture_next(struct io_capture *capture, struct io_frame *out, struct io_error *error)
{
    for (;;) {
        struct pcap_pkthdr *header;
        const u_char *data;
        int got = pcap_next_ex(capture->pcap, &header, &data);
        if (got == PCAP_ERROR_BREAK) /* the end of the file */
            return QW_ERR_NOT_FOUND;
        if (got != 1)
            return io_fail(error, QW_ERR_MALFORMED, "damaged capture: %s", pcap_geterr(capture->pcap));
        if (read_frame(capture, header, data, out))
            return QW_OK;
        capture->skipped++;
    }
}

uint64_t io_capture_skipped(const struct io_capture *capture)
{
    return capture->skipped;
}

void io_capture_close(struct io_capture *capture)
{
    if (!capture)
        return;
    if (capture->pcap)
        pcap_close(capture->pcap);
    free(capture);
}
