//! Django.

use super::check;
use crate::Engine;

#[test]
fn values() {
    check(
        Engine::Django,
        r#"{{ a.b.0.c|default:"x|y"|date:'Y'|safe }}{{ _('x')|upper }}{{ 1.5 }}{{ a|add:b.c }}{{ True }}"#,
        r#"
         1: a.b.0.c | default("x|y") | date("Y") | safe in text
         1: "x" | upper in text
         1: # in text
         1: a | add(b.c) in text
         1: # in text
"#,
    );
    check(
        Engine::Django,
        r#"{{ a
}}{% if %}{# x #}{{ b }}{{ c"#,
        r#"
         2: b in text
"#,
    );
}

#[test]
fn names() {
    check(
        Engine::Django,
        r#"{% for k, v in d.items %}{{ k }}{{ forloop.counter }}{% empty %}{{ k }}{% endfor %}{% for x in a.b|slice:':2' reversed %}{% endfor %}"#,
        r#"
         k = key of d in 25..71 certain 25..71
         v = value of d in 25..71 certain 25..71
         x = element of (a.b | slice(":2")) in 121..121 certain 121..121
         1: k in text
         1: forloop.counter in text
         1: k in text
"#,
    );
    check(
        Engine::Django,
        r#"{% with a=b|lower c=d %}{{ a }}{% endwith %}{% with x.y as z %}{% endwith %}"#,
        r#"
         a = (b | lower) in 24..31 certain 24..31
         c = d in 24..31 certain 24..31
         z = x.y in 63..63 certain 63..63
         1: a in text
"#,
    );
    check(
        Engine::Django,
        r#"{% blocktrans with a=b count c=d|length %}{{ a }}{% plural %}{{ c }}{% endblocktrans %}{% blocktranslate asvar z %}{{ q }}{% endblocktranslate %}{{ z }}"#,
        r#"
         a = b in 42..68 certain 42..68
         c = (d | length) in 42..68 certain 42..68
         z = text "{{ q }}" in 122..152 certain 122..152
         1: a in text
         1: c in text
         1: q in text
         1: z in text
"#,
    );
    check(
        Engine::Django,
        r#"{% url 'x' a as u %}{% get_thing a b=c as t %}{% regroup l by x as r %}{{ r }}"#,
        r#"
         u = ?() in 20..78 certain 20..78
         t = ?(a, c) in 46..78 certain 46..78
         r = ?(l) in 71..78 certain 71..78
         1: r in text
"#,
    );
}

#[test]
fn written_tags() {
    check(
        Engine::Django,
        r#"{% firstof a b 'c' %}{% firstof a as z %}{% cycle a 'b' as c %}{% cycle a as d silent %}{% trans x %}{% trans 'y' as w %}"#,
        r#"
         z = <a> in 41..121 certain 41..121
         c = <a or "b"> in 63..121 certain 63..121
         d = <a> in 88..121 certain 88..121
         w = "y" in 121..121 certain 121..121
         1: <a or b or "c"> in text
         1: <a or "b"> in text
         1: x in text
"#,
    );
}

#[test]
fn files() {
    check(
        Engine::Django,
        r#"{% extends base %}{{ dead }}{% block a %}{{ x }}{% include 'f' with x=y z='a b' only %}{% endblock a %}{% include dead %}"#,
        r#"
         extends base
         block a "{{ x }}{% include 'f' with x=y z='a b' only %}" in text Inherit
         include "f" (x=y, z="a b") only in text Inherit
         1: x in text
"#,
    );
    check(
        Engine::Django,
        r#"{% autoescape off %}{{ a }}{% include x|add:'.html' %}{% autoescape on %}{{ b }}{% endautoescape %}{% endautoescape %}{{ c }}"#,
        r#"
         include (x | add(".html")) () in text Off
         1: a Off in text
         1: b On in text
         1: c in text
"#,
    );
}

#[test]
fn text() {
    check(
        Engine::Django,
        r#"{% verbatim x %}{{ a }}{% endverbatim %}{% endverbatim x %}{{ b }}{% comment 'n' %}{{ c }}<script>{% endcomment %}{{ d }}"#,
        r#"
         1: b in text
         1: d in text
"#,
    );
    check(
        Engine::Django,
        r#"{% filter force_escape|lower %}{{ a }}{% endfilter %}"#,
        r#"
         1: a then | force_escape | lower in text
"#,
    );
    check(
        Engine::Django,
        r#"{{ a|}}{{ |b }}{{ 'it''s' }}{% endif %}{% %}{% verbatim %}{{ x }}"#,
        r#"
         1: ?() in text
         1: ?() in text
         1: ?() in text
         fault the tag is not understood at 0..7
         fault the tag is not understood at 7..15
         fault the tag is not understood at 15..28
         fault nothing ends here at 28..39
         fault the tag is empty at 39..44
         fault `verbatim` or `comment` is not ended at 58..58
"#,
    );
}
