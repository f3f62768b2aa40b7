//! `#[derive(FromRow)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Fields, Result};

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(
            &input.ident,
            "FromRow is derived for structs",
        ));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(Error::new_spanned(
            &input.ident,
            "FromRow needs named fields",
        ));
    };
    let name = &input.ident;
    let reads = fields.named.iter().map(|field| {
        let ident = &field.ident;
        let column = ident.as_ref().map(ToString::to_string);
        quote!(#ident: row.get(#column)?)
    });
    Ok(quote! {
        impl ::tidings::FromRow for #name {
            fn from_row(row: &::tidings::Row) -> ::std::result::Result<Self, ::tidings::Error> {
                Ok(Self { #(#reads),* })
            }
        }
    })
}
