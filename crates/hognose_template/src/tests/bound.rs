//! What holds of every parse, whatever the text.

use proptest::prelude::*;

use crate::*;

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
