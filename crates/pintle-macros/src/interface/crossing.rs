//! Types that cannot cross, told apart by how they are written.
//!
//! What is left is the compiler's to judge, by the traits `Pass` and `Value`.

use syn::{Error, GenericArgument, PathArguments, PathSegment, Result, Type};

/// Refuses what refers to the caller's memory, and what only the caller's compiler knows.
pub(super) fn owned(ty: &Type) -> Result<()> {
    let advice = match ty {
        Type::Reference(reference) => match &*reference.elem {
            Type::Path(path) if path.path.is_ident("str") => "write `String` instead of `&str`",
            Type::Slice(slice) if is_u8(&slice.elem) => "write `Vec<u8>` instead of `&[u8]`",
            Type::Slice(_) => "write a `Vec` instead of a slice",
            _ => "write it without the `&`: a reference cannot cross to another process",
        },
        Type::ImplTrait(_) => "name the type: its other side is compiled without this one",
        Type::TraitObject(_) => "write `pintle::Callback<dyn Trait>` for what is to be called",
        Type::Tuple(tuple) if !tuple.elems.is_empty() => {
            "name the parts: make it a struct with `#[pintle::message]`"
        }
        Type::Array(_) => "write a `Vec`: a `.proto` file has no arrays of fixed length",
        Type::Path(path) => return path.path.segments.iter().try_for_each(owned_within),
        _ => return Ok(()),
    };
    Err(Error::new_spanned(ty, advice))
}

fn owned_within(segment: &PathSegment) -> Result<()> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return Ok(());
    };
    arguments.args.iter().try_for_each(|argument| match argument {
        GenericArgument::Lifetime(lifetime) => Err(Error::new_spanned(
            lifetime,
            "write an owned type, `String` instead of `Cow<str>`: what is borrowed cannot cross to another process",
        )),
        // What a callback is of.
        GenericArgument::Type(Type::TraitObject(_)) if segment.ident == "Callback" => Ok(()),
        GenericArgument::Type(ty) => owned(ty),
        _ => Ok(()),
    })
}

fn is_u8(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.is_ident("u8"))
}
