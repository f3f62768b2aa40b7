//! COPY from this side: the quickest way in for many rows.

use std::io::Cursor;

use futures_util::SinkExt;
use tokio::sync::mpsc;

use super::Handle;
use super::fault::fault;
use crate::Error;

impl Handle {
    /// Sends a COPY statement what comes, until the other end is closed.
    pub(in crate::db) async fn copy_in(
        &mut self,
        sql: &str,
        chunks: &mut mpsc::Receiver<Result<Vec<u8>, Error>>,
    ) -> Result<(), Error> {
        let gone = || Error::ConnectionLost("the connection was given back".into());
        let client = self.client.as_ref().ok_or_else(gone)?;
        self.busy = true;
        let sink = client.copy_in::<_, Cursor<Vec<u8>>>(sql).await;
        let mut sink = Box::pin(sink.map_err(fault)?);
        while let Some(chunk) = chunks.recv().await {
            // Left like this the connection is closed, and everything is rolled back.
            sink.send(Cursor::new(chunk?)).await.map_err(fault)?;
        }
        sink.as_mut().finish().await.map_err(fault)?;
        self.busy = false;
        Ok(())
    }
}
