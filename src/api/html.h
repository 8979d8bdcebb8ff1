/*
 * api/html - text for a browser: nothing that the upstream said is ever taken for markup.
 */
#ifndef API_HTML_H
#define API_HTML_H

#include "base/buf.h"

/* Escaped for an element's content and for an attribute in quotes. */
void html_text(struct buf *out, struct str text);
/* JSON for a <script> that is data: no "<" is left that could end it. */
void html_data(struct buf *out, struct str json);

#endif
