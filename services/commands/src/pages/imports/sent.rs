//! The form with a file in it, as a browser sends it.

use axum::extract::Request;
use axum::http::{StatusCode, header};
use contracts::commands::Status;
use multer::{Constraints, Multipart, SizeLimit};
use tidings::{Conn, Problem};

use crate::Error;
use crate::actions::Wanted;
use crate::formats::Format;
use crate::http::exchange::BYTES_MAX;
use crate::pages::typed::{NO_PLATFORM, platform};
use crate::text::wrong;

/// Of everything in the form but the file.
const WORD_BYTES_MAX: u64 = 1024;

/// What was chosen, as it was sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Choice {
    pub(super) format: String,
    pub(super) platform: String,
    pub(super) publish: bool,
    /// Whatever is no clear wish to write is a rehearsal.
    pub(super) in_earnest: bool,
}

/// The form.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub(super) choice: Choice,
    pub(super) text: String,
}

impl Choice {
    pub(super) async fn wanted(&self, conn: &mut Conn) -> Result<Wanted, Error> {
        let format = self.format.parse::<Format>().map_err(|_| {
            vec![wrong(
                "format",
                "bad_format",
                "Choose what kind of file it is.",
            )]
        })?;
        let platform_id = platform(conn, &self.platform).await?;
        if platform_id.is_none() && !self.platform.trim().is_empty() {
            return Err(vec![wrong("platform", "bad_platform", NO_PLATFORM)].into());
        }
        let status = match self.publish {
            true => Status::Published,
            false => Status::Draft,
        };
        Ok(Wanted {
            format,
            platform_id,
            status,
            dry_run: !self.in_earnest,
        })
    }
}

/// Reads the form.
pub(super) async fn read(request: Request) -> Result<Sent, Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(kind).map_err(|_| {
        let text = "Send the form with its file as multipart/form-data.";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Problem::new(status, "unsupported_media_type", text)
    })?;
    let file = u64::try_from(BYTES_MAX).unwrap_or(u64::MAX);
    let sizes = SizeLimit::new()
        .whole_stream(file.saturating_add(16 * WORD_BYTES_MAX))
        .per_field(WORD_BYTES_MAX)
        .for_field("file", file);
    let body = request.into_body().into_data_stream();
    let limits = Constraints::new().size_limit(sizes);
    let mut form = Multipart::with_constraints(body, boundary, limits);
    let mut sent = Sent::default();
    while let Some(field) = form.next_field().await.map_err(refused)? {
        let name = field.name().unwrap_or_default().to_owned();
        let bytes = field.bytes().await.map_err(refused)?;
        let text = String::from_utf8(bytes.to_vec()).map_err(|_| {
            let text = "The file is no text in UTF-8.";
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Problem::field("bad_file", "file", text).with_status(status)
        })?;
        match name.as_str() {
            "file" => sent.text = text,
            "format" => sent.choice.format = text,
            "platform" => sent.choice.platform = text,
            "publish" => sent.choice.publish = !text.is_empty(),
            "what" => sent.choice.in_earnest = text == "import",
            _ => {}
        }
    }
    Ok(sent)
}

fn refused(error: multer::Error) -> Problem {
    match error {
        multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. } => {
            let text = format!("A file has at most {} MB.", BYTES_MAX / (1024 * 1024));
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", text)
        }
        // What the gateway has cut off looks like a form that ends in the middle.
        _ => Problem::new(
            StatusCode::BAD_REQUEST,
            "bad_request",
            "The form did not come whole.",
        ),
    }
}
