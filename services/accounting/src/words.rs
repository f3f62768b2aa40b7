//! Enums whose variants are words in a column and on the wire.

/// Declares an enum with the literal word of every variant.
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
            $vis fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)*
                }
            }
        }

        impl From<$name> for tidings::Value {
            fn from(value: $name) -> Self {
                tidings::Value::from(value.as_str())
            }
        }

        impl tidings::FromValue for $name {
            fn from_value(value: tidings::Value) -> Result<Self, String> {
                let text = String::from_value(value)?;
                match text.as_str() {
                    $($word => Ok($name::$variant),)*
                    _ => Err(format!("{text:?} is none of its words")),
                }
            }
        }
    };
}

pub(crate) use words;
