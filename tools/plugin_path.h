/* plugin_path.h: where the host is, and where it looks for plugins. */
#ifndef CONFAB_TOOLS_PLUGIN_PATH_H
#define CONFAB_TOOLS_PLUGIN_PATH_H

/* The folders, in order, separated by colons: those of CONFAB_PLUGIN_PATH;
 * `plugins` beside the host's own executable (a build's folder); LIB/confab/plugins, where
 * LIB is the build's folder for libraries, beside the folder of the executable, and the folder that was set when it was
 * built (an installed host).  program is the host's argv[0].  To be freed by the
 * caller; NULL: out of memory. */
char *plugin_path_new(const char *program);

/* The host's own executable, without links in it.  To be freed by the caller; NULL: out of memory, or not to be found out. */
char *host_file_new(const char *program);

/* Its folder.  Likewise. */
char *host_folder_new(const char *program);

#endif
