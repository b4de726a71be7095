//! `report_progress`: an agent says how far it is.

use domain::{
    EventKind, Report, Subject,
    lease::LEASE_TTL,
    tools::{ReportProgress, ReportProgressOutput, SUMMARY_MAX},
    validate::{self, Checker},
};
use store::{Renewal, Work, Written};

use super::Call;
use crate::{Inner, Worker, clock::later, error::Error};

impl Inner {
    pub(super) async fn report_progress(
        &self,
        worker: &Worker,
        input: ReportProgress,
        call: Option<Call>,
    ) -> Result<ReportProgressOutput, Error> {
        let mut checker = Checker::default();
        let summary = checker.check("summary", validate::label(&input.summary, SUMMARY_MAX));
        let link = input.link.map(|link| checker.check("link", validate::web_address(&link)));
        let percent = input.percent.map(|percent| match percent {
            0..=100 => checker.check("percent", Ok(percent)),
            _ => checker.check("percent", Err("Choose between 0 and 100.".into())),
        });
        checker.finish(())?;
        let task = self.task_for(worker, &input.task_id).await?;
        let now = self.clock.now();
        let fence = Self::fence(worker, &task, input.lease_epoch, now)?;
        let until = later(now, LEASE_TTL);
        // A lease that lasts longer, because of a question, is left alone.
        let lease_expires_at = task.lease.as_ref().map_or(until, |lease| lease.expires_at.max(until));
        let instructions = self.instructions(worker, &task).await?;
        let output = ReportProgressOutput { lease_expires_at, instructions: instructions.text() };
        let told = Some(instructions.events);
        let kind = EventKind::TaskReported { summary: summary.clone(), percent, link: link.clone(), told };
        let event = self.event(worker.actor(), Subject::Task(task.id), kind);
        let report = Report { agent_name: worker.agent_name.clone(), summary, percent, link, at: now };
        let work = Work {
            fence: Some(fence),
            renewal: Some(Renewal { task_id: task.id, until, only_later: true }),
            report: Some((task.id, report.clone())),
            events: vec![event],
            answered: call.map(|call| call.answered(&output, now)).transpose()?,
            ..Work::of(worker.user_id)
        };
        match self.store.write_work(&work).await? {
            Written::Done => {
                // The newest state is published, and it may have moved on.
                let task = self.store.task(worker.user_id, task.id).await?.unwrap_or(task);
                self.publish_task(worker.user_id, &domain::Task { report: Some(report), ..task });
                Ok(output)
            }
            _ => Err(self.lease_lost(worker, task.id).await),
        }
    }
}
