//! Kinds that are a word each, on the wire, in the database and in files that people import.

/// Makes an enum whose variants are words: with its serde form, `as_str`, reading back what
/// `as_str` wrote, and all of them in their order.
///
/// ```
/// tidings_contracts::words! {
///     /// How loud something is.
///     pub enum Loudness ("loudness") {
///         /// One has to listen for it.
///         Quiet = "quiet",
///         /// Nobody misses it.
///         Loud = "loud",
///     }
/// }
///
/// assert_eq!("loud".parse(), Ok(Loudness::Loud));
/// assert_eq!(Loudness::ALL[0].as_str(), "quiet");
/// ```
///
/// The crate that calls it depends on `serde` and `tidings`.
#[macro_export]
macro_rules! words {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident ($what:literal) {
            $($(#[$doc:meta])* $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            ::serde::Serialize, ::serde::Deserialize, ::tidings::schemars::JsonSchema,
        )]
        #[schemars(crate = "::tidings::schemars")]
        $vis enum $name {
            $($(#[$doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them, in their order.
            $vis const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word on the wire and in the database.
            #[must_use]
            $vis const fn as_str(self) -> &'static str {
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
