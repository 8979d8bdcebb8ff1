/*
 * cmd/shut - which doors each command shuts behind itself. --no-sandbox leaves them open.
 */
#ifndef CMD_SHUT_H
#define CMD_SHUT_H

#include "cmd/command.h"

/* Before the command runs. Commands that are not in the table keep all of theirs. */
void shut_doors(const struct command *command, const struct config *c);

/* The sockets that it listens on are there. */
void shut_sockets(const struct config *c, bool has_upstream);

#endif
