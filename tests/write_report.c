/* write_report.c: writes a made-up report of `confab bench`, for scripts that look at its forms. */
#include "tests/bench_report_sample.h"
#include <stdlib.h>
#include <string.h>

static int usage(void)
{
    fputs("usage: write_report text WIDTH | json | html [CONTENDERS [ROUNDS]]\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    bool text = argc > 2 && !strcmp(argv[1], "text");
    int next = text ? 3 : 2, status = 0;
    size_t contenders = argc > next ? (size_t)atoi(argv[next]) : SAMPLE_CONTENDERS;
    int rounds = argc > next + 1 ? atoi(argv[next + 1]) : 10;
    struct report report;

    if (argc < 2 || rounds < 1 || rounds > BENCH_ROUNDS)
        return usage();
    if (sample_report(&report, contenders, rounds))
        status = 1;
    else if (text)
        report_text(&report, stdout, atoi(argv[2]));
    else if (!strcmp(argv[1], "json"))
        report_json(&report, stdout);
    else if (!strcmp(argv[1], "html"))
        report_html(&report, stdout);
    else
        status = usage();
    report_free(&report);
    return fflush(stdout) || ferror(stdout) ? 1 : status;
}
