/* perform.c: from what was asked for to the report: all that can be wrong is found before anything is measured. */
#include "tools/bench/perform.h"
#include "tools/bench/launch.h"
#include "tools/bench/output.h"
#include "tools/command.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static const char command[] = "confab bench";

enum { BY_SIGNAL = 128, NARROW = 60, USUAL = 80, WIDE = 160 };

/* -- A signal that ends it ---------------------------------------------------------------- */

/* A handler has no other way to say something. */
static volatile sig_atomic_t signalled;

static void note(int signo)
{
    signalled = signo;
}

static const int ending[] = { SIGINT, SIGTERM, SIGHUP };
enum { ENDING = sizeof ending / sizeof ending[0] };

/* One that was ignored before (nohup) stays so. */
static void catch_signals(struct sigaction before[ENDING])
{
    struct sigaction action = { .sa_handler = note };
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < ENDING; i++) {
        sigaction(ending[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN)
            sigaction(ending[i], &action, NULL);
    }
}

static void release_signals(const struct sigaction before[ENDING])
{
    for (size_t i = 0; i < ENDING; i++)
        sigaction(ending[i], &before[i], NULL);
}

static const char *signal_name(int signo)
{
    return signo == SIGINT ? "SIGINT" : signo == SIGTERM ? "SIGTERM" : "SIGHUP";
}

/* -- Before ---------------------------------------------------------------------------------- */

static bool is_output(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

static int check_outputs(const struct bench_wish *wish)
{
    const char *paths[] = { wish->json, wish->html };
    for (size_t i = 0; i < 2; i++) {
        if (!paths[i] || is_output(paths[i]))
            continue;
        int error = output_try(paths[i]);
        if (error)
            return failure(command, "%s: cannot be written to: %s", paths[i], strerror(-error));
    }
    return EXIT_SUCCESS;
}

/* A plugin that does not load, an old build that does not serve: better told now than in the middle. */
static int check_servers(struct bench_wish *wish, const struct report *report)
{
    struct bench *bench = &wish->bench;
    int status = EXIT_SUCCESS;
    for (size_t i = 0; i < report->contender_count && !status; i++) {
        const struct contender *contender = &report->contenders[i];
        if (!contender->old && !(bench->plugin && i == report->subject))
            continue;
        struct sample sample = { 0 };
        struct server server;
        sample_clear(&sample);
        if (server_start(bench, contender, bench->plugin ? bench->plugin : "line", bench->words, &server,
                         &sample))
            server_stop(&server, &sample);
        if (sample.why[0] && !signalled)
            status = failure(command, "%s%s", contender->old ? "--against: " : "", sample.why);
        sample_clear(&sample);
    }
    return status;
}

/* What it is about to do, for those who sit before it. */
static void tell_plan(struct bench_wish *wish, const struct report *report)
{
    char time[PROGRESS_TIME];
    size_t count = 0;
    double seconds = run_estimate(&wish->bench, wish->chosen, report);
    if (isatty(STDERR_FILENO) != 1)
        return;
    while (wish->chosen[count])
        count++;
    fprintf(stderr, "%s: about %s: %zu scenario%s, %zu contender%s, %d round%s of %.3g s\n", command,
            progress_time(seconds, time), count, count == 1 ? "" : "s", report->contender_count,
            report->contender_count == 1 ? "" : "s", wish->bench.rounds, wish->bench.rounds == 1 ? "" : "s",
            wish->bench.seconds);
}

/* -- Behind ----------------------------------------------------------------------------------- */

static int width(void)
{
    struct winsize size;
    if (isatty(STDOUT_FILENO) != 1 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        return USUAL;
    return size.ws_col < NARROW ? NARROW : size.ws_col > WIDE ? WIDE : size.ws_col;
}

static void write_json(const void *report, FILE *out)
{
    report_json(report, out);
}

static void write_html(const void *report, FILE *out)
{
    report_html(report, out);
}

static int write_file(const char *path, void (*write)(const void *, FILE *), const struct report *report)
{
    int error = path && !is_output(path) ? output_write(path, write, report) : 0;
    return error ? failure(command, "%s: cannot be written to: %s", path, strerror(-error)) : EXIT_SUCCESS;
}

/* Files first: a reader that went away takes the table only. */
static int show(const struct bench_wish *wish, const struct report *report, const struct baseline *baseline,
                bool whole)
{
    int status = EXIT_SUCCESS, columns = width();
    if (whole && write_file(wish->json, write_json, report))
        status = EXIT_FAILURE;
    if (whole && write_file(wish->html, write_html, report))
        status = EXIT_FAILURE;
    if (is_output(wish->json))
        report_json(report, stdout);
    else if (is_output(wish->html))
        report_html(report, stdout);
    else
        report_text(report, stdout, columns);
    if (wish->compare) {
        putchar('\n');
        baseline_text(baseline, report, stdout, columns);
    }
    return output_done(command) ? EXIT_FAILURE : status;
}

/* A line for each contender and scenario of which something could not be measured. */
static int tell_failures(const struct report *report)
{
    int status = EXIT_SUCCESS;
    for (size_t who = 0; who < report->contender_count; who++) {
        const struct scenario *told = NULL;
        for (size_t i = 0; i < report->result_count; i++) {
            const struct result *result = &report->results[i];
            if (!result->series[who].failed[0] || told == result->scenario)
                continue;
            told = result->scenario;
            status = failure(command, "%s: %s could not be measured at %s: %s", told->name,
                             report->contenders[who].name, result->point.name, result->series[who].failed);
        }
    }
    return status;
}

static int tell_slower(const struct report *report)
{
    size_t slower = 0;
    for (size_t i = 0; i < report->verdict_count; i++)
        slower += report->verdicts[i].comparison.verdict == WORSE &&
                  report->contenders[report->verdicts[i].theirs].old;
    if (slower == 0)
        return EXIT_SUCCESS;
    return failure(command, "slower than the old build in %zu of %zu figures", slower, report->verdict_count);
}

static int cut_short(struct report *report, const struct bench_wish *wish, const struct baseline *baseline)
{
    const char *name = signal_name((int)signalled);
    bool files = (wish->json && !is_output(wish->json)) || (wish->html && !is_output(wish->html));
    failure(command, "cut short by %s%s%s", name, report->result_count == 0 ? ": nothing was complete" : "",
            files ? "; no file is written" : "");
    if (report->result_count > 0) {
        size_t count = report->warning_count < BENCH_WARNINGS ? report->warning_count : BENCH_WARNINGS - 1;
        memmove(report->warnings[1], report->warnings[0], count * sizeof report->warnings[0]);
        snprintf(report->warnings[0], sizeof report->warnings[0],
                 "cut short by %s: this is what was complete by then", name);
        report->warning_count = count + 1;
        show(wish, report, baseline, false);
    }
    return BY_SIGNAL + (int)signalled;
}

/* -- All of it -------------------------------------------------------------------------------- */

static int measure(struct bench_wish *wish, struct report *report, const struct baseline *baseline)
{
    struct bench *bench = &wish->bench;
    int status = check_servers(wish, report);
    if (status)
        return status;
    int error = run_choose(bench, wish->chosen, report);
    if (!error) {
        tell_plan(wish, report);
        error = run(bench, wish->chosen, report);
    }
    if (error == -EINTR)
        return cut_short(report, wish, baseline);
    if (error)
        return failure(command, "%s", strerror(-error));
    status = show(wish, report, baseline, true);
    if (tell_failures(report))
        status = EXIT_FAILURE;
    return tell_slower(report) ? EXIT_FAILURE : status;
}

int bench_perform(struct bench_wish *wish)
{
    struct report *report = calloc(1, sizeof *report);
    struct baseline baseline = { .count = 0 };
    struct sigaction before[ENDING];
    char why[BENCH_WHY];
    int status = EXIT_SUCCESS;

    if (!report)
        return failure(command, "out of memory");
    report->command = wish->line;
    if (wish->against && against_ask(&wish->contenders.against, wish->against, why))
        status = failure(command, "--against: %s", why);
    if (!status && contenders_choose(&wish->contenders, report, why))
        status = usage_error(command, "%s", why);
    if (!status && wish->compare && baseline_read(wish->compare, &baseline, why))
        status = failure(command, "--compare: %s", why);
    if (!status)
        status = check_outputs(wish);
    if (!status) {
        descriptors_raise();
        pin_choose(&wish->bench.server_cpu, &wish->bench.load_cpu);
        wish->bench.stop = &signalled;
        catch_signals(before);
        status = measure(wish, report, &baseline);
        release_signals(before);
    }
    baseline_free(&baseline);
    report_free(report);
    free(report);
    against_free(&wish->contenders.against);
    return status;
}
