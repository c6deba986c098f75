#include "router.h"
#include "suite.h"

int main(void)
{
    suite_firewall();
    suite_handshake();
    suite_handshake_threads();
    suite_icmp();
    suite_lane();
    suite_layout();
    suite_limits();
    suite_shares();
    suite_inside();
    suite_guard();
    suite_initials();
    suite_views();
    suite_round_trips();
    suite_hints();
    suite_inspect();
    suite_attempts();
    suite_histories();
    suite_rules();
    suite_corpus();
    suite_names();
    suite_nat();
    suite_nat_errors();
    suite_nat_reload();
    suite_sizes();
    suite_ahead();
    suite_throttle();
    suite_nat_threads();
    suite_events();
    suite_recover();
    suite_scratch();
    suite_settings();
    suite_settings_threads();
    suite_paths();
    suite_path_rewrites();
    suite_path_spin();
    suite_path_threads();
    suite_harvest();
    suite_path_ends();
    suite_path_adopt();
    suite_mirror();
    suite_owners();
    return test_main();
}
