#include "stream_message.h"

void frames_suite(void);

int main(void)
{
    header_suite();
    versions_suite();
    vectors_suite();
    initial_suite();
    retry_suite();
    hmac_suite();
    hostile_suite();
    frames_suite();
    stream_suite();
    stream_model_suite();
    int status = test_main();
    quic_crypto_free(crypto());
    return status;
}
