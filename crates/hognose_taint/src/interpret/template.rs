//! Template files: what the values given to one become on the page.
//!
//! A rendering is a call of a function whose parameters are the names of the context. The values go through the expressions,
//! filters, includes, blocks and macros of the file; where one is written, the page so far is stood for by the shortest beginning
//! that leads to the same place of a page, and the sink is the same as for pages built in Python.

mod calls;
mod names;

use std::sync::{Arc, Mutex};

use hognose_python::ModuleId;
use hognose_python::ir::ExprId;
use hognose_python::static_symbol;
use hognose_template::{Autoescape, Engine, Expr, HtmlContext, Surroundings, Template, parse_in};
use ruff_text_size::{TextRange, TextSize};
use rustc_hash::FxHashMap;

use super::Interpreter;
use super::call::Arguments;
use crate::model::Render;
use crate::shape::{Alphabet, Stretch, map_holes, push};
use crate::state::{Kind, State};
use crate::summary::SinkRef;
use crate::value::{Atom, ObjId, Place, Symbol, Value, Why};

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
