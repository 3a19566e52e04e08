/* SPDX-License-Identifier: Apache-2.0
 *
 * The points of a request at which tests kill a worker. In the program the calls vanish; the test
 * build of this module defines SC_FUSE_FAULTS and dies by SIGKILL at the point its environment
 * names.
 */
#ifndef SC_FUSE_SERVE_FAULT_H
#define SC_FUSE_SERVE_FAULT_H

enum sc_fault_point {
    SC_FAULT_BEFORE_READ = 1,
    SC_FAULT_AFTER_READ,
    SC_FAULT_DECIDED,
    SC_FAULT_LOGGED,
    SC_FAULT_BEFORE_REPLY,
    SC_FAULT_AFTER_REPLY
};

#if defined(SC_FUSE_FAULTS)
void sc_fault(enum sc_fault_point point);
#else
static inline void sc_fault(enum sc_fault_point point)
{
    (void)point;
}
#endif

#endif
