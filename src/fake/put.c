#include "fake/put.h"

#include <stdio.h>

void put_text(struct json *j, const char *key, const char *text)
{
	json_key(j, str_from(key));
	json_text(j, str_from(text));
}

void put_int(struct json *j, const char *key, int64_t value)
{
	json_key(j, str_from(key));
	json_i64(j, value);
}

void put_bool(struct json *j, const char *key, bool value)
{
	json_key(j, str_from(key));
	json_bool(j, value);
}

void put_open(struct json *j, const char *key, char bracket)
{
	json_key(j, str_from(key));
	json_open(j, bracket);
}

void put_clock(struct json *j, const char *key, int seconds)
{
	char text[16];
	snprintf(text, sizeof(text), "%02d:%02d", seconds / 60, seconds % 60);
	put_text(j, key, text);
}

void put_fraction(struct json *j, const char *key, int part, int whole)
{
	char text[24];
	snprintf(text, sizeof(text), "%d/%d", part, whole);
	put_text(j, key, text);
}
