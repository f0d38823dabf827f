/* service_log.c: what a plugin says: words about an error, lines of the log, counters. */
#include "core/chat.h"
#include "core/log.h"
#include "core/service.h"
#include <confab/host.h>
#include <errno.h>

int confab_service_error(confab_service *service, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    complain_v(service->words, sizeof service->words, 0, format, args);
    va_end(args);
    service->told = true;
    /* Once it serves nobody asks for the words: they would be lost. */
    if (service->stage >= SERVICE_STARTED)
        log_line(CONFAB_ERROR, service->name, 0, NULL, "%s", service->words);
    return -1;
}

void confab_service_log(confab_service *service, enum confab_level level, const char *format, ...)
{
    va_list args;

    if (!log_wanted(level))
        return;
    va_start(args, format);
    log_line_v(level, service->name, 0, NULL, format, args);
    va_end(args);
}

void confab_chat_log(confab_chat *chat, enum confab_level level, const char *format, ...)
{
    confab_service *service = confab_chat_service(chat);
    char peer[ADDRESS_TEXT];
    va_list args;

    if (!log_wanted(level))
        return;
    va_start(args, format);
    log_line_v(level, service ? service->name : NULL, confab_chat_id(chat), confab_chat_peer(chat, peer),
               format, args);
    va_end(args);
}

void confab_service_count(confab_service *service, unsigned counter, int64_t add)
{
    if (counter < service->module->counters)
        __builtin_add_overflow(service->counters[counter], add, &service->counters[counter]); /* wraps */
}

int confab_service_counter(const confab_service *service, unsigned counter, int64_t *value)
{
    if (counter >= service->module->counters)
        return -ENOENT;
    *value = service->counters[counter];
    return 0;
}
