//! The form with a file in it, as a browser sends it.

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use multer::{Constraints, Field, Multipart, SizeLimit};
use tidings::Problem;

use crate::import::{BYTES_MAX, FORM_BYTES_MAX, Format, How, Mode, Upload};

/// Of everything in the form but the file.
const WORD_BYTES_MAX: u64 = 1024;

/// What was chosen.
pub(super) struct Sent {
    pub(super) how: How,
    /// None where no file was chosen.
    pub(super) upload: Option<Upload>,
}

/// Reads the form.
///
/// # Errors
/// For what is no such form, or too large.
pub(super) async fn read(request: Request) -> Result<Sent, Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(kind).map_err(|_| {
        let text = "Send the form with its file as multipart/form-data.";
        Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            text,
        )
    })?;
    let bytes = |most: usize| u64::try_from(most).unwrap_or(u64::MAX);
    let sizes = SizeLimit::new()
        .whole_stream(bytes(FORM_BYTES_MAX))
        .per_field(WORD_BYTES_MAX)
        .for_field("file", bytes(BYTES_MAX));
    let body = request.into_body().into_data_stream();
    let limits = Constraints::new().size_limit(sizes);
    let mut form = Multipart::with_constraints(body, boundary, limits);
    let mut sent = Sent {
        how: How {
            dry_run: true,
            ..How::default()
        },
        upload: None,
    };
    while let Some(field) = form.next_field().await.map_err(refused)? {
        sent.take(field).await?;
    }
    Ok(sent)
}

impl Sent {
    async fn take(&mut self, field: Field<'_>) -> Result<(), Problem> {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            let name = field.file_name().unwrap_or_default().to_owned();
            let bytes = field.bytes().await.map_err(refused)?;
            self.upload = chosen(name, bytes);
            return Ok(());
        }
        let text = field.text().await.map_err(refused)?;
        match name.as_str() {
            "mode" => self.how.mode = Mode::read(&text).unwrap_or_default(),
            "atomic" => self.how.atomic = !text.is_empty(),
            "comment" => self.how.comment = text,
            // Whatever is no clear wish to write is a rehearsal.
            "what" => self.how.dry_run = text != "import",
            _ => {}
        }
        Ok(())
    }
}

/// Browsers send a file without a name and without content where none was chosen.
fn chosen(name: String, bytes: Bytes) -> Option<Upload> {
    let is_json = name.to_lowercase().ends_with(".json");
    let format = if is_json { Format::Json } else { Format::Csv };
    let is_chosen = !name.is_empty() || !bytes.is_empty();
    is_chosen.then_some(Upload {
        name,
        format,
        bytes,
    })
}

fn refused(error: multer::Error) -> Problem {
    match error {
        multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. } => {
            let text = format!("A file has at most {} MiB.", BYTES_MAX / (1024 * 1024));
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", text)
        }
        // What the gateway has cut off looks like a form that ends in the middle.
        _ => Problem::new(
            StatusCode::BAD_REQUEST,
            "bad_request",
            "The form has not arrived as a whole. Send it again.",
        ),
    }
}
