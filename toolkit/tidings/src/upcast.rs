//! Data of an old version, made that of the next before it is read.

use serde_json::Value;

/// One step, for data that is text before and after it.
///
/// # Errors
/// When the data is no JSON, or the step cannot make anything of it.
pub fn upcast(
    data: &str,
    step: impl FnOnce(Value) -> Result<Value, String>,
) -> Result<String, String> {
    let old = serde_json::from_str(data).map_err(|error| error.to_string())?;
    Ok(step(old)?.to_string())
}
