/*
 * api/assets - the page's own files: carried in the program, named by the hash of them all, so that a
 * browser may keep each for ever.
 */
#ifndef API_ASSETS_H
#define API_ASSETS_H

#include "base/str.h"

/* "/assets/0123456789abcdef/": before the name of each. */
struct str assets_prefix(void);
/* False: built without npm, so there is no script. */
bool assets_have_script(void);

struct asset {
	struct str name, type, body;
};
/* By its whole path; NULL: none. */
const struct asset *assets_find(struct str path);

#endif
