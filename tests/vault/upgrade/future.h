/* SPDX-License-Identifier: Apache-2.0
 *
 * A format that does not exist yet, and what may go wrong on the way to it.
 */
#ifndef SC_TESTS_VAULT_UPGRADE_FUTURE_H
#define SC_TESTS_VAULT_UPGRADE_FUTURE_H

enum future_fault { FUTURE_GOOD, FUTURE_FAILS, FUTURE_FORGETS_A_TABLE, FUTURE_LOSES_A_VALUE };
extern enum future_fault future_fault;

/* Fills in the tables; before anything is opened. */
void future_prepare(void);

#endif
