#include "base/options.h"

#include "base/time.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *place(const struct option *o, void *values)
{
	return (char *)values + o->offset;
}

static bool in_range(const struct option *o, double value)
{
	if (o->min == 0 && o->max == 0)
		return value >= 0;
	return value >= o->min && value <= o->max;
}

static bool out_of_range(const struct option *o, const char *text, struct err *err)
{
	if (o->min == 0 && o->max == 0)
		return err_set(err, ERR_USAGE, "must not be negative, got \"%s\"", text);
	if (o->type == OPTION_DURATION)
		return err_set(err, ERR_USAGE, "must be from %s to %s, got \"%s\"",
			time_format_duration((int64_t)o->min).text,
			time_format_duration((int64_t)o->max).text, text);
	if (o->type == OPTION_INTEGER)
		return err_set(err, ERR_USAGE, "must be from %lld to %lld, got \"%s\"",
			(long long)o->min, (long long)o->max, text);
	return err_set(err, ERR_USAGE, "must be from %g to %g, got \"%s\"", o->min, o->max, text);
}

static bool set_text(const struct option *o, const char *text, void *values, struct err *err)
{
	if (!*text)
		return err_set(err, ERR_USAGE, "wants a value: %s, got an empty one", o->argument);
	*(struct str *)place(o, values) = str_from(text);
	return true;
}

static bool set_number(const struct option *o, const char *text, void *values, struct err *err)
{
	int64_t value;
	if (!str_to_i64(str_from(text), &value))
		return err_set(err, ERR_USAGE, "wants a whole number, got \"%s\"", text);
	if (!in_range(o, (double)value))
		return out_of_range(o, text, err);
	*(int64_t *)place(o, values) = value;
	return true;
}

static bool set_real(const struct option *o, const char *text, void *values, struct err *err)
{
	char *end;
	double value = strtod(text, &end);
	if (end == text || *end || !isfinite(value))
		return err_set(err, ERR_USAGE, "wants a number, got \"%s\"", text);
	if (!in_range(o, value))
		return out_of_range(o, text, err);
	*(double *)place(o, values) = value;
	return true;
}

static bool set_duration(const struct option *o, const char *text, void *values, struct err *err)
{
	int64_t value;
	if (!time_parse_duration(str_from(text), &value))
		return err_set(err, ERR_USAGE,
			"wants a duration such as 500ms, 10s, 5m, 2h or 30d, got \"%s\"", text);
	if (!in_range(o, (double)value))
		return out_of_range(o, text, err);
	*(int64_t *)place(o, values) = value;
	return true;
}

static bool set_flag(const struct option *o, const char *text, void *values, struct err *err)
{
	static const char *const yes[] = {"1", "true", "yes", "on"};
	static const char *const no[] = {"0", "false", "no", "off", ""};
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (!strcmp(text, yes[i]))
			return *(bool *)place(o, values) = true;
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (!strcmp(text, no[i])) {
			*(bool *)place(o, values) = false;
			return true;
		}
	return err_set(err, ERR_USAGE, "wants yes or no, got \"%s\"", text);
}

static bool set_choice(const struct option *o, const char *text, void *values, struct err *err)
{
	for (size_t i = 0; i < o->choice_count; i++)
		if (str_equal(o->choices[i], str_from(text))) {
			*(int *)place(o, values) = (int)i;
			return true;
		}
	char all[160] = "";
	for (size_t i = 0; i < o->choice_count; i++) {
		size_t n = strlen(all);
		snprintf(all + n, sizeof(all) - n, "%s%.*s", i ? ", " : "", STR_ARG(o->choices[i]));
	}
	return err_set(err, ERR_USAGE, "is one of %s, got \"%s\"", all, text);
}

static bool set(const struct option *o, const char *text, void *values, struct err *err)
{
	switch (o->type) {
	case OPTION_TEXT:
		return set_text(o, text, values, err);
	case OPTION_INTEGER:
		return set_number(o, text, values, err);
	case OPTION_REAL:
		return set_real(o, text, values, err);
	case OPTION_DURATION:
		return set_duration(o, text, values, err);
	case OPTION_FLAG:
		return set_flag(o, text, values, err);
	case OPTION_CHOICE:
		return set_choice(o, text, values, err);
	}
	return err_set(err, ERR_INTERNAL, "has no type");
}

static const char *from_environment(const struct option *o, char name[static 64])
{
	if (o->is_typed)
		return NULL;
	snprintf(name, 64, "RINKSIDE_%s", o->name);
	for (char *c = name; *c; c++)
		*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
	return getenv(name);
}

static bool set_defaults(
	const struct option *const *options, size_t count, void *values, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		char name[64];
		const char *text = from_environment(options[i], name);
		if (text && (*text || options[i]->guards)) {
			if (!set(options[i], text, values, err))
				return err_wrap(err, "%s", name);
		} else if (options[i]->fallback &&
			   !set(options[i], options[i]->fallback, values, err)) {
			return err_wrap(err, "the default of --%s", options[i]->name);
		}
	}
	return true;
}

static const struct option *find(const struct option *const *options, size_t count, struct str name)
{
	for (size_t i = 0; i < count; i++)
		if (str_equal(str_from(options[i]->name), name))
			return options[i];
	return NULL;
}

/* "-" alone is a word, as a file's name that is none. */
static bool is_option(struct str word)
{
	return word.n > 1 && word.p[0] == '-';
}

/* There are no short ones, but for what everybody tries. */
static const struct option *find_typed(
	const struct option *const *options, size_t count, struct str word)
{
	if (str_equal(word, STR("-h")))
		return find(options, count, STR("help"));
	return str_starts(word, STR("--")) ? find(options, count, str_skip(word, 2)) : NULL;
}

bool options_parse(const struct option *const *options, size_t count, void *values, int *argc,
	char **argv, struct err *err)
{
	if (!set_defaults(options, count, values, err))
		return false;
	int words = 0;
	bool only_words = false;
	for (int i = 0; i < *argc; i++) {
		struct str word = str_from(argv[i]);
		if (only_words || !is_option(word)) {
			argv[words++] = argv[i];
			continue;
		}
		if (str_equal(word, STR("--"))) {
			only_words = true;
			continue;
		}
		struct str_cut cut = str_cut(word, '=');
		const struct option *o = find_typed(options, count, cut.head);
		if (!o)
			return err_set(err, ERR_USAGE, "unknown option %.*s; --help lists them",
				STR_ARG(cut.head));
		const char *text = cut.found ? cut.tail.p : o->type == OPTION_FLAG ? "yes" : NULL;
		if (!text && i + 1 < *argc)
			text = argv[++i];
		if (!text)
			return err_set(
				err, ERR_USAGE, "--%s wants a value: %s", o->name, o->argument);
		if (!set(o, text, values, err))
			return err_wrap(err, "--%s", o->name);
	}
	*argc = words;
	return true;
}

void options_describe(const struct option *const *options, size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++) {
		const struct option *o = options[i];
		char left[64];
		snprintf(left, sizeof(left), "--%s%s%s", o->name, o->argument ? " " : "",
			o->argument ? o->argument : "");
		buf_add_format(out, "  %-26s %s", left, o->help);
		if (o->fallback && *o->fallback && o->type != OPTION_FLAG)
			buf_add_format(out, " (%s)", o->fallback);
		buf_add_char(out, '\n');
	}
}
