//! Derives for tidings: `Stream` and `FromRow`; documented where tidings exports them.

mod event;
mod from_row;
mod stream;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes an enum a stream: one variant per event type.
///
/// On the enum: `#[stream(name = "orders", key = "order_id")]`, optionally
/// `slots = 64`, `state` (for state events), `schemas` (to say what its events' data may
/// be; fields then take `#[schemars(…)]`) and `compatibility = "full"` (or `"backward"`,
/// `"forward"`: which changes of that need no new version). On each variant:
/// `#[event("order.created")]`, optionally `version = 2` and
/// `upcast(1 = from_first)`, the function that makes data of version 1 that of
/// version 2; one for every version from the oldest on. A variant has named fields, or one unnamed field that is a struct; the key is a field of either.
#[proc_macro_derive(Stream, attributes(stream, event, schemars))]
pub fn derive_stream(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    stream::expand(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Reads a struct from a row, each field from the column of its name.
#[proc_macro_derive(FromRow)]
pub fn derive_from_row(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    from_row::expand(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
