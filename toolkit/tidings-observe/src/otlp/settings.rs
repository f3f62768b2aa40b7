//! Where traces go, in the words of OpenTelemetry's variables.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tidings::{Clock, uuid_at};

const PATH: &str = "v1/traces";
const TIMEOUT: Duration = Duration::from_secs(10);
const DELAY: Duration = Duration::from_secs(1);
const QUEUE_MAX: usize = 16_384;
const BATCH_MAX: usize = 512;

/// What cannot be used, and by which name it was said.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {reason}")]
pub struct BadSettings {
    name: String,
    reason: String,
}

impl BadSettings {
    pub(super) fn new(name: &str, reason: impl ToString) -> Self {
        let (name, reason) = (name.to_owned(), reason.to_string());
        Self { name, reason }
    }
}

/// How traces are exported.
#[derive(Clone, Debug)]
pub struct Settings {
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) resource: Vec<(String, String)>,
    pub(super) timeout: Duration,
    pub(super) delay: Duration,
    pub(super) queue_max: usize,
    pub(super) batch_max: usize,
    pub(super) ratio: f64,
}

impl Settings {
    /// To a collector at this address, as in `http://127.0.0.1:4318`; `/v1/traces` is added.
    ///
    /// # Errors
    /// When it is no address of HTTP.
    pub fn to(endpoint: &str) -> Result<Self, BadSettings> {
        Self::read("the address of the collector", endpoint, true)
    }

    /// What the environment says, as `OTEL_EXPORTER_OTLP_ENDPOINT` and its like; nothing if it
    /// names no collector, or switches traces off. `endpoint` is what was said by other means,
    /// and counts more than the variable.
    ///
    /// Understood are, with and without `TRACES_` after `OTLP_`, `OTEL_EXPORTER_OTLP_ENDPOINT`,
    /// `…_HEADERS`, `…_TIMEOUT`, `…_PROTOCOL`; `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_SERVICE_NAME` (as
    /// the namespace of our services), `OTEL_SDK_DISABLED`, `OTEL_TRACES_EXPORTER`,
    /// `OTEL_TRACES_SAMPLER` with its `_ARG`, `OTEL_BSP_SCHEDULE_DELAY`,
    /// `OTEL_BSP_MAX_QUEUE_SIZE`, `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`.
    ///
    /// # Errors
    /// When one of them cannot be used.
    pub fn of_environment(
        endpoint: Option<&str>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, BadSettings> {
        let said = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let is_off = said("OTEL_SDK_DISABLED").is_some_and(|it| it.eq_ignore_ascii_case("true"))
            || said("OTEL_TRACES_EXPORTER").is_some_and(|it| it == "none");
        if is_off {
            return Ok(None);
        }
        let of_traces = said("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
        let of_all = said("OTEL_EXPORTER_OTLP_ENDPOINT");
        let mut settings = match (endpoint, of_traces, of_all) {
            (Some(base), ..) => Self::to(base)?,
            (_, Some(whole), _) => Self::read("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &whole, false)?,
            (.., Some(base)) => Self::read("OTEL_EXPORTER_OTLP_ENDPOINT", &base, true)?,
            (None, None, None) => return Ok(None),
        };
        settings.take(&said)?;
        Ok(Some(settings))
    }

    fn read(name: &str, text: &str, is_base: bool) -> Result<Self, BadSettings> {
        let wrong =
            || BadSettings::new(name, "it is http://host:port, as in http://127.0.0.1:4318");
        let mut url = Url::parse(text.trim()).map_err(|_| wrong())?;
        if !["http", "https"].contains(&url.scheme()) || !url.username().is_empty() {
            return Err(wrong());
        }
        if is_base {
            let path = format!("{}/{PATH}", url.path().trim_end_matches('/'));
            url.set_path(&path);
        }
        let instance = uuid_at(Clock::system().now()).to_string();
        let resource = [
            ("service.namespace", "tidings"),
            ("service.version", env!("CARGO_PKG_VERSION")),
            ("service.instance.id", &instance),
            ("telemetry.sdk.name", "tidings-observe"),
            ("telemetry.sdk.language", "rust"),
        ];
        let resource = resource.map(|(key, value)| (key.to_owned(), value.to_owned()));
        Ok(Self {
            url,
            headers: HeaderMap::new(),
            resource: resource.to_vec(),
            timeout: TIMEOUT,
            delay: DELAY,
            queue_max: QUEUE_MAX,
            batch_max: BATCH_MAX,
            ratio: 1.0,
        })
    }

    fn take(&mut self, said: &impl Fn(&str) -> Option<String>) -> Result<(), BadSettings> {
        let of_traces = |name: &str| {
            let named = |middle: &str| format!("OTEL_EXPORTER_OTLP_{middle}{name}");
            let found = [named("TRACES_"), named("")];
            found
                .into_iter()
                .find_map(|name| said(&name).map(|value| (name, value)))
        };
        if let Some((name, protocol)) = of_traces("PROTOCOL")
            && protocol != "http/protobuf"
        {
            return Err(BadSettings::new(&name, "only http/protobuf is spoken here"));
        }
        if let Some((name, text)) = of_traces("HEADERS") {
            self.headers = headers(&name, &text)?;
        }
        if let Some((name, text)) = of_traces("TIMEOUT") {
            self.timeout = Duration::from_millis(number(&name, &text)?);
        }
        if let Some(text) = said("OTEL_RESOURCE_ATTRIBUTES") {
            for (key, value) in pairs("OTEL_RESOURCE_ATTRIBUTES", &text)? {
                self.set(&key, value);
            }
        }
        if let Some(name) = said("OTEL_SERVICE_NAME") {
            self.set("service.namespace", name);
        }
        let name = "OTEL_BSP_SCHEDULE_DELAY";
        if let Some(text) = said(name) {
            self.delay = Duration::from_millis(number(name, &text)?);
        }
        for (name, place) in [
            ("OTEL_BSP_MAX_QUEUE_SIZE", &mut self.queue_max),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", &mut self.batch_max),
        ] {
            if let Some(text) = said(name) {
                *place = usize::try_from(number(name, &text)?)
                    .unwrap_or(usize::MAX)
                    .max(1);
            }
        }
        self.ratio = ratio(said)?;
        Ok(())
    }

    fn set(&mut self, key: &str, value: String) {
        // Which service it is, each span says.
        if key == "service.name" {
            return self.set("service.namespace", value);
        }
        match self.resource.iter_mut().find(|(known, _)| known == key) {
            Some((_, place)) => *place = value,
            None => self.resource.push((key.to_owned(), value)),
        }
    }

    /// Where spans are sent, without what may be secret.
    #[must_use]
    pub fn shown(&self) -> String {
        let mut url = self.url.clone();
        url.set_query(None);
        url.to_string()
    }
}

fn ratio(said: &impl Fn(&str) -> Option<String>) -> Result<f64, BadSettings> {
    let name = "OTEL_TRACES_SAMPLER";
    let sampler = said(name);
    match sampler
        .as_deref()
        .map(|it| it.trim_start_matches("parentbased_"))
    {
        None | Some("always_on") => Ok(1.0),
        Some("always_off") => Ok(0.0),
        Some("traceidratio") => {
            let name = "OTEL_TRACES_SAMPLER_ARG";
            let text = said(name).unwrap_or_else(|| "1".to_owned());
            let ratio = text.trim().parse::<f64>().ok();
            let ratio = ratio.filter(|ratio| (0.0..=1.0).contains(ratio));
            ratio.ok_or_else(|| BadSettings::new(name, "it is a number from 0 to 1"))
        }
        Some(_) => {
            let known = "it is always_on, always_off or traceidratio";
            Err(BadSettings::new(name, known))
        }
    }
}

fn number(name: &str, text: &str) -> Result<u64, BadSettings> {
    let wrong = |_| BadSettings::new(name, "it is a whole number");
    text.trim().parse().map_err(wrong)
}

/// `key=value,key=value`, values as in URLs.
fn pairs(name: &str, text: &str) -> Result<Vec<(String, String)>, BadSettings> {
    let all = text
        .split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty());
    all.map(|pair| {
        let wrong = || BadSettings::new(name, "it is key=value,key=value");
        let (key, value) = pair.split_once('=').ok_or_else(wrong)?;
        let value = percent_decode_str(value.trim())
            .decode_utf8()
            .map_err(|_| wrong())?;
        Ok((key.trim().to_owned(), value.into_owned()))
    })
    .collect()
}

/// What a header says stays out of the error: it is a password, mostly.
fn headers(name: &str, text: &str) -> Result<HeaderMap, BadSettings> {
    let mut headers = HeaderMap::new();
    for (key, value) in pairs(name, text)? {
        let wrong = || BadSettings::new(name, "one of them is no header");
        let key: HeaderName = key.parse().map_err(|_| wrong())?;
        let mut value = HeaderValue::from_str(&value).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.insert(key, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)], flag: Option<&str>) -> Result<Option<Settings>, String> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Settings::of_environment(flag, variable).map_err(|error| error.to_string())
    }

    fn url(variables: &[(&str, &str)], flag: Option<&str>) -> Option<String> {
        of(variables, flag)
            .unwrap()
            .map(|settings| settings.shown())
    }

    #[test]
    fn nothing_is_exported_unless_somebody_asks_for_it() {
        assert_eq!(url(&[], None), None);
        let asked = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/");
        assert_eq!(
            url(&[asked], None).unwrap(),
            "http://collector:4318/v1/traces"
        );
        assert_eq!(url(&[asked, ("OTEL_SDK_DISABLED", "true")], None), None);
        assert_eq!(url(&[asked, ("OTEL_TRACES_EXPORTER", "none")], None), None);
        let whole = (
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            "https://a.example/in?key=secret",
        );
        assert_eq!(url(&[asked, whole], None).unwrap(), "https://a.example/in");
        let flag = Some("http://127.0.0.1:4318");
        assert_eq!(
            url(&[asked, whole], flag).unwrap(),
            "http://127.0.0.1:4318/v1/traces"
        );
    }

    #[test]
    fn the_standard_variables_count() {
        let settings = of(
            &[
                (
                    "OTEL_EXPORTER_OTLP_HEADERS",
                    "authorization=Bearer%20k,x-a=1",
                ),
                ("OTEL_EXPORTER_OTLP_TIMEOUT", "2500"),
                (
                    "OTEL_RESOURCE_ATTRIBUTES",
                    "deployment.environment.name=test",
                ),
                ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
                ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
                ("OTEL_BSP_MAX_QUEUE_SIZE", "10"),
            ],
            Some("http://127.0.0.1:4318"),
        );
        let settings = settings.unwrap().unwrap();
        assert_eq!(settings.headers["authorization"], "Bearer k");
        assert_eq!(
            (settings.timeout.as_millis(), settings.queue_max),
            (2500, 10)
        );
        assert!((settings.ratio - 0.25).abs() < f64::EPSILON);
        let named = ("deployment.environment.name".to_owned(), "test".to_owned());
        assert!(settings.resource.contains(&named));
        assert!(!format!("{settings:?}").contains("Bearer k"));
    }

    #[test]
    fn what_cannot_be_used_is_named_and_secrets_are_not() {
        for (name, value) in [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a key=Hunter2"),
            ("OTEL_TRACES_SAMPLER", "sometimes"),
            ("OTEL_RESOURCE_ATTRIBUTES", "what"),
        ] {
            let error = of(&[(name, value)], Some("http://127.0.0.1:4318")).unwrap_err();
            assert!(
                error.starts_with(name) && !error.contains("Hunter2"),
                "{error}"
            );
        }
        for wrong in ["127.0.0.1:4318", "ftp://a", "http://user:password@a"] {
            assert!(of(&[], Some(wrong)).is_err(), "{wrong}");
        }
    }
}
