/* store/sqlite - its former name: see store/sql.h. Private to store. */
#include "store/sql.h"
