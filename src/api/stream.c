#include "api/stream.h"

#include "api/handlers.h"
#include "api/moment.h"
#include "api/revision.h"
#include "base/time.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PAGE_REVISIONS = 64, /* read at once */
	PAGE_ROWS = 20000,
	RING_EVENTS = 1024, /* kept in memory, at most so many bytes of them */
	RING_BYTES = 8 << 20,
	PAGES_KEPT = 16, /* full ones, for those who resume */
	TICK_MS = 250,
	HEARTBEAT_MS = 15000,
	HEARTBEATS_A_TICK = 500,    /* so that they never hold up an event for long */
	CATCH_UP_BYTES = 256 << 10, /* unsent, at which one who catches up waits */
	LOAD_ARENA = 512 << 20,     /* addresses, of a page being read */
	SKEW_MS = 60000, /* commits are told apart in the order of what they showed by less */
	REST_MS = 1000,  /* who is late and has nothing to wait for looks again after it */
	EVENT_BYTES = 256 << 20,
};

/* ---- what an event is about ---- */

/* The kind above, the number or the letters below. */
enum key_kind { KEY_GAME = 1, KEY_TEAM, KEY_PLAYER, KEY_KINDS };
enum { KEY_SHIFT = 60, LETTERS_FLAG = 56 };

static uint64_t key_of(enum key_kind kind, int64_t id)
{
	return (uint64_t)kind << KEY_SHIFT | (uint64_t)id;
}

/* A club's letters, as many as fit; clubs have three. */
static uint64_t key_of_letters(struct str letters)
{
	uint64_t packed = 0;
	for (size_t i = 0; i < letters.n && i < 6; i++)
		packed = packed << 8 | (unsigned char)letters.p[i];
	return (uint64_t)KEY_TEAM << KEY_SHIFT | (uint64_t)1 << LETTERS_FLAG | packed;
}

struct notice {
	int64_t revision;
	struct blob *text;
	uint64_t *keys; /* ascending */
	size_t key_count;
	int64_t shown_at; /* by the upstream, the last of it */
};

static void notice_clear(struct notice *e)
{
	blob_unref(e->text);
	free(e->keys);
	*e = (struct notice){0};
}

static int by_key(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static bool has_key(const struct notice *e, uint64_t key)
{
	return bsearch(&key, e->keys, e->key_count, sizeof(key), by_key) != NULL;
}

/* ---- a page of events, read and rendered on a thread ---- */

struct reader;

struct load {
	struct pool_job job;
	struct stream_hub *hub;
	int64_t after, up_to;
	struct notice *events; /* after done: the page's */
	size_t count;
	int64_t last, newest;
	bool is_cut, has_failed, is_live; /* is_live: of what has just been committed */
	int64_t delay_ms, as_of; /* not a page: the place of who began so late, as of then */
	struct reader *waiting;
	const struct reader
		*first; /* for whom it was begun; not to be followed, it may have gone */
	struct load *next;
};

struct keys {
	uint64_t *list;
	size_t count;
};

static void add_key(struct keys *k, uint64_t key)
{
	k->list[k->count++] = key;
}

static bool add_game_keys(
	struct store *s, int64_t game_id, struct arena *keep, struct keys *k, struct err *err)
{
	struct game g;
	bool found;
	struct arena scratch = *keep;
	add_key(k, key_of(KEY_GAME, game_id));
	if (!store_get_game(s, game_id, &scratch, &g, &found, err))
		return false;
	if (found) {
		add_key(k, key_of(KEY_TEAM, g.away_team_id));
		add_key(k, key_of(KEY_TEAM, g.home_team_id));
		add_key(k, key_of_letters(g.away_team_abbrev));
		add_key(k, key_of_letters(g.home_team_abbrev));
	}
	return true;
}

enum { KEYS_OF_A_ROW = 6 }; /* at most: its game's five, its player's */

static bool find_keys(struct store *s, const struct recorded *rows, size_t count,
	struct arena *keep, struct notice *e, struct err *err)
{
	struct keys k = {.list = calloc(count, KEYS_OF_A_ROW * sizeof(uint64_t))};
	bool ok = true;
	if (!k.list)
		abort();
	for (size_t i = 0; ok && i < count; i++) {
		if (!i || rows[i].game_id != rows[i - 1].game_id)
			ok = add_game_keys(s, rows[i].game_id, keep, &k, err);
		if (rows[i].player_id)
			add_key(&k, key_of(KEY_PLAYER, rows[i].player_id));
	}
	qsort(k.list, k.count, sizeof(*k.list), by_key);
	e->keys = realloc(k.list, k.count * sizeof(*k.list));
	if (!e->keys)
		abort();
	e->key_count = k.count;
	return ok;
}

static struct blob *write_event(const struct recorded *rows, size_t count)
{
	struct buf out;
	buf_init(&out, EVENT_BYTES);
	struct json j = json_begin(&out);
	buf_add_format(&out, "id: %" PRId64 "\ndata: ", rows[0].revision);
	revision_write_json(rows, count, &j);
	buf_add(&out, STR("\n\n"));
	return blob_new(&out);
}

static int64_t newest_of(const struct recorded *rows, size_t count)
{
	int64_t newest = 0;
	for (size_t i = 0; i < count; i++)
		newest = rows[i].observed_at > newest ? rows[i].observed_at : newest;
	return newest;
}

static bool load_events(struct load *l, struct store *s, const struct history_page *page,
	struct arena *keep, struct err *err)
{
	bool ok = true;
	l->events = calloc(page->count + 1, sizeof(*l->events));
	if (!l->events)
		abort();
	for (size_t i = 0, n; ok && i < page->count; i += n) {
		struct notice *e = &l->events[l->count++];
		n = revision_rows(page->rows + i, page->count - i);
		e->revision = page->rows[i].revision;
		e->shown_at = newest_of(page->rows + i, n);
		e->text = write_event(page->rows + i, n);
		ok = find_keys(s, page->rows + i, n, keep, e, err);
	}
	return ok;
}

static void clear_events(struct load *l)
{
	for (size_t i = 0; i < l->count; i++)
		notice_clear(&l->events[i]);
	free(l->events);
	l->events = NULL;
	l->count = 0;
}

static void work(struct pool_job *job, struct store *store)
{
	struct load *l = (struct load *)job;
	struct arena keep;
	struct err err;
	struct history_page page;
	l->has_failed = true;
	if (!store)
		return;
	keep = arena_reserve(LOAD_ARENA);
	if (store_get_changes(store,
		    &(struct history_question){
			    .after = l->after, .up_to = l->up_to, .most = PAGE_ROWS},
		    &keep, &page, &err) &&
		load_events(l, store, &page, &keep, &err)) {
		l->last = page.last;
		l->newest = page.newest;
		l->is_cut = page.is_cut;
		l->has_failed = false;
	} else {
		clear_events(l);
		job->has_failed = true;
	}
	arena_release(&keep);
}

/* ---- the place of who begins late ---- */

/* As far as everything had been shown then, from a revision on. */
static bool read_up_to(struct store *s, int64_t after, int64_t as_of, struct arena keep,
	struct history_page *out, int64_t *out_first, struct err *err)
{
	struct history_question ask = {.after = after, .as_of = as_of, .most = PAGE_ROWS};
	*out_first = 0;
	do {
		struct arena scratch = keep;
		if (!store_get_changes(s, &ask, &scratch, out, err))
			return false;
		if (!*out_first && out->count)
			*out_first = out->rows[0].observed_at;
		ask.after = out->last;
	} while (out->is_cut);
	return true;
}

/* Back from the newest, until what a stretch begins with is older without doubt. */
static bool find_place(struct load *l, struct store *s, const struct arena *keep, struct err *err)
{
	int64_t newest, first;
	struct history_page page;
	if (!store_get_revision(s, &newest, err))
		return false;
	for (int64_t stretch = PAGE_REVISIONS;; stretch *= 4) {
		int64_t after = newest > stretch ? newest - stretch : 0;
		if (!read_up_to(s, after, l->as_of, *keep, &page, &first, err))
			return false;
		l->last = page.last;
		l->newest = page.newest;
		if (!after || (first && first <= l->as_of - SKEW_MS))
			return true;
	}
}

static void work_search(struct pool_job *job, struct store *store)
{
	struct load *l = (struct load *)job;
	struct err err;
	l->has_failed = true;
	if (!store)
		return;
	struct arena keep = arena_reserve(LOAD_ARENA);
	l->has_failed = !find_place(l, store, &keep, &err);
	job->has_failed = l->has_failed;
	arena_release(&keep);
}

/* ---- readers ---- */

struct reader {
	struct stream_hub *hub;
	struct http_stream *stream;
	struct reader *next, *previous;
	struct reader *next_waiting;
	struct load *load;  /* what it waits for */
	int64_t place;      /* it has everything up to and with this revision */
	int64_t written_at; /* of the loop's clock */
	int64_t delay_ms;   /* 0: none */
	int64_t due_at;     /* of who is late: Unix ms of what comes next; 0: that is not known */
	bool has_place; /* false: nothing was known yet when it came; it begins with what comes */
	bool is_live;   /* it has all there is; never who is late */
	size_t wish_count;
	uint64_t wishes[]; /* keys; by kind */
};

struct stream_hub {
	struct api *api;
	struct subscriber subscriber;
	uv_timer_t timer;
	struct reader *readers;
	struct notice ring[RING_EVENTS]; /* from first, in order, all beyond ring_after */
	size_t first, count, bytes;
	int64_t ring_after, head; /* head: what the ring goes up to, and live readers have */
	int64_t wanted;           /* what is known to be there */
	size_t late;              /* readers */
	bool has_head, is_loading;
	bool is_in_doubt;   /* the database was opened again and may be another: to be read to find
			       out */
	struct load *loads; /* under way for those who resume */
	struct load *searches;         /* for those who begin late */
	struct load *kept[PAGES_KEPT]; /* the oldest first */
	size_t kept_count;
	struct blob *heartbeat, *greeting;
	struct stream_stats stats;
};

/* Of each kind that is asked for, one; no wish at all is for everything. */
static bool wants(const struct reader *r, const struct notice *e)
{
	for (size_t i = 0; i < r->wish_count;) {
		uint64_t kind = r->wishes[i] >> KEY_SHIFT;
		bool found = false;
		for (; i < r->wish_count && r->wishes[i] >> KEY_SHIFT == kind; i++)
			found = found || has_key(e, r->wishes[i]);
		if (!found)
			return false;
	}
	return true;
}

/* False: the reader is gone, or as good as; it is not to be touched any more. */
static bool write_to(struct reader *r, struct blob *text)
{
	r->written_at = (int64_t)uv_now(api_loop(r->hub->api));
	return http_stream_write(r->stream, text);
}

/* Whether it has to wait for it still; by the same steps as what it may read meanwhile. */
static bool is_held(struct reader *r, const struct notice *e)
{
	if (!r->delay_ms || e->shown_at <= moment_of_delay(r->delay_ms))
		return false;
	r->due_at = moment_shown_after(e->shown_at, r->delay_ms);
	return true;
}

/* False: not now, or the reader is gone. */
static bool give(struct reader *r, const struct notice *e)
{
	if (e->revision <= r->place)
		return true;
	if (is_held(r, e))
		return false;
	r->place = e->revision;
	return !wants(r, e) || write_to(r, e->text);
}

/* The reader's place is none of this database: another one has taken its place. */
static bool reset(struct reader *r, int64_t revision)
{
	char text[120];
	int n = snprintf(text, sizeof(text),
		"event: reset\nid: %" PRId64 "\ndata: {\"revision\":%" PRId64 "}\n\n", revision,
		revision);
	struct blob *b = blob_copy((struct str){text, (size_t)n});
	r->place = revision;
	r->due_at = 0;
	r->hub->stats.resets++;
	bool ok = write_to(r, b);
	blob_unref(b);
	return ok;
}

static void on_load(struct pool_job *job);

static struct load *start_load(struct stream_hub *h, int64_t after, int64_t up_to, bool is_live)
{
	struct load *l = calloc(1, sizeof(*l));
	if (!l)
		abort();
	*l = (struct load){.job = {.work = work, .done = on_load, .is_of_newest = true},
		.hub = h,
		.after = after,
		.up_to = up_to,
		.is_live = is_live};
	pool_continue(api_pool(h->api), &l->job);
	return l;
}

static void wait_for(struct reader *r, struct load *l)
{
	r->load = l;
	r->next_waiting = l->waiting;
	l->waiting = r;
}

/* Pages begin at multiples of their size, so that those who resume nearby share them. `exactly`:
 * such a page was cut before it reached the place. */
static void wait_for_page(struct reader *r, bool exactly)
{
	struct stream_hub *h = r->hub;
	int64_t start = r->place - r->place % PAGE_REVISIONS, after = exactly ? r->place : start;
	struct load *l = h->loads;
	while (l && (l->after != after))
		l = l->next;
	if (!l) {
		l = start_load(h, after, start + PAGE_REVISIONS, false);
		l->next = h->loads;
		l->first = r;
		h->loads = l;
	}
	wait_for(r, l);
}

static struct load *find_kept(struct stream_hub *h, int64_t place)
{
	for (size_t i = 0; i < h->kept_count; i++)
		if (h->kept[i]->after <= place && place < h->kept[i]->last)
			return h->kept[i];
	return NULL;
}

/* Who catches up takes so much at a time; it goes on when that has drained. */
static bool is_full(const struct reader *r)
{
	return http_stream_queued(r->stream) > CATCH_UP_BYTES;
}

/* Whether it took all of it. */
static bool give_page(struct reader *r, const struct load *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (is_full(r) || !give(r, &l->events[i]))
			return false;
	if (r->place < l->last)
		r->place = l->last;
	return true;
}

static const struct notice *ring_at(const struct stream_hub *h, size_t i)
{
	return &h->ring[(h->first + i) % RING_EVENTS];
}

/* The first beyond a place, which is not before the ring: an event a revision, as a rule. */
static size_t find_in_ring(const struct stream_hub *h, int64_t place)
{
	size_t i = (size_t)(place - h->ring_after);
	i = i < h->count ? i : h->count;
	while (i && ring_at(h, i - 1)->revision > place)
		i--;
	return i;
}

static void give_ring(struct reader *r)
{
	struct stream_hub *h = r->hub;
	for (size_t i = find_in_ring(h, r->place); i < h->count; i++)
		if (is_full(r) || !give(r, ring_at(h, i)))
			return;
	r->place = h->head;
	r->is_live = !r->delay_ms;
}

/* As far as what is at hand goes, and the reader takes it. */
static void advance(struct reader *r)
{
	struct stream_hub *h = r->hub;
	while (!r->is_live && !r->load && !r->due_at) {
		const struct load *page;
		if (r->place >= h->ring_after && r->place <= h->head) {
			give_ring(r);
			return;
		}
		if (!(page = find_kept(h, r->place)))
			wait_for_page(r, false);
		else if (!give_page(r, page))
			return;
	}
}

/* ---- pages that have come ---- */

static void free_load(struct load *l)
{
	clear_events(l);
	free(l);
}

static void keep_page(struct stream_hub *h, struct load *l)
{
	if (h->kept_count == PAGES_KEPT) {
		free_load(h->kept[0]);
		memmove(&h->kept[0], &h->kept[1], sizeof(h->kept[0]) * --h->kept_count);
	}
	h->kept[h->kept_count++] = l;
}

static void forget_pages(struct stream_hub *h)
{
	while (h->kept_count)
		free_load(h->kept[--h->kept_count]);
}

/* One who waited for it; nothing of it may be in the way of the others. */
static void go_on(struct reader *r, const struct load *l)
{
	int64_t before = r->place;
	if (l->has_failed) {
		http_stream_abort(r->stream); /* it comes again, with what it has */
		return;
	}
	if (l->newest < r->place && l->first != r) {
		wait_for_page(r, true); /* read before it came, perhaps: that says nothing of it */
		return;
	} else if (l->newest < r->place) {
		if (!reset(r, l->newest))
			return;
	} else if (!give_page(r, l)) {
		return;
	} else if (r->place == before && l->is_cut) {
		wait_for_page(r, true);
		return;
	} else if (r->place == before && r->place > r->hub->head) {
		/* ahead of what we have heard; what comes twice is passed over */
		r->is_live = !r->delay_ms;
		r->due_at = r->delay_ms ? time_now_ms() + REST_MS : 0;
	}
	advance(r);
}

static void take_place(struct reader *r, const struct load *l)
{
	if (l->has_failed) {
		http_stream_abort(r->stream);
		return;
	}
	r->place = l->last;
	r->has_place = true;
	advance(r);
}

static void end_waiting(struct load *l)
{
	struct reader *r = l->waiting;
	l->waiting = NULL;
	for (struct reader *w = r; w; w = w->next_waiting)
		w->load = NULL;
	while (r) {
		struct reader *next = r->next_waiting;
		r->next_waiting = NULL;
		if (l->delay_ms)
			take_place(r, l);
		else
			go_on(r, l);
		r = next;
	}
}

static void take_from_loads(struct stream_hub *h, struct load *l)
{
	struct load **p = l->delay_ms ? &h->searches : &h->loads;
	while (*p != l)
		p = &(*p)->next;
	*p = l->next;
}

/* ---- what has just been committed ---- */

static void drop_first(struct stream_hub *h)
{
	struct notice *e = &h->ring[h->first];
	h->bytes -= blob_str(e->text).n;
	h->ring_after = e->revision;
	notice_clear(e);
	h->first = (h->first + 1) % RING_EVENTS;
	h->count--;
}

static void empty_ring(struct stream_hub *h, int64_t head)
{
	while (h->count)
		drop_first(h);
	h->ring_after = h->head = head;
}

/* Takes the event. */
static void publish(struct stream_hub *h, struct notice *e)
{
	while (h->count == RING_EVENTS || (h->count && h->bytes > RING_BYTES))
		drop_first(h);
	h->ring[(h->first + h->count++) % RING_EVENTS] = *e;
	h->bytes += blob_str(e->text).n;
	h->head = e->revision;
	h->stats.events++;
	for (struct reader *r = h->readers, *next; r; r = next) {
		next = r->next;
		if (r->is_live)
			give(r, e);
	}
	*e = (struct notice){0};
}

static void load_new(struct stream_hub *h)
{
	if (h->is_loading || (h->wanted <= h->head && !h->is_in_doubt) || api_is_ending(h->api))
		return;
	if (!h->readers) { /* nobody looks: nothing is read */
		h->is_in_doubt = false;
		empty_ring(h, h->wanted);
		return;
	}
	h->is_loading = true;
	start_load(h, h->head, h->head + PAGE_REVISIONS, true);
}

/* Who has come no further than `common` has seen nothing that is not there. */
static void begin_anew(struct stream_hub *h, int64_t common, int64_t revision)
{
	empty_ring(h, revision);
	forget_pages(h);
	for (struct reader *r = h->readers, *next; r; r = next) {
		next = r->next;
		if (r->has_place && r->place > common)
			reset(r, revision);
	}
}

static void on_new(struct stream_hub *h, struct load *l)
{
	h->is_loading = false;
	if (l->has_failed || l->after != h->head)
		return; /* the next tick asks again */
	/* Read after that head was known: only another database is behind it. */
	if (l->newest < h->head)
		begin_anew(h, l->newest, l->newest);
	h->is_in_doubt = false;
	for (size_t i = 0; i < l->count; i++)
		publish(h, &l->events[i]);
	if (l->last > h->head)
		h->head = l->last;
	for (struct reader *r = h->readers; r; r = r->next)
		if (r->is_live && r->place < h->head)
			r->place = h->head;
	load_new(h);
}

static void on_load(struct pool_job *job)
{
	struct load *l = (struct load *)job;
	struct stream_hub *h = l->hub;
	if (l->is_live) {
		on_new(h, l);
		free_load(l);
		return;
	}
	take_from_loads(h, l);
	end_waiting(l);
	if (!l->has_failed && !l->delay_ms && (l->last == l->up_to || l->is_cut) &&
		l->last > l->after)
		keep_page(h, l); /* the same for ever */
	else
		free_load(l);
}

/* Where one begins who is late and names no place; those who are as late find it together. */
static void search_place(struct reader *r)
{
	struct stream_hub *h = r->hub;
	struct load *l = h->searches;
	while (l && l->delay_ms != r->delay_ms)
		l = l->next;
	if (!l) {
		l = calloc(1, sizeof(*l));
		if (!l)
			abort();
		*l = (struct load){
			.job = {.work = work_search, .done = on_load, .is_of_newest = true},
			.hub = h,
			.delay_ms = r->delay_ms,
			.as_of = moment_of_delay(r->delay_ms),
			.next = h->searches};
		h->searches = l;
		pool_continue(api_pool(h->api), &l->job);
	}
	wait_for(r, l);
}

/* Those who came before anything was known begin here; or read what they lack. */
static void place_early_readers(struct stream_hub *h)
{
	for (struct reader *r = h->readers, *next; r; r = next) {
		next = r->next;
		if (!r->has_place && r->delay_ms) {
			search_place(r);
			continue;
		}
		if (!r->has_place)
			r->place = h->head;
		r->has_place = true;
		r->is_live = r->place >= h->head && !r->delay_ms;
		if (!r->is_live && !r->load)
			advance(r);
	}
}

static void on_news(struct subscriber *s, const struct news *n)
{
	struct stream_hub *h =
		(struct stream_hub *)((char *)s - offsetof(struct stream_hub, subscriber));
	if (n->is_away)
		return;
	h->wanted = n->change.revision;
	if (!h->has_head) {
		h->has_head = true;
		empty_ring(h, h->wanted);
		place_early_readers(h);
	} else if (n->change.is_other) {
		begin_anew(h, 0, h->wanted);
	} else if (h->wanted < h->head) {
		h->is_in_doubt = n->is_other; /* else it is old: read before what we have */
	}
	load_new(h);
}

/* ---- time ---- */

/* Who is late gets what has become due. */
static void serve_late(struct stream_hub *h)
{
	int64_t now = h->late ? time_now_ms() : 0;
	for (struct reader *r = h->late ? h->readers : NULL, *next; r; r = next) {
		next = r->next;
		bool is_due = r->due_at ? r->due_at <= now : r->place < h->head;
		if (!r->delay_ms || !r->has_place || r->load || !is_due)
			continue;
		r->due_at = 0;
		advance(r);
	}
}

static void on_tick(uv_timer_t *timer)
{
	struct stream_hub *h = timer->data;
	int64_t due = (int64_t)uv_now(api_loop(h->api)) - HEARTBEAT_MS;
	int left = HEARTBEATS_A_TICK;
	load_new(h);
	serve_late(h);
	for (struct reader *r = h->readers, *next; r && left; r = next) {
		next = r->next;
		if (r->written_at > due)
			continue;
		left--;
		write_to(r, h->heartbeat);
	}
}

/* ---- coming and going ---- */

static void stop_waiting(struct reader *r)
{
	struct reader **p = &r->load->waiting;
	while (*p != r)
		p = &(*p)->next_waiting;
	*p = r->next_waiting;
}

static void on_close(struct http_stream *st, void *context)
{
	struct reader *r = context;
	(void)st;
	if (r->load)
		stop_waiting(r);
	*(r->previous ? &r->previous->next : &r->hub->readers) = r->next;
	if (r->next)
		r->next->previous = r->previous;
	r->hub->stats.readers--;
	r->hub->late -= r->delay_ms > 0;
	free(r);
}

static void on_drain(struct http_stream *st, void *context)
{
	struct reader *r = context;
	(void)st;
	if (r->has_place)
		advance(r);
}

static void add_wishes(struct reader *r, const struct call *call)
{
	static const struct str names[KEY_KINDS] = {[KEY_GAME] = STR_INIT("game"),
		[KEY_TEAM] = STR_INIT("team"),
		[KEY_PLAYER] = STR_INIT("player")};
	for (enum key_kind kind = KEY_GAME; kind < KEY_KINDS; kind++)
		for (const struct argument *a = NULL; (a = call_next(call, names[kind], a));)
			r->wishes[r->wish_count++] =
				a->number ? key_of(kind, a->number) : key_of_letters(a->text);
}

/* What it has by its own word: the header of one who comes back goes before the query. */
static bool read_place(struct http_exchange *x, const struct call *call, int64_t *out,
	bool *out_given, struct problem *problem)
{
	struct str last = http_header(x, STR("last-event-id"));
	const struct argument *after = call_get(call, STR("after"));
	*out_given = last.n || after;
	*out = after ? after->number : 0;
	if (!last.n)
		return true;
	if (str_to_i64(last, out) && *out >= 0) {
		*out = *out < REVISION_MAX ? *out : REVISION_MAX; /* who is ahead is reset */
		return true;
	}
	return problem_set(problem, 400, STR("Last-Event-ID"),
		"Last-Event-ID: wants the id of an event of this stream, got \"%.*s\"",
		STR_ARG(str_first(last, 60)));
}

static struct reader *add_reader(struct stream_hub *h, const struct call *call)
{
	struct reader *r = calloc(1, sizeof(*r) + call->count * sizeof(r->wishes[0]));
	if (!r)
		abort();
	r->hub = h;
	r->delay_ms = call_number(call, STR("delay"), 0);
	h->late += r->delay_ms > 0;
	add_wishes(r, call);
	r->next = h->readers;
	if (r->next)
		r->next->previous = r;
	h->readers = r;
	h->stats.readers++;
	return r;
}

static struct http_stream *begin_stream(struct http_exchange *x, struct reader *r)
{
	static const struct http_stream_callbacks callbacks = {
		.on_drain = on_drain, .on_close = on_close};
	static const struct http_header_line lines[] = {
		{STR_INIT("Content-Type"), STR_INIT("text/event-stream")},
		{STR_INIT("Cache-Control"), STR_INIT("no-store")},
		{STR_INIT("Access-Control-Allow-Origin"), STR_INIT("*")},
		{STR_INIT("X-Accel-Buffering"), STR_INIT("no")},
	};
	return http_stream(x, 200, lines, sizeof(lines) / sizeof(lines[0]), &callbacks, r);
}

static void start(struct reader *r, int64_t place, bool is_given)
{
	struct stream_hub *h = r->hub;
	bool is_late = r->delay_ms > 0;
	r->has_place = is_given || (h->has_head && !is_late);
	r->place = is_given ? place : h->head;
	r->is_live = !is_given && h->has_head && !is_late;
	h->stats.resumes += is_given;
	if (is_given)
		advance(r);
	else if (h->has_head && is_late)
		search_place(r);
}

void stream_changes(struct api *a, struct http_exchange *x, const struct call *call)
{
	struct stream_hub *h = api_stream_hub(a);
	struct problem problem;
	int64_t place;
	bool is_given;
	if (!read_place(x, call, &place, &is_given, &problem) ||
		(api_is_away(a) && !h->has_head &&
			!problem_set(&problem, 503, STR(""), "the database is away; ask again"))) {
		api_refuse(a, x, call->route, &problem);
		return;
	}
	struct asked by = api_asked(a, x, call->route);
	api_answered(a, &by, 200);
	load_new(h); /* with nobody looking it may have fallen behind */
	struct reader *r = add_reader(h, call);
	r->stream = begin_stream(x, r);
	http_stream_forget_request(r->stream);
	if (!write_to(r, h->greeting)) /* of which HEAD gets nothing */
		return;
	/* Begun after the others were ended it would hold up the stop. */
	if (http_method(x) == HTTP_HEAD_ || api_is_ending(a))
		http_stream_end(r->stream);
	else
		start(r, place, is_given);
}

/* ---- the hub ---- */

struct stream_hub *stream_hub_open(struct api *a)
{
	struct stream_hub *h = calloc(1, sizeof(*h));
	if (!h)
		abort();
	h->api = a;
	h->subscriber.tell = on_news;
	h->heartbeat = blob_copy(STR(":\n\n"));
	h->greeting = blob_copy(STR("retry: 2000\n\n"));
	api_subscribe(a, &h->subscriber);
	uv_timer_init(api_loop(a), &h->timer);
	h->timer.data = h;
	uv_timer_start(&h->timer, on_tick, TICK_MS, TICK_MS);
	return h;
}

static void on_timer_closed(uv_handle_t *timer)
{
	struct stream_hub *h = timer->data;
	blob_unref(h->heartbeat);
	blob_unref(h->greeting);
	free(h);
}

void stream_hub_close(struct stream_hub *h)
{
	if (!h)
		return;
	assert(!h->readers && !h->loads && !h->searches && !h->is_loading);
	api_unsubscribe(h->api, &h->subscriber);
	empty_ring(h, 0);
	forget_pages(h);
	uv_close((uv_handle_t *)&h->timer, on_timer_closed);
}

struct stream_stats stream_hub_stats(const struct stream_hub *h)
{
	return h->stats;
}
