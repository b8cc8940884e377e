//! Mako.

use super::check;
use crate::Engine;

#[test]
fn values() {
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
fn lines() {
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
fn python() {
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
fn python_lines() {
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
fn tags() {
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
fn faults() {
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
