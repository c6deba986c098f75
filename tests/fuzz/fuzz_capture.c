/* Any bytes as a capture file. */
#include "engine_input.h"
#include <quicward/io.h>
#include <unistd.h>

static void read_all(struct io_capture *capture)
{
    struct io_frame frame;
    struct io_error error;
    uint64_t frames = 0, last = 0;
    volatile uint8_t sum = 0;
    while (io_capture_next(capture, &frame, &error) == QW_OK) {
        NEED(frame.wire_len >= frame.captured);
        NEED(frame.time.ns >= last);
        last = frame.time.ns;
        for (size_t i = 0; i < frame.captured; i++)
            sum = (uint8_t)(sum + frame.data[i]);
        frames++;
    }
    NEED(io_capture_counts(capture)->frames == frames + io_capture_skipped(capture));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct io_capture *capture;
    struct io_error error = {0};
    int fd;
    const char *path = fuzz_file(data, size, &fd);
    if (io_capture_open(path, &capture, &error) == QW_OK) {
        read_all(capture);
        io_capture_close(capture);
    } else
        NEED(error.text[0]);
    close(fd);
    return 0;
}
