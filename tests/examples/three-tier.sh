# SPDX-License-Identifier: Apache-2.0
# Web, API and PostgreSQL: the database takes the password from its file, the API has it in its URL by the shim.
. "$SC_SOURCE/tests/examples/lib.sh"
start_example three-tier 2 compose.yml
login 0 postgres_password db postgres shop shop
login 1 - db postgres shop shop
answers api 3000 "the API is logged in"
finish_example correct-horse
