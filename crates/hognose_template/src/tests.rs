//! Templates in, readable text out.

use std::fmt::Write;

use super::*;
use proptest::prelude::*;

/// The parse as text, one line for each thing, in the order of the fields of [`Template`].
fn rendered(text: &str, template: &Template) -> String {
    let mut out = String::new();
    let at = |range: TextRange| format!("{}..{}", u32::from(range.start()), u32::from(range.end()));
    for extends in &template.extends {
        writeln!(out, "extends {}", expr(extends)).unwrap();
    }
    for import in &template.imports {
        let names: Vec<String> = import
            .names
            .iter()
            .map(|(name, alias)| format!("{name} as {alias}"))
            .collect();
        writeln!(
            out,
            "import {} as {:?} names {names:?}",
            expr(&import.template),
            import.alias.as_deref().unwrap_or("")
        )
        .unwrap();
    }
    for found in &template.macros {
        let parameters: Vec<String> = found
            .parameters
            .iter()
            .map(|(name, default)| {
                default
                    .as_ref()
                    .map_or_else(|| name.clone(), |value| format!("{name}={}", expr(value)))
            })
            .collect();
        writeln!(
            out,
            "macro {}({}) {:?}",
            found.name,
            parameters.join(", "),
            &text[found.body]
        )
        .unwrap();
    }
    for block in &template.blocks {
        writeln!(
            out,
            "block {} {:?} in {} {:?}",
            block.name, &text[block.body], block.context, block.autoescape
        )
        .unwrap();
    }
    for binding in &template.bindings {
        let value = match &binding.value {
            Bound::Is(value) => expr(value),
            Bound::Part(value, part) => format!("part {part} of {}", expr(value)),
            Bound::Element(value, None) => format!("element of {}", expr(value)),
            Bound::Element(value, Some(part)) => {
                format!("part {part} of element of {}", expr(value))
            }
            Bound::Key(value) => format!("key of {}", expr(value)),
            Bound::Value(value) => format!("value of {}", expr(value)),
            Bound::Text(range) => format!("text {:?}", &text[*range]),
            Bound::Parameter(index) => format!("parameter {index}"),
            Bound::Given => "given".to_owned(),
            Bound::Loop => continue,
        };
        writeln!(
            out,
            "{} = {value} in {} certain {}",
            binding.name,
            at(binding.scope),
            at(binding.certain)
        )
        .unwrap();
    }
    for include in &template.includes {
        let given: Vec<String> = include
            .bindings
            .iter()
            .map(|(name, value)| format!("{name}={}", expr(value)))
            .collect();
        let only = if include.only { " only" } else { "" };
        writeln!(
            out,
            "include {} ({}){only} in {} {:?}",
            expr(&include.template),
            given.join(", "),
            include.context,
            include.autoescape
        )
        .unwrap();
    }
    for hole in &template.holes {
        write!(
            out,
            "{}: {}{}",
            hole.line,
            expr(&hole.expression),
            filters(&hole.filters)
        )
        .unwrap();
        if !hole.outer_filters.is_empty() {
            write!(out, " then{}", filters(&hole.outer_filters)).unwrap();
        }
        if hole.autoescape != Autoescape::Inherit {
            write!(out, " {:?}", hole.autoescape).unwrap();
        }
        writeln!(out, " in {}", hole.context).unwrap();
    }
    for fault in &template.faults {
        writeln!(out, "fault {} at {}", fault.message, at(fault.range)).unwrap();
    }
    out
}

fn filters(filters: &[Filter]) -> String {
    filters
        .iter()
        .map(|filter| format!(" | {}{}", filter.name, arguments(&filter.arguments)))
        .collect()
}

fn arguments(arguments: &[Argument]) -> String {
    if arguments.is_empty() {
        return String::new();
    }
    let given: Vec<String> = arguments
        .iter()
        .map(|argument| match &argument.name {
            Some(name) => format!("{name}={}", expr(&argument.value)),
            None => expr(&argument.value),
        })
        .collect();
    format!("({})", given.join(", "))
}

fn expr(value: &Expr) -> String {
    let joined = |parts: &[Expr], separator: &str| {
        parts.iter().map(expr).collect::<Vec<_>>().join(separator)
    };
    match value {
        Expr::Name(name) => name.clone(),
        Expr::Attribute(value, name) => format!("{}.{name}", expr(value)),
        Expr::Item(value, key) => format!("{}[{}]", expr(value), expr(key)),
        Expr::Call(callee, given) if given.is_empty() => format!("{}()", expr(callee)),
        Expr::Call(callee, given) => format!("{}{}", expr(callee), arguments(given)),
        Expr::String(text) => format!("{text:?}"),
        Expr::Scalar => "#".to_owned(),
        Expr::Concat(parts) => format!("({})", joined(parts, " ~ ")),
        Expr::Either(parts) => format!("<{}>", joined(parts, " or ")),
        Expr::List(parts) => format!("[{}]", joined(parts, ", ")),
        Expr::Dict(items) => {
            let items: Vec<String> = items
                .iter()
                .map(|(key, value)| format!("{}: {}", expr(key), expr(value)))
                .collect();
            format!("{{{}}}", items.join(", "))
        }
        Expr::Filter(value, filter) => format!(
            "({} | {}{})",
            expr(value),
            filter.name,
            arguments(&filter.arguments)
        ),
        Expr::Unknown(parts) => format!("?({})", joined(parts, ", ")),
    }
}

#[track_caller]
fn check(engine: Engine, text: &str, expected: &str) {
    let found = rendered(text, &parse(text, engine));
    let expected: String = expected
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(
        found == expected,
        "{text}\n--- found\n{found}--- expected\n{expected}"
    );
}

#[test]
fn jinja2_expressions() {
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
fn jinja2_loops() {
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
fn jinja2_names() {
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
fn jinja2_macros() {
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
fn jinja2_inheritance() {
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
fn jinja2_escaping() {
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
fn jinja2_other_tags() {
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
fn branches_begin_alike() {
    check(
        Engine::Jinja2,
        r#"<a href="{% if a %}{{ a }}{% elif b %}{{ b }}{% else %}{{ c }}{% endif %}{{ d }}">"#,
        r#"
         1: a in href=" start runs
         1: b in href=" start runs
         1: c in href=" start runs
         1: d in href=" runs
"#,
    );
    check(
        Engine::Jinja2,
        r#"{% if a %}<p title='{% else %}<p alt="x" title='{% endif %}{{ x }}'>{{ y }}"#,
        r#"
         1: x in title=' start
         1: y in text
"#,
    );
    check(
        Engine::Jinja2,
        r#"{% if a %}<script>{% endif %}{{ x }}{% if a %}{% else %}</script>{% endif %}{{ y }}"#,
        r#"
         1: x in script
         1: y in text
"#,
    );
}

#[test]
fn jinja2_faults() {
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

#[test]
fn django_values() {
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
fn django_names() {
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
fn django_written_tags() {
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
fn django_files() {
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
fn django_text() {
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

#[test]
fn mako_values() {
    check(
        Engine::Mako,
        r#"<%page expression_filter="h"/>
${a}${b | n}${c | n, trim}${d['x'] | u,x}${ {'a': '}'}['a'] }${f(x|y)}"#,
        r#"
         2: a | h in text
         2: b Off in text
         2: c | trim Off in text
         2: d.x | h | u | x in text
         2: {"a": "}"}.a | h in text
         2: f(?(x, y)) | h in text
"#,
    );
    check(
        Engine::Mako,
        r#"${f"a{x!r:>{w}}b{{" + u'c' 'd'}${[f(x) for x in y if z]}${lambda a: a}${a if b else c}${'''}'''}${not x}${a
+ b}"#,
        r#"
         1: ("a" ~ x ~ "b{" ~ "cd") in text
         1: [?(y)] in text
         1: ?() in text
         1: <a or c> in text
         1: "}" in text
         1: # in text
         1: (a ~ b) in text
"#,
    );
}

#[test]
fn mako_lines() {
    check(
        Engine::Mako,
        r#"% for a, b in c.items():
<a href='${a}'>
  % if x:
${b}
% else:
% endif
% endfor
%% x
## ${no}
${a}"#,
        r#"
         a = key of c in 25..99 certain 25..73
         b = value of c in 25..99 certain 25..73
         2: a in href=' start runs
         4: b in text
         10: a in text
"#,
    );
    check(
        Engine::Mako,
        r#"% if a: \
 b
${c} % d
% endif"#,
        r#"
         3: c in text
"#,
    );
}

#[test]
fn mako_python() {
    check(
        Engine::Mako,
        r#"<%! import os, a.b as c
from x import (y, z as w) %><%
  x = a
  if b:
    x = c
  y, z = p, q
  x += d
  def f(t):
    u = t
  for k in m:
    n = k
  context.write(x)
  # 'comment
%>${x}${u}"#,
        r#"
         os = ?() in 23..192 certain 23..192
         c = ?() in 23..192 certain 23..192
         y = ?() in 49..192 certain 49..192
         w = ?() in 49..192 certain 49..192
         x = a in 62..192 certain 62..192
         x = c in 80..192 certain 80..80
         y = p in 94..192 certain 94..192
         z = q in 94..192 certain 94..192
         x = (x ~ d) in 103..192 certain 103..192
         f = ?() in 115..192 certain 115..192
         k = element of m in 138..192 certain 138..192
         n = k in 149..192 certain 149..149
         12: x Off in text
         14: x in text
         14: u in text
"#,
    );
}

#[test]
fn mako_python_lines() {
    check(
        Engine::Mako,
        r#"<% x = a; y = b
   z = c
   if d: u = e; v = f
   def g(): h = i
   class j:
      k = l
   m = n %>"#,
        r#"
         x = a in 8..100 certain 8..100
         y = b in 15..100 certain 15..100
         z = c in 24..100 certain 24..100
         u = e in 39..100 certain 39..39
         v = f in 46..100 certain 46..46
         g = ?() in 64..100 certain 64..100
         j = ?() in 76..100 certain 76..100
         m = n in 97..100 certain 97..100
"#,
    );
}

#[test]
fn mako_tags() {
    check(
        Engine::Mako,
        r#"<%inherit file="base.html"/><%namespace name="ns" file="f.html" import="a, b"/><%include file="${x}.html" args="a=b, c=1"/>${alive}"#,
        r#"
         extends "base.html"
         import "f.html" as "ns" names ["a as a", "b as b"]
         include (x ~ ".html") (a=b, c=#) in text Inherit
         1: alive in text
"#,
    );
    check(
        Engine::Mako,
        r#"<%def name="f(a, b=1)" filter="h"><p>${a}</%def><script><%block name="s">${q}</%block><%block filter='trim'>${r}</%block>"#,
        r#"
         macro f(a, b=#) "<p>${a}"
         block s "${q}" in script Inherit
         a = parameter 0 in 34..41 certain 34..41
         b = parameter 1 in 34..41 certain 34..41
         1: a then | h in text
         1: q in script
         1: r then | trim in script
"#,
    );
    check(
        Engine::Mako,
        r#"<%call expr="f(x)" args="u">${u}</%call><%ns:g a="${v}" b="c${d}e"/><%self:g>${w}</%self:g>"#,
        r#"
         u = given in 28..32 certain 28..32
         1: f(x) Off in text
         1: u in text
         1: ns.g(a=v, b=("c" ~ d ~ "e")) Off in text
         1: self.g() Off in text
         1: w in text
"#,
    );
    check(
        Engine::Mako,
        r#"<%doc>${a}</%doc><%text>${b}<script></%text>${c}<%% ${d}"#,
        r#"
         1: c in script
         1: d in script
"#,
    );
}

#[test]
fn mako_faults() {
    check(
        Engine::Mako,
        r#"${a"#,
        r#"
         fault the expression is not closed at 0..2
"#,
    );
    check(
        Engine::Mako,
        r#"</%def><%foo/><%def name='x'"#,
        r#"
         fault nothing ends here at 0..7
         fault the tag is not understood at 7..14
         fault the tag is not closed at 14..19
"#,
    );
    check(
        Engine::Mako,
        r#"% foo
% endif
"#,
        r#"
         fault the line is not understood at 1..6
         fault nothing ends here at 7..14
"#,
    );
    check(
        Engine::Mako,
        r#"<% a"#,
        r#"
         fault the code is not closed at 0..2
"#,
    );
    check(
        Engine::Mako,
        r#"<%doc>${a}"#,
        r#"
         fault the tag is not ended at 0..6
"#,
    );
}

#[test]
fn blocks_begin_where_the_base_has_them() {
    let base = parse(
        "<script>{% block js %}{% endblock %}</script>",
        Engine::Jinja2,
    );
    let surroundings = Surroundings {
        context: HtmlContext::Text,
        blocks: base
            .blocks
            .iter()
            .map(|block| (block.name.clone(), block.context.clone()))
            .collect(),
    };
    let text =
        "{% extends 'b' %}{% block js %}'{{ a }}'{% endblock %}{% block x %}{{ b }}{% endblock %}";
    let child = parse_in(text, Engine::Jinja2, &surroundings);
    let contexts: Vec<_> = child
        .holes
        .iter()
        .map(|hole| hole.context.to_string())
        .collect();
    assert_eq!(contexts, ["script in '", "text"]);
}

#[test]
fn included_files_begin_where_they_are_put() {
    let surroundings = Surroundings {
        context: html_context("<a href='", HtmlContext::Text),
        ..Surroundings::default()
    };
    let included = parse_in("{{ a }}'>{{ b }}", Engine::Django, &surroundings);
    let contexts: Vec<_> = included
        .holes
        .iter()
        .map(|hole| hole.context.to_string())
        .collect();
    assert_eq!(contexts, ["href=' start runs", "text"]);
}

/// What the name of the last hole may mean.
fn meanings(text: &str) -> String {
    let template = parse(text, Engine::Jinja2);
    let hole = template.holes.last().unwrap();
    let Expr::Name(name) = &hole.expression else {
        panic!("{text}")
    };
    let found = template.bindings_of(name, hole.range.start());
    let found: Vec<String> = found
        .iter()
        .map(|binding| match &binding.value {
            Bound::Is(value) => expr(value),
            other => format!("{other:?}"),
        })
        .collect();
    found.join(", ")
}

#[test]
fn names_mean_what_was_bound_last() {
    assert_eq!(meanings("{{ x }}{% set x = a %}"), "");
    assert_eq!(meanings("{% set x = a %}{{ x }}"), "a");
    assert_eq!(meanings("{% set x = a %}{% set x = b %}{{ x }}"), "b");
    assert_eq!(
        meanings("{% set x = a %}{% if c %}{% set x = b %}{% endif %}{{ x }}"),
        "b, a"
    );
    assert_eq!(
        meanings("{% set x = a %}{% if c %}{% set x = b %}{{ x }}{% endif %}"),
        "b"
    );
    assert_eq!(
        meanings("{% set x = a %}{% if c %}{% set x = b %}{% else %}{{ x }}{% endif %}"),
        "b, a"
    );
    assert_eq!(
        meanings("{% set x = a %}{% for y in z %}{% set x = b %}{% endfor %}{{ x }}"),
        "a"
    );
    assert_eq!(
        meanings("{% set n = a %}{% for y in z %}{% set n.x = b %}{% endfor %}{{ n }}"),
        "{\"x\": b}, a"
    );
    assert_eq!(
        meanings("{% with x=a %}{% with x=b %}{% endwith %}{{ x }}{% endwith %}"),
        "a"
    );
    assert_eq!(
        meanings("{% set x = a %}{% macro m(x=b) %}{{ x }}{% endmacro %}"),
        "Parameter(0)"
    );
}

#[test]
fn a_name_in_its_own_value_is_the_one_before() {
    let template = parse(
        "{% set x = a %}{% set x = x|upper %}{{ x }}",
        Engine::Jinja2,
    );
    let last = template.bindings.last().unwrap();
    let before = template.bindings_of("x", last.range.start());
    assert_eq!(before.len(), 1);
    assert_eq!(before[0].value, Bound::Is(Expr::Name("a".to_owned())));
}

#[test]
fn what_stands_around_a_place() {
    let template = parse(
        "{% block a %}{% block b %}x{% endblock %}{% macro m() %}y{% endmacro %}{% endblock %}",
        Engine::Jinja2,
    );
    let block = |at: u32| {
        template
            .block_at(at.into())
            .map(|block| block.name.as_str())
    };
    assert_eq!(block(0), None);
    assert_eq!(block(13), Some("a"));
    assert_eq!(block(26), Some("b"));
    let inside = "{% block a %}{% block b %}x{% endblock %}{% macro m() %}".len();
    assert_eq!(
        template
            .macro_at(TextSize::new(inside.try_into().unwrap()))
            .map(|found| found.name.as_str()),
        Some("m")
    );
    assert_eq!(template.macro_at(26.into()), None);
}

#[test]
fn effects_of_filters() {
    use FilterEffect::*;
    for (engine, name, expected) in [
        (Engine::Jinja2, "safe", Some(MarksSafe)),
        (Engine::Jinja2, "e", Some(EscapesHtml)),
        (Engine::Jinja2, "tojson", Some(EscapesScript)),
        (Engine::Jinja2, "int", Some(Harmless)),
        (Engine::Jinja2, "striptags", Some(PassesOn)),
        (Engine::Jinja2, "escapejs", None),
        (Engine::Django, "escapejs", Some(EscapesScript)),
        (Engine::Django, "force_escape", Some(EscapesHtml)),
        (Engine::Django, "date", Some(Harmless)),
        (Engine::Django, "urlencode", Some(UrlEncodes)),
        (Engine::Django, "linebreaks", Some(PassesOn)),
        (Engine::Django, "tojson", None),
        (Engine::Mako, "h", Some(EscapesHtml)),
        (Engine::Mako, "decode.utf8", Some(PassesOn)),
        (Engine::Mako, "safe", None),
    ] {
        assert_eq!(effect(engine, name), expected, "{name}");
    }
}

const ENGINES: [Engine; 3] = [Engine::Jinja2, Engine::Django, Engine::Mako];

/// What holds of every parse.
fn check_bounds(text: &str, template: &Template) {
    let is_inside = |range: TextRange| text.get(std::ops::Range::<usize>::from(range)).is_some();
    let mut ranges: Vec<TextRange> = Vec::new();
    ranges.extend(template.holes.iter().map(|hole| hole.range));
    ranges.extend(template.includes.iter().map(|include| include.range));
    ranges.extend(template.imports.iter().map(|import| import.range));
    ranges.extend(template.macros.iter().map(|found| found.body));
    ranges.extend(template.blocks.iter().map(|block| block.body));
    ranges.extend(template.faults.iter().map(|fault| fault.range));
    for binding in &template.bindings {
        ranges.extend([binding.range, binding.scope, binding.certain]);
        assert!(binding.scope.contains_range(binding.certain), "{binding:?}");
        if let Bound::Text(range) = binding.value {
            ranges.push(range);
        }
    }
    for range in ranges {
        assert!(is_inside(range), "{range:?} in {text:?}");
    }
    assert!(template.holes.is_sorted_by_key(|hole| hole.range.start()));
    assert!(
        template
            .bindings
            .is_sorted_by_key(|binding| binding.scope.start())
    );
    for hole in &template.holes {
        let line = text[..usize::from(hole.range.start())]
            .matches('\n')
            .count()
            + 1;
        assert_eq!(hole.line as usize, line);
        assert!(hole.expression.depth() <= MAX_DEPTH);
    }
    let values = template
        .bindings
        .iter()
        .filter_map(|binding| match &binding.value {
            Bound::Is(value)
            | Bound::Part(value, _)
            | Bound::Element(value, _)
            | Bound::Key(value)
            | Bound::Value(value) => Some(value),
            _ => None,
        });
    for value in values
        .chain(&template.extends)
        .chain(template.includes.iter().map(|include| &include.template))
    {
        assert!(value.depth() <= MAX_DEPTH, "{text:?}");
    }
    assert!(template.faults.len() <= MAX_FAULTS + 8);
}

#[test]
fn deep_and_long_texts_are_bounded() {
    let n = 20_000;
    for text in [
        format!("{{{{ {} }}}}", "(".repeat(n)),
        format!("{{{{ {}x{} }}}}", "(".repeat(n), ")".repeat(n)),
        format!("{{{{ x{} }}}}", ".a".repeat(n)),
        format!("{{{{ x{} }}}}", "|a".repeat(n)),
        format!("{{{{ x{} }}}}", " ~ x".repeat(n)),
        format!("{{{{ {}x }}}}", "not ".repeat(n)),
        format!("{{{{ {}x }}}}", "-".repeat(n)),
        format!("{{{{ x{} }}}}", " if x else x".repeat(n)),
        format!("{{{{ x{} }}}}", " or x".repeat(n)),
        format!("{{{{ x{} }}}}", "[x".repeat(n)),
        format!("{{{{ x{} }}}}", "~x-x".repeat(n)),
        format!("{{{{ x{} }}}}", "*x+x".repeat(n)),
        format!(
            "{{{{ {} }}}}",
            "[x.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a".repeat(n / 20)
        ),
        "{{".repeat(n),
        "{{'".repeat(n),
        "{%".repeat(n),
        "{#".repeat(n),
        "{% if x %}".repeat(n),
        "{% for x in y %}{% if x %}".repeat(n),
        "{% raw %}".repeat(n),
        "{% set x %}".repeat(n),
        format!("${{{}}}", "(".repeat(n)),
        format!("${{{}x{}}}", "f'{".repeat(n), "}'".repeat(n)),
        format!("${{{}}}", "lambda: ".repeat(n)),
        "${".repeat(n),
        "<%".repeat(n),
        "<% '".repeat(n),
        "<%def name='f()'>".repeat(n),
        "</%def".repeat(n),
        "<%text>".repeat(n),
        "% if x:\n".repeat(n),
        "% if x: \\\n".repeat(n),
    ] {
        for engine in ENGINES {
            check_bounds(&text, &parse(&text, engine));
        }
    }
}

fn near_a_template() -> impl Strategy<Value = String> {
    let words = vec![
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "-",
        "${",
        "}",
        "{",
        "<%",
        "%>",
        "</%",
        "/>",
        ">",
        "<",
        "\n",
        "\n%",
        "\n##",
        "\\",
        " ",
        "if ",
        "endif",
        "for ",
        "x",
        " in ",
        "y",
        "endfor",
        "set ",
        "endset",
        "x.y",
        "=",
        ",",
        "(",
        ")",
        "[",
        "]",
        "'",
        "\"",
        "'a'",
        "|",
        "~",
        "+",
        " as ",
        "macro m(x)",
        "endmacro",
        "block b",
        "endblock",
        "extends 'f'",
        "include 'f'",
        "with ",
        "endwith",
        "autoescape ",
        "off",
        "raw",
        "endraw",
        "verbatim",
        "endverbatim",
        "comment",
        "endcomment",
        "else",
        "elif ",
        "filter ",
        "endfilter",
        "def name='f(x)'",
        "def",
        "block",
        "call expr='x'",
        "page expression_filter='h'",
        "<p title=\"",
        "<script>",
        "</script>",
        "ä",
        "\u{2028}",
        "\0",
        ":",
        "f'{x}'",
        "{% if x %}",
        "{% endif %}",
        "{% for x in y %}",
        "{% endfor %}",
        "{% set x = y %}",
        "{% set x %}",
        "{% endset %}",
        "{% else %}",
        "{{ x }}",
        "${x}",
        "% for x in y:\n",
        "% endfor\n",
        "<% x = y %>",
        "<%def name='f(x)'>",
        "</%def>",
        "1",
        "0.5",
        "not ",
        "is ",
        "lambda ",
        "{% block b %}",
        "{% endblock %}",
    ];
    prop::collection::vec(prop::sample::select(words), 0..40).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn any_text_is_read(text in "\\PC*") {
        for engine in ENGINES {
            check_bounds(&text, &parse(&text, engine));
        }
    }

    #[test]
    fn any_text_near_a_template_is_read(text in near_a_template()) {
        for engine in ENGINES {
            check_bounds(&text, &parse(&text, engine));
        }
    }

    #[test]
    fn every_value_stays_where_it_is_when_text_follows(text in near_a_template()) {
        // What is behind a whole template changes nothing of what is in it.
        for engine in ENGINES {
            let alone = parse(&text, engine);
            if alone.faults.is_empty() {
                let followed = parse(&format!("{text}\nmore"), engine);
                prop_assert_eq!(&alone.holes, &followed.holes);
            }
        }
    }
}

#[test]
fn copies_are_bounded() {
    let n = 3_000;
    let elements = vec!["x"; n].join(", ");
    for text in [
        format!("{{% for {elements} in [{elements}] %}}"),
        format!("{{% set {elements} = f({elements}) %}}"),
        format!(
            "{{% filter {} %}}{}",
            vec!["x"; n].join("|"),
            "{{ x }}".repeat(n)
        ),
        format!("{}{}", "{% filter x|x %}".repeat(150), "{{ x }}".repeat(n)),
        format!(
            "<%page expression_filter='{elements}'/>{}",
            "${x}".repeat(n)
        ),
        format!("<% {} = f({elements}) %>", vec!["x"; n].join(" = ")),
        format!("<%def name='f()' filter='{elements}'>{}", "${x}".repeat(n)),
    ] {
        for engine in ENGINES {
            let template = parse(&text, engine);
            check_bounds(&text, &template);
            assert!(template.bindings.len() <= reader::MAX_COPIES * reader::MAX_COPIES);
            for hole in &template.holes {
                assert!(hole.filters.len() + hole.outer_filters.len() <= 2 * reader::MAX_COPIES);
            }
        }
    }
}
