//! What `#[event(…)]` says: the name on the wire, the version, and what becomes of older ones.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::ParseStream;
use syn::{Error, Ident, LitInt, LitStr, Path, Result, Token, Variant, parenthesized};

use crate::stream::find;

/// Versions are counted from here.
const FIRST: u16 = 1;

pub(crate) struct EventAttribute {
    pub(crate) name: LitStr,
    pub(crate) version: u16,
    /// By a version, the function that makes its data that of the next version.
    upcasts: BTreeMap<u16, Path>,
}

pub(crate) fn event_attribute(variant: &Variant) -> Result<EventAttribute> {
    let attribute = find(&variant.attrs, "event", &variant.ident)?;
    let parsed = attribute.parse_args_with(read)?;
    parsed.check(variant)?;
    Ok(parsed)
}

impl EventAttribute {
    /// Every version from the oldest to the newest, or data of one of them would be read as
    /// something that it is not.
    fn check(&self, variant: &Variant) -> Result<()> {
        let Some(&oldest) = self.upcasts.keys().next() else {
            return Ok(());
        };
        let wrong = |text: String| Err(Error::new_spanned(&variant.ident, text));
        if let Some(newer) = self.upcasts.keys().find(|from| **from >= self.version) {
            let version = self.version;
            return wrong(format!(
                "version {newer} is not older than version {version}"
            ));
        }
        if oldest < FIRST {
            return wrong(format!("versions are counted from {FIRST}"));
        }
        match (oldest..self.version).find(|from| !self.upcasts.contains_key(from)) {
            Some(from) => {
                let next = from + 1;
                wrong(format!("there is no upcast from version {from} to {next}"))
            }
            None => Ok(()),
        }
    }

    /// The older versions that can be read.
    pub(crate) fn older(&self) -> TokenStream {
        let name = &self.name;
        let older = self
            .upcasts
            .keys()
            .map(|version| quote!(::tidings::EventType { name: #name, version: #version },));
        quote!(#(#older)*)
    }

    /// Reads older versions: each is made the next, until it is the one that is known.
    pub(crate) fn upcasts(&self) -> TokenStream {
        let name = &self.name;
        let arms = self.upcasts.iter().map(|(from, step)| {
            let next = from + 1;
            quote! {
                (#name, #from) => Self::decode(#name, #next, &::tidings::upcast(data, #step)?),
            }
        });
        quote!(#(#arms)*)
    }
}

fn read(input: ParseStream<'_>) -> Result<EventAttribute> {
    let name = input.parse::<LitStr>()?;
    let (mut version, mut upcasts) = (FIRST, BTreeMap::new());
    while input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
        let word = input.parse::<Ident>()?;
        if word == "version" {
            input.parse::<Token![=]>()?;
            version = input.parse::<LitInt>()?.base10_parse()?;
        } else if word == "upcast" {
            upcasts = read_upcasts(input)?;
        } else {
            return Err(Error::new_spanned(word, "expected version or upcast"));
        }
    }
    Ok(EventAttribute {
        name,
        version,
        upcasts,
    })
}

/// `(1 = from_first, 2 = from_second)`.
fn read_upcasts(input: ParseStream<'_>) -> Result<BTreeMap<u16, Path>> {
    let list;
    parenthesized!(list in input);
    let mut upcasts = BTreeMap::new();
    while !list.is_empty() {
        let from = list.parse::<LitInt>()?;
        list.parse::<Token![=]>()?;
        let step = list.parse::<Path>()?;
        if upcasts.insert(from.base10_parse()?, step).is_some() {
            return Err(Error::new_spanned(
                from,
                "this version has an upcast already",
            ));
        }
        if list.parse::<Option<Token![,]>>()?.is_none() && !list.is_empty() {
            return Err(list.error("expected a comma"));
        }
    }
    Ok(upcasts)
}
