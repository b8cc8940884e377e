//! How conditions and imports come out on every supported Python, as far as their form tells.

use ruff_python_ast as ast;
use smallvec::SmallVec;

use super::MAX_BLOCKS;

/// What a condition comes out as on every supported Python, as far as its form tells.
pub(super) fn constant_outcome(test: &ast::Expr, depth: u32) -> Option<bool> {
    if depth > MAX_BLOCKS {
        return None;
    }
    match test {
        ast::Expr::BooleanLiteral(node) => Some(node.value),
        ast::Expr::NoneLiteral(_) => Some(false),
        ast::Expr::NumberLiteral(node) => match &node.value {
            ast::Number::Int(int) => Some(int.as_i64() != Some(0)),
            ast::Number::Float(float) => Some(*float != 0.0),
            ast::Number::Complex { .. } => None,
        },
        ast::Expr::StringLiteral(node) => Some(!node.value.is_empty()),
        ast::Expr::UnaryOp(node) if node.op == ast::UnaryOp::Not => {
            constant_outcome(&node.operand, depth + 1).map(|outcome| !outcome)
        }
        ast::Expr::BoolOp(node) => {
            let decisive = node.op == ast::BoolOp::Or;
            let outcomes: SmallVec<[Option<bool>; 4]> = node
                .values
                .iter()
                .map(|value| constant_outcome(value, depth + 1))
                .collect();
            if outcomes.contains(&Some(decisive)) {
                Some(decisive)
            } else if outcomes.iter().all(|outcome| *outcome == Some(!decisive)) {
                Some(!decisive)
            } else {
                None
            }
        }
        ast::Expr::Attribute(node) => match (&*node.value, node.attr.as_str()) {
            (ast::Expr::Name(name), "PY2") if name.id == "six" => Some(false),
            (ast::Expr::Name(name), "PY3") if name.id == "six" => Some(true),
            _ => None,
        },
        ast::Expr::Compare(node) => version_outcome(node),
        _ => None,
    }
}

/// `sys.version_info` against a constant: decided where every supported version, 3.8 and newer, agrees.
fn version_outcome(node: &ast::ExprCompare) -> Option<bool> {
    let [op] = &*node.ops else { return None };
    let [right] = &*node.comparators else {
        return None;
    };
    let is_info = |expr: &ast::Expr| matches!(expr, ast::Expr::Attribute(a) if a.attr.as_str() == "version_info" && matches!(&*a.value, ast::Expr::Name(n) if n.id == "sys"));
    let major = match &*node.left {
        left if is_info(left) => false,
        ast::Expr::Subscript(subscript)
            if is_info(&subscript.value) && is_int(&subscript.slice, 0) =>
        {
            true
        }
        ast::Expr::Attribute(a) if a.attr.as_str() == "major" && is_info(&a.value) => true,
        _ => return None,
    };
    let bound: (i64, i64) = match right {
        ast::Expr::Tuple(tuple) if !major => (
            int(tuple.elts.first()?)?,
            tuple.elts.get(1).map_or(Some(0), int)?,
        ),
        number if major => (int(number)?, 0),
        _ => return None,
    };
    const OLDEST: (i64, i64) = (3, 8);
    let newest_possible_is_below = bound.0 > 3;
    let below_oldest = bound <= OLDEST;
    match op {
        ast::CmpOp::GtE if major => (bound.0 <= 3)
            .then_some(true)
            .or(newest_possible_is_below.then_some(false)),
        ast::CmpOp::Eq if major => Some(bound.0 == 3),
        ast::CmpOp::NotEq if major => Some(bound.0 != 3),
        ast::CmpOp::Lt if major => Some(bound.0 > 3),
        ast::CmpOp::Gt if major => Some(bound.0 < 3),
        ast::CmpOp::LtE if major => Some(bound.0 >= 3),
        ast::CmpOp::GtE | ast::CmpOp::Gt if below_oldest => Some(true),
        ast::CmpOp::Lt | ast::CmpOp::LtE if below_oldest && bound < OLDEST => Some(false),
        _ => None,
    }
}

fn int(expr: &ast::Expr) -> Option<i64> {
    match expr {
        ast::Expr::NumberLiteral(ast::ExprNumberLiteral {
            value: ast::Number::Int(int),
            ..
        }) => int.as_i64(),
        _ => None,
    }
}

fn is_int(expr: &ast::Expr, number: i64) -> bool {
    int(expr) == Some(number)
}

/// Modules that every supported version has on every platform, and Python 2 had not or had with the same names: importing them
/// never fails.
const ALWAYS_THERE: &[&str] = &[
    "builtins",
    "collections.abc",
    "configparser",
    "hashlib",
    "hmac",
    "html",
    "html.parser",
    "http.client",
    "http.cookiejar",
    "http.cookies",
    "http.server",
    "queue",
    "secrets",
    "socketserver",
    "urllib.error",
    "urllib.parse",
    "urllib.request",
];

/// Whether a block does nothing that could fail but import modules that are always there.
pub(super) fn imports_what_is_there(body: &[ast::Stmt]) -> bool {
    let known = |name: &str| ALWAYS_THERE.binary_search(&name).is_ok();
    body.iter().all(|stmt| match stmt {
        ast::Stmt::Import(node) => node.names.iter().all(|alias| known(alias.name.as_str())),
        ast::Stmt::ImportFrom(node) => {
            let module = node.module.as_ref().map(|module| module.as_str());
            node.level == 0 && module.is_some_and(known)
        }
        ast::Stmt::FunctionDef(node) => node.decorator_list.is_empty(),
        ast::Stmt::Assign(node) => matches!(
            *node.value,
            ast::Expr::BooleanLiteral(_) | ast::Expr::NoneLiteral(_) | ast::Expr::Name(_)
        ),
        ast::Stmt::Pass(_) => true,
        _ => false,
    })
}

/// Whether a handler is for imports that fail, and nothing else.
pub(super) fn for_old_versions(handler: &ast::ExceptHandlerExceptHandler) -> bool {
    matches!(
        handler.type_.as_deref(),
        Some(ast::Expr::Name(name)) if matches!(name.id.as_str(), "ImportError" | "ModuleNotFoundError")
    )
}
