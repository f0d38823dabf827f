/* What `confab bench` says of the machine, and when it doubts its figures. */
#include "tools/bench/machine.h"
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static struct bench bench;
static struct machine machine;

static void setup(void)
{
    bench = (struct bench){ .server_cpu = 3, .load_cpu = -1 };
    machine = (struct machine){ .processors = 2, .load_average = 0.9 };
}

TestSuite(test_bench_machine, .init = setup);

/* The only warning; NULL: there is none. */
static void warned(const char *text)
{
    cr_assert_eq(bench.warning_count, text != NULL, "%s", bench.warnings[0]);
    if (text)
        cr_assert_str_eq(bench.warnings[0], text);
}

Test(test_bench_machine, quiet_machine_is_not_warned_of)
{
    machine_warn(&machine, 2, false, &bench);
    strcpy(machine.governor, "performance");
    machine_warn(&machine, 2, false, &bench);
    warned(NULL);
}

Test(test_bench_machine, busy_machine_is_warned_of)
{
    machine.load_average = 1.25;
    machine_warn(&machine, 2, false, &bench);
    warned("the machine is busy: its load average was 1.25 with 2 processors when this began");
}

Test(test_bench_machine, governor_that_changes_the_frequency_is_warned_of)
{
    strcpy(machine.governor, "powersave");
    machine_warn(&machine, 2, false, &bench);
    warned("the processor's frequency follows its load (governor \"powersave\", not \"performance\")");
}

Test(test_bench_machine, turbo_is_warned_of)
{
    machine_warn(&machine, 2, true, &bench);
    warned("the processor's frequency depends on its heat (turbo is on)");
}

Test(test_bench_machine, one_processor_is_warned_of)
{
    machine.processors = 1;
    machine_warn(&machine, 2, false, &bench);
    warned("there is one processor, which the server and the load have to share");
}

/* Of 100 s of all processors; 40 s of them had been used before. */
static void account(double running, double stolen, double own)
{
    machine.began.all = 500e9;
    machine.began.running = 40e9;
    machine.began.stolen = 1e9;
    machine.began.own = 2e9;
    machine_account(
        &machine, &(struct machine_times){ .all = 600e9, .running = 40e9 + running, .stolen = 1e9 + stolen },
        2e9 + own, &bench);
}

Test(test_bench_machine, time_of_ours_is_not_that_of_others)
{
    account(54e9, 0.5e9, 50e9);
    warned(NULL);
    cr_assert_float_eq(machine.others, 0.04, 1e-9);
    cr_assert_float_eq(machine.stolen, 0.005, 1e-9);
    account(50e9, 0, 51e9);
    cr_assert_eq(machine.others, 0);
}

Test(test_bench_machine, time_of_others_is_warned_of)
{
    account(57e9, 0, 50e9);
    warned("other processes had 7 % of the processors' time");
}

Test(test_bench_machine, time_that_the_host_gave_to_others_is_warned_of)
{
    account(50e9, 2e9, 50e9);
    warned("the machine's host gave 2 % of the processors' time to others");
}

Test(test_bench_machine, time_that_is_not_known_is_no_share)
{
    machine.stolen = machine.others = NAN;
    machine_account(&machine, &(struct machine_times){ NAN, NAN, NAN }, 0, &bench);
    cr_assert(isnan(machine.stolen));
    cr_assert(isnan(machine.others));
    warned(NULL);
}

Test(test_bench_machine, machine_is_told_of)
{
    unsigned year;

    machine_begin(&machine, &bench);
    machine_end(&machine, &bench);
    cr_assert_eq(sscanf(machine.date, "%4u-%*2u-%*2uT%*2u:%*2u:%*2uZ", &year), 1);
    cr_assert_geq(year, 2024);
    cr_assert_eq(strlen(machine.date), strlen("2026-05-04T17:01:02Z"));
    cr_assert_not_null(strchr(machine.system, ' '));
    cr_assert_gt(machine.processors, 0);
    cr_assert_gt(machine.memory, 1 << 20);
    cr_assert_gt(machine.descriptors, 0);
    cr_assert_gt(machine.backlog, 0);
    cr_assert_eq(machine.server_cpu, 3);
    cr_assert_eq(machine.load_cpu, -1);
    cr_assert_eq(strncmp(machine.build, CONFAB_VERSION ", ", sizeof CONFAB_VERSION + 1), 0);
}
