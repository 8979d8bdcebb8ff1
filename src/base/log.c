#include "base/log.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/time.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

const struct str log_level_names[4] = {
	[LOG_ERROR] = STR_INIT("error"),
	[LOG_WARNING] = STR_INIT("warning"),
	[LOG_INFO] = STR_INIT("info"),
	[LOG_DEBUG] = STR_INIT("debug"),
};
const struct str log_format_names[2] = {
	[LOG_TEXT] = STR_INIT("text"),
	[LOG_JSON] = STR_INIT("json"),
};

static enum log_level log_level = LOG_INFO;
static enum log_format log_format = LOG_TEXT;

void log_open(enum log_level level, enum log_format format)
{
	log_level = level;
	log_format = format;
}

bool log_wants(enum log_level level)
{
	return level <= log_level;
}

static void render(struct buf *line, enum log_level level, struct str text)
{
	struct time_text now = time_format(time_now_ms());
	if (log_format == LOG_JSON) {
		struct json j = json_begin(line);
		json_open(&j, '{');
		json_key(&j, STR("time"));
		json_text(&j, str_from(now.text));
		json_key(&j, STR("level"));
		json_text(&j, log_level_names[level]);
		json_key(&j, STR("message"));
		json_text(&j, text);
		json_close(&j, '}');
	} else {
		buf_add_format(line, "%s %-7.*s ", now.text, STR_ARG(log_level_names[level]));
		for (size_t i = 0; i < text.n; i++) /* a line stays a line, whatever it quotes */
			buf_add_char(line, (unsigned char)text.p[i] < ' ' ? '?' : text.p[i]);
	}
	buf_add_char(line, '\n');
}

static void log_line(enum log_level level, const char *format, va_list args)
{
	if (!log_wants(level))
		return;
	int saved = errno;
	char text[1024];
	vsnprintf(text, sizeof(text), format, args);
	struct buf line;
	buf_init(&line, 16 * sizeof(text));
	render(&line, level, str_from(text));
	/* One write: lines of several processes do not mix. If it fails there is nobody to tell. */
	ssize_t written = write(STDERR_FILENO, line.p, line.n);
	(void)written;
	buf_clear(&line);
	errno = saved;
}

#define LOG_FUNCTION(name, level)                                                                  \
	void name(const char *format, ...)                                                         \
	{                                                                                          \
		va_list args;                                                                      \
		va_start(args, format);                                                            \
		log_line(level, format, args);                                                     \
		va_end(args);                                                                      \
	}

LOG_FUNCTION(log_error, LOG_ERROR)
LOG_FUNCTION(log_warning, LOG_WARNING)
LOG_FUNCTION(log_info, LOG_INFO)
LOG_FUNCTION(log_debug, LOG_DEBUG)
