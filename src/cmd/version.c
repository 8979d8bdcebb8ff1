#include "cmd/version.h"

#include <curl/curl.h>
#include <llhttp.h>
#include <sqlite3.h>
#include <uv.h>
#include <yyjson.h>
#include <zlib.h>
#include <zstd.h>

const char *version_number(void)
{
	return VERSION;
}

const char *version_date(void)
{
	return RELEASED;
}

void version_describe(struct buf *out)
{
	buf_add_format(out, "rinkside %s", VERSION);
	if (*COMMIT)
		buf_add_format(out, " (%s)", COMMIT);
	buf_add_format(out,
		"\nlibuv %s, llhttp %d.%d.%d, libcurl %s, yyjson %s, SQLite %s, zlib %s, zstd %s\n",
		uv_version_string(), LLHTTP_VERSION_MAJOR, LLHTTP_VERSION_MINOR,
		LLHTTP_VERSION_PATCH, curl_version_info(CURLVERSION_NOW)->version,
		YYJSON_VERSION_STRING, sqlite3_libversion(), zlibVersion(), ZSTD_versionString());
}
