/* SPDX-License-Identifier: Apache-2.0
 *
 * Which lines a plan changes, as JSON: for each run of lines of the old file, how many go and how
 * many come. Whoever puts the new lines in their places has the new file; all others stay.
 */
#include "cli/compose/rewrite.h"

#include "core/banned.h"

/* One run: lines `first` to before `last` (from 0) go, `added` come. */
struct run {
    size_t first, last;
    long added;
};

static size_t count_lines(const unsigned char *text, size_t from, size_t to)
{
    size_t count = 0;
    for (size_t i = from; i < to; i++)
        count += text[i] == '\n';
    return count;
}

/* The line behind the last one that the splice touches; new lines between two touch neither. */
static size_t behind(const struct sc_plan_file *file, const struct sc_splice *s, size_t line)
{
    const unsigned char *text = file->before.ptr;
    bool fresh = s->start == 0 || text[s->start - 1] == '\n';
    bool whole = s->len == 0 || s->text[s->len - 1] == '\n';
    bool ends = s->end == file->before.len || (s->end > 0 && text[s->end - 1] == '\n');
    size_t lines = count_lines(text, s->start, s->end);
    return line + lines + (fresh && whole && (ends || s->start == s->end) ? 0 : 1);
}

static void put(struct sc_json *json, const struct sc_plan_file *file, const struct run *run)
{
    sc_json_object_begin(json);
    sc_json_pair_string(json, "file", file->display);
    sc_json_pair_int(json, "line", (int64_t)run->first + 1);
    sc_json_pair_int(json, "removed", (int64_t)(run->last - run->first));
    sc_json_pair_int(json, "added", run->added);
    sc_json_object_end(json);
}

static void file_changes(struct sc_json *json, const struct sc_plan_file *file)
{
    struct run run = {0};
    bool open = false;
    size_t line = 0, at = 0;
    for (size_t i = 0; i < file->splices.count; i++) {
        const struct sc_splice *s = &file->splices.items[i];
        line += count_lines(file->before.ptr, at, s->start);
        at = s->start;
        size_t last = behind(file, s, line);
        long more = (long)count_lines((const unsigned char *)s->text, 0, s->len) -
                    (long)count_lines(file->before.ptr, s->start, s->end);
        if (open && line > run.last) {
            put(json, file, &run);
            open = false;
        }
        if (!open)
            run = (struct run){.first = line, .last = line};
        open = true;
        run.added += more + (long)(SC_MAX(last, run.last) - run.last);
        run.last = SC_MAX(last, run.last);
    }
    if (open)
        put(json, file, &run);
}

void sc_rewrite_changes(struct sc_json *json, const struct sc_plan *plan)
{
    sc_json_key(json, "changes");
    sc_json_array_begin(json);
    for (size_t i = 0; i < plan->file_count; i++) {
        if (plan->files[i].changed)
            file_changes(json, &plan->files[i]);
    }
    sc_json_array_end(json);
}
