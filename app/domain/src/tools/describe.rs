//! The words that agents read. They are the only thing that many agents know of AiWorker, so each tool says when to use
//! it, what comes back, and what to do next.

use super::Tool;

/// What an agent is told when it connects.
pub const INSTRUCTIONS: &str = "\
AiWorker hands you tasks of your user and shows what you do. Work like this:
1. Call get_next_task. Work on that one task only, in its repository, on the branch it names.
2. While you work, call report_progress at least every 3 minutes. Every call keeps your hold on the task; without calls \
for 10 minutes it goes to another agent.
3. When something is unclear, costly to undo, or a matter of taste, call ask_user_question instead of guessing. Ask \
everything at once, with options.
4. Commit your work. Then call update_task_status with in_review (or done), a summary, the branch and the commit.
5. Call get_next_task again. When it answers that there is none, wait as long as it says.
Send the lease's epoch as lease_epoch. When a call answers lease_lost, somebody else has the task: stop working on it. \
When an answer says retryable, make the same call again after a few seconds, with the same idempotency_key.";

pub(super) const fn of(tool: Tool) -> &'static str {
    match tool {
        Tool::GetNextTask => {
            "Takes the next task and makes it yours. Call it when you have no task: at the beginning and after each \
             finished one. It gives the oldest task of the highest priority that waits for no other task. If you hold a \
             task already, you get that one again with resumed=true: look at your branch, the notes and the answered \
             questions before you go on. Keep lease.epoch and send it as lease_epoch with every report and status. With \
             no task, task is null, reason says why, and retry_after_s says when to ask again; wait_seconds (up to 45) \
             waits here instead, which is better than asking often. Do not take a task only to look at it; use \
             list_my_tasks or get_task for that."
        }
        Tool::UpdateTaskStatus => {
            "Says what became of the task you hold. in_review: the work is finished and committed, and a person shall \
             look at it; this is the usual end. done: finished, and there is nothing to review. failed: it cannot be \
             done; say why. blocked: you cannot go on until a person does something you cannot ask for with \
             ask_user_question; give blocked_reason. released: you give it back unfinished for another agent. \
             in_progress: you go on after a pause. All but in_progress end your hold on the task. Give summary in one \
             line, and result with branch and commit whenever you committed something. Answers lease_lost when the task \
             is not yours any more."
        }
        Tool::AskUserQuestion => {
            "Asks your user and waits up to 45 seconds for the answer. Use it when requirements are unclear, when a \
             choice is hard to undo, or when you need something only a person has. Ask all you need to know in one call \
             (1 to 4 questions) and give 2 to 4 options each where you can, the one you would choose first; the user may \
             also write. With blocking=true (the default) the task waits for the user; when status is pending, call \
             check_question_response with wait_seconds=45 until it is not. With blocking=false you go on working and \
             check later. Name default_option if you can go on without an answer: it counts when nobody answers within \
             expires_in_s. Do not ask what you can find out yourself, and never ask for passwords or keys."
        }
        Tool::CheckQuestionResponse => {
            "Looks whether your user has answered a question that ask_user_question left pending. Set wait_seconds to 45 \
             to get the answer the moment it is given. status pending: call again. answered: answers has one entry for \
             each question, in order, with the selected labels and what was written. expired: nobody answered in time; \
             answers holds your default_option if you named one, else decide by yourself or finish as blocked. \
             cancelled: the answer is not needed any more. Calling it also keeps your hold on the task."
        }
        Tool::CreateSubtask => {
            "Makes a part of a task a task of its own. Use it when you find work that is separate, that another agent \
             can do at the same time, or that goes beyond what was asked. Describe it so that somebody who knows nothing \
             else can do it, and say in acceptance how to see that it is done. It goes to the backlog, where any agent of \
             your user takes it; with assign=self you hold it at once beside its parent. depends_on names tasks of the \
             same project that must be done before. Do not split a task that you can simply do."
        }
        Tool::ReportProgress => {
            "Says in one line what you do now, and shows your user that you are alive. Call it when you begin a new \
             step, and at least every 3 minutes while you work; it keeps your hold on the task. percent is your honest \
             estimate. Follow instructions when the answer has some. Answers lease_lost when the task is not yours any \
             more: stop working on it then."
        }
        Tool::GetTask => {
            "Reads a task of your user with its description, results, parts, newest notes, and questions with their \
             answers. Use it to look at a parent task, a dependency, or your own task after an interruption. It changes \
             nothing and takes nothing."
        }
        Tool::ListMyTasks => {
            "Lists tasks of your user's projects, urgent ones first, then oldest first. Filter by project, state or \
             parent task. Use it to see what there is and to avoid making a subtask that exists; to get work, call \
             get_next_task. Returns up to limit tasks; send next_cursor as cursor to get more."
        }
        Tool::AddTaskNote => {
            "Writes a note in Markdown on a task's timeline, where your user and later agents read it. Use it for what \
             must not be lost: decisions and their reasons, what you tried, how to run the result, links. Not for \
             progress; that is what report_progress is for. Notes cannot be changed or removed, and must not hold \
             passwords or keys."
        }
    }
}
