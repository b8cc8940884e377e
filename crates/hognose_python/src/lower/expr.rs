//! Expressions.

use ruff_python_ast as ast;
use ruff_text_size::{Ranged, TextRange};

use super::{Lowering, to_u32};
use crate::ir::*;

impl Lowering {
    pub(super) fn expr(&mut self, expr: &ast::Expr) -> ExprId {
        let range = expr.range();
        let lowered = self
            .deeper(range, |lowering| lowering.expr_inner(expr))
            .unwrap_or(Expr::Opaque);
        self.push_expr(lowered, range)
    }

    fn exprs<'a>(&mut self, exprs: impl IntoIterator<Item = &'a ast::Expr>) -> List {
        let ids = exprs.into_iter().map(|expr| self.expr(expr)).collect();
        self.expr_list(ids)
    }

    fn expr_inner(&mut self, expr: &ast::Expr) -> Expr {
        match expr {
            ast::Expr::Name(node) => {
                let symbol = self.intern(&node.id);
                let slot = self.slot(symbol);
                let def = self.state().current[slot.index()];
                Expr::Name { slot, def }
            }
            ast::Expr::Attribute(node) => {
                let value = self.expr(&node.value);
                Expr::Attribute {
                    value,
                    attr: self.intern(&node.attr.id),
                }
            }
            ast::Expr::Call(node) => {
                let func = self.expr(&node.func);
                let args = self.arguments(&node.arguments);
                Expr::Call { func, args }
            }
            ast::Expr::StringLiteral(node) => {
                Expr::Str(self.push_str(node.value.iter().map(|part| part.as_str())))
            }
            ast::Expr::BytesLiteral(node) => {
                let text: String = node.value.bytes().map(char::from).collect();
                Expr::Bytes(self.push_str(std::iter::once(text)))
            }
            ast::Expr::NumberLiteral(node) => match &node.value {
                ast::Number::Int(int) => int.as_i64().map_or(Expr::OtherNumber, Expr::Int),
                ast::Number::Float(float) => Expr::Float(*float),
                ast::Number::Complex { .. } => Expr::OtherNumber,
            },
            ast::Expr::BooleanLiteral(node) => Expr::Bool(node.value),
            ast::Expr::NoneLiteral(_) => Expr::None,
            ast::Expr::EllipsisLiteral(_) => Expr::Ellipsis,
            ast::Expr::Subscript(node) => {
                let value = self.expr(&node.value);
                Expr::Subscript {
                    value,
                    index: self.expr(&node.slice),
                }
            }
            ast::Expr::Slice(node) => {
                let parts = [&node.lower, &node.upper, &node.step]
                    .map(|part| part.as_deref().map(|part| NonMaxExpr::new(self.expr(part))));
                Expr::Slice(Self::push_list(&mut self.module.opt_pool, parts))
            }
            ast::Expr::BinOp(node) => {
                let left = self.expr(&node.left);
                Expr::Binary {
                    op: node.op,
                    left,
                    right: self.expr(&node.right),
                }
            }
            ast::Expr::UnaryOp(node) => Expr::Unary {
                op: node.op,
                operand: self.expr(&node.operand),
            },
            ast::Expr::BoolOp(node) => Expr::Logic {
                op: node.op,
                values: self.exprs(&node.values),
            },
            ast::Expr::Compare(node) => self.compare(node),
            ast::Expr::If(node) => {
                let test = self.expr(&node.test);
                let body = self.expr(&node.body);
                Expr::Conditional {
                    test,
                    body,
                    orelse: self.expr(&node.orelse),
                }
            }
            ast::Expr::Tuple(node) => Expr::Tuple(self.exprs(&node.elts)),
            ast::Expr::List(node) => Expr::ListOf(self.exprs(&node.elts)),
            ast::Expr::Set(node) => Expr::SetOf(self.exprs(&node.elts)),
            ast::Expr::Dict(node) => {
                let mut items = Vec::with_capacity(node.items.len());
                for item in &node.items {
                    let key = item.key.as_ref().map(|key| NonMaxExpr::new(self.expr(key)));
                    items.push((key, self.expr(&item.value)));
                }
                Expr::Dict(Self::push_list(&mut self.module.dict_pool, items))
            }
            ast::Expr::Starred(node) => Expr::Starred(self.expr(&node.value)),
            ast::Expr::FString(node) => self.f_string(node),
            ast::Expr::TString(node) => {
                let mut parts = Vec::new();
                for part in &node.value {
                    self.interpolated(part.elements.iter(), part.range, &mut parts);
                }
                Expr::TString(self.expr_list(parts))
            }
            ast::Expr::Lambda(node) => self.lambda(node),
            ast::Expr::ListComp(node) => {
                self.comprehension(ComprehensionKind::List, &node.elt, None, &node.generators)
            }
            ast::Expr::SetComp(node) => {
                self.comprehension(ComprehensionKind::Set, &node.elt, None, &node.generators)
            }
            ast::Expr::Generator(node) => self.comprehension(
                ComprehensionKind::Generator,
                &node.elt,
                None,
                &node.generators,
            ),
            ast::Expr::DictComp(node) => match node.key.as_deref() {
                Some(key) => self.comprehension(
                    ComprehensionKind::Dict,
                    key,
                    Some(&node.value),
                    &node.generators,
                ),
                None => {
                    self.comprehension(ComprehensionKind::Dict, &node.value, None, &node.generators)
                }
            },
            ast::Expr::Await(node) => Expr::Await(self.expr(&node.value)),
            ast::Expr::Yield(node) => {
                let value = node.value.as_deref().map(|value| self.expr(value));
                self.yields(value);
                Expr::Yield(value.map(NonMaxExpr::new))
            }
            ast::Expr::YieldFrom(node) => {
                let value = self.expr(&node.value);
                let element = self.push_expr(
                    Expr::Iterate {
                        of: value,
                        is_async: false,
                    },
                    node.range,
                );
                self.yields(Some(element));
                Expr::YieldFrom(value)
            }
            ast::Expr::Named(node) => {
                let value = self.expr(&node.value);
                match &*node.target {
                    ast::Expr::Name(name) => {
                        let symbol = self.intern(&name.id);
                        Expr::Named {
                            def: self.bind(symbol, DefKind::Value(value), name.range, None),
                            value,
                        }
                    }
                    _ => Expr::Opaque,
                }
            }
            ast::Expr::IpyEscapeCommand(_) => Expr::Opaque,
        }
    }

    fn yields(&mut self, value: Option<ExprId>) {
        if let Some(function) = self.state().function {
            let function = &mut self.module.functions[function.index()];
            function.is_generator = true;
            function.yield_values.extend(value);
        }
    }

    fn arguments(&mut self, arguments: &ast::Arguments) -> List {
        let mut args = Vec::with_capacity(arguments.args.len() + arguments.keywords.len());
        for argument in &*arguments.args {
            let (kind, value) = match argument {
                ast::Expr::Starred(node) => (ArgKind::Star, self.expr(&node.value)),
                other => (ArgKind::Positional, self.expr(other)),
            };
            args.push(Arg { kind, value });
        }
        for keyword in &arguments.keywords {
            let kind = match &keyword.arg {
                Some(name) => ArgKind::Keyword(self.intern(&name.id)),
                None => ArgKind::DoubleStar,
            };
            let value = self.expr(&keyword.value);
            args.push(Arg { kind, value });
        }
        Self::push_list(&mut self.module.arg_pool, args)
    }

    fn compare(&mut self, node: &ast::ExprCompare) -> Expr {
        let mut left = self.expr(&node.left);
        let mut start = node.left.start();
        let mut parts = Vec::with_capacity(node.ops.len());
        for (op, comparator) in node.ops.iter().zip(&*node.comparators) {
            let right = self.expr(comparator);
            parts.push((
                Expr::Compare {
                    op: *op,
                    left,
                    right,
                },
                TextRange::new(start, comparator.end()),
            ));
            left = right;
            start = comparator.start();
        }
        if let [(only, _)] = parts.as_slice() {
            return *only;
        }
        let parts = parts
            .into_iter()
            .map(|(part, range)| self.push_expr(part, range))
            .collect();
        Expr::Logic {
            op: BoolOp::And,
            values: self.expr_list(parts),
        }
    }

    fn f_string(&mut self, node: &ast::ExprFString) -> Expr {
        let mut parts = Vec::new();
        for part in &node.value {
            match part {
                ast::FStringPart::Literal(literal) => {
                    let text = Expr::Str(self.push_str(std::iter::once(literal.as_str())));
                    parts.push(self.push_expr(text, literal.range));
                }
                ast::FStringPart::FString(string) => {
                    self.interpolated(string.elements.iter(), string.range, &mut parts)
                }
            }
        }
        Expr::FString(self.expr_list(parts))
    }

    fn interpolated<'a>(
        &mut self,
        elements: impl Iterator<Item = &'a ast::InterpolatedStringElement>,
        _range: TextRange,
        parts: &mut Vec<ExprId>,
    ) {
        for element in elements {
            match element {
                ast::InterpolatedStringElement::Literal(literal) => {
                    let text = Expr::Str(self.push_str(std::iter::once(&*literal.value)));
                    parts.push(self.push_expr(text, literal.range));
                }
                ast::InterpolatedStringElement::Interpolation(node) => {
                    if let Some(debug) = &node.debug_text {
                        let source = &self.module.text.as_str()[node.expression.range()];
                        let shown = format!("{}{source}{}", debug.leading(), debug.trailing());
                        let text = Expr::Str(self.push_str(std::iter::once(shown)));
                        parts.push(self.push_expr(text, node.range));
                    }
                    let value = self.expr(&node.expression);
                    let conversion = match node.conversion {
                        ast::ConversionFlag::None => Conversion::None,
                        ast::ConversionFlag::Str => Conversion::Str,
                        ast::ConversionFlag::Repr => Conversion::Repr,
                        ast::ConversionFlag::Ascii => Conversion::Ascii,
                    };
                    let spec = node.format_spec.as_deref().map(|spec| {
                        let mut inner = Vec::new();
                        self.deeper(spec.range, |lowering| {
                            lowering.interpolated(spec.elements.iter(), spec.range, &mut inner);
                        });
                        let list = self.expr_list(inner);
                        NonMaxExpr::new(self.push_expr(Expr::FString(list), spec.range))
                    });
                    parts.push(self.push_expr(
                        Expr::Formatted {
                            value,
                            spec,
                            conversion,
                        },
                        node.range,
                    ));
                }
            }
        }
    }

    fn lambda(&mut self, node: &ast::ExprLambda) -> Expr {
        let name = self.intern("<lambda>");
        let range = node.range;
        let function = self.function(
            name,
            node.parameters.as_deref(),
            range,
            TextRange::new(range.start(), range.start()),
            |_, _| {},
        );
        self.function_body(function, |lowering| {
            let value = lowering.expr(&node.body);
            lowering.module.functions[function.index()]
                .return_values
                .push(value);
            let stmt = lowering.push_stmt(
                Stmt::Return(Some(NonMaxExpr::new(value))),
                node.body.range(),
            );
            Self::push_list(&mut lowering.module.stmt_pool, [stmt])
        });
        Expr::Lambda(function)
    }

    /// Comprehension variables are variables of the scope around, hidden again at the end. In a class body Python would
    /// not let the comprehension see the other class variables; that it may here does no harm.
    fn comprehension(
        &mut self,
        kind: ComprehensionKind,
        element: &ast::Expr,
        value: Option<&ast::Expr>,
        generators: &[ast::Comprehension],
    ) -> Expr {
        let hidden = self.state().shadows.len();
        let mut lowered = Vec::with_capacity(generators.len());
        for generator in generators {
            let iter = self.expr(&generator.iter);
            self.shadow(&generator.target);
            let of = self.push_expr(
                Expr::Iterate {
                    of: iter,
                    is_async: generator.is_async,
                },
                generator.target.range(),
            );
            let mut binds = Vec::new();
            self.target(&generator.target, of, None, &mut binds);
            let binds = Self::push_list(&mut self.module.bind_pool, binds);
            let conditions = generator
                .ifs
                .iter()
                .map(|condition| self.expr(condition))
                .collect();
            lowered.push(Generator {
                iter,
                binds,
                conditions,
            });
        }
        let element = self.expr(element);
        let value = value.map(|value| self.expr(value));
        self.state().shadows.truncate(hidden);
        let id = ComprehensionId(to_u32(self.module.comprehensions.len()));
        self.module.comprehensions.push(Comprehension {
            kind,
            element,
            value,
            generators: lowered,
        });
        Expr::Comprehension(id)
    }

    fn shadow(&mut self, target: &ast::Expr) {
        let mut stack = vec![target];
        while let Some(target) = stack.pop() {
            match target {
                ast::Expr::Name(name) => {
                    let symbol = self.intern(&name.id);
                    let slot = self.new_slot(symbol);
                    self.state().shadows.push((symbol, slot));
                }
                ast::Expr::Tuple(node) => stack.extend(&node.elts),
                ast::Expr::List(node) => stack.extend(&node.elts),
                ast::Expr::Starred(node) => stack.push(&node.value),
                _ => {}
            }
        }
    }
}
