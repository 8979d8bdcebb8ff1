/*
 * api/rows - rows as JSON, CSV or NDJSON, straight from the cursor.
 */
#ifndef API_ROWS_H
#define API_ROWS_H

#include "api/call.h"
#include "store/store.h"

struct row_writer {
	enum format format;
	struct row_text text; /* for the selection whose rows are written */
	struct str end;       /* after the last value of a row */
	int64_t rows;
	size_t start; /* of the row, in what is written */
};

void row_writer_init(struct row_writer *w, enum format format, const struct column *const *columns,
	size_t count, struct arena *keep);
void row_writer_begin(struct row_writer *w, struct buf *out); /* the bracket, the heading */
/* The row of a cursor whose selection has the writer's text. */
void row_writer_add_row(struct row_writer *w, struct cursor *c, struct buf *out);
/* A row of another kind: begin, each of its values in order, end. */
void row_writer_begin_row(struct row_writer *w, struct buf *out);
void row_writer_add(struct row_writer *w, size_t column, const struct value *v, struct buf *out);
void row_writer_end_row(struct row_writer *w, struct buf *out);
void row_writer_end(struct row_writer *w, struct buf *out);

/* One record as a JSON object of what readers may see. */
void record_write_json(const struct table *t, const void *record, struct json *j);

#endif
