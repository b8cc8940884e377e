//! What names mean.

use super::expr;
use crate::*;

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
