# SPDX-License-Identifier: Apache-2.0
# What somebody who can write the file may try: each lie is told, by readers and by check, without a key.
. "$SC_SOURCE/tests/support/functions.sh"
requires sqlite3
new_vault
(umask 077; printf 'a passphrase' >pass)
for name in shop/a shop/b prod/a; do printf 'value of %s' "$name" | run 0 "$SECRETSCTL" add "$name"; done
printf newer | run 0 "$SECRETSCTL" rotate shop/a
run 0 "$SECRETSCTL" slot add --new-passphrase-file pass --kdf light
cp vault.db good.db
export XDG_STATE_HOME=$T/elsewhere # no pins: what follows is not about rollback

# attack STATUS NAME SQL [EXTRA-COMMAND...]: applies SQL, then check and get must end with STATUS
attack() {
    local status=$1 what=$2 sql=$3
    shift 3
    rm -f vault.db-wal vault.db-shm
    cp good.db vault.db
    sqlite3 vault.db "$sql" >/dev/null || fail "$what: the attack itself failed"
    run "$status" env -u SECRETSCTL_KEY_FILE "$SECRETSCTL" check
    [ -s "$T/err" ] && [ "$(wc -l <"$T/err")" = 1 ] || fail "$what: no single message"
    if [ $# -gt 0 ]; then run "$status" "$SECRETSCTL" "$@"; fi
}

attack 6 'contents of two records swapped' "
    CREATE TEMP TABLE t AS SELECT id, ct FROM blob JOIN rec ON blob_id=id WHERE kind=3 LIMIT 2;
    UPDATE blob SET ct=(SELECT ct FROM t WHERE t.id<>blob.id) WHERE id IN (SELECT id FROM t);" list
attack 6 'rows swapped with their hashes' "
    CREATE TEMP TABLE t AS SELECT idx, ver, kind, rh, blob_id FROM rec WHERE kind=1 AND ver=1 LIMIT 2;
    UPDATE rec SET rh=(SELECT rh FROM t WHERE t.idx<>rec.idx), blob_id=(SELECT blob_id FROM t WHERE t.idx<>rec.idx)
    WHERE kind=1 AND ver=1 AND idx IN (SELECT idx FROM t);" list
attack 6 'the newest version replaced by the older one' "
    UPDATE rec SET blob_id=(SELECT blob_id FROM rec r WHERE r.idx=rec.idx AND r.ver=1 AND r.kind=1),
        rh=(SELECT rh FROM rec r WHERE r.idx=rec.idx AND r.ver=1 AND r.kind=1) WHERE ver=2 AND kind=1;" get shop/a
attack 6 'the newest version deleted' "DELETE FROM rec WHERE ver=2;" get shop/a
attack 6 'the content of the newest version deleted' "
    DELETE FROM blob WHERE id=(SELECT blob_id FROM rec WHERE ver=2 AND kind=1);" get shop/a
attack 6 'the contents of all names deleted' "
    DELETE FROM blob WHERE id IN (SELECT blob_id FROM rec WHERE ver=0);" list
attack 6 'an entry deleted with its content' "
    DELETE FROM blob WHERE id IN (SELECT blob_id FROM rec WHERE scope_id=1);
    DELETE FROM rec WHERE scope_id=1; UPDATE scope SET nrows=0, root=zeroblob(32) WHERE scope_id=1;" list
attack 6 'a scope deleted' "DELETE FROM rec WHERE scope_id=2; DELETE FROM scope WHERE scope_id=2;" get prod/a
attack 6 'rows added' "
    INSERT INTO rec SELECT scope_id, randomblob(32), ver, kind, epoch, rh, blob_id FROM rec LIMIT 1;" list
attack 6 'a record moved to the other scope' "UPDATE rec SET scope_id=2 WHERE scope_id=1 AND ver=0;" list
attack 6 'a cheap KDF' "UPDATE slot SET kdf_ops=1, kdf_mem=8192 WHERE kind=1;" --passphrase-file pass list
attack 6 'a KDF that eats all memory' "UPDATE slot SET kdf_mem=1099511627776 WHERE kind=1;" --passphrase-file pass list
attack 6 'a slot deleted' "DELETE FROM slot WHERE kind=1;" list
attack 6 'another verify key' "UPDATE vault SET sign_pk=randomblob(32);" list
attack 6 'the number of the state raised' "UPDATE state SET seq=seq+1;" list
attack 6 'the signature changed' "UPDATE state SET sig=randomblob(64);" list
attack 6 'a line of the log deleted' "DELETE FROM audit WHERE seq=2;"
attack 6 'the end of the log cut off' "DELETE FROM audit WHERE seq=(SELECT max(seq) FROM audit);"
attack 6 'the log rewritten' "UPDATE audit SET body=(SELECT body FROM audit WHERE seq=1) WHERE seq=2;"
attack 6 'a trigger' "CREATE TRIGGER t AFTER INSERT ON rec BEGIN DELETE FROM audit; END;" list
attack 6 'a view' "CREATE VIEW v AS SELECT * FROM rec;" list
attack 6 'an index' "CREATE INDEX i ON rec(rh);" list
attack 6 'another table' "CREATE TABLE extra(x);" list
attack 6 'a newer format' "PRAGMA user_version=2;" list
attack 6 'not ours' "PRAGMA application_id=1;" list
attack 6 'orphaned content' "INSERT INTO blob(ct) VALUES(zeroblob(400));"
attack 6 'an orphaned node' "INSERT INTO node VALUES(99, 0, 0, zeroblob(512));"

# A writer does not launder: it verifies before it signs.
for sql in "DELETE FROM rec WHERE ver=2" "UPDATE rec SET rh=randomblob(32) WHERE scope_id=1" \
    "DELETE FROM slot WHERE kind=1" "UPDATE scope SET nrows=nrows+1"; do
    cp good.db vault.db
    sqlite3 vault.db "$sql"
    cp vault.db lie.db
    printf z | run 6 "$SECRETSCTL" add shop/z
    sqlite3 vault.db .dump | cmp - <(sqlite3 lie.db .dump) || fail "something was written over a lie: $sql"
done

cp good.db vault.db
run 0 "$SECRETSCTL" check --decrypt
run 0 "$SECRETSCTL" get shop/a
out_is newer
