/* SPDX-License-Identifier: MIT
 *
 * The commands of mbv. */
#ifndef MBV_TOOL_COMMANDS_H
#define MBV_TOOL_COMMANDS_H

struct run;

void create_key(struct run* run);
void get_key(struct run* run);
void test_key(struct run* run);
void rotate_key(struct run* run);

#endif
