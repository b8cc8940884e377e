//! Match patterns.

use ruff_python_ast as ast;
use ruff_text_size::Ranged;

use super::{Lowering, to_u32};
use crate::ir::*;

impl Lowering {
    pub(super) fn pattern(&mut self, pattern: &ast::Pattern, subject: ExprId) -> PatternId {
        let lowered = self
            .deeper(pattern.range(), |lowering| {
                lowering.pattern_inner(pattern, subject)
            })
            .unwrap_or(Pattern::Wildcard);
        let id = PatternId(to_u32(self.module.patterns.len()));
        self.module.patterns.push(lowered);
        id
    }

    fn pattern_list(&mut self, patterns: Vec<PatternId>) -> List {
        Self::push_list(&mut self.module.pattern_pool, patterns)
    }

    fn capture(
        &mut self,
        name: &ast::Identifier,
        value: ExprId,
        pattern: Option<PatternId>,
    ) -> Pattern {
        let symbol = self.intern(&name.id);
        let def = self.bind(symbol, DefKind::Value(value), name.range, None);
        Pattern::Capture { def, pattern }
    }

    fn pattern_inner(&mut self, pattern: &ast::Pattern, subject: ExprId) -> Pattern {
        let range = pattern.range();
        match pattern {
            ast::Pattern::MatchValue(node) => Pattern::Value(self.expr(&node.value)),
            ast::Pattern::MatchSingleton(node) => {
                let value = match node.value {
                    ast::Singleton::None => Expr::None,
                    ast::Singleton::True => Expr::Bool(true),
                    ast::Singleton::False => Expr::Bool(false),
                };
                Pattern::Value(self.push_expr(value, range))
            }
            ast::Pattern::MatchSequence(node) => {
                let star = node
                    .patterns
                    .iter()
                    .position(|inner| matches!(inner, ast::Pattern::MatchStar(_)));
                let mut patterns = Vec::with_capacity(node.patterns.len());
                for (index, inner) in node.patterns.iter().enumerate() {
                    let after = node.patterns.len() - index - 1;
                    let part = match star {
                        Some(star) if star == index => Expr::Rest {
                            of: subject,
                            before: u16::try_from(index).unwrap_or(u16::MAX),
                            after: u16::try_from(after).unwrap_or(u16::MAX),
                        },
                        Some(star) if index > star => Expr::Element {
                            of: subject,
                            index: -1 - i32::try_from(after).unwrap_or(0),
                        },
                        _ => Expr::Element {
                            of: subject,
                            index: i32::try_from(index).unwrap_or(i32::MAX),
                        },
                    };
                    let part = self.push_expr(part, inner.range());
                    patterns.push(self.pattern(inner, part));
                }
                Pattern::Sequence(self.pattern_list(patterns))
            }
            ast::Pattern::MatchStar(node) => match &node.name {
                Some(name) => self.capture(name, subject, None),
                None => Pattern::Wildcard,
            },
            ast::Pattern::MatchMapping(node) => {
                let mut keys = Vec::with_capacity(node.keys.len());
                let mut patterns = Vec::with_capacity(node.patterns.len());
                for (key, inner) in node.keys.iter().zip(&node.patterns) {
                    let key = self.expr(key);
                    let part = self.push_expr(
                        Expr::Subscript {
                            value: subject,
                            index: key,
                        },
                        inner.range(),
                    );
                    keys.push(key);
                    patterns.push(self.pattern(inner, part));
                }
                if let Some(rest) = &node.rest {
                    let part = self.push_expr(Expr::Part(subject), rest.range);
                    let capture = self.capture(rest, part, None);
                    let id = PatternId(to_u32(self.module.patterns.len()));
                    self.module.patterns.push(capture);
                    patterns.push(id);
                }
                Pattern::Mapping {
                    keys: self.expr_list(keys),
                    patterns: self.pattern_list(patterns),
                }
            }
            ast::Pattern::MatchClass(node) => {
                let class = self.expr(&node.cls);
                let mut patterns = Vec::new();
                for inner in &node.arguments.patterns {
                    let part = self.push_expr(Expr::Part(subject), inner.range());
                    patterns.push(self.pattern(inner, part));
                }
                for keyword in &node.arguments.keywords {
                    let attr = self.intern(&keyword.attr.id);
                    let part = self.push_expr(
                        Expr::Attribute {
                            value: subject,
                            attr,
                        },
                        keyword.range,
                    );
                    patterns.push(self.pattern(&keyword.pattern, part));
                }
                Pattern::Class {
                    class,
                    patterns: self.pattern_list(patterns),
                }
            }
            ast::Pattern::MatchAs(node) => {
                let inner = node
                    .pattern
                    .as_deref()
                    .map(|inner| self.pattern(inner, subject));
                match (&node.name, inner) {
                    (Some(name), inner) => self.capture(name, subject, inner),
                    (None, _) => Pattern::Wildcard,
                }
            }
            ast::Pattern::MatchOr(node) => {
                let patterns = node
                    .patterns
                    .iter()
                    .map(|inner| self.pattern(inner, subject))
                    .collect();
                Pattern::Or(self.pattern_list(patterns))
            }
        }
    }
}
