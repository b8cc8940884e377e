//! In code because the statement is read: whether it is SQL at all, and whether a value or a name was put into it.

use std::sync::LazyLock;

use regex::Regex;

use crate::prelude::*;

/// Methods that run a statement, whatever the object: cursors and connections are seldom known by their type.
const METHODS: &[&str] = &[
    "execute",
    "executemany",
    "executescript",
    "exec_driver_sql",
    "execute_sql",
    "mogrify",
];

/// Calls that run or mark a statement, with the name and position of it. Here the text need not look like a whole statement.
const SINKS: &[(&str, &str, usize)] = &[
    ("sqlalchemy.text", "text", 0),
    ("sqlalchemy.sql.text", "text", 0),
    ("sqlalchemy.sql.expression.text", "text", 0),
    ("sqlalchemy.literal_column", "text", 0),
    ("sqlalchemy.DDL", "statement", 0),
    ("flask_sqlalchemy.SQLAlchemy().text", "text", 0),
    ("pandas.read_sql", "sql", 0),
    ("pandas.read_sql_query", "sql", 0),
    ("psycopg.sql.SQL", "obj", 0),
    ("psycopg2.sql.SQL", "string", 0),
    ("asyncpg.connect().fetch", "query", 0),
    ("asyncpg.connect().fetchrow", "query", 0),
    ("asyncpg.connect().fetchval", "query", 0),
    ("asyncpg.connect().execute", "query", 0),
    ("asyncpg.connect().prepare", "query", 0),
    ("asyncpg.connect().cursor", "query", 0),
    ("asyncpg.create_pool().acquire().fetch", "query", 0),
    ("asyncpg.create_pool().acquire().fetchrow", "query", 0),
    ("asyncpg.create_pool().acquire().fetchval", "query", 0),
    ("asyncpg.create_pool().fetch", "query", 0),
    ("asyncpg.create_pool().fetchrow", "query", 0),
    ("asyncpg.create_pool().fetchval", "query", 0),
    ("asyncpg.Connection().fetch", "query", 0),
    ("asyncpg.Connection().fetchrow", "query", 0),
    ("asyncpg.Connection().fetchval", "query", 0),
    ("databases.Database().fetch_all", "query", 0),
    ("databases.Database().fetch_one", "query", 0),
    ("databases.Database().fetch_val", "query", 0),
    ("pg8000.native.Connection().run", "sql", 0),
    ("duckdb.sql", "query", 0),
    ("duckdb.query", "query", 0),
    ("duckdb.execute", "query", 0),
    ("duckdb.connect().sql", "query", 0),
    ("duckdb.connect().query", "query", 0),
    ("google.cloud.bigquery.Client().query", "query", 0),
    ("google.cloud.bigquery.Client().query_and_wait", "query", 0),
    ("pyspark.sql.SparkSession().sql", "sqlQuery", 0),
    (
        "pyspark.sql.SparkSession.builder.getOrCreate().sql",
        "sqlQuery",
        0,
    ),
    ("clickhouse_driver.Client().execute", "query", 0),
    ("clickhouse_connect.get_client().query", "query", 0),
    ("clickhouse_connect.get_client().command", "cmd", 0),
    ("peewee.SQL", "sql", 0),
    ("peewee.RawQuery", "sql", 0),
    ("pony.orm.raw_sql", "sql", 0),
    ("records.Database().query", "query", 0),
    ("MySQLdb.connect().query", "query", 0),
];

/// Calls of Django that other rules are about.
const DJANGO: &[&str] = &[
    "django.db.models.expressions.RawSQL",
    "django.db.models.RawSQL",
];

/// What quotes a name or a value for the database.
const QUOTERS: &[&str] = &[
    "qn",
    "literal",
    "escape_string",
    "escape",
    "mogrify",
    "Identifier",
    "Literal",
    "Placeholder",
    "as_string",
    "compile",
    "format_table",
    "format_table_seq",
    "format_column",
];

/// Words after which a name stands, not a value.
const BEFORE_NAMES: &[&str] = &[
    "from",
    "join",
    "into",
    "update",
    "table",
    "exists",
    "select",
    "distinct",
    "set",
    "index",
    "view",
    "schema",
    "database",
    "column",
    "by",
    "asc",
    "desc",
    "pragma",
    "describe",
    "desc",
    "use",
    "on",
    "as",
    "trigger",
    "sequence",
    "user",
    "role",
    "to",
    "add",
    "drop",
    "rename",
    "alter",
    "only",
    "constraint",
    "references",
    "returning",
    "partition",
    "collate",
    "function",
    "procedure",
    "call",
    "truncate",
    "analyze",
    "vacuum",
    "lock",
    "copy",
    "explain",
    "where",
    "and",
    "or",
    "not",
    "having",
    "order",
    "group",
    "union",
    "all",
    "then",
    "else",
    "when",
    "using",
    "type",
    "extension",
    "grant",
    "revoke",
    "attach",
    "detach",
    "cast",
    "show",
    "create",
    "temporary",
    "temp",
    "unique",
];

/// Where a part of a statement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Where a value does, so that a parameter could.
    Value,
    /// Between quotes, with the quotes in it doubled. Enough for most databases, not for MySQL.
    Escaped,
    /// Where a name or a clause does.
    Name,
}

/// Enumerations of the standard library.
const ENUMS: &[&str] = &[
    "enum.Enum",
    "enum.IntEnum",
    "enum.StrEnum",
    "enum.ReprEnum",
    "enum.Flag",
    "enum.IntFlag",
];

pub fn check(context: &mut Context<'_, '_>) {
    let mut seen: FxHashSet<ExprId> = FxHashSet::default();
    let mut reported: FxHashSet<ExprId> = FxHashSet::default();
    for call in context.calls() {
        let Some((statement, surely)) = statement(context, call) else {
            continue;
        };
        let (pieces, through) = context.text_pieces(statement);
        // What was looked at on the way is not looked at again as a statement that nothing runs.
        let here = context.id;
        let own = through
            .iter()
            .filter(|(at, _)| *at == here)
            .map(|(_, expr)| *expr);
        let own: Vec<ExprId> = own.collect();
        seen.extend(own.iter().copied());
        let text = outline(&pieces);
        if !(surely || is_statement(&text)) || own.iter().any(|expr| reported.contains(expr)) {
            continue;
        }
        let Some((part, place)) = worst(context, &pieces) else {
            continue;
        };
        reported.extend(own);
        let shown = shown(context, part);
        let what = match place {
            Place::Value => "becomes part of the statement instead of a parameter",
            Place::Escaped => "becomes part of the statement, escaped by hand",
            Place::Name => "becomes part of the statement, as a name or a clause",
        };
        let draft = context.report(call.range, format!("{shown} {what}"));
        if place != Place::Value {
            draft
                .severity(Severity::Medium)
                .confidence(Confidence::Low)
                .persona(Persona::Pedantic);
        }
    }
    unused(context, &mut seen);
}

/// Statements that are put together and not seen to be run.
fn unused(context: &mut Context<'_, '_>, seen: &mut FxHashSet<ExprId>) {
    let module = context.module;
    // What Django's own ways of giving SQL get is the subject of other rules.
    for call in context.calls() {
        let name = match module[call.func] {
            Expr::Attribute { attr, .. } => attr,
            _ => continue,
        };
        if matches!(name.as_str(), "raw" | "extra") {
            skip(context, call, seen);
        }
    }
    for call in context.calls().iter().filter(|call| call.is(DJANGO)) {
        skip(context, call, seen);
    }
    if !could_be_statement(module.text.as_str()) {
        return;
    }
    let mut last: Option<TextRange> = None;
    let mut candidates: Vec<(TextRange, ExprId)> = module
        .exprs()
        .filter(|(expr, node)| {
            !seen.contains(expr)
                && matches!(
                    node,
                    Expr::FString(_)
                        | Expr::Binary {
                            op: Operator::Add | Operator::Mod,
                            ..
                        }
                        | Expr::Call { .. }
                )
        })
        .map(|(expr, _)| (module.expr_range(expr), expr))
        .collect();
    candidates.sort_by_key(|(range, _)| (range.start(), std::cmp::Reverse(range.end())));
    for (range, expr) in candidates {
        if module.is_dead(range) || last.is_some_and(|outer| outer.contains_range(range)) {
            continue;
        }
        if let Expr::Call { func, .. } = module[expr]
            && !matches!(module[func], Expr::Attribute { attr, .. } if matches!(attr.as_str(), "format" | "replace"))
        {
            continue;
        }
        // Cheap first: some literal in it must look like SQL.
        if !could_be_statement(context.text(range)) {
            continue;
        }
        let (pieces, _) = context.text_pieces(expr);
        if !is_strict_statement(&outline(&pieces)) {
            continue;
        }
        last = Some(range);
        let Some((part, _)) = worst(context, &pieces) else {
            continue;
        };
        let shown = shown(context, part);
        let draft = context.report(
            range,
            format!("{shown} becomes part of what looks like an SQL statement"),
        );
        draft
            .severity(Severity::Low)
            .confidence(Confidence::Low)
            .persona(Persona::Auditor);
    }
}

fn skip(context: &mut Context<'_, '_>, call: &CallSite, seen: &mut FxHashSet<ExprId>) {
    let here = context.id;
    for argument in context.module.args(call.args) {
        let (_, through) = context.text_pieces(argument.value);
        seen.extend(
            through
                .iter()
                .filter(|(at, _)| *at == here)
                .map(|(_, expr)| *expr),
        );
    }
}

fn shown(context: &Context<'_, '_>, (at, part): (ModuleId, ExprId)) -> String {
    let module = context.values.project().module(at);
    let range = module.expr_range(part);
    let text = module
        .text
        .as_str()
        .get(range.start().to_usize()..range.end().to_usize())
        .unwrap_or_default();
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut text = words.join(" ");
    if text.chars().count() > 40 {
        text = text.chars().take(39).collect::<String>() + "…";
    }
    text
}

/// The statement a call runs, and whether the callee is surely a database.
fn statement(context: &mut Context<'_, '_>, call: &CallSite) -> Option<(ExprId, bool)> {
    let here = context.id;
    let local = |argument: Argument| {
        argument
            .given()
            .filter(|(at, _)| *at == here)
            .map(|(_, expr)| expr)
    };
    if let Some((_, name, position)) = SINKS.iter().find(|(path, ..)| call.is(&[path])) {
        return local(context.arg(call, Some(name), Some(*position))).map(|expr| (expr, true));
    }
    let Expr::Attribute { attr, .. } = context.module[call.func] else {
        return None;
    };
    if !METHODS.contains(&attr.as_str()) || call.skip > 0 {
        return None;
    }
    ["sql", "query", "statement", "operation"]
        .iter()
        .find_map(|name| local(context.arg(call, Some(name), Some(0))))
        .map(|expr| (expr, false))
}

/// The constant text, with a mark for each part.
fn outline(pieces: &[Piece]) -> String {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(constant) => text.push_str(constant),
            Piece::Number => text.push('0'),
            Piece::Part(..) => text.push('\u{1}'),
        }
    }
    text
}

/// The part that matters most, and where it stands. `None` when all are known to be harmless.
fn worst(context: &mut Context<'_, '_>, pieces: &[Piece]) -> Option<((ModuleId, ExprId), Place)> {
    let mut before = String::new();
    let mut other = None;
    for piece in pieces {
        match piece {
            Piece::Text(text) => before.push_str(text),
            Piece::Number => before.push('0'),
            Piece::Part(at, part) => {
                if !is_harmless(context, *at, *part) {
                    let place = match is_value_place(&before) {
                        true if is_between_quotes(&before)
                            && is_escaped(context.values.project().module(*at), *part) =>
                        {
                            Place::Escaped
                        }
                        true => return Some(((*at, *part), Place::Value)),
                        false => Place::Name,
                    };
                    other.get_or_insert(((*at, *part), place));
                }
                before.push('x');
            }
        }
    }
    other
}

/// Whether a part is `text.replace("'", "''")`; nothing else of that form is left as a part.
fn is_escaped(module: &Module, part: ExprId) -> bool {
    matches!(module[part], Expr::Call { func, .. } if matches!(module[func], Expr::Attribute { attr, .. } if attr.as_str() == "replace"))
}

/// Quoted by the database, a constant by its name, a member of an enumeration, or what callers give as a constant.
fn is_harmless(context: &mut Context<'_, '_>, at: ModuleId, part: ExprId) -> bool {
    let module = context.values.project().module(at);
    if let Expr::Call { func, .. } = module[part] {
        let name = match module[func] {
            Expr::Attribute { attr, .. } => Some(attr),
            Expr::Name { slot, def } => Some(module[module[def].scope].slots[slot.index()].name),
            _ => None,
        };
        if name.is_some_and(|name| is_quoter(name.as_str())) {
            return true;
        }
    }
    if let Expr::Attribute { value, attr } = module[part]
        && (is_upper(attr.as_str())
            || is_of_member(context, at, value, attr.as_str()))
    {
        return true;
    }
    if crate::text::is_compiled_sql(module, part) {
        return true;
    }
    if let Expr::Name { def, .. } = module[part]
        && let (DefKind::Param(index), ScopeKind::Function(function)) =
            (module[def].kind, module[module[def].scope].kind)
        && context.only_constants_given(at, function, index)
    {
        return true;
    }
    let found = context.values.eval(at, part);
    found.into_iter().all(|value| match value {
        Value::External(path) => {
            let last = path.as_str().rsplit('.').next().unwrap_or_default();
            is_upper(last) || last.strip_suffix("()").is_some_and(is_quoter)
        }
        // `"… {type.open.value}".format(type=Type)`: what a class says of itself stands in the source.
        Value::Class(..) => true,
        _ => false,
    })
}

/// Whether `.value` or `.name` is asked of a member of an enumeration of the project.
fn is_of_member(
    context: &mut Context<'_, '_>,
    at: ModuleId,
    member: ExprId,
    asked: &str,
) -> bool {
    let module = context.values.project().module(at);
    let Expr::Attribute { value: owner, .. } = module[member] else {
        return false;
    };
    matches!(asked, "value" | "name")
        && context.values.eval(at, owner).into_iter().any(|value| {
            matches!(value, Value::Class(home, class)
                if ENUMS.iter().any(|path| context.values.inherits(home, class, Symbol::from(*path))))
        })
}

fn is_quoter(name: &str) -> bool {
    name.contains("quote") || QUOTERS.contains(&name)
}

fn is_upper(name: &str) -> bool {
    name.chars().any(|c| c.is_ascii_uppercase())
        && name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// Whether a quote was opened and not closed.
fn is_between_quotes(before: &str) -> bool {
    before.matches('\'').count() % 2 == 1
}

/// Whether what stands before a part of a statement asks for a value: an opened quote, a comparison, a list of values.
fn is_value_place(before: &str) -> bool {
    if is_between_quotes(before) {
        return true;
    }
    let lower = before.trim_end().to_ascii_lowercase();
    let Some(last) = lower.chars().last() else {
        return false;
    };
    match last {
        '=' | '<' | '>' => true,
        // `VALUES (`, `IN (` and what follows in their list.
        '(' | ',' => {
            let opened = lower.rfind('(').map_or("", |open| lower[..open].trim_end());
            let word = opened
                .rsplit(|c: char| !c.is_ascii_alphanumeric())
                .next()
                .unwrap_or_default();
            lower
                .rfind('(')
                .is_some_and(|open| !lower[open..].contains(')'))
                && matches!(word, "values" | "in")
        }
        _ => {
            let word = lower
                .rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .next()
                .unwrap_or_default();
            // `CREATE TABLE a (LIKE b)` names a table.
            if word == "like" {
                return !lower.trim_start().starts_with("create");
            }
            matches!(
                word,
                "ilike" | "limit" | "offset" | "between" | "is" | "regexp" | "rlike" | "glob"
            ) && !BEFORE_NAMES.contains(&word)
        }
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut text = text.trim_start();
    // Comments may stand in front.
    while let Some(rest) = text
        .strip_prefix("--")
        .and_then(|rest| rest.split_once('\n'))
        .map(|(_, rest)| rest)
        .or_else(|| {
            text.strip_prefix("/*")
                .and_then(|rest| rest.split_once("*/"))
                .map(|(_, rest)| rest)
        })
    {
        text = rest.trim_start();
    }
    text.trim_start_matches('(')
        .split(|c: char| c.is_whitespace() || c == '(')
        .filter(|word| !word.is_empty())
}

/// Whether a text that is given to `execute` begins as a statement does.
fn is_statement(text: &str) -> bool {
    let mut words = words(text);
    let (Some(first), Some(second)) = (words.next(), words.next()) else {
        return false;
    };
    let lower = text.to_ascii_lowercase();
    let (first, second) = (first.to_ascii_lowercase(), second.to_ascii_lowercase());
    match first.as_str() {
        "select" => contains_word(&lower, "from") || text.contains("SELECT") || lower.contains('='),
        "insert" | "replace" | "merge" => second == "into" || second == "or" || second == "ignore",
        "update" => contains_word(&lower, "set"),
        "delete" => second == "from",
        "with" => {
            contains_word(&lower, "as")
                && (contains_word(&lower, "select")
                    || contains_word(&lower, "insert")
                    || contains_word(&lower, "update")
                    || contains_word(&lower, "delete"))
        }
        "create" | "drop" | "alter" => matches!(
            second.as_str(),
            "table"
                | "index"
                | "unique"
                | "view"
                | "database"
                | "schema"
                | "user"
                | "role"
                | "trigger"
                | "temporary"
                | "temp"
                | "or"
                | "function"
                | "procedure"
                | "sequence"
                | "extension"
                | "type"
                | "materialized"
                | "virtual"
                | "column"
                | "policy"
        ),
        "truncate" => true,
        "grant" | "revoke" => {
            contains_word(&lower, "on")
                || contains_word(&lower, "to")
                || contains_word(&lower, "from")
        }
        "pragma" | "attach" | "explain" | "vacuum" | "exec" | "copy" | "describe" => true,
        "call" | "show" | "use" | "set" => true,
        _ => false,
    }
}

/// The same for a text that nothing is known of: the keywords must be in capitals, or the text hold marks that prose does not.
fn is_strict_statement(text: &str) -> bool {
    let mut words = words(text);
    let Some(first) = words.next() else {
        return false;
    };
    let capital = first.chars().all(|c| c.is_ascii_uppercase());
    let lower = text.to_ascii_lowercase();
    let marks = text.contains(" = ")
        || text.contains("='")
        || text.contains(" * ")
        || text.contains("(*)")
        || lower.contains(" where ")
        || text.contains("\u{1}.")
        || lower.contains(" values (")
        || lower.contains(" values(");
    let whole = match first.to_ascii_lowercase().as_str() {
        "select" => contains_word(&lower, "from"),
        "insert" | "replace" => {
            lower.contains("into")
                && (contains_word(&lower, "values")
                    || contains_word(&lower, "select")
                    || lower.contains('('))
        }
        "update" => contains_word(&lower, "set") && lower.contains('='),
        "delete" => lower.contains("from"),
        "with" => contains_word(&lower, "select") && contains_word(&lower, "as"),
        "create" | "drop" | "alter" | "truncate" => capital && is_statement(text),
        _ => false,
    };
    whole && (capital || marks)
}

fn contains_word(lower: &str, word: &str) -> bool {
    lower
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .any(|found| found == word)
}

/// A quick look at source text.
fn could_be_statement(source: &str) -> bool {
    static STARTS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i-u)\b(?:select|insert|update|delete|replace|with|create|drop|alter|truncate)\b",
        )
        .expect("it is constant")
    });
    STARTS.is_match(source)
}
