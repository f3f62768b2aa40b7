//! How values travel to PostgreSQL and back, in its binary format.

use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::Value;

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut tokio_postgres::types::private::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(int) => match *ty {
                Type::INT4 => i32::try_from(*int)?.to_sql(ty, out),
                Type::INT2 => i16::try_from(*int)?.to_sql(ty, out),
                Type::BOOL => (*int != 0).to_sql(ty, out),
                Type::INT8 => int.to_sql(ty, out),
                _ => Err(format!("an integer for a parameter of type {ty}").into()),
            },
            Value::Bool(bool) => match *ty {
                Type::BOOL => bool.to_sql(ty, out),
                Type::INT8 => i64::from(*bool).to_sql(ty, out),
                _ => Err(format!("a boolean for a parameter of type {ty}").into()),
            },
            // The server takes eight bytes of text or of a float for an integer without
            // a word, so each kind of value goes to its own kind of parameter alone.
            Value::Real(real) if *ty == Type::FLOAT8 => real.to_sql(ty, out),
            Value::Real(_) => Err(format!("a number for a parameter of type {ty}").into()),
            Value::Text(text) if <String as ToSql>::accepts(ty) => text.to_sql(ty, out),
            Value::Text(_) => Err(format!("text for a parameter of type {ty}").into()),
            Value::Bytes(bytes) if *ty == Type::BYTEA => bytes.to_sql(ty, out),
            Value::Bytes(_) => Err(format!("bytes for a parameter of type {ty}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(
        ty: &Type,
        raw: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(match *ty {
            Type::INT8 => Value::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Value::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT2 => Value::Int(i16::from_sql(ty, raw)?.into()),
            Type::BOOL => Value::Bool(bool::from_sql(ty, raw)?),
            Type::FLOAT8 => Value::Real(f64::from_sql(ty, raw)?),
            Type::NUMERIC => numeric(raw).ok_or("a numeric that does not fit")?,
            Type::BYTEA => Value::Bytes(raw.to_vec()),
            Type::VOID => Value::Null,
            _ => Value::Text(String::from_sql(ty, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Value::Null)
    }

    fn accepts(ty: &Type) -> bool {
        let ours = [
            Type::INT8,
            Type::INT4,
            Type::INT2,
            Type::BOOL,
            Type::FLOAT8,
            Type::NUMERIC,
            Type::BYTEA,
            Type::VOID,
        ];
        ours.contains(ty) || <String as FromSql>::accepts(ty)
    }
}

/// What `sum` and `avg` of integers give: an integer if it is whole, as in SQLite.
fn numeric(raw: &[u8]) -> Option<Value> {
    let mut words = raw
        .chunks_exact(2)
        .map(|pair| i16::from_be_bytes([pair[0], pair[1]]));
    let digits = words.next()?;
    let weight = i32::from(words.next()?);
    let negative = match words.next()? {
        0 => false,
        0x4000 => true,
        _ => return None,
    };
    let scale = words.next()?;
    let digits: Vec<i16> = words.take(usize::try_from(digits).ok()?).collect();
    if scale > 0 {
        let places = digits.iter().zip(0..);
        let size: f64 = places
            .map(|(digit, place)| f64::from(*digit) * 10_000_f64.powi(weight - place))
            .sum();
        return Some(Value::Real(if negative { -size } else { size }));
    }
    let mut whole: i128 = 0;
    for place in 0..=usize::try_from(weight).unwrap_or(0) {
        let digit = digits.get(place).copied().unwrap_or(0);
        whole = whole.checked_mul(10_000)?.checked_add(digit.into())?;
    }
    i64::try_from(if negative { -whole } else { whole })
        .ok()
        .map(Value::Int)
}
