//! Enums whose variants are words in a column and on the wire.

/// Declares an enum with the literal word of every variant, which goes into a column as that
/// word and comes out of it again; a word that is none of them is an error of decoding.
///
/// ```
/// tidings::words! {
///     /// What became of it.
///     pub enum Outcome {
///         Paid = "paid",
///         Declined = "declined",
///     }
/// }
/// # fn main() {
/// assert_eq!(Outcome::Paid.as_str(), "paid");
/// # }
/// ```
#[macro_export]
macro_rules! words {
    ($(#[$meta:meta])* $vis:vis enum $name:ident {
        $($(#[$doc:meta])* $variant:ident = $word:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $vis enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// The word in the database and on the wire.
            #[must_use]
            $vis fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)*
                }
            }
        }

        impl From<$name> for $crate::Value {
            fn from(value: $name) -> Self {
                $crate::Value::from(value.as_str())
            }
        }

        impl $crate::FromValue for $name {
            fn from_value(value: $crate::Value) -> Result<Self, String> {
                let text = String::from_value(value)?;
                match text.as_str() {
                    $($word => Ok($name::$variant),)*
                    _ => Err(format!("{text:?} is none of its words")),
                }
            }
        }
    };
}
