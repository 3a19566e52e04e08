/* SPDX-License-Identifier: Apache-2.0
 *
 * A directory of a test's own, which is the working directory and the state directory while the
 * test runs, and is gone afterwards. Threads: one test at a time.
 */
#ifndef SC_TESTS_SUPPORT_SCRATCH_H
#define SC_TESTS_SUPPORT_SCRATCH_H

/* 0, or -1 with errno. */
int sc_scratch_enter(void);
int sc_scratch_leave(void);

#endif
