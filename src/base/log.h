/*
 * log - one event that an operator can act on: what, which, why.
 *
 * Lines go to standard error. Only the layer that decides what happens next
 * speaks, and once: base to store return errors instead. errno is kept.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/str.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_TEXT, LOG_JSON };

extern const struct str log_level_names[4];
extern const struct str log_format_names[2];

void log_open(enum log_level level, enum log_format format);
bool log_wants(enum log_level level);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
