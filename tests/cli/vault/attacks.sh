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

# attack NAME SQL TOLD [READER-TOLD COMMAND...]: applies SQL; then check says TOLD, and the command says READER-TOLD,
# with exit status 6. The words count: a lie must be found by what guards against it, not by a sum that a liar can
# put right. TOLD may name two (A|B): scopes are checked in the order of their random numbers.
attack() {
    local what=$1 sql=$2 told=$3
    shift 3
    rm -f vault.db-wal vault.db-shm
    cp good.db vault.db
    sqlite3 vault.db "$sql" >/dev/null || fail "$what: the attack itself failed"
    echo "$what"
    run 6 env -u SECRETSCTL_KEY_FILE "$SECRETSCTL" check
    grep -xqE "secretsctl: ($told)" "$T/err" && [ "$(wc -l <"$T/err")" = 1 ] || fail "$what: $(cat "$T/err")"
    [ $# -gt 0 ] || return 0
    told=$1
    shift
    run 6 "$SECRETSCTL" "$@"
    err_is "secretsctl: $told"
}
changed='a record was changed'
either="$changed|the rows of a scope are not the signed ones"
orphans="the vault's file holds rows that belong to nothing"
slots="the key slots in the vault's file are not the signed ones"
scopes="the scopes in the vault's file are not the signed ones"
rows="the rows of scope 'shop' are not the signed ones"
first="the first row and the verify key in the vault's file are not the signed ones"
signature="the signature of the vault's state is wrong"
tables="the vault's tables are not what they must be; nothing in it was used"

attack 'contents of two records swapped' "
    CREATE TEMP TABLE t AS SELECT id, ct FROM blob JOIN rec ON blob_id=id WHERE kind=3 LIMIT 2;
    UPDATE blob SET ct=(SELECT ct FROM t WHERE t.id<>blob.id) WHERE id IN (SELECT id FROM t);" \
    "$changed" "a record of scope 'shop' was changed" list
attack 'rows swapped with their hashes' "
    CREATE TEMP TABLE t AS SELECT idx, ver, kind, rh, blob_id FROM rec WHERE kind=1 AND ver=1 LIMIT 2;
    UPDATE rec SET rh=(SELECT rh FROM t WHERE t.idx<>rec.idx), blob_id=(SELECT blob_id FROM t WHERE t.idx<>rec.idx)
    WHERE kind=1 AND ver=1 AND idx IN (SELECT idx FROM t);" "$either" "$rows" list
attack 'the newest version replaced by the older one' "
    UPDATE rec SET blob_id=(SELECT blob_id FROM rec r WHERE r.idx=rec.idx AND r.ver=1 AND r.kind=1),
        rh=(SELECT rh FROM rec r WHERE r.idx=rec.idx AND r.ver=1 AND r.kind=1) WHERE ver=2 AND kind=1;" \
    "$changed" "entry 'shop/a': $rows" get shop/a
attack 'the newest version deleted' "DELETE FROM rec WHERE ver=2;" "$orphans" "entry 'shop/a': $rows" get shop/a
attack 'the content of the newest version deleted' "
    DELETE FROM blob WHERE id=(SELECT blob_id FROM rec WHERE ver=2 AND kind=1);" \
    "$orphans" "the value of 'shop/a' is missing from the vault" get shop/a
attack 'the contents of all names deleted' "
    DELETE FROM blob WHERE id IN (SELECT blob_id FROM rec WHERE ver=0);" \
    "$orphans" "a record of scope 'prod' was changed" list prod
attack 'an entry deleted with its content' "
    DELETE FROM blob WHERE id IN (SELECT blob_id FROM rec WHERE scope_id=1);
    DELETE FROM rec WHERE scope_id=1; UPDATE scope SET nrows=0, root=zeroblob(32) WHERE scope_id=1;" \
    "$scopes" "$scopes" list
attack 'a scope deleted' "DELETE FROM rec WHERE scope_id=2; DELETE FROM scope WHERE scope_id=2;" \
    "$scopes" "$scopes" get prod/a
attack 'rows added' "
    INSERT INTO rec SELECT scope_id, randomblob(32), ver, kind, epoch, rh, blob_id FROM rec LIMIT 1;" \
    "$orphans" "$rows" list
attack 'a record moved to the other scope' "UPDATE rec SET scope_id=2 WHERE scope_id=1 AND ver=0;" \
    "$either" "the rows of scope 'prod' are not the signed ones" list prod
attack 'the epoch of rows' "UPDATE rec SET epoch=epoch+1 WHERE scope_id=1;" "a record has a wrong epoch"
attack 'a cheap KDF' "UPDATE slot SET kdf_ops=1, kdf_mem=8192 WHERE kind=1;" \
    "$slots" "$slots" --passphrase-file pass list
attack 'a KDF that eats all memory' "UPDATE slot SET kdf_mem=1099511627776 WHERE kind=1;" \
    "$slots" "$slots" --passphrase-file pass list
attack 'a slot deleted' "DELETE FROM slot WHERE kind=1;" "$slots" "$slots" list
attack 'another verify key' "UPDATE vault SET sign_pk=randomblob(32);" "$signature" "$signature" list
attack 'fewer demands on writers' "UPDATE vault SET min_writer=0;" "$first" "$first" list
attack 'the number of the state raised' "UPDATE state SET seq=seq+1;" \
    "the number of the vault's state was changed" "the number of the vault's state was changed" list
attack 'the signature changed' "UPDATE state SET sig=randomblob(64);" "$signature" "$signature" list
attack 'a line of the log deleted' "DELETE FROM audit WHERE seq=2;" 'the audit log was changed at or before row 2'
attack 'the end of the log cut off' "DELETE FROM audit WHERE seq=(SELECT max(seq) FROM audit);" \
    'the audit log was changed at or before row 6'
attack 'a line of the log rewritten' "UPDATE audit SET body=(SELECT body FROM audit WHERE seq=1) WHERE seq=2;" \
    'the audit log was changed at or before row 3'
attack 'the last line of the log rewritten' "
    UPDATE audit SET body=(SELECT body FROM audit WHERE seq=1) WHERE seq=(SELECT max(seq) FROM audit);" \
    'the audit log was changed at or before row 7'
attack 'a trigger' "CREATE TRIGGER t AFTER INSERT ON rec BEGIN DELETE FROM audit; END;" "$tables" "$tables" list
attack 'a view' "CREATE VIEW v AS SELECT * FROM rec;" "$tables" "$tables" list
attack 'an index' "CREATE INDEX i ON rec(rh);" "$tables" "$tables" list
attack 'another table' "CREATE TABLE extra(x);" "$tables" "$tables" list
attack 'a newer format' "PRAGMA user_version=2;" \
    "the vault's file says two formats" "the vault's file says two formats" list
attack 'not ours' "PRAGMA application_id=1;" "'$T/vault.db': this file is not a vault" \
    "'$T/vault.db': this file is not a vault" list
attack 'orphaned content' "INSERT INTO blob(ct) VALUES(zeroblob(400));" "$orphans"
attack 'an orphaned node' "INSERT INTO node VALUES(99, 0, 0, zeroblob(512));" "$orphans"

# A scope of many entries has a tree of nodes above its rows: rows and nodes of an older copy, which fit each other,
# do not fit the signed root.
cp good.db vault.db
for i in $(seq 40); do printf 'N%s=older\n' "$i"; done >many.env
run 0 "$SECRETSCTL" import many.env --scope many
cp vault.db older.db
cp vault.db other.db
printf other | XDG_STATE_HOME=$T/other run 0 "$SECRETSCTL" --vault other.db rotate many/n8
printf newer | run 0 "$SECRETSCTL" rotate many/n7
cp vault.db good.db
attack 'rows and nodes of an older copy' "
    ATTACH 'older.db' AS o;
    DELETE FROM rec; INSERT INTO rec SELECT * FROM o.rec;
    DELETE FROM blob; INSERT INTO blob SELECT * FROM o.blob;
    DELETE FROM node; INSERT INTO node SELECT * FROM o.node;" \
    "$orphans" "entry 'many/n7': the rows of scope 'many' are not the signed ones" get many/n7
attack 'nodes of an older copy' "
    ATTACH 'older.db' AS o; DELETE FROM node; INSERT INTO node SELECT * FROM o.node;" \
    "a node of a scope's hash tree was changed" \
    "entry 'many/n7': the rows of scope 'many' are not the signed ones" get many/n7
attack 'rows and nodes of another copy, as many' "
    ATTACH 'other.db' AS o;
    DELETE FROM rec; INSERT INTO rec SELECT * FROM o.rec;
    DELETE FROM blob; INSERT INTO blob SELECT * FROM o.blob;
    DELETE FROM node; INSERT INTO node SELECT * FROM o.node;" \
    "the rows of a scope are not the signed ones" \
    "entry 'many/n7': the rows of scope 'many' are not the signed ones" get many/n7
attack 'the content of a name of an older copy' "
    ATTACH 'older.db' AS o;
    UPDATE blob SET ct=(SELECT ct FROM o.blob was WHERE was.id=blob.id)
    WHERE id IN (SELECT blob_id FROM rec WHERE kind=3);" \
    "$changed" "entry 'many/n7': a record of scope 'many' was changed" get many/n7

# A writer does not launder: it verifies before it signs.
for sql in "DELETE FROM rec WHERE ver=2" "UPDATE rec SET rh=randomblob(32) WHERE scope_id=1" \
    "DELETE FROM slot WHERE kind=1" "UPDATE scope SET nrows=nrows+1"; do
    cp good.db vault.db
    sqlite3 vault.db "$sql"
    cp vault.db lie.db
    run 6 "$SECRETSCTL" add shop/z <<<z
    sqlite3 vault.db .dump | cmp - <(sqlite3 lie.db .dump) || fail "something was written over a lie: $sql"
done

# Nor one that writes a scope anew as a whole, or a tree that grows: 512 rows have nodes on one level.
launders_not() {
    sqlite3 vault.db "DELETE FROM rec WHERE idx=(SELECT idx FROM rec WHERE scope_id=$1 ORDER BY idx DESC LIMIT 1)"
    cp vault.db lie.db
    run 6 "$SECRETSCTL" "${@:3}"
    grep -xqE "secretsctl: (entry '[^']*': )?the rows of scope '$2' are not the signed ones" err || fail "$(cat err)"
    sqlite3 vault.db .dump | cmp - <(sqlite3 lie.db .dump) || fail "something was written over a lie: ${*:3}"
}
cp good.db vault.db
launders_not 1 shop rekey shop
cp good.db vault.db
launders_not 1 shop compact --keep 1
cp good.db vault.db
for i in $(seq 41 255); do printf 'N%s=older\n' "$i"; done >more.env
XDG_STATE_HOME=$T/grown run 0 "$SECRETSCTL" import more.env --scope many
printf 'X1=x\nX2=x\n' >last.env
launders_not "$(sqlite3 vault.db "SELECT scope_id FROM scope ORDER BY nrows DESC LIMIT 1")" many import last.env --scope many

cp good.db vault.db
run 0 "$SECRETSCTL" check --decrypt
run 0 "$SECRETSCTL" get shop/a
out_is newer
