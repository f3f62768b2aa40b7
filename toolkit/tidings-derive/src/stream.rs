//! `#[derive(Stream)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Attribute, Data, DeriveInput, Error, Fields, FieldsNamed, Ident, LitInt, LitStr, Meta, Result,
    Type, Variant,
};

use crate::event::{EventAttribute, event_attribute};

/// What `#[stream(…)]` says.
struct StreamAttribute {
    name: LitStr,
    key: Ident,
    slots: Option<LitInt>,
    state: bool,
    schemas: bool,
    compatibility: Option<Ident>,
}

/// The code that one variant contributes.
struct Arms {
    event_type: TokenStream,
    older: TokenStream,
    key: TokenStream,
    type_of: TokenStream,
    encode: TokenStream,
    decode: TokenStream,
    schema: TokenStream,
}

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Enum(data) = &input.data else {
        return Err(Error::new_spanned(
            &input.ident,
            "Stream is derived for enums",
        ));
    };
    let attribute = stream_attribute(input)?;
    let arms: Vec<Arms> = data
        .variants
        .iter()
        .map(|variant| arms(variant, &attribute.key))
        .collect::<Result<_>>()?;
    let keys = arms.iter().map(|arm| &arm.key);
    let types_of = arms.iter().map(|arm| &arm.type_of);
    let encodes = arms.iter().map(|arm| &arm.encode);
    let decodes = arms.iter().map(|arm| &arm.decode);
    let schemas = attribute.schemas.then(|| {
        let schemas = arms.iter().map(|arm| &arm.schema);
        quote! {
            fn schemas() -> ::std::vec::Vec<::tidings::schema::EventSchema> {
                ::std::vec![#(#schemas),*]
            }
        }
    });
    let ident = &input.ident;
    let constants = constants(&attribute, &arms);
    Ok(quote! {
        impl ::tidings::Stream for #ident {
            #constants

            fn key(&self) -> ::std::string::String {
                match self { #(#keys),* }
            }

            fn event_type(&self) -> ::tidings::EventType {
                match self { #(#types_of),* }
            }

            fn encode(&self) -> ::std::result::Result<::std::string::String, ::tidings::JsonError> {
                match self { #(#encodes),* }
            }

            fn decode(
                name: &str,
                version: u16,
                data: &str,
            ) -> ::std::result::Result<::std::option::Option<Self>, ::std::string::String> {
                match (name, version) {
                    #(#decodes)*
                    (name, version) if Self::TYPES.iter().any(|known| known.name == name) => {
                        Err(::std::format!("version {version} is not known to this build"))
                    }
                    _ => Ok(None),
                }
            }

            #schemas
        }
    })
}

/// What is fixed about the stream.
fn constants(attribute: &StreamAttribute, arms: &[Arms]) -> TokenStream {
    let name = &attribute.name;
    let event_types = arms.iter().map(|arm| &arm.event_type);
    let older = arms.iter().map(|arm| &arm.older);
    let slots = attribute.slots.as_ref();
    let slots = slots.map(|slots| quote!(const SLOTS: u16 = #slots;));
    let kind = attribute.state.then(|| {
        quote!(
            const KIND: ::tidings::Kind = ::tidings::Kind::State;
        )
    });
    let compatibility = attribute.compatibility.as_ref().map(|rule| {
        quote!(
            const COMPATIBILITY: ::tidings::schema::Compatibility =
                ::tidings::schema::Compatibility::#rule;
        )
    });
    quote! {
        const NAME: &'static str = #name;
        #slots
        #kind
        #compatibility
        const TYPES: &'static [::tidings::EventType] = &[#(#event_types),*];
        const OLDER: &'static [::tidings::EventType] = &[#(#older)*];
    }
}

fn arms(variant: &Variant, key: &Ident) -> Result<Arms> {
    let attribute = event_attribute(variant)?;
    let EventAttribute { name, version, .. } = &attribute;
    let event_type = quote!(::tidings::EventType { name: #name, version: #version });
    let ident = &variant.ident;
    let any = quote!(Self::#ident { .. });
    let type_of = quote!(#any => #event_type);
    let (key, encode, decode) = match &variant.fields {
        Fields::Named(fields) => named(ident, fields, key)?,
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            unnamed(ident, &fields.unnamed[0].ty, key)
        }
        _ => {
            let text = "an event has named fields, or one unnamed field that is a struct";
            return Err(Error::new_spanned(variant, text));
        }
    };
    let upcasts = attribute.upcasts();
    let decode = quote! {
        (#name, #version) => { #decode }
        #upcasts
    };
    let schema = schema(variant, &event_type);
    Ok(Arms {
        event_type,
        older: attribute.older(),
        key,
        type_of,
        encode,
        decode,
        schema,
    })
}

/// What the event's data may be, with what the variant's comment says of it.
fn schema(variant: &Variant, event_type: &TokenStream) -> TokenStream {
    let comment = variant
        .attrs
        .iter()
        .filter(|one| one.path().is_ident("doc"));
    let lines: Vec<_> = comment
        .filter_map(|one| match &one.meta {
            Meta::NameValue(said) => Some(&said.value),
            _ => None,
        })
        .collect();
    let about = quote!(&[#(#lines),*]);
    match &variant.fields {
        Fields::Named(fields) => {
            let fields = fields.named.iter().map(|field| {
                let said = ["serde", "schemars", "doc"];
                let is_said = |one: &&Attribute| said.iter().any(|name| one.path().is_ident(name));
                let attributes = field.attrs.iter().filter(is_said);
                let (name, ty) = (&field.ident, &field.ty);
                quote!(#(#attributes)* #name: #ty)
            });
            quote!({
                #[derive(::tidings::schemars::JsonSchema)]
                #[schemars(crate = "::tidings::schemars")]
                #[allow(dead_code)]
                struct Data { #(#fields),* }
                ::tidings::schema::EventSchema::of::<Data>(#event_type, #about)
            })
        }
        fields => {
            let ty = fields.iter().map(|field| &field.ty);
            quote!(::tidings::schema::EventSchema::of::<#(#ty)*>(#event_type, #about))
        }
    }
}

fn named(
    ident: &Ident,
    fields: &FieldsNamed,
    key: &Ident,
) -> Result<(TokenStream, TokenStream, TokenStream)> {
    let names: Vec<&Ident> = fields
        .named
        .iter()
        .filter_map(|field| field.ident.as_ref())
        .collect();
    if !names.contains(&key) {
        return Err(Error::new_spanned(
            ident,
            format!("this event has no key field `{key}`"),
        ));
    }
    let types: Vec<&Type> = fields.named.iter().map(|field| &field.ty).collect();
    let attributes: Vec<TokenStream> = fields
        .named
        .iter()
        .map(|field| {
            let serde = field
                .attrs
                .iter()
                .filter(|attribute| attribute.path().is_ident("serde"));
            quote!(#(#serde)*)
        })
        .collect();
    let key = quote!(Self::#ident { #key, .. } => ::std::string::ToString::to_string(#key));
    let encode = quote! {
        Self::#ident { #(#names),* } => {
            #[derive(::tidings::serde::Serialize)]
            #[serde(crate = "::tidings::serde")]
            struct Data<'a> { #(#attributes #names: &'a #types),* }
            ::tidings::to_json(&Data { #(#names),* })
        }
    };
    let decode = quote! {
        #[derive(::tidings::serde::Deserialize)]
        #[serde(crate = "::tidings::serde")]
        struct Data { #(#attributes #names: #types),* }
        let Data { #(#names),* } = ::tidings::from_json(data)?;
        Ok(Some(Self::#ident { #(#names),* }))
    };
    Ok((key, encode, decode))
}

fn unnamed(ident: &Ident, ty: &Type, key: &Ident) -> (TokenStream, TokenStream, TokenStream) {
    (
        quote!(Self::#ident(data) => ::std::string::ToString::to_string(&data.#key)),
        quote!(Self::#ident(data) => ::tidings::to_json(data)),
        quote!(Ok(Some(Self::#ident(::tidings::from_json::<#ty>(data)?)))),
    )
}

fn stream_attribute(input: &DeriveInput) -> Result<StreamAttribute> {
    let (mut name, mut key, mut slots) = (None, None, None);
    let (mut state, mut schemas, mut compatibility) = (false, false, None);
    find(&input.attrs, "stream", &input.ident)?.parse_nested_meta(|meta| {
        if meta.path.is_ident("name") {
            name = Some(meta.value()?.parse::<LitStr>()?);
        } else if meta.path.is_ident("key") {
            key = Some(meta.value()?.parse::<LitStr>()?.parse::<Ident>()?);
        } else if meta.path.is_ident("slots") {
            slots = Some(meta.value()?.parse::<LitInt>()?);
        } else if meta.path.is_ident("state") {
            state = true;
        } else if meta.path.is_ident("schemas") {
            schemas = true;
        } else if meta.path.is_ident("compatibility") {
            compatibility = Some(rule(&meta.value()?.parse::<LitStr>()?)?);
        } else {
            let text = "expected name, key, slots, state, schemas or compatibility";
            return Err(meta.error(text));
        }
        Ok(())
    })?;
    let missing = |what| Error::new_spanned(&input.ident, format!("#[stream] has no {what}"));
    Ok(StreamAttribute {
        name: name.ok_or_else(|| missing("name"))?,
        key: key.ok_or_else(|| missing("key"))?,
        slots,
        state,
        schemas,
        compatibility,
    })
}

/// Which changes of the events are allowed without a new version.
fn rule(said: &LitStr) -> Result<Ident> {
    let name = match said.value().as_str() {
        "backward" => "Backward",
        "forward" => "Forward",
        "full" => "Full",
        _ => {
            return Err(Error::new(
                said.span(),
                "expected backward, forward or full",
            ));
        }
    };
    Ok(Ident::new(name, said.span()))
}

pub(crate) fn find<'a>(
    attributes: &'a [Attribute],
    name: &str,
    at: &Ident,
) -> Result<&'a Attribute> {
    let missing = || Error::new_spanned(at, format!("#[{name}(…)] is missing"));
    attributes
        .iter()
        .find(|attribute| attribute.path().is_ident(name))
        .ok_or_else(missing)
}
