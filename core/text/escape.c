/* SPDX-License-Identifier: Apache-2.0
 *
 * Escapes byte by byte; see core/text/escape.h.
 */
#include "core/text/escape.h"

#include <stdbool.h>
#include <string.h>

#include "core/banned.h"

const char sc_lower_digits[] = "0123456789abcdef";
const char sc_upper_digits[] = "0123456789ABCDEF";

static size_t keep(unsigned char c, char *out)
{
    out[0] = (char)c;
    return 1;
}

size_t sc_escape_hex(unsigned char c, const char *prefix, const char *digits, char *out)
{
    size_t n = strlen(prefix);
    memcpy(out, prefix, n);
    out[n] = digits[c >> 4];
    out[n + 1] = digits[c & 15];
    return n + 2;
}

static size_t with_backslash(unsigned char c, char *out)
{
    out[0] = '\\';
    out[1] = (char)c;
    return 2;
}

static bool is_one_of(unsigned char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static bool is_alnum(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_unreserved(unsigned char c)
{
    return is_alnum(c) || is_one_of(c, "-._~");
}

static size_t escape_hex(unsigned char c, char *out)
{
    return sc_escape_hex(c, "", sc_lower_digits, out);
}

static size_t escape_hex_upper(unsigned char c, char *out)
{
    return sc_escape_hex(c, "", sc_upper_digits, out);
}

static size_t escape_hex_escaped(unsigned char c, char *out)
{
    return sc_escape_hex(c, "\\x", sc_lower_digits, out);
}

static size_t escape_url(unsigned char c, char *out)
{
    return is_unreserved(c) ? keep(c, out) : sc_escape_hex(c, "%", sc_upper_digits, out);
}

/* encodeURIComponent() of JavaScript. */
static size_t escape_url_component(unsigned char c, char *out)
{
    return is_unreserved(c) || is_one_of(c, "!*'()") ? keep(c, out)
                                                     : sc_escape_hex(c, "%", sc_upper_digits, out);
}

/* A path: quote() of Python, and most templates. */
static size_t escape_url_path(unsigned char c, char *out)
{
    return c == '/' ? keep(c, out) : escape_url(c, out);
}

static size_t escape_url_lower(unsigned char c, char *out)
{
    return is_unreserved(c) ? keep(c, out) : sc_escape_hex(c, "%", sc_lower_digits, out);
}

static size_t escape_url_reserved(unsigned char c, char *out)
{
    bool stays = is_unreserved(c) || is_one_of(c, "!'()*;/?:@&=+$,#[]");
    return stays ? keep(c, out) : sc_escape_hex(c, "%", sc_upper_digits, out);
}

static size_t escape_url_all(unsigned char c, char *out)
{
    return sc_escape_hex(c, "%", sc_upper_digits, out);
}

static size_t escape_form(unsigned char c, char *out)
{
    if (c == ' ')
        return keep('+', out);
    return is_alnum(c) || is_one_of(c, "-._*") ? keep(c, out)
                                               : sc_escape_hex(c, "%", sc_upper_digits, out);
}

/* A form by Go and Python, who go by the newer rules. */
static size_t escape_form_unreserved(unsigned char c, char *out)
{
    return c == ' ' ? keep('+', out) : escape_url(c, out);
}

size_t sc_escape_json(unsigned char c, char *out)
{
    static const char named[] = "\b\f\n\r\t";
    static const char letters[] = "bfnrt";
    if (c == '"' || c == '\\')
        return with_backslash(c, out);
    if (is_one_of(c, named))
        return with_backslash((unsigned char)letters[strchr(named, c) - named], out);
    return c < 0x20 ? sc_escape_hex(c, "\\u00", sc_lower_digits, out) : keep(c, out);
}

size_t sc_escape_json_slash(unsigned char c, char *out)
{
    return c == '/' ? with_backslash(c, out) : sc_escape_json(c, out);
}

/* As Go's encoder writes it. */
static size_t escape_json_html(unsigned char c, char *out)
{
    return is_one_of(c, "&<>") ? sc_escape_hex(c, "\\u00", sc_lower_digits, out)
                               : sc_escape_json(c, out);
}

/* .NET's writer, which takes no chances. */
size_t sc_escape_json_dotnet(unsigned char c, char *out)
{
    return is_one_of(c, "\"&'+<>`") ? sc_escape_hex(c, "\\u00", sc_upper_digits, out)
                                    : sc_escape_json(c, out);
}

/* JSON that stands in a string of JSON: logs of logs. */
static size_t escape_json_twice(unsigned char c, char *out)
{
    if (c == '"' || c == '\\') {
        memcpy(out, "\\\\\\", 3);
        return 3 + keep(c, out + 3);
    }
    return sc_escape_json(c, out);
}

static size_t escape_yaml_single(unsigned char c, char *out)
{
    memcpy(out, "''", 2);
    return c == '\'' ? 2 : keep(c, out);
}

static size_t escape_shell_single(unsigned char c, char *out)
{
    memcpy(out, "'\\''", 4);
    return c == '\'' ? 4 : keep(c, out);
}

/* The other way out of single quotes: shlex.quote() of Python. */
static size_t escape_shell_quoted(unsigned char c, char *out)
{
    memcpy(out, "'\"'\"'", 5);
    return c == '\'' ? 5 : keep(c, out);
}

static size_t escape_shell_double(unsigned char c, char *out)
{
    return is_one_of(c, "$`\"\\") ? with_backslash(c, out) : keep(c, out);
}

static size_t escape_shell_ansi(unsigned char c, char *out)
{
    if (c == '"')
        return keep(c, out);
    return c == '\'' ? with_backslash(c, out) : sc_escape_json(c, out);
}

static size_t escape_shell_bare(unsigned char c, char *out)
{
    bool stays = is_alnum(c) || c >= 0x80 || is_one_of(c, "-._/@%+=:,");
    return stays ? keep(c, out) : with_backslash(c, out);
}

/* A word of a Dockerfile. */
static size_t escape_docker_word(unsigned char c, char *out)
{
    return is_one_of(c, "$\"\\ ") ? with_backslash(c, out) : keep(c, out);
}

static size_t escape_dollar(unsigned char c, char *out)
{
    memcpy(out, "$$", 2);
    return c == '$' ? 2 : keep(c, out);
}

static size_t escape_dollar_json(unsigned char c, char *out)
{
    return c == '$' ? escape_dollar(c, out) : escape_json_html(c, out);
}

static size_t escape_dollar_json_plain(unsigned char c, char *out)
{
    return c == '$' ? escape_dollar(c, out) : sc_escape_json(c, out);
}

static size_t escape_dollar_yaml(unsigned char c, char *out)
{
    return c == '$' ? escape_dollar(c, out) : escape_yaml_single(c, out);
}

static size_t entity(const char *text, char *out)
{
    size_t n = strlen(text);
    memcpy(out, text, n);
    return n;
}

/* The characters of `which` as entities; "&apos;" is unknown to HTML, so quotes have several names.
 */
static size_t entities(unsigned char c, const char *which, const char *quote,
                       const char *apostrophe, char *out)
{
    if (!is_one_of(c, which))
        return keep(c, out);
    switch (c) {
    case '&':
        return entity("&amp;", out);
    case '<':
        return entity("&lt;", out);
    case '>':
        return entity("&gt;", out);
    case '"':
        return entity(quote, out);
    default:
        return entity(apostrophe, out);
    }
}

static size_t escape_xml(unsigned char c, char *out)
{
    return entities(c, "&<>\"'", "&quot;", "&apos;", out);
}

/* Text between tags, and values in double quotes. */
static size_t escape_xml_least(unsigned char c, char *out)
{
    return entities(c, "&<", "", "", out);
}

static size_t escape_xml_text(unsigned char c, char *out)
{
    return entities(c, "&<>", "", "", out);
}

static size_t escape_xml_attribute(unsigned char c, char *out)
{
    return entities(c, "&<>\"", "&quot;", "", out);
}

/* Python, Go and Jinja, PHP. */
static size_t escape_html_python(unsigned char c, char *out)
{
    return entities(c, "&<>\"'", "&quot;", "&#x27;", out);
}

static size_t escape_html_go(unsigned char c, char *out)
{
    return entities(c, "&<>\"'", "&#34;", "&#39;", out);
}

static size_t escape_html_php(unsigned char c, char *out)
{
    return entities(c, "&<>\"'", "&quot;", "&#039;", out);
}

static size_t escape_xml_decimal(unsigned char c, char *out)
{
    if (!is_one_of(c, "&<>\"'"))
        return keep(c, out);
    char text[] = {'&', '#', (char)('0' + c / 10), (char)('0' + c % 10), ';', '\0'};
    return entity(text, out);
}

static size_t escape_xml_hex(unsigned char c, char *out)
{
    if (!is_one_of(c, "&<>\"'"))
        return keep(c, out);
    size_t n = sc_escape_hex(c, "&#x", sc_lower_digits, out);
    out[n] = ';';
    return n + 1;
}

static const struct sc_escape escapes[] = {
    {SC_ENCODING_HEX, escape_hex},
    {SC_ENCODING_HEX_UPPER, escape_hex_upper},
    {SC_ENCODING_HEX_ESCAPED, escape_hex_escaped},
    {SC_ENCODING_URL, escape_url},
    {SC_ENCODING_URL_LOWER, escape_url_lower},
    {SC_ENCODING_URL_RESERVED, escape_url_reserved},
    {SC_ENCODING_URL_ALL, escape_url_all},
    {SC_ENCODING_FORM, escape_form},
    {SC_ENCODING_JSON, sc_escape_json},
    {SC_ENCODING_JSON_SLASH, sc_escape_json_slash},
    {SC_ENCODING_JSON_HTML, escape_json_html},
    {SC_ENCODING_YAML_SINGLE, escape_yaml_single},
    {SC_ENCODING_SHELL_SINGLE, escape_shell_single},
    {SC_ENCODING_SHELL_DOUBLE, escape_shell_double},
    {SC_ENCODING_SHELL_ANSI, escape_shell_ansi},
    {SC_ENCODING_SHELL_BARE, escape_shell_bare},
    {SC_ENCODING_DOLLAR, escape_dollar},
    {SC_ENCODING_DOLLAR_JSON, escape_dollar_json},
    {SC_ENCODING_XML, escape_xml},
    {SC_ENCODING_XML_DECIMAL, escape_xml_decimal},
    {SC_ENCODING_XML_HEX, escape_xml_hex},
    /* What other writers make of the same. */
    {SC_ENCODING_URL, escape_url_component},
    {SC_ENCODING_URL, escape_url_path},
    {SC_ENCODING_FORM, escape_form_unreserved},
    {SC_ENCODING_JSON_HTML, sc_escape_json_dotnet},
    {SC_ENCODING_JSON, escape_json_twice},
    {SC_ENCODING_SHELL_SINGLE, escape_shell_quoted},
    {SC_ENCODING_SHELL_BARE, escape_docker_word},
    {SC_ENCODING_DOLLAR_JSON, escape_dollar_json_plain},
    {SC_ENCODING_DOLLAR, escape_dollar_yaml},
    {SC_ENCODING_XML, escape_xml_least},
    {SC_ENCODING_XML, escape_xml_text},
    {SC_ENCODING_XML, escape_xml_attribute},
    {SC_ENCODING_XML, escape_html_python},
    {SC_ENCODING_XML, escape_html_go},
    {SC_ENCODING_XML, escape_html_php},
    {SC_ENCODING_MAX, NULL},
};

const struct sc_escape *sc_escapes(void)
{
    return escapes;
}
