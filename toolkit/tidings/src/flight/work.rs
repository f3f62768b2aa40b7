//! Jobs that are not done, and runs of workflows that have not ended.

use super::{Looking, OF_A_KIND, Place};
use crate::installation::ServiceParts;
use crate::job::JobRow;
use crate::workflow::{Recorded, WorkflowRow, job_kind};
use crate::{Error, params};

impl Looking {
    pub(super) async fn jobs(&mut self, part: &ServiceParts) -> Result<(), Error> {
        let mut conn = part.handle.0.db.read().await?;
        let sql = "SELECT * FROM (
                SELECT j.*, row_number() OVER (PARTITION BY kind ORDER BY id) AS place
                FROM tidings_jobs j WHERE state IN ('ready', 'running', 'dead')
            ) AS j WHERE place <= $1 ORDER BY kind, id";
        let jobs: Vec<JobRow> = conn.query(sql, params![OF_A_KIND]).await?;
        drop(conn);
        for job in jobs {
            let outcome = match part.handle.0.jobs.get(&job.kind) {
                Some(kind) => kind.reads(&job),
                None => Err("this build has no code for it".to_owned()),
            };
            let (kind, id) = (job.kind, job.id.to_string());
            self.tried(part.handle.name(), Place::Job, kind, id, outcome, &job.data);
        }
        Ok(())
    }

    pub(super) async fn runs(&mut self, part: &ServiceParts) -> Result<(), Error> {
        let mut conn = part.handle.0.db.read().await?;
        let sql = "SELECT * FROM (
                SELECT w.*, row_number() OVER (PARTITION BY name, version, state ORDER BY id) AS place
                FROM tidings_workflows w WHERE finished_at IS NULL
            ) AS w WHERE place <= $1 ORDER BY name, id";
        let runs: Vec<WorkflowRow> = conn.query(sql, params![OF_A_KIND]).await?;
        for run in runs {
            let kind = format!("{} version {}", run.name, run.version);
            let id = run.id.to_string();
            let code = part.handle.0.jobs.get(job_kind(&run.name));
            let mut data = run.input.clone();
            let outcome = match code.and_then(|code| code.rehearsal()) {
                Some(code) => {
                    let recorded = Recorded::read(&mut conn, run).await?;
                    data = recorded.data();
                    code.rehearse(part.handle.clone(), recorded).await
                }
                None => Err("this build has no code for it".to_owned()),
            };
            self.tried(part.handle.name(), Place::Run, kind, id, outcome, &data);
        }
        Ok(())
    }
}
