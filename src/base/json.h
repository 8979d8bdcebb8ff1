/*
 * json - writes JSON into a buf, commas placed by itself.
 *
 * Text is escaped as RFC 8259 asks and no more; bytes that are not UTF-8 become
 * U+FFFD, so what is written always parses. It does not check that keys and
 * values alternate: that is the caller's, and the tests'.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"

struct json {
	struct buf *out;
	bool comma; /* a value came before, on this level */
};

void json_write_text(struct buf *out, struct str text); /* quoted, without any comma */

struct json json_begin(struct buf *out);
void json_open(struct json *j, char bracket);  /* '{' or '[' */
void json_close(struct json *j, char bracket); /* '}' or ']' */
void json_key(struct json *j, struct str key);
void json_text(struct json *j, struct str text);
void json_i64(struct json *j, int64_t value);
void json_real(struct json *j, double value);
void json_bool(struct json *j, bool value);
void json_null(struct json *j);
void json_raw(struct json *j, struct str json); /* a value that is JSON already */

#endif
