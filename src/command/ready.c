#include "ready.h"

#ifdef QUICWARD_SYSTEMD
#include <systemd/sd-daemon.h>

void ready_announce(void)
{
    sd_notify(0, "READY=1");
}

void ready_withdraw(void)
{
    sd_notify(0, "STOPPING=1");
}
#else
void ready_announce(void)
{
}

void ready_withdraw(void)
{
}
#endif
