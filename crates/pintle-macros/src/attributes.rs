//! The attributes that items, fields, arguments and methods can carry.

mod words;

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::meta::ParseNestedMeta;
use syn::parse::Parser;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, Lit, LitStr, Meta, Result, Token, Type};

/// What is said when two variants stand for what a newer peer knows.
pub(crate) const SECOND_OTHER: &str =
    "another variant stands for what a newer peer knows already; one has to go";

/// What is said of a field or an argument.
#[derive(Default)]
pub(crate) struct OfField {
    pub(crate) tag: Option<(u32, Span)>,
    /// What it is when it did not come.
    pub(crate) default: Option<Absent>,
}

/// What a field is when a peer did not send it.
#[derive(Clone)]
pub(crate) enum Absent {
    Default,
    Expression(Box<Expr>),
}

impl OfField {
    /// Takes ours out of `attributes` and leaves the others. `ty` is what they stand on.
    pub(crate) fn take(attributes: &mut Vec<Attribute>, ty: &Type) -> Result<Self> {
        refuse_cfg(attributes)?;
        let mut found = Self::default();
        for attribute in ours(attributes) {
            if attribute.path().is_ident("tag") {
                once(&mut found.tag, words::number(&attribute)?, &attribute)?;
                continue;
            }
            if !attribute.path().is_ident("pintle") {
                return Err(stray(&attribute));
            }
            attribute.parse_nested_meta(|meta| {
                if !meta.path.is_ident("default") {
                    return Err(unknown(&meta, "default"));
                }
                let absent = match meta.input.peek(Token![=]) {
                    true => Absent::Expression(meta.value()?.parse()?),
                    false => Absent::Default,
                };
                if words::is_many(ty) {
                    return Err(meta.error(
                        "an `Option`, a list or a map is empty when it did not come: leave `default` out",
                    ));
                }
                once(&mut found.default, absent, &meta.path)
            })?;
        }
        Ok(found)
    }
}

/// What is said of a variant.
#[derive(Default)]
pub(crate) struct OfVariant {
    pub(crate) tag: Option<(u32, Span)>,
    /// gRPC's code of an error, as the name of a variant of `Code`.
    pub(crate) code: Option<syn::Ident>,
    /// Stands for what a newer peer knows.
    pub(crate) other: bool,
}

impl OfVariant {
    pub(crate) fn take(attributes: &mut Vec<Attribute>) -> Result<Self> {
        refuse_cfg(attributes)?;
        let mut found = Self::default();
        for attribute in ours(attributes) {
            if attribute.path().is_ident("tag") {
                once(&mut found.tag, words::number(&attribute)?, &attribute)?;
                continue;
            }
            if !attribute.path().is_ident("pintle") {
                return Err(stray(&attribute));
            }
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("other") {
                    found.other = true;
                    return Ok(());
                }
                if meta.path.is_ident("code") {
                    let code = words::code(&meta.value()?.parse()?)?;
                    return once(&mut found.code, code, &meta.path);
                }
                Err(unknown(&meta, "code = \"…\" or other"))
            })?;
        }
        Ok(found)
    }
}

/// What is said of a method.
#[derive(Default)]
pub(crate) struct OfMethod {
    pub(crate) deadline: Option<Duration>,
    pub(crate) idempotent: bool,
    pub(crate) reserved: Vec<u32>,
}

impl OfMethod {
    pub(crate) fn take(attributes: &mut Vec<Attribute>) -> Result<Self> {
        refuse_cfg(attributes)?;
        let mut found = Self::default();
        for attribute in ours(attributes) {
            if attribute.path().is_ident("reserved") {
                found.reserved.extend(words::reserved(&attribute)?);
                continue;
            }
            if !attribute.path().is_ident("pintle") {
                return Err(stray(&attribute));
            }
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("idempotent") {
                    found.idempotent = true;
                    return Ok(());
                }
                if meta.path.is_ident("deadline") {
                    let deadline = words::duration(&meta.value()?.parse()?)?;
                    return once(&mut found.deadline, deadline, &meta.path);
                }
                Err(unknown(&meta, "deadline = \"5s\" or idempotent"))
            })?;
        }
        Ok(found)
    }
}

/// Refuses ours where none has a meaning: on the trait itself.
pub(crate) fn refuse_ours(attributes: &mut Vec<Attribute>) -> Result<()> {
    ours(attributes)
        .first()
        .map_or(Ok(()), |first| Err(stray(first)))
}

/// Takes `#[reserved(…)]` out of the attributes of a type.
pub(crate) fn take_reserved(attributes: &mut Vec<Attribute>) -> Result<Vec<u32>> {
    let mut numbers = Vec::new();
    for attribute in ours(attributes) {
        match attribute.path().is_ident("reserved") {
            true => numbers.extend(words::reserved(&attribute)?),
            false => return Err(stray(&attribute)),
        }
    }
    Ok(numbers)
}

/// The options of `#[pintle::interface(…)]` and `#[pintle::message(…)]`.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) package: Option<String>,
    pub(crate) name: Option<String>,
}

impl Options {
    pub(crate) fn parse(options: TokenStream) -> Result<Self> {
        let mut found = Self::default();
        let parser = syn::meta::parser(|meta| {
            let text = |meta: &ParseNestedMeta<'_>| -> Result<LitStr> { meta.value()?.parse() };
            if meta.path.is_ident("package") {
                let package = text(&meta)?;
                words::check_package(&package)?;
                once(&mut found.package, package.value(), &meta.path)?;
            } else if meta.path.is_ident("name") {
                once(&mut found.name, text(&meta)?.value(), &meta.path)?;
            } else {
                return Err(unknown(&meta, "package = \"…\" or name = \"…\""));
            }
            Ok(())
        });
        parser.parse2(options)?;
        Ok(found)
    }
}

/// The doc comment as it was written.
pub(crate) fn doc_attributes(attributes: &[Attribute]) -> Vec<Attribute> {
    let docs = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"));
    docs.cloned().collect()
}

/// The doc comment as a slice of its lines.
pub(crate) fn doc(attributes: &[Attribute]) -> TokenStream {
    let texts = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
                Expr::Lit(literal) => match &literal.lit {
                    Lit::Str(text) => Some(text.value()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        });
    let lines: Vec<String> = texts
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .map(|line| line.strip_prefix(' ').unwrap_or(&line).to_owned())
        .collect();
    quote!(&[#(#lines),*])
}

/// Refuses what is there in one build and not in another: its number would stand for something else.
fn refuse_cfg(attributes: &[Attribute]) -> Result<()> {
    match attributes
        .iter()
        .find(|attribute| attribute.path().is_ident("cfg"))
    {
        None => Ok(()),
        Some(cfg) => Err(Error::new(
            cfg.span(),
            "the other side may be built without it: what crosses cannot depend on `cfg`",
        )),
    }
}

/// Keeps what is said, unless it was said before.
fn once<T>(slot: &mut Option<T>, said: T, at: &impl Spanned) -> Result<()> {
    match slot.replace(said) {
        None => Ok(()),
        Some(_) => Err(Error::new(
            at.span(),
            "it is said twice; one of them has to go",
        )),
    }
}

/// Takes the attributes that are ours out of the list.
fn ours(attributes: &mut Vec<Attribute>) -> Vec<Attribute> {
    let is_ours = |attribute: &Attribute| {
        ["pintle", "tag", "reserved"]
            .iter()
            .any(|name| attribute.path().is_ident(name))
    };
    let (ours, others) = attributes.drain(..).partition(is_ours);
    *attributes = others;
    ours
}

fn unknown(meta: &ParseNestedMeta<'_>, known: &str) -> Error {
    meta.error(format!("not an option here; there is {known}"))
}

fn stray(attribute: &Attribute) -> Error {
    let text = match attribute.path().is_ident("tag") {
        true => "a tag stands on an argument, a field or a variant",
        false if attribute.path().is_ident("reserved") => {
            "reserved numbers stand on a method, or on a struct or an enum"
        }
        false => {
            "options stand on a method (`deadline`, `idempotent`), an argument or a field (`default`), or a variant (`code`, `other`)"
        }
    };
    Error::new(attribute.span(), text)
}
