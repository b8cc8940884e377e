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

fn show(engine: Engine, text: &str) {
    println!("=== {text}\n{}", rendered(text, &parse(text, engine)));
}

#[test]
fn explore() {
    for text in [
        "{{ a.b['c'].d[0][k](x, y=2) | default('x', true) | safe }}\n<a href=\"{{- url -}}\">{{ a ~ 'x' + b|upper }}",
        "{{ a if b else 'c' }}{{ a or b and not c }}{{ x is defined }}{{ x in y }}{{ [1, a][0] }}{{ {'a': b}.a }}{{ {'}}': '}}'} }}",
        "{{ (a, b) }}{{ a, b }}{{ a[1:b] }}{{ -x|abs }}{{ a is divisibleby 3 or b }}{{ 'a' 'b' }}{{ 'a' % x }}{{ 1.5 * 3 }}",
        "{% for x in xs if x.ok recursive %}{{ x }}{{ loop.index }}{% else %}{{ x }}{% endfor %}{{ x }}",
        "{% for k, v in d.items() %}{{ k }}{% endfor %}{% for k, v in d|dictsort %}{% endfor %}{% for (a, (b, c)) in x %}{% endfor %}{% for k in d.items() %}{% endfor %}",
        "{% set x = a %}{% set a, b = p %}{% set c, d = 1, q %}{% set ns.x = y %}{% set t | upper %}<b>{{ x }}{% endset %}{{ t }}",
        "{% if a %}{% set x = 1 %}{{ x }}{% elif b %}{% set x = b %}{% endif %}{{ x }}",
        "{% with a=b, c=d %}{{ a }}{% endwith %}",
        "{% macro m(a, b='x') %}<p title=\"{{ a }}\">{% endmacro %}<script>{{ m(q) }}{% call(u) m(1) %}{{ u }}{% endcall %}",
        "{% import 'f.html' as f with context %}{% from 'g.html' import a as b, c without context %}{% include ['x', y] ignore missing without context %}",
        "{% extends 'base.html' %}{{ dead }}{% block main scoped %}{{ a }}{% block inner %}{% endblock inner %}{% endblock %}{% set x %}{{ q }}{% endset %}",
        "{% autoescape false %}{{ a }}{% endautoescape %}{{ b }}{% filter upper|e %}{{ c }}{% endfilter %}",
        "{% raw %}{{ a }}<script>{%- endraw -%}{{ b }}{# {{ c }} #}",
        "{% trans a=b, c %}x {{ a }}{% pluralize %}{{ c }}{% endtrans %}{% do x.append(1) %}{% custom a b %}",
        "<a href=\"{% if a %}{{ a }}{% else %}{{ b }}{% endif %}{{ c }}\">",
        "{% if a %}<p title='{% else %}<p alt=\"x\" title='{% endif %}{{ x }}'>",
        "{{ a",
        "{{ it's }}{{ b }}{{ a b }}{% endfor %}{% if a %}{% for x in y %}{% endif %}{{ x }}{{}}{% %}{{ a.+ }}",
        "{{ super() }}{{ self.x() }}{{ caller() }}",
    ] {
        show(Engine::Jinja2, text);
    }
    for text in [
        "{{ a.b.0.c|default:\"x|y\"|date:'Y'|safe }}{{ 'it''s' }}{{ _('x')|upper }}{{ 1.5 }}{{ a|add:b.c }}",
        "{{ a\n}}{% if %}{# x #}{{ b }}{{ c",
        "{% for k, v in d.items %}{{ k }}{{ forloop.counter }}{% empty %}{{ k }}{% endfor %}{% for x in a.b|slice:':2' reversed %}{% endfor %}",
        "{% with a=b|lower c=d %}{{ a }}{% endwith %}{% with x.y as z %}{% endwith %}",
        "{% extends base %}{{ dead }}{% block a %}{{ x }}{% include 'f' with x=y z='a b' only %}{% endblock a %}{% include dead %}",
        "{% autoescape off %}{{ a }}{% include 'x' %}{% autoescape on %}{{ b }}{% endautoescape %}{% endautoescape %}{{ c }}",
        "{% verbatim x %}{{ a }}{% endverbatim %}{% endverbatim x %}{{ b }}{% comment 'n' %}{{ c }}<script>{% endcomment %}{{ d }}",
        "{% blocktrans with a=b count c=d|length %}{{ a }}{% plural %}{{ c }}{% endblocktrans %}{% blocktranslate asvar z %}{{ q }}{% endblocktranslate %}{{ z }}",
        "{% firstof a b 'c' %}{% firstof a as z %}{% cycle a 'b' as c %}{% cycle a as d silent %}{% trans x %}{% trans 'y' as w %}{% url 'x' a as u %}{% get_thing a b=c as t %}{% regroup l by x as r %}",
        "{% filter force_escape|lower %}{{ a }}{% endfilter %}{{ a|}}{{ |b }}{% else %}{% endif %}",
    ] {
        show(Engine::Django, text);
    }
    for text in [
        "<%page expression_filter=\"h\"/>\n${a}${b | n}${c | n, trim}${d['x'] | u,x}${ {'a': '}'}['a'] }${f(x|y)}",
        "% for a, b in c.items():\n<a href='${a}'>\n  % if x:\n${b}\n% else:\n% endif\n% endfor\n%% x\n## ${no}\n${a}",
        "<%! import os, a.b as c\nfrom x import (y, z as w) %><%\n  x = a\n  if b:\n    x = c\n  y, z = p, q\n  x += d\n  def f(t):\n    u = t\n  for k in m:\n    n = k\n  context.write(x)\n  # 'comment\n%>${x}${u}",
        "<%inherit file=\"base.html\"/><%namespace name=\"ns\" file=\"f.html\" import=\"a, b\"/><%include file=\"${x}.html\" args=\"a=b, c=1\"/>",
        "<%def name=\"f(a, b=1)\" filter=\"h\"><p>${a}</%def><script><%block name=\"s\">${q}</%block><%block filter='trim'>${r}</%block>",
        "<%call expr=\"f(x)\" args=\"u\">${u}</%call><%ns:g a=\"${v}\" b=\"c${d}e\"/><%self:g>${w}</%self:g>",
        "<%doc>${a}</%doc><%text>${b}<script></%text>${c}<%% ${d}",
        "${f\"a{x!r:>{w}}b{{\" + u'c' 'd'}${[f(x) for x in y if z]}${lambda a: a}${a if b else c}${'''}'''}${not x}",
        "${a\n+ b}${a",
        "</%def><%foo/><%def name='x'",
        "% foo\n% endif\n% if a: \\\n b\n${c}",
    ] {
        show(Engine::Mako, text);
    }
}
