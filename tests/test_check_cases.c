/* test_check_cases.c: which runs there are, what each does, and what they find. */
#include "play_support.h"
#include "watched.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static void open_played(void)
{
    played_open("played");
}

TestSuite(check_cases, .init = open_played, .fini = played_close, .timeout = 300);

static struct schedule drawn(enum kind kind, uint64_t number)
{
    struct schedule schedule;

    cr_assert_eq(cases_draw(&played.checker, 0, kind, number, &schedule), 0);
    return schedule;
}

/* -- Names -------------------------------------------------------------------------------------- */

Test(check_cases, a_name_reads_back_as_the_case)
{
    for (int i = 0; i < KINDS; i++) {
        struct schedule schedule = { .kind = (enum kind)i, .session = 3, .number = 77 };
        uint64_t seed, number;
        unsigned session;
        enum kind kind;
        char name[96];
        schedule_name(&schedule, UINT64_MAX, name);
        cr_assert_eq(schedule_read(name, &seed, &session, &kind, &number), 0, "%s", name);
        cr_assert(seed == UINT64_MAX && session == 3 && kind == (enum kind)i && number == 77, "%s", name);
    }
    char name[96];
    schedule_name(&(struct schedule){ .kind = KIND_TWO_CUTS, .number = 77 }, 1, name);
    cr_assert_str_eq(name, "1.0.two-cuts.77");
}

Test(check_cases, what_is_no_name_is_refused)
{
    static const char *const wrong[] = {
        "",          "1",           "1.0",          "1.0.solo",    "1.0.solo.",
        "1.0.sol.0", "1.0.solo.0x", "1.0.solo.0.0", "-1.0.solo.0", "1..solo.0",
        ".0.solo.0", "1.99.solo.0", "1.0.solos.0",  " 1.0.solo.0"
    };
    uint64_t seed, number;
    unsigned session;
    enum kind kind;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_eq(schedule_read(wrong[i], &seed, &session, &kind, &number), -EINVAL, "%s", wrong[i]);
}

/* -- How many ------------------------------------------------------------------------------------- */

Test(check_cases, every_cut_of_a_short_session_is_tried_once)
{
    bool seen[32] = { false };

    played_session("> \"hello\\n\"\n< \"hello\\r\\n\"\n> \"you\\n\"\n< \"you\\r\\n\"\n");
    played_measure(true);
    cr_assert_eq(played.checker.board->measures[0].bytes, 10);
    cr_assert_eq(played_count(KIND_ONE_CUT), 9);
    for (uint64_t i = 0; i < 9; i++) {
        struct schedule schedule = drawn(KIND_ONE_CUT, i);
        cr_assert(schedule.cut_count == 1 && schedule.cuts[0] >= 1 && schedule.cuts[0] <= 9);
        cr_assert_not(seen[schedule.cuts[0]]);
        seen[schedule.cuts[0]] = true;
        schedule_free(&schedule);
    }
    cr_assert_not(played.checker.board->measures[0].sampled[KIND_ONE_CUT]);
}

Test(check_cases, every_pair_of_cuts_of_a_short_session_is_tried_once)
{
    bool seen[16][16] = { { false } };

    played_session("> \"hello\\nyou\\n\"\n< \"hello\\r\\nyou\\r\\n\"\n");
    played_measure(true);
    cr_assert_eq(played_count(KIND_TWO_CUTS), 36);
    for (uint64_t i = 0; i < 36; i++) {
        struct schedule schedule = drawn(KIND_TWO_CUTS, i);
        size_t a = schedule.cuts[0], b = schedule.cuts[1];
        cr_assert(schedule.cut_count == 2 && a >= 1 && a < b && b <= 9);
        cr_assert_not(seen[a][b]);
        seen[a][b] = true;
        schedule_free(&schedule);
    }
}

Test(check_cases, of_a_longer_session_pairs_are_drawn_and_that_is_said)
{
    played_session("> \"a\" * 500 \"\\n\"\n< \"a\" * 500 \"\\r\\n\"\n");
    played_measure(true);
    cr_assert_eq(played_count(KIND_TWO_CUTS), 2000);
    cr_assert(played.checker.board->measures[0].sampled[KIND_TWO_CUTS]);
    for (uint64_t i = 0; i < 2000; i++) {
        struct schedule schedule = drawn(KIND_TWO_CUTS, i);
        cr_assert(schedule.cuts[0] >= 1 && schedule.cuts[0] < schedule.cuts[1] && schedule.cuts[1] <= 500);
        schedule_free(&schedule);
    }
}

Test(check_cases, cuts_of_a_long_session_are_spread_over_all_of_it)
{
    size_t before = 0;

    played_session("> \"a\" * 9000 \"\\n\"\n< \"a\" * 9000 \"\\r\\n\"\n");
    played_measure(true);
    cr_assert_eq(played_count(KIND_ONE_CUT), 4000);
    cr_assert(played.checker.board->measures[0].sampled[KIND_ONE_CUT]);
    for (uint64_t i = 0; i < 4000; i++) {
        struct schedule schedule = drawn(KIND_ONE_CUT, i);
        cr_assert(schedule.cuts[0] > before && schedule.cuts[0] <= 9000);
        before = schedule.cuts[0];
        schedule_free(&schedule);
    }
    cr_assert_gt(before, 7900);
}

Test(check_cases, the_longer_a_session_the_fewer_its_runs)
{
    played_session("> \"a\" * 100000 \"\\n\"\n<* \"\\n\"\n");
    played_measure(true);
    /* It comes back. */
    cr_assert_eq(played_count(KIND_RANDOM_CUTS), (UINT64_C(72) << 20) / (2 * 100000 + 3));
}

Test(check_cases, a_number_finds_the_case_of_its_kind)
{
    struct schedule schedule;
    uint64_t number = 0;

    played_session("> \"hello\\n\"\n< \"hello\\r\\n\"\n");
    played_silence();
    played_measure(true);
    for (unsigned session = 0; session < 2; session++)
        for (int kind = 0; kind < KINDS; kind++)
            for (uint64_t i = 0; i < played.checker.board->measures[session].count[kind]; i++, number++) {
                cr_assert_eq(cases_schedule(&played.checker, number, &schedule), 0);
                cr_assert(schedule.session == session && schedule.kind == (enum kind)kind &&
                          schedule.number == i);
                schedule_free(&schedule);
            }
    cr_assert_eq(played.checker.board->total, number);
    cr_assert_eq(cases_schedule(&played.checker, number, &schedule), -ERANGE);
}

Test(check_cases, kinds_that_a_session_gives_no_reason_for_have_no_cases)
{
    played_session("> \"hello\\n\"\n< \"hello\\r\\n\"\neof\nclosed\n");
    played_measure(true);
    cr_assert_eq(played_count(KIND_INTERLEAVED), 0); /* it does not say `isolated` */
    cr_assert_eq(played_count(KIND_LATE_WORK), 0);   /* there is no job */
    cr_assert_eq(played_count(KIND_EOF), 0);         /* it gives the ending */
    cr_assert_eq(played_count(KIND_RESET), 0);
    cr_assert_eq(played_count(KIND_GROWTH), 1); /* nothing can be said again on that connection */
}

Test(check_cases, copies_that_would_share_a_clock_are_not_played_side_by_side)
{
    played_session("isolated\n> \"hello\\n\"\n< \"hello\\r\\n\"\n");
    played_session("isolated\n> \"hello\\n\"\n< \"hello\\r\\n\"\nwait 1s\n");
    played_measure(true);
    cr_assert_eq(played.checker.board->measures[0].count[KIND_INTERLEAVED], 50);
    cr_assert_eq(played.checker.board->measures[1].count[KIND_INTERLEAVED], 0);
}

Test(check_cases, where_there_are_jobs_they_are_late)
{
    played_session(
        "plugin played fault=works\n> \"hello\\n\"\n< \"7\\r\\n\"\n> \"a\\nb\\n\"\n< \"7\\r\\n7\\r\\n\"\n");
    played_measure(true);
    cr_assert_eq(played_count(KIND_LATE_WORK), 50);
    cr_assert_eq(played_all(0, KIND_LATE_WORK), 0, "%s", played.finding.what);
}

Test(check_cases, of_a_session_that_does_not_hold_nothing_else_is_tried)
{
    played_session("> \"hello\\n\"\n< \"hallo\\r\\n\"\n");
    played_measure(false);
    cr_assert_eq(played.checker.board->total, 0);
    cr_assert_not(played.checker.board->measures[0].known);
}

Test(check_cases, faults_are_drawn_of_every_strength)
{
    unsigned reads = 0, writes = 0, again = 0, interrupted = 0, shuffled = 0, small = 0, mouthfuls = 0;

    played_session("> \"hello\\n\"\n< \"hello\\r\\n\"\n");
    played_measure(true);
    for (uint64_t i = 0; i < 50; i++) {
        struct schedule cut = drawn(KIND_SHORT_WRITES, i), late = drawn(KIND_INTERRUPTED, i),
                        slow = drawn(KIND_SLOW_READER, i);
        reads += cut.faults.short_reads > 450;
        writes += cut.faults.short_writes > 450;
        small += cut.faults.buffer > 0 && cut.faults.buffer <= 64;
        again += late.faults.again > 300;
        interrupted += late.faults.interrupted > 300;
        shuffled += late.faults.shuffle;
        mouthfuls += slow.mouthful > 0 && slow.mouthful <= 8;
        cr_assert(cut.faults.short_writes >= 100 && slow.mouthful > 0);
    }
    cr_assert(reads > 5 && writes > 5 && small > 5 && again > 5 && interrupted > 5 && shuffled > 5 &&
              mouthfuls > 5);
}

Test(check_cases, the_same_seed_draws_the_same_and_another_one_otherwise)
{
    played_session("> \"a\" * 100 \"\\n\"\n< \"a\" * 100 \"\\r\\n\"\n");
    played_measure(true);
    struct schedule a = drawn(KIND_RANDOM_CUTS, 5), b = drawn(KIND_RANDOM_CUTS, 5);
    played.request.seed = 2;
    struct schedule c = drawn(KIND_RANDOM_CUTS, 5);
    cr_assert(a.seed == b.seed && a.cut_count == b.cut_count &&
              !memcmp(a.cuts, b.cuts, a.cut_count * sizeof *a.cuts));
    cr_assert_neq(a.seed, c.seed);
    schedule_free(&a);
    schedule_free(&b);
    schedule_free(&c);
}

Test(check_cases, every_case_is_the_same_run_each_time)
{
    played_session(
        "isolated\n> \"hello\\n\"\n< \"hello\\r\\n\"\ntogether\n> \"you\\n\"\n< \"you\\r\\n\"\nend\n");
    played_silence();
    played_measure(true);
    for (uint64_t i = 0; i < played.checker.board->total; i += 7) {
        struct schedule schedule;
        struct shown first, second;
        cr_assert_eq(cases_schedule(&played.checker, i, &schedule), 0);
        cr_assert(play_shown(&played.checker, &schedule, &played.finding, &first));
        cr_assert(play_shown(&played.checker, &schedule, &played.finding, &second));
        cr_assert(first.digest == second.digest && (first.digest != 0 || schedule.fail_at), "%s.%llu",
                  kind_name(schedule.kind), (unsigned long long)schedule.number);
        schedule_free(&schedule);
    }
}

/* -- What they find ------------------------------------------------------------------------------------ */

Test(check_cases, a_cut_terminator_is_told_with_the_bytes_beside_the_cut)
{
    played_session("plugin played fault=splits\n> \"hello\\r\\n\"\n< \"hello\\r\\n\"\n");
    played_measure(true);
    cr_assert_eq(played_all(0, KIND_ONE_CUT), 1);
    played_says("the reply differs when what is sent is cut after byte 5 (between \"hello\" and \"\\r\\n\")");
    cr_assert_eq(played_all(0, KIND_EACH_BYTE), 1);
    cr_assert_gt(played_all(0, KIND_TWO_CUTS), 0);
    cr_assert_gt(played_all(0, KIND_RANDOM_CUTS), 0);
    cr_assert_gt(played_all(0, KIND_SHORT_WRITES), 0);
}

Test(check_cases, what_a_second_start_finds_changed_is_told)
{
    played_session("plugin played fault=counts-starts\n> \"\\n\"\n< \"1\\r\\n\"\n");
    played_measure(true);
    cr_assert_eq(played_all(0, KIND_AGAIN), 1);
    played_says(
        "the reply differs when the session is played a second time, with the plugin stopped and started "
        "between");
}

Test(check_cases, connections_that_notice_each_other_are_told)
{
    played_session(
        "plugin played fault=shares\nisolated\n> \"a\\n\"\n< \"a\\r\\n\"\n> \"b\\n\"\n< \"a\\r\\n\"\n");
    played_measure(true);
    cr_assert_eq(played_count(KIND_INTERLEAVED), 50);
    cr_assert_gt(played_all(0, KIND_INTERLEAVED), 40);
    cr_assert(strstr(played.finding.what, " copies of the session run side by side"));
}

Test(check_cases, a_copy_takes_the_connection_to_a_server_that_it_has_caused)
{
    played_session(
        "plugin played fault=calls server=${db}\nisolated\nserver db 10.2.2.2:99\na: > \"what\\n\"\n"
        "db accept s\ns: < \"what\\r\\n\"\ns: > \"that\\n\"\na: < \"that\\r\\n\"\n");
    played_measure(true);
    cr_assert_eq(played_all(0, KIND_INTERLEAVED), 0, "%s", played.finding.what);
}

Test(check_cases, what_is_said_at_the_clients_end_is_no_beginning_of_the_reply)
{
    played_session("plugin played fault=last-words\n> \"abc\\n\"\n< \"abc\\r\\n\"\n");
    played_measure(true);
    cr_assert_eq(played_all(0, KIND_EOF), 4);
    played_says(
        "the reply is no beginning of what was to come when the client ends its side after byte 1 (behind "
        "\"a\")");
    cr_assert_eq(played_all(0, KIND_RESET), 0);
}

Test(check_cases, an_end_where_the_session_has_none_breaks_nothing_that_is_right)
{
    played_session(
        "a: > \"abc\\n\"\na: < \"abc\\r\\n\"\nb: > \"d\\n\"\nb: < \"d\\r\\n\"\nb: eof\nb: closed\n");
    played_measure(true);
    cr_assert_eq(played_count(KIND_EOF), 6);
    cr_assert_eq(played_all(0, KIND_EOF), 0, "%s", played.finding.what);
    cr_assert_eq(played_all(0, KIND_RESET), 0, "%s", played.finding.what);
    cr_assert_eq(played_all(0, KIND_STOP), 0, "%s", played.finding.what);
    cr_assert_eq(played_all(0, KIND_TIME_OUT), 0, "%s", played.finding.what);
}

Test(check_cases, a_connection_whose_end_the_session_gives_is_not_ended_elsewhere)
{
    played_session("plugin played fault=last-words\na: stall\nb: > \"d\\n\"\nb: < \"d\\r\\n\"\nb: eof\n"
                   "b: < \"bye\\r\\n\"\nb: closed\n");
    played_measure(true);
    cr_assert_eq(played_count(KIND_EOF), 2); /* a might be ended, but for its saying nothing */
    cr_assert_eq(played_all(0, KIND_EOF), 0, "%s", played.finding.what);
}

Test(check_cases, what_an_allocation_that_failed_leaves_broken_is_told)
{
    watched_calls_needed();
    played_session("plugin played fault=stays-broken\n> \"abc\\n\"\n< \"abc\\r\\n\"\n");
    played_measure(true);
    cr_assert_gt(played_count(KIND_ALLOCATION), 10);
    cr_assert_eq(played_all(0, KIND_ALLOCATION), 1);
    played_says("the reply differs when allocations have failed in runs before");
}

/* -- Plugins that are right ------------------------------------------------------------------------------- */

static void hold_all(const char *name, uint64_t step)
{
    played_close();
    played_open(name);
    const char *const *example = confab_module_plugin(watch_module(played.checker.watch))->examples;
    cr_assert_not_null(example);
    while (*example)
        played_session(*example++);
    played_measure(true);
    for (uint64_t i = 0; i < played.checker.board->total; i += step) {
        struct schedule schedule;
        cr_assert_eq(cases_schedule(&played.checker, i, &schedule), 0);
        cr_assert(play(&played.checker, &schedule, &played.finding), "%s: line %u: %s: expected %s, got %s",
                  played.finding.seed, played.finding.line, played.finding.what, played.finding.expected,
                  played.finding.got);
        schedule_free(&schedule);
    }
}

Test(check_cases, the_examples_of_the_projects_plugins_hold_in_every_kind_of_run)
{
    static const char *const names[] = { "line", "echo", "responder", "handler", "files" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        hold_all(names[i], 23);
}
