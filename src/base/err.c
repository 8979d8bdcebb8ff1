#include "base/err.h"

#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	int exit_code, http_status;
	bool retry;
} kinds[] = {
	[ERR_NONE] = {0, 200, false},
	[ERR_INTERNAL] = {1, 500, true},
	[ERR_USAGE] = {2, 400, false},
	[ERR_NETWORK] = {3, 502, true},
	[ERR_STATUS] = {3, 502, true},
	[ERR_DECODE] = {4, 502, false},
	[ERR_STORE] = {5, 503, true},
	[ERR_NOT_FOUND] = {6, 404, false},
	[ERR_LIMIT] = {5, 503, true},
};

bool err_set(struct err *err, enum err_kind kind, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	/* By way of a copy: an argument may be the old text. */
	char text[sizeof(err->text)];
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	str_end_whole(text);
	err->kind = kind;
	memcpy(err->text, text, sizeof(text));
	return false;
}

bool err_wrap(struct err *err, const char *format, ...)
{
	char text[sizeof(err->text)];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n > 0 && (size_t)n < sizeof(text))
		snprintf(text + n, sizeof(text) - (size_t)n, ": %s", err->text);
	str_end_whole(text);
	memcpy(err->text, text, sizeof(text));
	return false;
}

int err_exit_code(enum err_kind kind)
{
	return kinds[kind].exit_code;
}

int err_http_status(enum err_kind kind)
{
	return kinds[kind].http_status;
}

bool err_may_retry(enum err_kind kind)
{
	return kinds[kind].retry;
}
