//! Kinds that are a word each, on the wire, in the database and in files that people import.

/// Makes an enum whose variants are words: with its serde form, [`as_str`](str), reading back
/// what `as_str` wrote, and all of them in their order.
macro_rules! words {
    (
        $(#[$meta:meta])*
        pub enum $name:ident ($what:literal) {
            $($(#[$doc:meta])* $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            ::serde::Serialize, ::serde::Deserialize, ::tidings::schemars::JsonSchema,
        )]
        #[schemars(crate = "::tidings::schemars")]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them, in their order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word on the wire and in the database.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let found = Self::ALL.iter().copied().find(|one| one.as_str() == text);
                found.ok_or_else(|| {
                    let words: Vec<_> = Self::ALL.iter().map(|one| one.as_str()).collect();
                    format!("{text:?} is no {}: {}", $what, words.join(", "))
                })
            }
        }

        impl From<$name> for ::tidings::Value {
            fn from(word: $name) -> Self {
                ::tidings::Value::Text(word.as_str().to_owned())
            }
        }

        impl ::tidings::FromValue for $name {
            fn from_value(value: ::tidings::Value) -> Result<Self, String> {
                <String as ::tidings::FromValue>::from_value(value)?.parse()
            }
        }
    };
}
pub(crate) use words;
