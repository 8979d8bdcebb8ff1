#include "cmd/command.h"

#include <curl/curl.h>
#include <stdio.h>

static size_t drop(char *p, size_t size, size_t count, void *context)
{
	(void)p, (void)context;
	return size * count;
}

/* Where the API of this very environment listens, with every address as its own. */
static bool default_url(const struct config *c, char *out, size_t room, struct err *err)
{
	struct str listen = c->listen;
	bool is_any = str_starts(listen, STR("0.0.0.0:"));
	if (is_any)
		listen = str_skip(listen, 7);
	if (str_equal(listen, STR("systemd")))
		return err_set(err, ERR_USAGE,
			"health: --listen systemd names no address; give the URL that is asked");
	int n = snprintf(out, room, "http://%s%.*s/health/ready", is_any ? "127.0.0.1" : "",
		STR_ARG(listen));
	return (size_t)n < room || err_set(err, ERR_USAGE, "health: --listen is too long");
}

static bool ask(const struct config *c, const char *url, struct err *err)
{
	long status = 0;
	CURL *curl = curl_easy_init();
	if (!curl)
		return err_set(err, ERR_INTERNAL, "health: libcurl could not be started");
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)c->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
	CURLcode code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(curl);
	if (code != CURLE_OK)
		return err_set(err, ERR_NETWORK, "health: %s: %s", url, curl_easy_strerror(code));
	return status == 200 || err_set(err, ERR_STATUS, "health: %s: status %ld", url, status);
}

static int run(const struct config *c, int argc, char **argv)
{
	char url[300];
	struct err err;
	bool ok = argc || default_url(c, url, sizeof(url), &err);
	return ok && ask(c, argc ? argv[0] : url, &err) ? 0 : command_fail(&err);
}

static const char *const option_names[] = {"listen", "timeout", NULL};

const struct command command_health = {
	.name = "health",
	.words = "[URL]",
	.summary = "asks an API whether it is ready, for containers without curl",
	.help = "Asks GET /health/ready of the API at --listen, or the URL given.\n\n"
		"Exit code: 0 it answers 200; 2 usage; 3 it answers something else, or nothing.",
	.options = option_names,
	.run = run,
};
