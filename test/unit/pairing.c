#include "cmd/pairing.h"

#include "../cmocka_all.h"

static void a_child_ends_before_its_lease(void **state)
{
	(void)state;
	static const struct {
		int64_t deadline_ms, lease_ms, want_ms;
	} rows[] = {
		{60000, 60000, 57000}, /* as they are when neither is given */
		{57000, 60000, 57000},
		{56999, 60000, 56999},
		{30000, 60000, 30000},
		{8000, 8000, 5000},
		{7000, 8000, 5000}, /* more never gives less */
		{60000, 6000, 3000},
		{60000, 2000, 1000},
		{100, 1000, 100},
		{3600000, 600000, 597000},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct config c = {
			.child_deadline_ms = rows[i].deadline_ms, .lease_ms = rows[i].lease_ms};
		assert_int_equal(pairing_settings(&c).child_deadline_ms, rows[i].want_ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_child_ends_before_its_lease)};
	return cmocka_run_group_tests_name("pairing", tests, NULL, NULL);
}
