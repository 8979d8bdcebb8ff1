/*
 * fake/put - members of JSON objects, a call each. Private to fake.
 */
#ifndef FAKE_PUT_H
#define FAKE_PUT_H

#include "base/json.h"

void put_text(struct json *j, const char *key, const char *text);
void put_int(struct json *j, const char *key, int64_t value);
void put_bool(struct json *j, const char *key, bool value);
void put_open(struct json *j, const char *key, char bracket);
void put_clock(struct json *j, const char *key, int seconds);            /* "MM:SS" */
void put_fraction(struct json *j, const char *key, int part, int whole); /* "3/6" */

#endif
