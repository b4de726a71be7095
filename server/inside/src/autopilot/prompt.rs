//! The words with which the CLI is sent to work. It gets them on its standard input.

use super::wire::Task;

/// What to say about the task; `go_on` when the CLI has worked on it before.
pub fn of(task: &Task, go_on: bool) -> String {
    let Task { id, title, description, branch, .. } = task;
    let begin = if go_on {
        "You have worked on this task before and were interrupted, or a question of yours was answered. Look at the \
         branch's commits and at get_task for notes and answers, then go on."
    } else {
        "Call get_next_task first: it gives you this same task and your lease."
    };
    format!(
        "Work on the following task, which you hold in AiWorker (the tools of the MCP server aiworker).\n\
         {begin}\n\
         The current folder is a git worktree on the branch {branch}, made for this task alone. Commit there. Report \
         progress, ask instead of guessing, and end with update_task_status.\n\n\
         Task id: {id}\nTitle: {title}\n\n{description}\n"
    )
}
