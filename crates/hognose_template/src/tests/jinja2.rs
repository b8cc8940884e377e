//! Jinja2.

use super::check;
use crate::Engine;

#[test]
fn expressions() {
    check(
        Engine::Jinja2,
        r#"{{ a.b['c'].d[0][k](x, y=2) | default('x', true) | safe }}
{{ a ~ 'x' + b|upper }}"#,
        r#"
         1: a.b.c.d.0[k](x, y=#) | default("x", #) | safe in text
         2: (a ~ "x" ~ (b | upper)) in text
"#,
    );
    check(
        Engine::Jinja2,
        r#"{{ a if b else 'c' }}{{ a if b }}{{ a or b and not c }}{{ x is defined }}{{ x not in y }}"#,
        r#"
         1: <a or "c"> in text
         1: <a or #> in text
         1: <a or b or #> in text
         1: # in text
         1: # in text
"#,
    );
    check(
        Engine::Jinja2,
        r#"{{ [1, a][0] }}{{ {'a': b}.a }}{{ {'}}': '}}'} }}{{ (a, b) }}{{ a, b }}{{ a[1:b] }}{{ (a) }}"#,
        r#"
         1: [#, a].0 in text
         1: {"a": b}.a in text
         1: {"}}": "}}"} in text
         1: [a, b] in text
         1: [a, b] in text
         1: a[?()] in text
         1: a in text
"#,
    );
    check(
        Engine::Jinja2,
        r#"{{ -x|abs }}{{ a is divisibleby 3 or b }}{{ 'a' 'b\'\x41\q' }}{{ 'a' % x }}{{ 1.5 * 3 }}{{ a * b - c }}"#,
        r#"
         1: ?(x) | abs in text
         1: <# or b> in text
         1: "ab'A\\q" in text
         1: ?("a", x) in text
         1: # in text
         1: ?(a, b, c) in text
"#,
    );
    check(
        Engine::Jinja2,
        r#"{{ super() }}{{ self.x() }}{{ f(*a, **b) }}"#,
        r#"
         1: super() in text
         1: self.x() in text
         1: f(?(a), ?(b)) in text
"#,
    );
}

#[test]
fn loops() {
    check(
        Engine::Jinja2,
        r#"{% for x in xs if x.ok recursive %}{{ x }}{{ loop.index }}{% else %}{{ x }}{% endfor %}{{ x }}"#,
        r#"
         x = element of xs in 35..75 certain 35..75
         1: x in text
         1: loop.index in text
         1: x in text
         1: x in text
"#,
    );
    check(
        Engine::Jinja2,
        r#"{% for k, v in d.items() %}{{ k }}{% endfor %}{% for k, v in d|dictsort %}{% endfor %}"#,
        r#"
         k = key of d in 27..34 certain 27..34
         v = value of d in 27..34 certain 27..34
         k = key of d in 74..74 certain 74..74
         v = value of d in 74..74 certain 74..74
         1: k in text
"#,
    );
    check(
        Engine::Jinja2,
        r#"{% for (a, (b, c)) in x %}{% endfor %}{% for k in d.items() %}{% endfor %}{% for x in y if a else b %}{% endfor %}"#,
        r#"
         a = part 0 of element of x in 26..26 certain 26..26
         b = part 1 of element of x in 26..26 certain 26..26
         c = part 1 of element of x in 26..26 certain 26..26
         k = element of d.items() in 62..62 certain 62..62
         x = element of y in 102..102 certain 102..102
"#,
    );
}

#[test]
fn names() {
    check(
        Engine::Jinja2,
        r#"{% set x = a %}{% set a, b = p %}{% set c, d = 1, q %}{% set (e) = r %}{% set ns.x = y %}"#,
        r#"
         x = a in 15..89 certain 15..89
         a = part 0 of p in 33..89 certain 33..89
         b = part 1 of p in 33..89 certain 33..89
         c = # in 54..89 certain 54..89
         d = q in 54..89 certain 54..89
         e = r in 71..89 certain 71..89
         ns = {"x": y} in 89..89 certain 89..89
"#,
    );
    check(
        Engine::Jinja2,
        r#"{% set t | upper %}<b>{{ x }}{% endset %}{{ t }}"#,
        r#"
         t = text "<b>{{ x }}" in 29..48 certain 29..48
         1: x then | upper in text
         1: t in text
"#,
    );
    check(
        Engine::Jinja2,
        r#"{% if a %}{% set x = 1 %}{{ x }}{% elif b %}{% set x = b %}{% endif %}{{ x }}"#,
        r#"
         x = # in 25..77 certain 25..32
         x = b in 59..77 certain 59..59
         1: x in text
         1: x in text
"#,
    );
    check(
        Engine::Jinja2,
        r#"{% for y in z %}{% set x = y %}{% endfor %}{{ x }}{% with a=b, c=d %}{{ a }}{% endwith %}"#,
        r#"
         y = element of z in 16..31 certain 16..31
         x = y in 31..31 certain 31..31
         a = b in 69..76 certain 69..76
         c = d in 69..76 certain 69..76
         1: x in text
         1: a in text
"#,
    );
}

#[test]
fn macros() {
    check(
        Engine::Jinja2,
        r#"{% macro m(a, b='x') %}<p title="{{ a }}">{% endmacro %}<script>{{ m(q) }}{% call(u) m(1) %}{{ u }}{% endcall %}{{ x }}"#,
        r#"
         macro m(a, b="x") "<p title=\"{{ a }}\">"
         a = parameter 0 in 23..42 certain 23..42
         b = parameter 1 in 23..42 certain 23..42
         u = given in 92..99 certain 92..99
         1: a in title=" start
         1: m(q) in script
         1: m(#) in script
         1: u in text
         1: x in script
"#,
    );
    check(
        Engine::Jinja2,
        r#"{% import 'f.html' as f with context %}{% from 'g.html' import a as b, c without context %}{{ f.m(x) }}"#,
        r#"
         import "f.html" as "f" names []
         import "g.html" as "" names ["a as b", "c as c"]
         1: f.m(x) in text
"#,
    );
    check(
        Engine::Jinja2,
        r#"<a href="{% include ['x', y] ignore missing without context %}">{% include 'p/' ~ q ~ '.html' %}"#,
        r#"
         include ["x", y] () only in href=" start runs Inherit
         include ("p/" ~ q ~ ".html") () in text Inherit
"#,
    );
}

#[test]
fn inheritance() {
    check(
        Engine::Jinja2,
        r#"{% extends 'base.html' %}{{ dead }}{% block main scoped %}{{ a }}{% block inner %}{% endblock inner %}{% endblock %}{% include dead %}{% set x %}{{ q }}{% endset %}"#,
        r#"
         extends "base.html"
         block main "{{ a }}{% block inner %}{% endblock inner %}" in text Inherit
         block inner "" in text Inherit
         x = text "{{ q }}" in 152..164 certain 152..164
         1: a in text
         1: q in text
"#,
    );
    check(
        Engine::Jinja2,
        r#"{% if x %}{% extends 'base.html' %}{% endif %}{{ alive }}<script>{% block js %}{{ a }}{% endblock %}"#,
        r#"
         extends "base.html"
         block js "{{ a }}" in script Inherit
         1: alive in text
         1: a in script
"#,
    );
}

#[test]
fn escaping() {
    check(
        Engine::Jinja2,
        r#"{% autoescape false %}{{ a }}{% autoescape true %}{{ b }}{% endautoescape %}{{ c }}{% endautoescape %}{{ d }}{% autoescape x %}{{ e }}{% endautoescape %}"#,
        r#"
         1: a Off in text
         1: b On in text
         1: c Off in text
         1: d in text
         1: e in text
"#,
    );
    check(
        Engine::Jinja2,
        r#"{% filter upper|e %}{% filter trim %}{{ a }}{% endfilter %}{% endfilter %}{{ b }}"#,
        r#"
         1: a then | trim | upper | e in text
         1: b in text
"#,
    );
}

#[test]
fn other_tags() {
    check(
        Engine::Jinja2,
        r#"{% raw %}{{ a }}<script>{%- endraw -%}{{ b }}{# {{ c }} #}{{- d -}}"#,
        r#"
         1: b in script
         1: d in script
"#,
    );
    check(
        Engine::Jinja2,
        r#"{% trans a=b, c %}x {{ a }}{% pluralize %}{{ c }}{% endtrans %}{% do x.append(1) %}{% custom a b %}"#,
        r#"
         a = b in 18..49 certain 18..49
         1: a in text
         1: c in text
"#,
    );
}

#[test]
fn faults() {
    check(
        Engine::Jinja2,
        r#"{{ a"#,
        r#"
         fault the tag is not closed at 0..2
"#,
    );
    check(
        Engine::Jinja2,
        r#"{{ it's }}{{ b }}{{ a b }}{{}}{% %}{{ a.+ }}"#,
        r#"
         1: ?() in text
         1: b in text
         1: ?() in text
         1: ?() in text
         1: ?() in text
         fault the tag is not closed at 0..2
         fault the tag is not understood at 17..26
         fault the tag is not understood at 26..30
         fault the tag is not understood at 35..44
"#,
    );
    check(
        Engine::Jinja2,
        r#"{% if a %}{% for x in y %}{% endif %}{{ x }}{% endfor %}{% else %}"#,
        r#"
         x = element of y in 26..26 certain 26..26
         1: x in text
         fault something is not ended before this at 26..37
         fault nothing ends here at 44..56
         fault no branch can begin here at 56..66
"#,
    );
    check(
        Engine::Jinja2,
        r#"{# a"#,
        r#"
         fault the tag is not closed at 0..2
"#,
    );
    check(
        Engine::Jinja2,
        r#"{% raw %}{{ a }}<script>"#,
        r#"
         fault `raw` is not ended at 9..9
"#,
    );
}
