/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions this project does not use, made compile errors.
 *
 * This must be the LAST include of every .c file (tests/lint checks it): a macro defined before the
 * system header rewrites the prototype there and then fails open, silently.
 */
#ifndef SC_CORE_BANNED_H
#define SC_CORE_BANNED_H

#define SC_BANNED(name, instead) sc_banned_##name##_use_##instead

#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef sprintf
#undef vsprintf
#undef strtok
#undef gets
#undef atoi
#undef atol
#undef system
#undef popen
#undef tmpnam
#undef tempnam
#undef mktemp
#undef rand
#undef random
#undef alloca
#undef getenv
#undef strerror

#define strcpy(d, s)      SC_BANNED(strcpy, snprintf)
#define strcat(d, s)      SC_BANNED(strcat, sc_buf)
#define strncpy(d, s, n)  SC_BANNED(strncpy, memcpy)
#define strncat(d, s, n)  SC_BANNED(strncat, sc_buf)
#define sprintf(...)      SC_BANNED(sprintf, snprintf)
#define vsprintf(d, f, a) SC_BANNED(vsprintf, vsnprintf)
#define strtok(s, d)      SC_BANNED(strtok, sc_str)
#define gets(s)           SC_BANNED(gets, sc_secret_read_fd)
#define atoi(s)           SC_BANNED(atoi, sc_parse)
#define atol(s)           SC_BANNED(atol, sc_parse)
#define system(c)         SC_BANNED(system, sc_proc)
#define popen(c, m)       SC_BANNED(popen, sc_proc)
#define tmpnam(s)         SC_BANNED(tmpnam, sc_file)
#define tempnam(d, p)     SC_BANNED(tempnam, sc_file)
#define mktemp(t)         SC_BANNED(mktemp, sc_file)
#define rand()            SC_BANNED(rand, sc_random)
#define random()          SC_BANNED(random, sc_random)
#define alloca(n)         SC_BANNED(alloca, malloc)
#define getenv(n)         SC_BANNED(getenv, sc_env)
#define strerror(e)       SC_BANNED(strerror, sc_fail_errno)

#endif
