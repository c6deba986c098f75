# shellcheck shell=bash
# Checks of a case: each prints one line; a case fails when one of them did, or when it checked nothing.
CHECKS_DONE=0
CHECKS_FAILED=0
# Waiting for what is to come ends when it comes, so that time for a machine ten times slower or busier costs nothing. Where
# nothing is to come, the whole time is waited: there it is 1.
PATIENCE=10

# wait_for SECONDS COMMAND...: true as soon as COMMAND is; false after SECONDS of a machine at ease.
# A slow machine looks less often, for looking is what it is slow at.
wait_for() {
    local step_ms=$((50 * ${QW_SLOWER:-1}))
    local left=$(($1 * 1000 * PATIENCE / step_ms + 1))
    shift
    until "$@"; do
        left=$((left - 1))
        [ $left -gt 0 ] || return 1
        sleep "$((step_ms / 1000)).$(printf %03d $((step_ms % 1000)))"
    done
}

# check WHAT COMMAND...: COMMAND must succeed. Its output is shown when it does not. COMMAND runs in this shell, so that
# it may wait for the shell's children and set its variables.
check() {
    local what=$1 output=$LAB_DIR/check.output status=0
    shift
    CHECKS_DONE=$((CHECKS_DONE + 1))
    "$@" >"$output" 2>&1 || status=$?
    if [ $status = 0 ]; then
        echo "  ok: $what"
        return 0
    fi
    CHECKS_FAILED=$((CHECKS_FAILED + 1))
    echo "  FAILED: $what (status $status: $*)"
    tail -n 15 "$output" | sed 's/^/    | /'
    return 1
}

# check_not WHAT COMMAND...: COMMAND must fail.
check_not() {
    local what=$1
    shift
    check "$what" not "$@"
}

not() {
    local PATIENCE=1
    ! "$@"
}

# shows PATTERN COMMAND...: true when the output of COMMAND, whatever its status, matches PATTERN. Prints the output.
shows() {
    local pattern=$1 output
    shift
    output=$("$@" 2>&1)
    printf '%s\n' "$output"
    grep -qE -- "$pattern" <<<"$output"
}

# status_is STATUS COMMAND...: true when COMMAND ends with STATUS. Prints the output.
status_is() {
    local wanted=$1 status=0
    [ "$wanted" = 0 ] || local PATIENCE=1
    shift
    "$@" || status=$?
    echo "exit status $status"
    [ "$status" = "$wanted" ]
}

# skip WHY: ends the case as not run.
skip() {
    echo "  skipped: $*"
    exit 77
}

# skip_without PROGRAM...
skip_without() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null || skip "$program is not installed"
    done
}

# The last line of a case.
case_end() {
    echo "  $CHECKS_DONE checks, $CHECKS_FAILED failed"
    [ "$CHECKS_FAILED" = 0 ] && [ "$CHECKS_DONE" -gt 0 ]
    exit
}
