//! Template files: what the values given to one become on the page.
//!
//! A rendering is a call of a function whose parameters are the names of the context. The values go through the expressions,
//! filters, includes, blocks and macros of the file; where one is written, the page so far is stood for by the shortest beginning
//! that leads to the same place of a page, and the sink is the same as for pages built in Python.

use std::sync::{Arc, Mutex};

use hognose_python::ModuleId;
use hognose_python::ir::ExprId;
use hognose_template::{
    Argument, Autoescape, Bound, Engine, Expr, Filter, FilterEffect, HtmlContext, Macro,
    Surroundings, Template, effect, parse_in,
};
use ruff_text_size::{TextRange, TextSize};
use rustc_hash::FxHashMap;
use symbol_table::{GlobalSymbol, static_symbol};

use super::Interpreter;
use super::call::Arguments;
use crate::model::Render;
use crate::shape::{Alphabet, Stretch, map_holes, push};
use crate::state::{Kind, State};
use crate::summary::SinkRef;
use crate::value::{Atom, Key, ObjId, Place, Symbol, Value, Why};

/// Files that extend, include or import each other, and macros that call each other.
const MAX_NESTED: usize = 12;

/// Expressions looked at for one rendering; large pages have a few hundred.
const MAX_STEPS: u32 = 6_000;

/// Expressions and bindings inside of each other.
const MAX_DEPTH: u32 = 40;

/// Names a rendering is tried with.
const MAX_NAMES: usize = 4;

/// Parsed template files, shared by all threads.
#[derive(Default)]
pub(crate) struct Templates {
    parsed: Mutex<FxHashMap<(ModuleId, Engine, Surroundings), Arc<Template>>>,
}

impl Templates {
    fn get(
        &self,
        id: ModuleId,
        text: &str,
        engine: Engine,
        surroundings: &Surroundings,
    ) -> Arc<Template> {
        let key = (id, engine, surroundings.clone());
        if let Ok(known) = self.parsed.lock()
            && let Some(template) = known.get(&key)
        {
            return Arc::clone(template);
        }
        let template = Arc::new(parse_in(text, engine, surroundings));
        if let Ok(mut known) = self.parsed.lock() {
            known.insert(key, Arc::clone(&template));
        }
        template
    }
}

/// A value on its way to the page.
#[derive(Debug, Clone)]
struct Made {
    value: Value,
    /// The engine does not escape it any more.
    safe: bool,
}

impl Made {
    fn unknown() -> Self {
        Self {
            value: Value::unknown(),
            safe: false,
        }
    }

    fn of(value: Value) -> Self {
        Self { value, safe: false }
    }
}

/// A text that is rendered: a file, or a constant of the program.
#[derive(Clone, Copy)]
enum Origin<'t> {
    File(ModuleId),
    Constant(&'t str),
}

/// A file, or a macro of one, with what its names mean.
struct Frame<'t> {
    origin: Origin<'t>,
    text: &'t str,
    template: Arc<Template>,
    /// Where names are looked up that mean nothing here.
    around: Option<(usize, TextSize)>,
    given: Vec<(String, Made)>,
    /// It sees nothing but what is given.
    closed: bool,
    autoescape: bool,
    /// Of a macro that is called inside of an attribute or script: where.
    context: Option<HtmlContext>,
}

/// One call that renders.
struct Page<'t> {
    engine: Engine,
    /// Whether holes are escaped; by the extension of the file if that is not known.
    autoescape: Option<bool>,
    sink: SinkRef,
    frames: Vec<Frame<'t>>,
    /// The values given: by name, and mappings.
    names: Vec<(Symbol, Value)>,
    mappings: Vec<Value>,
    expr: ExprId,
    near: &'t str,
    steps: u32,
    depth: u32,
    /// Where the hole at hand stands.
    context: HtmlContext,
    /// What comes out, where that is not judged at once: a text for each place that something is written to.
    result: Option<Value>,
}

impl<'p> Interpreter<'_, 'p> {
    /// A template is rendered. Gives what comes out, if the template is a known text.
    pub(super) fn render(
        &mut self,
        state: &mut State,
        render: &Render,
        receiver: Option<&Value>,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Option<Value> {
        // A file is a page; what a program keeps as a text may become anything, and is judged where it goes.
        let returns = render.made && render.constant;
        if self.quiet > 0 && !returns {
            return None;
        }
        let engine = match render.engine.as_str() {
            "django" => Engine::Django,
            "mako" => Engine::Mako,
            _ => Engine::Jinja2,
        };
        let (mut names, mut mappings) = (Vec::new(), Vec::new());
        match &render.context {
            Some(context) => {
                mappings = self.argument_values(state, context, receiver, arguments);
                if render.keywords {
                    names.extend(arguments.keywords.iter().cloned());
                }
            }
            None => {
                names.extend(arguments.keywords.iter().cloned());
                mappings.extend(arguments.double_star.clone());
            }
        }
        for (name, path) in &render.globals {
            if !names.iter().any(|(known, _)| known == name) {
                names.push((*name, Atom::External(*path).into()));
            }
        }
        let worth = |value: &Value| {
            value.atoms().iter().any(|atom| {
                matches!(
                    atom,
                    Atom::Text(_)
                        | Atom::Object(_)
                        | Atom::Input(_)
                        | Atom::Instance(..)
                        | Atom::External(_)
                )
            })
        };
        if !names.iter().any(|(_, value)| worth(value)) && !mappings.iter().any(worth) {
            return None;
        }
        let project = self.setting.project;
        let near = &*self.module().file;
        let sink = (self.messages)(&render.sink);
        let mut origins: Vec<Origin<'p>> = Vec::new();
        let mut autoescape = render.autoescape;
        let given = if render.made {
            let field = template_field(render.constant);
            let mut given = Vec::new();
            for maker in receiver
                .map(|receiver| makers(state, receiver))
                .into_iter()
                .flatten()
            {
                if let Some(object) = state.object(maker) {
                    given.extend(object.field(field).cloned());
                    if render.environment {
                        autoescape = environment_escapes(state, maker, render.autoescape);
                    }
                }
            }
            given
        } else {
            self.argument_values(state, &render.name, receiver, arguments)
        };
        for name in given {
            for atom in name.atoms() {
                let mut known = Vec::new();
                match atom {
                    Atom::Str(name) => known.push(*name),
                    Atom::Object(id) => {
                        if let Some(object) = state.object(*id) {
                            known.extend(object.items.iter().filter_map(Value::known_text));
                        }
                    }
                    _ => {}
                }
                for name in known {
                    if render.constant {
                        origins.push(Origin::Constant(name.as_str()));
                    } else if let Some(id) = project.template(name.as_str(), near) {
                        origins.push(Origin::File(id));
                    }
                }
            }
        }
        let mut result = None;
        for origin in origins.into_iter().take(MAX_NAMES) {
            let mut page = Page {
                engine,
                autoescape,
                sink,
                frames: Vec::new(),
                names: names.clone(),
                mappings: mappings.clone(),
                expr,
                near,
                steps: MAX_STEPS,
                depth: 0,
                context: HtmlContext::Text,
                result: returns.then(Value::nothing),
            };
            self.file(
                state,
                &mut page,
                origin,
                None,
                Vec::new(),
                false,
                None,
                HtmlContext::Text,
            );
            if let Some(mut value) = page.result {
                if value.is_nothing() {
                    value.add(Atom::Unknown);
                }
                result.get_or_insert_with(Value::nothing).join(&value);
            }
        }
        result
    }

    fn source(&self, origin: Origin<'p>) -> &'p str {
        match origin {
            Origin::File(id) => self.setting.project.module(id).text.as_str(),
            Origin::Constant(text) => text,
        }
    }

    fn template_at(
        &self,
        page: &Page<'p>,
        origin: Origin<'p>,
        surroundings: &Surroundings,
    ) -> Arc<Template> {
        let text = self.source(origin);
        match origin {
            Origin::File(id) => self
                .setting
                .templates
                .get(id, text, page.engine, surroundings),
            Origin::Constant(_) => Arc::new(parse_in(text, page.engine, surroundings)),
        }
    }

    /// Whether values are escaped in a file that says nothing of it; `None` when what it holds is no markup.
    fn escapes(&self, page: &Page<'p>, origin: Origin<'p>) -> Option<bool> {
        let Origin::File(id) = origin else {
            // Flask escapes in constants; whoever says otherwise says so.
            return Some(page.autoescape.unwrap_or(true));
        };
        let file = &*self.setting.project.module(id).file;
        let name = file.rsplit('/').next().unwrap_or(file);
        let extension = |name: &str| {
            name.rsplit_once('.')
                .map(|(stem, extension)| (stem.to_owned(), extension.to_ascii_lowercase()))
        };
        let (stem, last) = extension(name)?;
        let markup = |word: &str| matches!(word, "html" | "htm" | "xhtml" | "xml" | "svg");
        let is_markup = match last.as_str() {
            "jinja" | "jinja2" | "j2" | "mako" => match extension(&stem) {
                Some((_, inner)) => markup(&inner),
                None => {
                    let text = self.source(origin);
                    text.contains("</") || text.contains("/>")
                }
            },
            last => markup(last),
        };
        if !is_markup {
            return None;
        }
        Some(page.autoescape.unwrap_or_else(|| markup(&last)))
    }

    /// A file with those it extends.
    #[expect(clippy::too_many_arguments, reason = "what a file is rendered with")]
    fn file(
        &mut self,
        state: &mut State,
        page: &mut Page<'p>,
        origin: Origin<'p>,
        around: Option<(usize, TextSize)>,
        given: Vec<(String, Made)>,
        closed: bool,
        autoescape: Option<bool>,
        context: HtmlContext,
    ) {
        if page.frames.len() >= MAX_NESTED {
            self.cut = true;
            return;
        }
        let Some(escapes) = self.escapes(page, origin) else {
            return;
        };
        let surroundings = Surroundings {
            context,
            ..Surroundings::default()
        };
        let first = page.frames.len();
        let template = self.template_at(page, origin, &surroundings);
        page.frames.push(Frame {
            origin,
            text: self.source(origin),
            template,
            around,
            given,
            closed,
            autoescape: autoescape.unwrap_or(escapes),
            context: None,
        });
        // From the file to the page it extends in the end.
        while page.frames.len() < MAX_NESTED {
            let last = page.frames.len() - 1;
            let template = Arc::clone(&page.frames[last].template);
            let Some(next) = template
                .extends
                .iter()
                .find_map(|name| self.named(state, page, last, name, TextSize::default()))
            else {
                break;
            };
            if page.frames[first..]
                .iter()
                .any(|frame| matches!((frame.origin, next), (Origin::File(a), Origin::File(b)) if a == b))
            {
                break;
            }
            let template = self.template_at(page, next, &surroundings);
            let end = TextSize::of(page.frames[last].text);
            let end = end.checked_sub(TextSize::new(1)).unwrap_or_default();
            let escapes = self.escapes(page, next).unwrap_or(true);
            page.frames.push(Frame {
                origin: next,
                text: self.source(next),
                template,
                around: Some((last, end)),
                given: Vec::new(),
                closed: false,
                autoescape: autoescape.unwrap_or(escapes),
                context: None,
            });
        }
        // The outermost says where the blocks stand.
        let chain = first..page.frames.len();
        let mut blocks = surroundings;
        for number in chain.clone().rev() {
            let origin = page.frames[number].origin;
            if number + 1 < chain.end {
                page.frames[number].template = self.template_at(page, origin, &blocks);
            }
            for block in &page.frames[number].template.blocks {
                blocks
                    .blocks
                    .entry(block.name.clone())
                    .or_insert_with(|| block.context.clone());
            }
        }
        for number in chain.clone().rev() {
            self.written(state, page, number, chain.start, None);
        }
        page.frames.truncate(first);
    }

    /// The file a name in a template leads to.
    fn named(
        &mut self,
        state: &mut State,
        page: &mut Page<'p>,
        frame: usize,
        name: &Expr,
        at: TextSize,
    ) -> Option<Origin<'p>> {
        let names = match name {
            Expr::List(names) => names.as_slice(),
            one => std::slice::from_ref(one),
        };
        for name in names {
            let made = self.made(state, page, frame, name, at);
            for atom in made.value.atoms() {
                if let Atom::Str(name) = atom {
                    let near = match page.frames[frame].origin {
                        Origin::File(id) => &*self.setting.project.module(id).file,
                        Origin::Constant(_) => page.near,
                    };
                    if let Some(id) = self.setting.project.template(name.as_str(), near) {
                        return Some(Origin::File(id));
                    }
                }
            }
        }
        None
    }

    /// What a file or a macro of it writes.
    fn written(
        &mut self,
        state: &mut State,
        page: &mut Page<'p>,
        number: usize,
        leaf: usize,
        region: Option<TextRange>,
    ) {
        let template = Arc::clone(&page.frames[number].template);
        let stands = |page: &Page<'p>, range: TextRange| {
            let around = template.macro_at(range.start()).map(|found| found.body);
            if around != region {
                return false;
            }
            // A block that a file nearer to the leaf replaces.
            !template.blocks.iter().any(|block| {
                block.body.contains_range(range)
                    && page.frames[leaf.min(number)..number].iter().any(|frame| {
                        frame.template.blocks.iter().any(|other| {
                            other.name == block.name && {
                                let body = &frame.text[other.body];
                                !body.contains("super") && !body.contains("parent.")
                            }
                        })
                    })
            })
        };
        for hole in &template.holes {
            if page.steps == 0 {
                self.cut = true;
                return;
            }
            if !stands(page, hole.range) {
                continue;
            }
            let own = page.frames[number].context.clone();
            let context = match own {
                Some(around) if hole.context == HtmlContext::Text => around,
                _ => hole.context.clone(),
            };
            page.context = context.clone();
            let mut made = self.made(state, page, number, &hole.expression, hole.range.start());
            for filter in &hole.filters {
                made = self.filtered(state, page, number, made, filter, hole.range.start());
            }
            if !made.safe && self.is_escaping(page, number, hole.autoescape) {
                made = self.escaped(state, page, made, "autoescape");
            }
            for filter in &hole.outer_filters {
                made.safe = true;
                made = self.filtered(state, page, number, made, filter, hole.range.start());
            }
            self.lands(state, page, number, &made.value, &context, hole.range);
        }
        for include in &template.includes {
            if page.steps == 0 || !stands(page, include.range) {
                continue;
            }
            let at = include.range.start();
            let Some(origin) = self.named(state, page, number, &include.template, at) else {
                continue;
            };
            let mut given = Vec::new();
            for (name, value) in &include.bindings {
                given.push((name.clone(), self.made(state, page, number, value, at)));
            }
            let inherited = match (page.engine, include.autoescape) {
                (Engine::Django, Autoescape::On) => Some(true),
                (Engine::Django, Autoescape::Off) => Some(false),
                (Engine::Django, Autoescape::Inherit) => Some(page.frames[number].autoescape),
                _ => None,
            };
            self.file(
                state,
                page,
                origin,
                Some((number, at)),
                given,
                include.only,
                inherited,
                include.context.clone(),
            );
        }
    }

    fn is_escaping(&self, page: &Page<'p>, frame: usize, autoescape: Autoescape) -> bool {
        match autoescape {
            Autoescape::On => true,
            Autoescape::Off => false,
            Autoescape::Inherit => page.frames[frame].autoescape,
        }
    }

    /// Whether values are escaped at a place.
    fn escapes_at(&self, page: &Page<'p>, frame: usize, at: TextSize) -> bool {
        let holes = &page.frames[frame].template.holes;
        let own = holes.iter().find(|hole| hole.range.contains(at));
        self.is_escaping(
            page,
            frame,
            own.map_or(Autoescape::Inherit, |hole| hole.autoescape),
        )
    }

    /// A value stands on the page.
    fn lands(
        &mut self,
        state: &mut State,
        page: &mut Page<'p>,
        frame: usize,
        value: &Value,
        context: &HtmlContext,
        range: TextRange,
    ) {
        let (place, callee) = match page.frames[frame].origin {
            Origin::File(id) => {
                let file = &*self.setting.project.module(id).file;
                let name = file.rsplit('/').next().unwrap_or(file);
                (Place::new(id, range), Symbol::from(name))
            }
            Origin::Constant(_) => (self.place(page.expr), Symbol::from("the template")),
        };
        let at = self.place(page.expr);
        let opening = Stretch::Known(Symbol::from(context.opening()));
        for text in self.texts_of(state, value) {
            if crate::shape::holes(&text).next().is_none() {
                if page.result.is_none() && self.watches(place) {
                    let known = Value::stretches(text.to_vec());
                    self.sight_value(state, page.sink, callee, place, known);
                }
                continue;
            }
            let text = map_holes(&text, |hole| {
                for taint in &mut hole.taints {
                    let steps = taint.trail.steps();
                    if !steps.iter().any(|step| step == &(at, Why::Passed(callee))) {
                        taint.trail = taint.trail.step(at, Why::Passed(callee));
                    }
                }
            });
            let mut whole = Vec::with_capacity(text.len() + 1);
            push(&mut whole, opening.clone());
            for stretch in text {
                push(&mut whole, stretch);
            }
            let value = Value::stretches(whole);
            match &mut page.result {
                Some(result) => result.join(&value),
                None => {
                    if self.watches(place) {
                        self.sight_value(state, page.sink, callee, place, value.clone());
                    }
                    self.reached(page.sink, place, callee, value, 0);
                }
            }
        }
    }

    // Expressions.

    fn made(
        &mut self,
        state: &mut State,
        page: &mut Page<'p>,
        frame: usize,
        expr: &Expr,
        at: TextSize,
    ) -> Made {
        if page.steps == 0 || page.depth >= MAX_DEPTH {
            self.cut = true;
            return Made::unknown();
        }
        page.steps -= 1;
        page.depth += 1;
        let made = stacker::maybe_grow(128 * 1024, 1024 * 1024, || {
            self.made_of(state, page, frame, expr, at)
        });
        page.depth -= 1;
        made
    }

    fn made_of(
        &mut self,
        state: &mut State,
        page: &mut Page<'p>,
        frame: usize,
        expr: &Expr,
        at: TextSize,
    ) -> Made {
        match expr {
            Expr::Name(name) => self.name_in(state, page, frame, name, at),
            Expr::Attribute(base, name) => {
                let base = self.made(state, page, frame, base, at).value;
                let value = self.member_of(state, page, &base, name);
                Made::of(value)
            }
            Expr::Item(base, key) => {
                let base = self.made(state, page, frame, base, at).value;
                let key = self.made(state, page, frame, key, at).value;
                Made::of(self.item(state, &base, &key, page.expr))
            }
            Expr::Call(callee, arguments) => {
                self.called_in_page(state, page, frame, callee, arguments, at)
            }
            Expr::String(text) => Made::of(Value::text(text)),
            Expr::Scalar => Made::of(Atom::Scalar.into()),
            Expr::Concat(parts) => {
                let mut all: Vec<Made> = Vec::with_capacity(parts.len());
                for part in parts {
                    all.push(self.made(state, page, frame, part, at));
                }
                // Beside markup, texts are escaped.
                let safe = page.engine == Engine::Jinja2 && all.iter().any(|made| made.safe);
                let mut values = Vec::with_capacity(all.len());
                for made in all {
                    let made = if safe && !made.safe {
                        self.escaped(state, page, made, "autoescape")
                    } else {
                        made
                    };
                    values.push(made.value);
                }
                Made {
                    value: self.joined_texts(state, &values),
                    safe,
                }
            }
            Expr::Either(parts) => {
                let mut all = Vec::with_capacity(parts.len());
                for part in parts {
                    all.push(self.made(state, page, frame, part, at));
                }
                self.either(state, page, frame, all, at)
            }
            Expr::List(parts) => {
                let mut value = Value::nothing();
                for part in parts {
                    value.join(&self.made(state, page, frame, part, at).value);
                }
                Made::of(value)
            }
            Expr::Dict(items) => {
                let mut value = Value::nothing();
                for (_, item) in items {
                    value.join(&self.made(state, page, frame, item, at).value);
                }
                Made::of(value)
            }
            Expr::Filter(inner, filter) => {
                let made = self.made(state, page, frame, inner, at);
                self.filtered(state, page, frame, made, filter, at)
            }
            Expr::Unknown(parts) => {
                let mut values = Vec::with_capacity(parts.len());
                for part in parts {
                    values.push(self.made(state, page, frame, part, at).value);
                }
                Made::of(self.mixed(state, page, &values, 0))
            }
        }
    }

    /// One of several: what is markup stays so, the rest is escaped as it would be.
    fn either(
        &mut self,
        state: &mut State,
        page: &Page<'p>,
        frame: usize,
        all: Vec<Made>,
        at: TextSize,
    ) -> Made {
        let safe = all.iter().any(|made| made.safe);
        let escapes = safe && self.escapes_at(page, frame, at);
        let mut value = Value::nothing();
        for made in all {
            let made = if escapes && !made.safe {
                self.escaped(state, page, made, "autoescape")
            } else {
                made
            };
            value.join(&made.value);
        }
        Made { value, safe }
    }

    /// Something made of these, nobody knows how.
    fn mixed(&mut self, state: &State, page: &Page<'p>, values: &[Value], doubt: u8) -> Value {
        let holes = self.all_holes(state, values);
        let id = crate::value::hash_id(&(
            self.site(page.expr),
            holes.first().map(|hole| hole.id),
            holes.len(),
        ));
        match self.blend(&holes, id, Alphabet::ALL, doubt, |_| {}) {
            Some(hole) => Value::stretches(vec![
                Stretch::Any,
                Stretch::Hole(Arc::new(hole)),
                Stretch::Any,
            ]),
            None => Value::unknown(),
        }
    }

    /// What a name means at a place.
    fn name_in(
        &mut self,
        state: &mut State,
        page: &mut Page<'p>,
        frame: usize,
        name: &str,
        at: TextSize,
    ) -> Made {
        if page.depth >= MAX_DEPTH {
            return Made::unknown();
        }
        let template = Arc::clone(&page.frames[frame].template);
        let bindings = template.bindings_of(name, at);
        let mut all = Vec::with_capacity(bindings.len());
        let mut certain = false;
        for binding in bindings {
            certain = binding.certain.contains(at);
            let there = binding.range.start();
            let made = match &binding.value {
                Bound::Is(value) => self.made(state, page, frame, value, there),
                Bound::Part(value, index) => {
                    let value = self.made(state, page, frame, value, there).value;
                    Made::of(self.part_at(state, page, &value, *index))
                }
                Bound::Element(value, index) => {
                    let element = self.element(state, page, frame, value, there);
                    match index {
                        Some(index) => Made::of(self.part_at(state, page, &element, *index)),
                        None => Made::of(element),
                    }
                }
                Bound::Key(value) => {
                    let value = self.made(state, page, frame, value, there).value;
                    Made::of(self.iterated(state, &value, page.expr))
                }
                Bound::Value(value) => {
                    let value = self.made(state, page, frame, value, there).value;
                    Made::of(self.item(state, &value, &Value::unknown(), page.expr))
                }
                // What stands in it is looked at where it stands.
                Bound::Text(_) => Made {
                    value: Value::unknown(),
                    safe: true,
                },
                Bound::Parameter(_) => {
                    let given = &page.frames[frame].given;
                    let found = given.iter().find(|(known, _)| known == name);
                    found.map_or_else(Made::unknown, |(_, made)| made.clone())
                }
                Bound::Given | Bound::Loop => Made::unknown(),
            };
            all.push(made);
        }
        if !certain {
            all.push(self.name_around(state, page, frame, name));
        }
        match all.len() {
            1 => all.swap_remove(0),
            _ => self.either(state, page, frame, all, at),
        }
    }

    fn name_around(
        &mut self,
        state: &mut State,
        page: &mut Page<'p>,
        frame: usize,
        name: &str,
    ) -> Made {
        let here = &page.frames[frame];
        if let Some((_, made)) = here.given.iter().find(|(known, _)| known == name) {
            return made.clone();
        }
        if here.closed {
            return Made::unknown();
        }
        if let Some((around, at)) = here.around {
            page.depth += 1;
            let made = self.name_in(state, page, around, name, at);
            page.depth -= 1;
            return made;
        }
        let known = page.names.iter().find(|(known, _)| known.as_str() == name);
        if let Some((_, value)) = known {
            return Made::of(value.clone());
        }
        let symbol = Symbol::from(name);
        let key = Value::text(name);
        let mut value = Value::nothing();
        for mapping in page.mappings.clone() {
            for atom in mapping.atoms() {
                // What went in under keys that are not known is no more likely to be this name than any other.
                let found = match atom {
                    Atom::Object(id) => state
                        .object(*id)
                        .filter(|object| object.kind == Kind::Dict && !object.rest.is_nothing())
                        .map(|object| object.field(symbol).cloned().unwrap_or_else(Value::unknown)),
                    Atom::Input(path) => {
                        let part = path.then(Key::Item(symbol));
                        let written = state.written_to(&part).cloned();
                        Some(written.unwrap_or_else(|| self.input(part).into()))
                    }
                    _ => None,
                };
                let found = found
                    .unwrap_or_else(|| self.item(state, &atom.clone().into(), &key, page.expr));
                value.join(&found);
            }
        }
        if value.is_nothing() {
            value.add(Atom::Unknown);
        }
        Made::of(value)
    }

    fn part_at(
        &mut self,
        state: &mut State,
        page: &Page<'p>,
        value: &Value,
        index: usize,
    ) -> Value {
        let index = Atom::Int(i64::try_from(index).unwrap_or(0)).into();
        self.item(state, value, &index, page.expr)
    }

    /// What a loop runs over.
    fn element(
        &mut self,
        state: &mut State,
        page: &mut Page<'p>,
        frame: usize,
        expr: &Expr,
        at: TextSize,
    ) -> Value {
        let value = self.made(state, page, frame, expr, at).value;
        match expr {
            // A list that is written out is the join of its elements.
            Expr::List(_) => value,
            Expr::Filter(_, filter) if filter.name == "map" => value,
            _ => self.iterated(state, &value, page.expr),
        }
    }

    /// `base.name`, which may be an attribute or an item, and in Django the result of a method.
    fn member_of(&mut self, state: &mut State, page: &Page<'p>, base: &Value, name: &str) -> Value {
        let symbol = Symbol::from(name);
        let key: Value = match name.parse::<i64>() {
            Ok(index) => Atom::Int(index).into(),
            Err(_) => Value::text(name),
        };
        let mut value = Value::nothing();
        for atom in base.atoms() {
            let one: Value = atom.clone().into();
            let container = match atom {
                Atom::Object(id) => state.object(*id).is_some_and(|object| {
                    matches!(
                        object.kind,
                        Kind::Dict | Kind::List | Kind::Tuple | Kind::Set
                    )
                }),
                _ => false,
            };
            let found = if container {
                if matches!(name, "items" | "values" | "keys" | "all") {
                    one
                } else {
                    self.item(state, &one, &key, page.expr)
                }
            } else {
                let mut found = self.attribute(state, &one, symbol, page.expr);
                if matches!(atom, Atom::Input(_)) {
                    found.join(&self.item(state, &one, &key, page.expr));
                }
                found
            };
            value.join(&found);
        }
        let callable = page.engine == Engine::Django
            && value.atoms().iter().any(|atom| match atom {
                Atom::Function(..) => true,
                Atom::Object(id) => state
                    .object(*id)
                    .is_some_and(|object| matches!(object.kind, Kind::Bound | Kind::Closure(..))),
                _ => false,
            });
        if callable {
            return self.looked_at(state, |this, aside| {
                this.call_value(aside, &value, &Arguments::default(), page.expr)
            });
        }
        value
    }

    /// A call whose effects are of no interest.
    fn looked_at(
        &mut self,
        state: &mut State,
        call: impl FnOnce(&mut Self, &mut State) -> Value,
    ) -> Value {
        let mut aside = state.clone();
        self.quiet += 1;
        let value = call(self, &mut aside);
        self.quiet -= 1;
        // Objects made aside are not known here.
        let known = value
            .atoms()
            .iter()
            .filter(|atom| !matches!(atom, Atom::Object(id) if state.object(*id).is_none()));
        let known = Value::of(known.cloned().collect::<Vec<_>>());
        if known.is_nothing() {
            Value::unknown()
        } else {
            known
        }
    }

    fn called_in_page(
        &mut self,
        state: &mut State,
        page: &mut Page<'p>,
        frame: usize,
        callee: &Expr,
        arguments: &[Argument],
        at: TextSize,
    ) -> Made {
        if let Some((home, name)) = self.macro_of(state, page, frame, callee, at) {
            return self.macro_called(state, page, frame, home, &name, arguments, at);
        }
        let mut given = Arguments::default();
        for argument in arguments {
            let value = self.made(state, page, frame, &argument.value, at).value;
            match &argument.name {
                Some(name) => given.keywords.push((Symbol::from(name.as_str()), value)),
                None => given.positional.push(value),
            }
        }
        let expr = page.expr;
        match callee {
            Expr::Attribute(base, name) => {
                let base = self.made(state, page, frame, base, at).value;
                let container = base.atoms().iter().any(|atom| match atom {
                    Atom::Object(id) => state.object(*id).is_some_and(|object| {
                        matches!(object.kind, Kind::Dict | Kind::List | Kind::Tuple)
                    }),
                    _ => false,
                });
                if container && matches!(name.as_str(), "items" | "values" | "keys" | "all") {
                    return Made::of(base);
                }
                let name = Symbol::from(name.as_str());
                Made::of(self.looked_at(state, |this, aside| {
                    this.call_method(aside, &base, name, &given, expr, None)
                }))
            }
            callee => {
                let value = self.made(state, page, frame, callee, at).value;
                let known = value.atoms().iter().any(|atom| {
                    matches!(
                        atom,
                        Atom::Function(..) | Atom::Object(_) | Atom::External(_)
                    )
                });
                if !known {
                    // A function of the engine or of an extension: what it is given is encoded or looked up.
                    return Made::unknown();
                }
                Made::of(self.looked_at(state, |this, aside| {
                    this.call_value(aside, &value, &given, expr)
                }))
            }
        }
    }

    // Macros.

    /// The frame and the name of the macro that is called.
    fn macro_of(
        &mut self,
        state: &mut State,
        page: &mut Page<'p>,
        frame: usize,
        callee: &Expr,
        at: TextSize,
    ) -> Option<(MacroHome<'p>, String)> {
        let template = Arc::clone(&page.frames[frame].template);
        let has = |template: &Template, name: &str| {
            template.macros.iter().any(|found| found.name == name)
        };
        match callee {
            Expr::Name(name) => {
                if has(&template, name) {
                    return Some((MacroHome::Here(frame), name.clone()));
                }
                for import in &template.imports {
                    for (theirs, ours) in &import.names {
                        if ours == name || theirs == "*" {
                            let theirs = if theirs == "*" { name } else { theirs };
                            if let Some(origin) =
                                self.named(state, page, frame, &import.template, at)
                                && has(
                                    &self.template_at(page, origin, &Surroundings::default()),
                                    theirs,
                                )
                            {
                                return Some((MacroHome::There(origin), theirs.clone()));
                            }
                        }
                    }
                }
                // A macro of the file that includes this one, or that this one extends.
                let (around, there) = page.frames[frame].around?;
                if page.frames[frame].closed || page.depth >= MAX_DEPTH {
                    return None;
                }
                page.depth += 1;
                let found = self.macro_of(state, page, around, callee, there);
                page.depth -= 1;
                found
            }
            Expr::Attribute(base, name) => {
                let Expr::Name(alias) = &**base else {
                    return None;
                };
                if alias == "self" && has(&template, name) {
                    return Some((MacroHome::Here(frame), name.clone()));
                }
                let import = template
                    .imports
                    .iter()
                    .find(|import| import.alias.as_deref() == Some(alias.as_str()))?;
                let origin = self.named(state, page, frame, &import.template, at)?;
                has(
                    &self.template_at(page, origin, &Surroundings::default()),
                    name,
                )
                .then(|| (MacroHome::There(origin), name.clone()))
            }
            _ => None,
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what a macro is called with")]
    fn macro_called(
        &mut self,
        state: &mut State,
        page: &mut Page<'p>,
        frame: usize,
        home: MacroHome<'p>,
        name: &str,
        arguments: &[Argument],
        at: TextSize,
    ) -> Made {
        let result = Made {
            value: Value::unknown(),
            safe: true,
        };
        if page.frames.len() >= MAX_NESTED {
            self.cut = true;
            return result;
        }
        let (origin, template, around, autoescape) = match home {
            MacroHome::Here(frame) => {
                let here = &page.frames[frame];
                (
                    here.origin,
                    Arc::clone(&here.template),
                    Some(frame),
                    here.autoescape,
                )
            }
            MacroHome::There(origin) => (
                origin,
                self.template_at(page, origin, &Surroundings::default()),
                None,
                self.escapes(page, origin).unwrap_or(true),
            ),
        };
        let Some(found) = template.macros.iter().find(|found| found.name == name) else {
            return result;
        };
        let found: Macro = found.clone();
        let mut given: Vec<(String, Made)> = Vec::new();
        for (index, (parameter, default)) in found.parameters.iter().enumerate() {
            let argument = arguments
                .iter()
                .find(|argument| argument.name.as_deref() == Some(parameter.as_str()))
                .or_else(|| {
                    arguments
                        .iter()
                        .filter(|argument| argument.name.is_none())
                        .nth(index)
                });
            let made = match (argument, default) {
                (Some(argument), _) => self.made(state, page, frame, &argument.value, at),
                (None, Some(Expr::String(text))) => Made::of(Value::text(text.as_str())),
                _ => Made::unknown(),
            };
            given.push((parameter.clone(), made));
        }
        let outer = page.context.clone();
        let number = page.frames.len();
        page.frames.push(Frame {
            origin,
            text: self.source(origin),
            template,
            around: around.map(|around| (around, found.body.start())),
            given,
            closed: around.is_none(),
            autoescape,
            context: (outer != HtmlContext::Text).then(|| outer.clone()),
        });
        self.written(state, page, number, number, Some(found.body));
        page.frames.truncate(number);
        page.context = outer;
        result
    }

    // Filters.

    fn filtered(
        &mut self,
        state: &mut State,
        page: &mut Page<'p>,
        frame: usize,
        made: Made,
        filter: &Filter,
        at: TextSize,
    ) -> Made {
        let name = filter.name.as_str();
        let known = effect(page.engine, name);
        let Some(known) = known else {
            // A filter of the project: what it makes of it is not known.
            let given = [made.value];
            return Made::of(self.mixed(state, page, &given, 2));
        };
        match known {
            FilterEffect::MarksSafe => Made { safe: true, ..made },
            FilterEffect::EscapesHtml => {
                let again = matches!(name, "forceescape" | "force_escape");
                if made.safe && !again && page.engine != Engine::Mako {
                    return made;
                }
                self.escaped(state, page, made, name)
            }
            FilterEffect::EscapesScript => self.for_script(state, page, made, name),
            FilterEffect::UrlEncodes => {
                let value = self.each_text(state, page, &made.value, name, |hole| {
                    hole.alphabet = hole.alphabet.intersect(url_encoded());
                });
                Made::of(value)
            }
            FilterEffect::Harmless => Made::of(Atom::Scalar.into()),
            FilterEffect::PassesOn => {
                let mut arguments = Vec::new();
                for argument in &filter.arguments {
                    arguments.push((
                        argument.name.clone(),
                        self.made(state, page, frame, &argument.value, at),
                    ));
                }
                self.passed_on(state, page, frame, made, name, arguments, at)
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what a filter is applied to")]
    fn passed_on(
        &mut self,
        state: &mut State,
        page: &Page<'p>,
        frame: usize,
        made: Made,
        name: &str,
        arguments: Vec<(Option<String>, Made)>,
        at: TextSize,
    ) -> Made {
        match name {
            "d" | "default" | "default_if_none" => {
                let mut all = vec![made];
                all.extend(arguments.into_iter().take(1).map(|(_, made)| made));
                self.either(state, page, frame, all, at)
            }
            "first" | "last" | "random" | "min" | "max" => {
                let container = made
                    .value
                    .atoms()
                    .iter()
                    .any(|atom| matches!(atom, Atom::Object(_) | Atom::Input(_)));
                if container {
                    return Made::of(self.iterated(state, &made.value, page.expr));
                }
                made
            }
            "map" | "attr" => {
                let wanted = arguments.iter().find(|(key, _)| {
                    key.as_deref() == Some("attribute") || name == "attr" && key.is_none()
                });
                match wanted.and_then(|(_, made)| made.value.known_text()) {
                    Some(attribute) => {
                        let of = if name == "map" {
                            self.iterated(state, &made.value, page.expr)
                        } else {
                            made.value
                        };
                        Made::of(self.member_of(state, page, &of, attribute.as_str()))
                    }
                    None => made,
                }
            }
            "format" | "replace" | "join" | "add" | "stringformat" => {
                if arguments.is_empty() {
                    return made;
                }
                let safe = made.safe && page.engine == Engine::Jinja2;
                let mut values = vec![made.value];
                for (_, argument) in arguments {
                    // Markup escapes what is put into it.
                    let argument = if safe && !argument.safe {
                        self.escaped(state, page, argument, "autoescape")
                    } else {
                        argument
                    };
                    values.push(argument.value);
                }
                let value = if values[1..].iter().all(|value| !value.has_holes()) {
                    values.swap_remove(0)
                } else {
                    let mut parts = Vec::with_capacity(2 * values.len());
                    for value in values {
                        parts.push(value);
                        parts.push(Value::unknown());
                    }
                    self.joined_texts(state, &parts)
                };
                Made {
                    value,
                    safe: made.safe,
                }
            }
            // Plain texts come out.
            "upper" | "make_list" if page.engine == Engine::Django => Made {
                safe: false,
                ..made
            },
            "striptags" if page.engine == Engine::Jinja2 => Made {
                safe: false,
                ..made
            },
            _ => made,
        }
    }

    /// Changes the holes of all texts that a value may be.
    fn each_text(
        &mut self,
        state: &mut State,
        page: &Page<'p>,
        value: &Value,
        name: &str,
        change: impl Fn(&mut crate::shape::Hole),
    ) -> Value {
        let place = self.place(page.expr);
        let why = Why::Sanitized(Symbol::from(name));
        let mut result = Value::nothing();
        for text in self.texts_of(state, value) {
            let text = map_holes(&text, |hole| {
                change(hole);
                for taint in &mut hole.taints {
                    taint.trail = taint.trail.step(place, why);
                }
            });
            result.join(&Value::stretches(text));
        }
        result
    }

    /// Escaped for HTML.
    fn escaped(&mut self, state: &mut State, page: &Page<'p>, made: Made, name: &str) -> Made {
        let mut value = self.each_text(state, page, &made.value, name, |hole| {
            hole.alphabet = hole.alphabet.without("<>&\"'");
        });
        let literal = value
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Text(_) | Atom::Str(_)));
        if literal {
            let mut all = Value::nothing();
            for text in self.texts_of(state, &value) {
                let text: Vec<Stretch> = text
                    .into_iter()
                    .map(|stretch| match stretch {
                        Stretch::Known(known) => Stretch::Known(references(known)),
                        other => other,
                    })
                    .collect();
                all.join(&Value::stretches(text));
            }
            value = all;
        }
        Made { value, safe: true }
    }

    /// As a literal of a script, or the inside of one.
    fn for_script(&mut self, state: &mut State, page: &Page<'p>, made: Made, name: &str) -> Made {
        let value = self.each_text(state, page, &made.value, name, |hole| {
            hole.alphabet = hole.alphabet.without("<>&\"'\\\n\r");
            if name != "tojson" {
                hole.alphabet = hole.alphabet.without("`=;-");
            }
        });
        if name != "tojson" || !value.has_holes() {
            return Made { value, safe: true };
        }
        // JSON brings its own quotes.
        let quote = Value::text("\"");
        Made {
            value: self.joined_texts(state, &[quote.clone(), value, quote]),
            safe: true,
        }
    }
}

/// The field of what a call made, for the object that the call was a method of.
pub(super) fn maker_field() -> Symbol {
    static_symbol!("@receiver")
}

/// The field for the name, or the text, of a template.
pub(crate) fn template_field(constant: bool) -> Symbol {
    if constant {
        static_symbol!("@text")
    } else {
        static_symbol!("@name")
    }
}

/// The field for whether an environment escapes.
pub(crate) fn autoescape_field() -> Symbol {
    static_symbol!("@autoescape")
}

/// The objects that a value may be and that know how they were made.
fn makers(state: &State, value: &Value) -> Vec<ObjId> {
    let objects = value.atoms().iter().filter_map(|atom| match atom {
        Atom::Object(id) => Some(*id),
        _ => None,
    });
    objects
        .filter(|id| {
            state
                .object(*id)
                .is_some_and(|object| matches!(object.kind, Kind::Holder(_)))
        })
        .collect()
}

/// What the environment of a template says of escaping; without a word, what holds `otherwise`. `None`: by extension.
fn environment_escapes(state: &State, template: ObjId, otherwise: Option<bool>) -> Option<bool> {
    let mut at = template;
    // The template, its environment, an overlay.
    for _ in 0..3 {
        let object = state.object(at)?;
        if let Some(said) = object.field(autoescape_field()) {
            return match said.only() {
                Some(Atom::Bool(said)) => Some(*said),
                Some(Atom::None) => Some(false),
                Some(Atom::External(_) | Atom::Function(..)) => None,
                // Default filters of Mako.
                Some(Atom::Object(id)) if state.object(*id)?.kind == Kind::List => {
                    let h = Atom::Str(static_symbol!("h"));
                    Some(state.object(*id)?.contents().atoms().contains(&h))
                }
                // A closure, or nobody knows.
                _ => Some(true),
            };
        }
        match object
            .field(maker_field())
            .map(|maker| makers(state, maker))
        {
            Some(above) if !above.is_empty() => at = above[0],
            _ => break,
        }
    }
    otherwise
}

/// Where a macro stands that is called.
enum MacroHome<'t> {
    Here(usize),
    There(Origin<'t>),
}

fn url_encoded() -> Alphabet {
    Alphabet::of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%._~/+-")
}

/// Text with its characters written as references.
fn references(text: Symbol) -> Symbol {
    if !text.as_str().contains(['<', '>', '&', '"', '\'']) {
        return text;
    }
    let mut escaped = String::with_capacity(text.as_str().len() + 16);
    for character in text.as_str().chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    Symbol::from(escaped)
}
