# rinkside: make, make demo, make run, make check; `make help` lists the rest.

BUILD   ?= build
PREFIX  ?= /usr/local
CC      ?= cc
VERSION := 0.1.0
RELEASED := 2026-11-24
COMMIT  := $(shell git describe --always --dirty --abbrev=10 2>/dev/null)

PACKAGES := libuv libllhttp libcurl yyjson sqlite3 libpq libzstd zlib nettle
# Of Linux: what src/base/doors.c shuts with.
PACKAGES += $(if $(filter Linux,$(shell uname)),libseccomp)
WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wundef -Wvla
OPTIMISE ?= -O3
# Texts are cut on purpose (err, log), of which gcc warns; libseccomp's macros leave fields out, of which clang does.
WARNINGS += $(if $(findstring clang,$(shell $(CC) --version)),-Wno-missing-field-initializers,-Wno-format-truncation)
# All symbols are bound at the start (-z now): a call to a library need not go by the linkage table.
HARDEN   := -fstack-protector-strong -fPIE -fno-plt
# SAN=address,undefined or SAN=thread gives an instrumented build; use another BUILD with it.
ifdef SAN
HARDEN   := -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
LDHARDEN := -fsanitize=$(SAN)
else
HARDEN   += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-clash-protection
LDHARDEN := -pie -Wl,-z,relro,-z,now
endif
ifdef WERROR
WARNINGS += -Werror
endif
CFLAGS   ?= $(OPTIMISE) -g
INCLUDES := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null | sed 's/-I/-isystem /g')
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -Isrc -I$(BUILD)/gen $(WARNINGS) $(HARDEN) $(CFLAGS) $(INCLUDES)
LIBS      = $(shell pkg-config --libs $(PACKAGES)) -lpthread -lm

SOURCES := $(filter-out src/main.c,$(wildcard src/*/*.c))
GENERATED := $(BUILD)/gen/schema.c $(BUILD)/gen/web.c
OBJECTS := $(SOURCES:src/%.c=$(BUILD)/obj/%.o) $(GENERATED:$(BUILD)/gen/%.c=$(BUILD)/obj/gen/%.o)
ARCHIVE := $(BUILD)/librinkside.a
UNITS   := $(patsubst test/%.c,$(BUILD)/test/%,$(wildcard test/unit/*.c test/conformance/*.c))
FUZZERS := $(basename $(notdir $(wildcard test/fuzz/*.c)))
REPLAYS := $(FUZZERS:%=$(BUILD)/test/fuzz/%)
FUZZ_SECONDS ?= 60

# As many at once as there are processors, unless make was told; a make that it starts shares them.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 1)
endif

all: $(BUILD)/rinkside

$(BUILD)/rinkside: $(BUILD)/obj/main.o $(ARCHIVE)
	@echo "  LINK  $@"
	@$(CC) $(LDHARDEN) $(LDFLAGS) -Wl,--as-needed -o $@ $^ $(LIBS)

$(ARCHIVE): $(OBJECTS)
	@echo "  AR    $@"
	@rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/obj/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/obj/gen/%.o: $(BUILD)/gen/%.c Makefile
	@mkdir -p $(@D)
	@$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# What --version says changes with every commit; only this file is compiled again for it.
$(BUILD)/obj/cmd/version.o: ALL_CFLAGS += -DVERSION='"$(VERSION)"' -DRELEASED='"$(RELEASED)"' -DCOMMIT='"$(COMMIT)"'
$(BUILD)/obj/cmd/version.o: $(BUILD)/commit
$(BUILD)/commit: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION) $(COMMIT)' | cmp -s - $@ || echo '$(VERSION) $(COMMIT)' >$@

$(BUILD)/gen/schema.c: scripts/embed $(wildcard src/store/schema/*.sql)
	@mkdir -p $(@D)
	@scripts/embed schema_files src/store/schema $(sort $(notdir $(wildcard src/store/schema/*.sql))) >$@

$(BUILD)/gen/web.c: scripts/web scripts/embed $(wildcard web/* web/*/*)
	@mkdir -p $(@D)
	@scripts/web $(BUILD)/web
	@scripts/embed web_files $(BUILD)/web/site $$(cd $(BUILD)/web/site && find * -type f | LC_ALL=C sort) >$@

# A fuzz target over the files of its corpus, with any compiler.
$(BUILD)/test/fuzz/%: test/fuzz/%.c test/fuzz_replay.c $(ARCHIVE)
	@mkdir -p $(@D)
	@echo "  TEST  $@"
	@$(CC) $(ALL_CFLAGS) -Itest -DCORPUS='"test/fuzz/$*"' $(LDHARDEN) $(LDFLAGS) -o $@ $< test/fuzz_replay.c \
		$(ARCHIVE) $(LIBS)

# The target itself; clang's.
$(BUILD)/fuzzer/%: test/fuzz/%.c $(ARCHIVE)
	@mkdir -p $(@D)
	@echo "  FUZZ  $@"
	@$(CC) $(ALL_CFLAGS) $(LDFLAGS) -fsanitize=fuzzer,address,undefined -o $@ $< $(ARCHIVE) $(LIBS)

$(BUILD)/test/%: test/%.c $(ARCHIVE)
	@mkdir -p $(@D)
	@echo "  TEST  $@"
	@$(CC) $(ALL_CFLAGS) -Itest -MMD -MP $(LDHARDEN) $(LDFLAGS) -o $@ $< $(ARCHIVE) \
		$(shell pkg-config --cflags --libs cmocka) $(LIBS)

# A tool of the bench that measures the store itself, without a process around it.
$(BUILD)/bench/puts: bench/puts.c $(ARCHIVE)
	@mkdir -p $(@D)
	@echo "  BENCH $@"
	@$(CC) $(ALL_CFLAGS) $(LDHARDEN) $(LDFLAGS) -o $@ $^ $(LIBS)

-include $(shell find $(BUILD)/obj $(BUILD)/test -name '*.d' 2>/dev/null)

# For scripts/lint: the flags that the compiler has too.
print-packages:
	@echo $(PACKAGES)

units: $(UNITS) $(REPLAYS)
fuzzers: $(FUZZERS:%=$(BUILD)/fuzzer/%)

# What the tests need is installed, then all of them run; the last line counts them.
check:
	@scripts/deps test
	@$(MAKE) --no-print-directory all units
	@BUILD=$(BUILD) python3 test/run.py

# The package, and the function, in a minimal Debian that debootstrap makes: as root, and some minutes.
check-root:
	@scripts/deps test package
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) python3 test/run.py test/root

# What takes half an hour: whole seasons, and what is slow under a microscope.
soak:
	@scripts/deps test soak
	@$(MAKE) --no-print-directory all units
	@BUILD=$(BUILD) python3 test/run.py test/soak

# Line and branch coverage by all tests: build/coverage/index.html, and a line a file on standard output. The
# doors stay open: what is counted is written at the end, beside the objects.
coverage:
	@scripts/deps test coverage
	@$(MAKE) --no-print-directory all units BUILD=build/coverage CFLAGS='-O0 -g --coverage' LDFLAGS=--coverage
	@RINKSIDE_NO_SANDBOX=yes BUILD=build/coverage python3 test/run.py $(WORDS); passed=$$?; \
		scripts/coverage build/coverage; exit $$passed

# The same under address and undefined, and under thread.
san:
	@$(MAKE) --no-print-directory check BUILD=build/san SAN=address,undefined
tsan:
	@$(MAKE) --no-print-directory check BUILD=build/tsan SAN=thread

# Each target for FUZZ_SECONDS, from its corpus; what is found is kept under build/fuzz, and what was
# a crash belongs into the corpus. What the program logs of bad input is not shown.
fuzz:
	@scripts/deps fuzz
	@$(MAKE) --no-print-directory fuzzers BUILD=build/fuzz CC=clang SAN=fuzzer-no-link,address,undefined
	@for f in $(FUZZERS); do mkdir -p build/fuzz/found/$$f && echo "$$f" && \
		build/fuzz/fuzzer/$$f -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 -verbosity=0 -close_fd_mask=2 \
			-artifact_prefix=build/fuzz/$$f- build/fuzz/found/$$f test/fuzz/$$f || exit 1; done

demo:
	@scripts/deps page
	@$(MAKE) --no-print-directory all
	@scripts/demo $(BUILD)/rinkside

run:
	@scripts/deps page
	@$(MAKE) --no-print-directory all
	@$(BUILD)/rinkside up

bench:
	@scripts/deps bench
	@$(MAKE) --no-print-directory all $(BUILD)/bench/puts
	@BUILD=$(BUILD) python3 bench/run.py

# Generated files that are committed; `make check` fails when they are stale.
docs: $(BUILD)/rinkside
	@scripts/docs $(BUILD)/rinkside

lint:
	@scripts/deps lint
	@scripts/lint

# What gcc finds along the paths through each file; some minutes.
analyze:
	@scripts/analyze

# Everything that a system has of a program. DESTDIR stages it; *_DIR are where the shells look.
BASH_DIR ?= $(PREFIX)/share/bash-completion/completions
ZSH_DIR  ?= $(PREFIX)/share/zsh/site-functions
FISH_DIR ?= $(PREFIX)/share/fish/vendor_completions.d
UNIT_DIR ?= $(PREFIX)/lib/systemd/system
install: $(BUILD)/rinkside
	install -D -m 755 $(BUILD)/rinkside $(DESTDIR)$(PREFIX)/bin/rinkside
	install -d $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 docs/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -D -m 644 deploy/completions/rinkside.bash $(DESTDIR)$(BASH_DIR)/rinkside
	install -D -m 644 deploy/completions/rinkside.zsh $(DESTDIR)$(ZSH_DIR)/_rinkside
	install -D -m 644 deploy/completions/rinkside.fish $(DESTDIR)$(FISH_DIR)/rinkside.fish
	install -D -m 644 LICENSE $(DESTDIR)$(PREFIX)/share/doc/rinkside/LICENSE
	install -d $(DESTDIR)$(UNIT_DIR)/rinkside-.service.d $(DESTDIR)$(UNIT_DIR)/rinkside.service.d
	for unit in deploy/systemd/rinkside*.service deploy/systemd/*.socket deploy/systemd/*.timer; do \
		sed 's#/usr/bin/rinkside#$(PREFIX)/bin/rinkside#' $$unit >$(DESTDIR)$(UNIT_DIR)/$${unit##*/} || exit; done
	install -m 644 deploy/systemd/rinkside-.service.d/hardening.conf $(DESTDIR)$(UNIT_DIR)/rinkside-.service.d
	install -m 644 deploy/systemd/rinkside-.service.d/hardening.conf $(DESTDIR)$(UNIT_DIR)/rinkside.service.d

# build/rinkside_VERSION_ARCHITECTURE.deb
deb:
	@scripts/deps page package
	@$(MAKE) --no-print-directory all
	@scripts/deb $(BUILD)/rinkside $(BUILD)

clean:
	rm -rf $(BUILD)

help:
	@echo 'make             build/rinkside'
	@echo 'make demo        a made-up night of hockey through the whole pipeline, on http://127.0.0.1:8080'
	@echo 'make run         the same on the NHL'"'"'s own API'
	@echo 'make units       the tests in C, for test/run.py WORD'
	@echo 'make check       every test, after installing what they need; the last line counts them'
	@echo 'make san, tsan   the same under address and undefined, and under thread'
	@echo 'make check-root  the package in a minimal Debian: installed, upgraded, purged (as root)'
	@echo 'make soak        a whole season with everything going wrong, a kill at every system call, thousands of schedules; RINKSIDE_SEED'
	@echo 'make coverage    the lines and branches that the tests reach'
	@echo 'make bench       figures beside nginx; ROWS='"'"'tick api'"'"', QUICK=1, BASE=REVISION'
	@echo 'make fuzz        what libFuzzer finds, each target for FUZZ_SECONDS=60'
	@echo 'make lint        clang-format, clang-tidy, cppcheck'
	@echo 'make analyze     gcc -fanalyzer'
	@echo 'make docs        the generated pages under docs/, which make check compares'
	@echo 'make deb         a Debian package, in $(BUILD)/'
	@echo 'make install     program, manual, completions to $$(DESTDIR)$$(PREFIX)'
	@echo 'make clean       removes build/'

FORCE:
.PHONY: all units soak coverage print-packages fuzzers fuzz check check-root san tsan demo run bench docs lint analyze install deb clean help FORCE
