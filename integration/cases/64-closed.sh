#!/usr/bin/env bash
# S5, S4: in random order the daemon is killed, stopped, started in other modes, with other queues and tools and with a wrong file, and
# netfilter's tables are flushed, replaced and picked at: no packet leaves untranslated and none comes in unasked, ever.
exec "$(dirname "${BASH_SOURCE[0]}")/../closed.sh" 30 12
