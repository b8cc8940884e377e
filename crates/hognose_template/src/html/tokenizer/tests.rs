//! Pages in, contexts out.

use std::fmt;

use proptest::prelude::*;

use super::*;
use crate::html_context;

/// The context at each `§`, which is a hole.
fn contexts(text: &str) -> String {
    let mut tokenizer = HtmlTokenizer::default();
    let mut found = Vec::new();
    let mut pieces = text.split('§').peekable();
    while let Some(piece) = pieces.next() {
        tokenizer.feed(piece);
        if pieces.peek().is_some() {
            found.push(tokenizer.context().to_string());
            tokenizer.hole();
        }
    }
    found.join(", ")
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(contexts(text), expected, "{text}");
}

#[test]
fn text_and_comments() {
    check("§<p>§</p>§", "text, text, text");
    check("a < § b <3 §", "text, text");
    check("<!-- § -->§", "comment, text");
    check("<!-->§<!--->§<!-- a --!>§", "text, text, text");
    check(
        "<!-- a > § -- > § -§->§",
        "comment, comment, comment, comment",
    );
    check(
        "<!doctype html§>§<?xml §?>§</3 §>§",
        "comment, text, comment, text, comment, text",
    );
    check("<![CDATA[§]]>§", "comment, text");
}

#[test]
fn tags_and_attribute_names() {
    check("<§>§</§>§", "tag, text, tag, text");
    check("<h§ §>§", "tag, name, text");
    check(
        "<p § class=a § data-§=b§ §/>§",
        "name, name, name, data-*=, name, text",
    );
    check("<p a = \"§\" §>§", "a=\" start, name, text");
    check("<p a='>'§>§", "name, text");
}

#[test]
fn attribute_values() {
    check("<p title=\"§ '§\">", "title=\" start, title=\"");
    check("<p title='§'§", "title=' start, name");
    check("<p title=§ b=x§>", "title= start, b=");
    check("<p title=§§ c", "title= start, title=");
    check("<p TITLE=\"§", "title=\" start");
    check("<p §=\"§\">", "name, *=\" start");
    check(
        "<p style='color: §' srcdoc='§'>",
        "style=' style, srcdoc=' start html",
    );
}

#[test]
fn addresses() {
    check("<a href=\"§\">", "href=\" start runs");
    check("<a href=\" \n§/§\">", "href=\" start runs, href=\" runs");
    check("<a href=\"/§\">", "href=\" runs");
    check(
        "<img src=\"§\"><input src='§'><link href=§>",
        "src=\" start url, src=' start url, href= start url",
    );
    check(
        "<iframe src=§ ></iframe><script src='§'></script>",
        "src= start runs, src=' start runs",
    );
    check(
        "<button formaction='§'><form action='§'>",
        "formaction=' start runs, action=' start runs",
    );
    check("<§ href='§'>", "tag, href=' start runs");
    check("<svg><a xlink:href='§'>", "xlink:href=' start runs");
}

#[test]
fn scripts_in_attributes() {
    check(
        "<a onclick=\"f(§, '§')\">",
        "onclick=\" script, onclick=\" script in '",
    );
    check(
        "<a onclick=\"f(&quot;§&quot;, §)\">",
        "onclick=\" script in \", onclick=\" script",
    );
    check("<a on§='§'>", "name, on*=' start script");
    check("<a only='§' on='§'>", "only=' start script, on=' start");
    check(
        "<a href=\"java\tScript:f('§', §)\">",
        "href=\" script in ', href=\" script",
    );
    check(
        "<a href=\"javascript&colon;§\" title='javascript:§'>",
        "href=\" script, title='",
    );
    check(
        "<a @click='f(`§`)' x-data=\"{a: §}\">",
        "@click=' expression in `, x-data=\" expression",
    );
    check(
        "<a :class='§' v-if='§' x-apple='§'>",
        ":class=' start expression, v-if=' start expression, x-apple=' start",
    );
}

#[test]
fn raw_elements() {
    check("<title>§<b></titl></title >§", "rcdata, text");
    check("<TextArea>§</TEXTAREA\n§>§", "rcdata, name, text");
    check("<style>p { § }</style>§", "style, text");
    check("<title>a</title/>§</title>§", "text, text");
    check("<iframe>§</iframe>§<xmp>§", "rcdata, text, rcdata");
    check("<textarea/>§", "rcdata");
    check(
        "<svg><title>§</title><style/>§<script/>§</svg><title>§",
        "text, text, text, rcdata",
    );
    check("<svg/><title>§", "rcdata");
    check("</title>§", "text");
}

#[test]
fn scripts() {
    check("<script>var a = §;</script>§", "script, text");
    check(
        "<script>a = '§'; b = \"§'\"; §",
        "script in ', script in \", script",
    );
    check("<script>a = '\\'§'; b = '\\\\'; §", "script in ', script");
    check("<script>a = '</script>§", "text");
    check("<script>a = 'b\n§", "script");
    check("<script>a = 'b\\\r\n§'", "script in '");
    check(
        "<script>// it's §\n§ /* it's § */ §",
        "comment //, script, comment /*, script",
    );
    check("<script>/*/ § */ §", "comment /*, script");
    check(
        "<script><!-- it's §\n§//-->\n'§'</script>§",
        "comment //, script, script in ', text",
    );
    check(
        "<script>`a ${§} ${`§` + {a: {}}} § $§{`",
        "script, script in `, script in `, script in `",
    );
    check("<script>a = b / 2; '§'", "script in '");
    check("<script>a = /'§[/']/; '§'", "script in /, script in '");
    check("<script>return /'/; §", "script");
    check(
        "<script>myreturn / 2; §; longnamereturn /'§",
        "script, script in '",
    );
    check("<script>§ / 2 /'§", "script, script in '");
    check("<script>f(/§/)", "script in /");
    check("<script>a[0] / b; (c) / '§", "script in '");
}

#[test]
fn scripts_of_other_types() {
    check(
        "<script type=\"application/json\">§</script>§",
        "data, text",
    );
    check("<script type=text/template><a href='§'>", "data");
    check(
        "<script type=module>§</script><script type='§'>§",
        "script, type=' start, script",
    );
    check(
        "<script type='text/javascript'>§</script><script type>§",
        "script, script",
    );
    check("<p type='application/json'><script>§", "script");
}

#[test]
fn scripts_within_comments_of_scripts() {
    check(
        "<script><!-- <script> </script> §</script>§",
        "comment //, text",
    );
    check("<script><!-- <script> --> </script>§", "text");
}

#[test]
fn from_a_context() {
    let continued = |start: &str, text: &str| {
        html_context(text, html_context(start, HtmlContext::Text)).to_string()
    };
    assert_eq!(continued("<a href=", "\"x"), "href=\" runs");
    assert_eq!(
        continued("<a href=\"", "javascript:'"),
        "href=\" script in '"
    );
    assert_eq!(continued("<img src='a", "javascript:'"), "name");
    assert_eq!(continued("<a onclick=\"'", "b' + "), "onclick=\" script");
    assert_eq!(
        continued("<a href=\"javascript:'", "b' + "),
        "href=\" script"
    );
    assert_eq!(continued("<script>'", "</script>"), "text");
    assert_eq!(continued("<script>/*", "*/"), "script");
    assert_eq!(continued("<script>//", "\n"), "script");
    assert_eq!(continued("<title>", "</title>"), "text");
    assert_eq!(continued("<style>", "</style>"), "text");
    assert_eq!(continued("<script type=a>", "</script>"), "text");
    assert_eq!(continued("<!--", "-->"), "text");
    assert_eq!(continued("<", "p "), "name");
    assert_eq!(continued("<p ", "a='"), "a=' start");
}

impl fmt::Display for HtmlContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Comment => f.write_str("comment"),
            Self::TagName => f.write_str("tag"),
            Self::AttributeName => f.write_str("name"),
            Self::QuotedAttribute { quote, attribute } => {
                write!(f, "{}={quote}", attribute.name)?;
                attribute.rest(f)
            }
            Self::UnquotedAttribute { attribute } => {
                write!(f, "{}=", attribute.name)?;
                attribute.rest(f)
            }
            Self::Script => f.write_str("script"),
            Self::ScriptString { quote } => write!(f, "script in {quote}"),
            Self::ScriptComment { block } => {
                f.write_str(if *block { "comment /*" } else { "comment //" })
            }
            Self::ScriptData => f.write_str("data"),
            Self::Style => f.write_str("style"),
            Self::Rcdata => f.write_str("rcdata"),
        }
    }
}

impl Attribute {
    fn rest(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at_start {
            f.write_str(" start")?;
        }
        let string = match self.kind {
            AttributeKind::Plain => return Ok(()),
            AttributeKind::Url { runs } => return f.write_str(if runs { " runs" } else { " url" }),
            AttributeKind::Style => return f.write_str(" style"),
            AttributeKind::Html => return f.write_str(" html"),
            AttributeKind::Script { string } => {
                f.write_str(" script")?;
                string
            }
            AttributeKind::Expression { string } => {
                f.write_str(" expression")?;
                string
            }
        };
        string.map_or(Ok(()), |quote| write!(f, " in {quote}"))
    }
}

fn near_html() -> impl Strategy<Value = String> {
    let words = vec![
        "<",
        ">",
        "</",
        "/",
        "!",
        "--",
        "<!--",
        "-->",
        "script",
        "<script>",
        "</script>",
        "<svg>",
        "<title",
        "</title",
        " ",
        "\n",
        "\r",
        "=",
        "\"",
        "'",
        "`",
        "${",
        "}",
        "{",
        "\\",
        "//",
        "/*",
        "*/",
        "[",
        "]",
        "href",
        "onclick",
        "&",
        "&quot;",
        "&#39",
        ";",
        "javascript:",
        "type",
        "json",
        "a",
        "ä",
        "\u{2028}",
        "return",
        "(",
        ")",
    ];
    prop::collection::vec(prop::sample::select(words), 0..40).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn any_text_has_a_context(text in "\\PC*", start in near_html()) {
        html_context(&text, html_context(&start, HtmlContext::Text));
    }

    #[test]
    fn pieces_are_read_like_the_whole(first in near_html(), second in near_html()) {
        let mut pieces = HtmlTokenizer::default();
        pieces.feed(&first);
        pieces.feed(&second);
        let mut whole = HtmlTokenizer::default();
        whole.feed(&(first + &second));
        prop_assert_eq!(pieces, whole);
    }

    #[test]
    fn what_is_kept_is_bounded(text in near_html()) {
        let mut tokenizer = HtmlTokenizer::default();
        tokenizer.feed(&text.repeat(20));
        let kept = [&tokenizer.element, &tokenizer.attribute, &tokenizer.value, &tokenizer.reference, &tokenizer.media_type];
        prop_assert!(kept.iter().all(|kept| kept.len() <= MAX_NAME + 4));
    }

    #[test]
    fn a_context_is_where_a_tokenizer_goes_on(text in near_html()) {
        let context = html_context(&text, HtmlContext::Text);
        prop_assert_eq!(HtmlTokenizer::at(context.clone()).context(), context);
    }
}

#[test]
fn an_opening_leads_to_its_context() {
    let pages = [
        "§<p>§<!--§--><§",
        "<p §",
        "<p title=\"§",
        "<p title='x§",
        "<p title=§",
        "<p title=x§",
        "<a href=\"§",
        "<a href=\"/§",
        "<img src=\"§",
        "<img src=§",
        "<a href=\"javascript:§",
        "<a href=\"javascript:f('§",
        "<a onclick=\"§",
        "<a onclick=\"f(§",
        "<a onclick=\"f('§",
        "<a onclick='f(\"§",
        "<a onclick=\"f(/§",
        "<a onclick=f(`§",
        "<p x-data=\"{ a: '§",
        "<p style='§",
        "<iframe srcdoc=\"§",
        "<p data-§='§",
        "<script>§ '§' \"§\" `§` //§\n /*§*/ =/§",
        "<script type=application/json>§",
        "<style>§",
        "<title>§",
    ];
    for page in pages {
        let mut tokenizer = HtmlTokenizer::default();
        let mut pieces = page.split('§').peekable();
        while let Some(piece) = pieces.next() {
            tokenizer.feed(piece);
            if pieces.peek().is_some() {
                let context = tokenizer.context();
                let opening = context.opening();
                assert_eq!(
                    html_context(&opening, HtmlContext::Text).to_string(),
                    context.to_string(),
                    "{page}: {opening}"
                );
                tokenizer.hole();
            }
        }
    }
}
