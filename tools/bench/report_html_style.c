/* report_html_style.c: what a page looks like: in light, in dark, on a telephone, on paper. */
#include "tools/bench/page.h"

/* Colours that those with a weak sense of red or green tell apart too, with 3 to 1 and more against what is behind. */
#define LIGHT                                                                                     \
    "--paper:#fff;--card:#f6f7f9;--ink:#1b1f24;--soft:#59626e;--line:#d9dee4;--faint:#edf0f3;"    \
    "--c0:#6a7079;--c1:#0a7a57;--c2:#0b62b8;--c3:#c8470a;--c4:#9c3f8b;--c5:#916400;--c6:#15809c;" \
    "--c7:#84402c;--good:#0b62b8;--bad:#b83d00;--note:#fff6e0;"
#define DARK                                                                                      \
    "--paper:#14171b;--card:#1c2026;--ink:#e6e9ed;--soft:#9aa4b0;--line:#363d46;--faint:#262c33;" \
    "--c0:#a3abb5;--c1:#3ecf9d;--c2:#62b0ff;--c3:#ff8c52;--c4:#e796d6;--c5:#e2b64a;--c6:#5fd0ea;" \
    "--c7:#d9a18c;--good:#62b0ff;--bad:#ff8c52;--note:#2d2715;"

static const char colours[] = ":root{color-scheme:light dark;" LIGHT "}\n"
                              "@media(prefers-color-scheme:dark){:root{" DARK "}}\n";

static const char text[] =
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:76rem;padding:1.5rem clamp(1rem,3vw,2.5rem) 4rem;background:var(--paper);"
    "color:var(--ink);font:1rem/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Liberation "
    "Sans\",sans-serif;"
    "font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}\n"
    "h1{font-size:2rem;line-height:1.2;margin:0 0 .5rem;letter-spacing:-.02em}\n"
    "h2{font-size:1.4rem;line-height:1.3;margin:3rem 0 1rem;padding-top:1rem;border-top:1px solid "
    "var(--line)}\n"
    "h2 span,h3 span,figcaption span{color:var(--soft);font-weight:400}\n"
    "h2 span{font-size:1rem;margin-left:.4rem}\n"
    "p{margin:.6rem 0;max-width:52rem}\n"
    ".machine{color:var(--soft)}\n"
    "code{background:var(--card);padding:.2em "
    ".45em;border-radius:.3em;font-size:.9em;overflow-wrap:anywhere}\n"
    "ul{list-style:none;margin:1rem 0;padding:0}\n"
    ".contenders{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,21rem),1fr));gap:.2rem "
    "1.5rem}\n"
    ".contenders li{color:var(--soft)}.contenders b{color:var(--ink)}\n"
    "i{display:inline-block;width:.7em;height:.7em;border-radius:.15em;margin-right:.5em}\n"
    ".warnings{background:var(--note);padding:.1rem 1rem;border-radius:.5rem;margin-top:1.5rem}\n"
    ".warnings h2{border:0;margin:.6rem 0 0;padding:0;font-size:1rem}.warnings ul{margin:.3rem 0 .7rem}\n"
    ".cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,13rem),1fr));gap:.75rem}\n"
    ".cards li{background:var(--card);border-radius:.5rem;padding:.75rem 1rem}\n"
    ".cards h3{margin:0 0 .3rem;font-size:1.05rem}.cards p{margin:0}.cards b{display:block;font-weight:500}\n"
    ".better,.better b{color:var(--good)}.worse,.worse b{color:var(--bad)}.same,.same b{color:var(--soft)}\n"
    ".sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}\n";

static const char tables[] =
    ".table{position:relative;overflow-x:auto;margin:1rem 0}\n"
    "table{border-collapse:collapse;font-size:.8125rem;min-width:100%}\n"
    "th,td{padding:.2rem .5rem;text-align:right;white-space:nowrap;vertical-align:baseline;font-weight:400}\n"
    "thead th{color:var(--soft);border-bottom:1px solid var(--line);font-weight:500}\n"
    "th.point{padding-left:0;white-space:normal;min-width:8.5rem;vertical-align:top}\n"
    "th.point,th[scope=row],th.left{text-align:left}\n"
    ".first>*{border-top:1px solid var(--faint)}\n"
    "td small{color:var(--soft);margin-left:.4em}\n"
    ".r{color:var(--soft);padding-left:0}.note{color:var(--soft);font-size:.875rem}\n"
    "td.none{text-align:left;color:var(--soft);font-style:italic;white-space:normal}\n"
    ".verdicts th,.verdicts td{text-align:left;padding:.2rem .45rem}\n"
    ".verdicts .point b{font-weight:600}\n"
    ".v em{font-style:normal;display:inline-block;min-width:3.1em;text-align:right;color:var(--ink)}\n"
    ".v b{font-weight:400;font-size:.8em}.v small{display:inline-block;min-width:5.5em}\n"
    ".v i{display:block;color:var(--soft);font-size:.85em}\n"
    ".v.better em,.v.worse em{font-weight:600}\n"
    ".v svg{width:56px;height:12px;vertical-align:-1px;margin-left:.3rem}\n"
    ".v svg .g{stroke:var(--line)}.v svg .i{stroke:currentColor;opacity:.55;stroke-width:2}\n"
    ".v svg .m{stroke:currentColor;stroke-width:2.5}\n";

static const char pictures[] =
    ".pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,25rem),1fr));gap:1.5rem "
    "2rem;align-items:start;margin:1.5rem 0}\n"
    "figure{margin:0;background:var(--card);border-radius:.6rem;padding:.9rem 1rem "
    ".6rem;break-inside:avoid}\n"
    "figcaption{margin:0 0 .5rem;line-height:1.35}figcaption span{font-size:.9rem;display:block}\n"
    "figure svg{display:block;width:100%;height:auto;overflow:visible}\n"
    "svg text{font-size:12.5px;fill:var(--soft)}\n"
    "svg .k{fill:var(--ink)}svg .h{fill:var(--ink);font-weight:600}\n"
    "svg text.m{text-anchor:middle}svg text.e{text-anchor:end}\n"
    "svg path{fill:none;stroke-width:1}\n"
    "svg path.g{stroke:var(--line)}svg path.n{opacity:.45}\n"
    "svg path.l{stroke-width:2;stroke-linejoin:round}svg path.l.c0{stroke-dasharray:5 3}\n"
    "svg path.i{stroke-width:1.4}svg path.o{stroke:var(--ink);opacity:.7}\n"
    "svg path.m{stroke-width:.8}\n";

static const char print[] =
    "@media print{:root{" LIGHT "}html{font-size:8pt}body{max-width:none;padding:0}.v svg{display:none}"
    ".pictures{grid-template-columns:1fr 1fr}.table{overflow:visible}"
    "tr,li,figure{break-inside:avoid}h2{break-after:avoid}}\n";

/* The colour of a contender: its line, its mark and bar, and the square beside its name. */
static void write_colours(FILE *out)
{
    for (int i = 0; i < 8; i++)
        fprintf(out,
                "i.c%d{background:var(--c%d)}svg .l.c%d,svg .i.c%d{stroke:var(--c%d)}"
                "svg .b.c%d{fill:var(--c%d)}svg .m.c%d{fill:var(--c%d);stroke:var(--card)}\n",
                i, i, i, i, i, i, i, i, i);
}

void page_style(FILE *out)
{
    fputs("<style>\n", out);
    fputs(colours, out);
    fputs(text, out);
    fputs(tables, out);
    fputs(pictures, out);
    write_colours(out);
    fputs(print, out);
    fputs("</style>\n", out);
}
