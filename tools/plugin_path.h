/* plugin_path.h: where the host looks for plugins. */
#ifndef CONFAB_TOOLS_PLUGIN_PATH_H
#define CONFAB_TOOLS_PLUGIN_PATH_H

/* The folders, in order, separated by colons: those of CONFAB_PLUGIN_PATH;
 * `plugins` beside the host's own executable (a build's folder); lib/confab/plugins
 * beside the folder of the executable, and the folder that was set when it was
 * built (an installed host).  program is the host's argv[0].  To be freed by the
 * caller; NULL: out of memory. */
char *plugin_path_new(const char *program);

#endif
