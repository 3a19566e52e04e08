# SPDX-License-Identifier: Apache-2.0
# WordPress and MariaDB: two passwords from .env, one of them in both services.
. "$SC_SOURCE/tests/examples/lib.sh"
start_example wordpress 2 compose.yml
accepts_only wordpress_db_password db mysql exampleuser exampledb
accepts_only mariadb_root_password db mysql root
answers wordpress 8080 "the blog is logged in"
finish_example wp-battery 'wp staple'
