#include "api/html.h"

void html_text(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		switch (text.p[i]) {
		case '&':
			buf_add(out, STR("&amp;"));
			break;
		case '<':
			buf_add(out, STR("&lt;"));
			break;
		case '>':
			buf_add(out, STR("&gt;"));
			break;
		case '"':
			buf_add(out, STR("&quot;"));
			break;
		case '\'':
			buf_add(out, STR("&#39;"));
			break;
		default:
			buf_add_char(out, text.p[i]);
		}
}

void html_data(struct buf *out, struct str json)
{
	while (json.n) {
		struct str_cut cut = str_cut(json, '<');
		buf_add(out, cut.head);
		if (cut.found)
			buf_add(out, STR("\\u003c"));
		json = cut.tail;
	}
}
