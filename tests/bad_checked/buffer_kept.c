/* Sends each line to all who are connected, and keeps the buffer that it takes the line with. */
#include <confab/plugin.h>
#include <errno.h>

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

/* Here confab_buffer_unref is missing. */
static int found_terminator(confab_chat *chat)
{
    confab_service *service = confab_chat_service(chat);
    confab_buffer *line = confab_chat_take_message(chat);
    confab_chat *member;
    confab_id cursor = 0;

    if (!line)
        return -ENOMEM;
    while ((member = confab_service_next(service, NULL, &cursor)) != NULL) {
        confab_chat_push_buffer(member, confab_buffer_ref(line));
        confab_chat_push(member, "\r\n", 2);
    }
    return 0;
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "buffer_kept",
    .description = "sends each line to all who are connected",
    .chat = CONFAB_CHAT(
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator),
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "> \"hello\\r\\n\"\n"
        "< \"hello\\r\\n\"\n"))
