/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#include "../permissions.h"

#include <stdio.h>
#include <sys/stat.h>

#include "../report.h"

void permissions_warn(io_handle file, const char* noun, const char* path) {
    struct stat opened;
    if (fstat((int)file, &opened) != 0 || !(S_ISREG(opened.st_mode) || S_ISFIFO(opened.st_mode))) return;
    if ((opened.st_mode & (S_IRGRP | S_IROTH)) == 0) return;
    char warning[4352];
    (void)snprintf(warning, sizeof warning,
                   "warning: other users of this machine can read the %s file %s (mode %03o). Make it yours "
                   "alone: chmod 600.",
                   noun, path, (unsigned)(opened.st_mode & 0777));
    report_sentence(warning);
}
