//! Where places stand: behind branches, in blocks and in files that are put in.

use super::check;
use crate::*;

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
