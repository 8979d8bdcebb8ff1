#include "base/time.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { DAY_MS = 86400000 };

static int64_t clock_ms(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Written before there are threads, read by all of them. */
static struct {
	int64_t real_ms, shown_ms;
	double speed;
} rehearsal = {.speed = 1};

int64_t time_now_ms(void)
{
	int64_t now = clock_ms(CLOCK_REALTIME);
	if (rehearsal.speed == 1 && rehearsal.real_ms == rehearsal.shown_ms)
		return now;
	return rehearsal.shown_ms + (int64_t)((double)(now - rehearsal.real_ms) * rehearsal.speed);
}

/* Of 1970 to 2200: then no speed that is taken runs out of the numbers. */
static bool parse_instant(struct str text, int64_t *out)
{
	static const int64_t last_ms = 7258118400000;
	return str_to_i64(text, out) && *out >= 0 && *out <= last_ms;
}

bool time_rehearse(struct str spec)
{
	struct str_cut real = str_cut(spec, '/'), shown = str_cut(real.tail, '/');
	int64_t real_ms, shown_ms;
	char text[32], *end;
	if (!shown.found || !shown.tail.n || shown.tail.n >= sizeof(text) ||
		!parse_instant(real.head, &real_ms) || !parse_instant(shown.head, &shown_ms))
		return false;
	snprintf(text, sizeof(text), "%.*s", STR_ARG(shown.tail));
	double speed = strtod(text, &end);
	if (*end || !isfinite(speed) || speed <= 0 || speed > 1e6)
		return false;
	rehearsal.real_ms = real_ms;
	rehearsal.shown_ms = shown_ms;
	rehearsal.speed = speed;
	return true;
}

int64_t time_until_ms(int64_t instant_ms)
{
	int64_t left = instant_ms - time_now_ms();
	return left > 0 ? (int64_t)ceil((double)left / rehearsal.speed) : 0;
}

int64_t time_monotonic_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t time_floor(int64_t at, int64_t step)
{
	return floor_div(at, step) * step;
}

/* Days from the civil calendar and back: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
int32_t day_from_civil(int year, int month, int day)
{
	int64_t y = month <= 2 ? (int64_t)year - 1 : year;
	int64_t era = floor_div(y, 400);
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return (int32_t)(era * 146097 + day_of_era - 719468);
}

void day_to_civil(int32_t day, int *year, int *month, int *out_day)
{
	int64_t z = (int64_t)day + 719468;
	int64_t era = floor_div(z, 146097);
	int64_t day_of_era = z - era * 146097;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t m = (5 * day_of_year + 2) / 153;
	*out_day = (int)(day_of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(year_of_era + era * 400 + (*month <= 2));
}

int64_t day_start_ms(int32_t day)
{
	return (int64_t)day * DAY_MS;
}

struct time_text day_format(int32_t day)
{
	int y, m, d;
	struct time_text t;
	day_to_civil(day, &y, &m, &d);
	snprintf(t.text, sizeof(t.text), "%04d-%02d-%02d", y, m, d);
	return t;
}

/* Exactly `width` digits at the front of *s, taken off it. */
static bool take_digits(struct str *s, size_t width, int *out)
{
	int64_t value;
	if (s->n < width || s->p[0] == '-' || !str_to_i64(str_bytes(*s, width), &value))
		return false;
	*out = (int)value;
	*s = str_skip(*s, width);
	return true;
}

static bool take_char(struct str *s, char c)
{
	if (!s->n || s->p[0] != c)
		return false;
	*s = str_skip(*s, 1);
	return true;
}

static bool take_day(struct str *s, int32_t *out)
{
	int y, m, d, y2, m2, d2;
	if (!take_digits(s, 4, &y) || !take_char(s, '-') || !take_digits(s, 2, &m) ||
		!take_char(s, '-') || !take_digits(s, 2, &d))
		return false;
	if (y < 1900 || y > 2200 || m < 1 || m > 12)
		return false;
	int32_t day = day_from_civil(y, m, d);
	day_to_civil(day, &y2, &m2, &d2);
	if (y != y2 || m != m2 || d != d2)
		return false;
	*out = day;
	return true;
}

bool day_parse(struct str s, int32_t *out)
{
	int32_t day;
	if (!take_day(&s, &day) || s.n)
		return false;
	*out = day;
	return true;
}

/* "HH:MM", minutes of a day. */
static bool take_minutes(struct str *s, int *out)
{
	int hours, minutes;
	if (!take_digits(s, 2, &hours) || !take_char(s, ':') || !take_digits(s, 2, &minutes))
		return false;
	if (hours > 23 || minutes > 59)
		return false;
	*out = hours * 60 + minutes;
	return true;
}

static bool take_offset(struct str *s, int *out_minutes)
{
	*out_minutes = 0;
	if (take_char(s, 'Z') || take_char(s, 'z'))
		return true;
	bool west = s->n && s->p[0] == '-';
	if (!take_char(s, west ? '-' : '+') || !take_minutes(s, out_minutes))
		return false;
	if (west)
		*out_minutes = -*out_minutes;
	return true;
}

/* ":SS" and a fraction, both optional; what the fraction has past milliseconds is dropped. */
static bool take_seconds(struct str *s, int64_t *out_ms)
{
	int seconds = 0;
	*out_ms = 0;
	if (!take_char(s, ':'))
		return true;
	if (!take_digits(s, 2, &seconds) || seconds > 60)
		return false;
	*out_ms = seconds * 1000;
	if (!take_char(s, '.'))
		return true;
	int digit, scale = 100;
	if (!take_digits(s, 1, &digit))
		return false;
	do {
		*out_ms += (int64_t)digit * scale;
		scale /= 10;
	} while (take_digits(s, 1, &digit));
	return true;
}

bool time_parse(struct str s, int64_t *out_ms)
{
	int32_t day;
	int minutes, offset;
	int64_t ms;
	if (!take_day(&s, &day) ||
		!(take_char(&s, 'T') || take_char(&s, 't') || take_char(&s, ' ')))
		return false;
	if (!take_minutes(&s, &minutes) || !take_seconds(&s, &ms) || !take_offset(&s, &offset) ||
		s.n)
		return false;
	*out_ms = day_start_ms(day) + ((int64_t)minutes - offset) * 60000 + ms;
	return true;
}

struct time_text time_format(int64_t ms)
{
	struct time_text t;
	int64_t day = floor_div(ms, DAY_MS), rest = ms - day * DAY_MS;
	int n = snprintf(t.text, sizeof(t.text), "%sT%02d:%02d:%02d", day_format((int32_t)day).text,
		(int)(rest / 3600000), (int)(rest / 60000 % 60), (int)(rest / 1000 % 60));
	if (rest % 1000)
		n += snprintf(t.text + n, sizeof(t.text) - (size_t)n, ".%03d", (int)(rest % 1000));
	snprintf(t.text + n, sizeof(t.text) - (size_t)n, "Z");
	return t;
}

static const struct {
	struct str name;
	int64_t ms;
} duration_units[] = {
	{STR_INIT("d"), DAY_MS},
	{STR_INIT("h"), 3600000},
	{STR_INIT("m"), 60000},
	{STR_INIT("s"), 1000},
	{STR_INIT("ms"), 1},
};
enum { DURATION_UNITS = sizeof(duration_units) / sizeof(duration_units[0]) };

bool time_parse_duration(struct str s, int64_t *out_ms)
{
	size_t digits = 0;
	while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
		digits++;
	int64_t value;
	if (!str_to_i64(str_bytes(s, digits), &value))
		return false;
	if (!value && digits == s.n) { /* nothing needs no unit */
		*out_ms = 0;
		return true;
	}
	for (int i = 0; i < DURATION_UNITS; i++)
		if (str_equal(str_skip(s, digits), duration_units[i].name))
			return !__builtin_mul_overflow(value, duration_units[i].ms, out_ms);
	return false;
}

struct time_text time_format_duration(int64_t ms)
{
	struct time_text t;
	int unit = 0;
	while (unit < DURATION_UNITS - 1 && (ms % duration_units[unit].ms || !ms))
		unit++;
	snprintf(t.text, sizeof(t.text), "%" PRId64 "%s", ms / duration_units[unit].ms,
		duration_units[unit].name.p);
	return t;
}

int day_age(int32_t birth, int32_t on)
{
	int by, bm, bd, y, m, d;
	day_to_civil(birth, &by, &bm, &bd);
	day_to_civil(on, &y, &m, &d);
	return y - by - (m < bm || (m == bm && d < bd));
}

/* The n-th Sunday (1 is the first) of a month. 1970-01-01 was a Thursday. */
static int32_t nth_sunday(int year, int month, int n)
{
	int32_t first = day_from_civil(year, month, 1);
	int weekday = (int)((first + 4) % 7); /* 0 is Sunday; no game before 1970 */
	return first + (7 - weekday) % 7 + 7 * (n - 1);
}

int eastern_offset_minutes(int64_t ms)
{
	int year, month, day;
	day_to_civil((int32_t)floor_div(ms, DAY_MS), &year, &month, &day);
	int64_t spring = day_start_ms(nth_sunday(year, 3, 2)) + 7 * 3600000;
	int64_t autumn = day_start_ms(nth_sunday(year, 11, 1)) + 6 * 3600000;
	return ms >= spring && ms < autumn ? -240 : -300;
}

int32_t eastern_day(int64_t ms)
{
	return (int32_t)floor_div(ms + eastern_offset_minutes(ms) * 60000LL, DAY_MS);
}
